"""The unit of the data path: a text with an id and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Document:
    """A text, its id (unique in a corpus, stable between runs), the file it came from and what is known of it."""

    id: str
    text: str
    source: str
    meta: dict[str, str] = field(default_factory=dict)
