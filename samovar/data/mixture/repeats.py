"""Documents that come more than once: each copy has an id of its own that leads back to the first one."""

from __future__ import annotations

import re
from dataclasses import replace

from samovar.data.document import Document

EPOCH = "epoch"
"""Meta of a copy: which time it is, from 2 on."""
EPOCHS = "epochs"
"""Meta of a document that has copies: how often it is in the corpus."""
_MARK = re.compile(r"#epoch[2-9]\d*\Z|#epoch1\d+\Z")


def repeat_of(document: Document, epoch: int) -> Document:
    """The same document under the id of its ``epoch``-th time in the corpus."""
    return replace(document, id=f"{document.id}#epoch{epoch}", meta={**document.meta, EPOCH: str(epoch)})


def original_id(document_id: str) -> str:
    """The id of the first copy."""
    return _MARK.sub("", document_id)


def is_repeat(document: Document) -> bool:
    """Whether the document is a second or later copy."""
    return EPOCH in document.meta and original_id(document.id) != document.id
