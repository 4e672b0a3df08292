"""What an answer must look like, as its asker says it: a JSON schema, a regular expression or a grammar.

These are words only. ``engine/grammar.py`` follows an answer token by token and tells what may come next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from samovar.core.errors import RequestError

ConstraintKind = Literal["json_schema", "json_object", "regex", "lark"]

MAX_CONSTRAINT_CHARACTERS = 200_000
# As the chat template, and Python, write JSON. Were space left free, small models would write it without end; and as
# it is not, most of the marks between values are without alternative.
JSON_STYLE = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


@dataclass(frozen=True)
class Constraint:
    """A language that the whole answer must be a text of.

    Raises:
        RequestError: it is longer than any that somebody means.
    """

    kind: ConstraintKind
    """``json_schema``: values that are valid against the schema in ``text``. ``json_object``: any JSON object.
    ``regex``: in Rust's syntax, for the whole answer; ``\\d`` is 0 to 9. ``lark``: a grammar in llguidance's form of
    Lark, in which ``<tool_call>`` is a special token of the tokenizer and ``"…"`` is text."""
    text: str = ""
    asked_as: str = ""
    """The field of a request that it came by, where ``param`` would not tell."""
    follows_thought: bool = False
    """Whether the language has room for a thought before what is said."""

    def __post_init__(self) -> None:
        if len(self.text) > MAX_CONSTRAINT_CHARACTERS:
            raise RequestError(
                f"the {self.kind} has {len(self.text)} characters, and {MAX_CONSTRAINT_CHARACTERS} are allowed",
                hint="shorten it",
                param=self.param,
            )

    @property
    def param(self) -> str:
        """The field of a request that is at fault when it cannot be followed."""
        return self.asked_as or ("response_format" if self.kind.startswith("json") else "constraint")

    @classmethod
    def json_schema(cls, schema: Mapping[str, Any]) -> Constraint:
        """JSON that is valid against ``schema``."""
        return cls("json_schema", json.dumps(schema, ensure_ascii=False))

    @classmethod
    def choice(cls, texts: Sequence[str], *, asked_as: str = "") -> Constraint:
        """One of these texts, and no more.

        Raises:
            RequestError: there are none.
        """
        if not texts:
            raise RequestError("there is nothing to choose from", hint="give one text or more", param="constraint")
        return cls("lark", "start: " + " | ".join(json.dumps(text, ensure_ascii=False) for text in texts), asked_as)
