"""Documents in batches, and results of tasks in the order in which the tasks were given, a bounded number at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

from samovar.data.document import Document

T = TypeVar("T")

BATCH_CHARACTERS = 1 << 20
BATCH_DOCUMENTS = 1024


def batches(documents: Iterable[Document], most_documents: int | None = None) -> Iterator[list[Document]]:
    """Lists of about a million characters, or of so many documents, by default 1,024."""
    most_documents = most_documents or BATCH_DOCUMENTS
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if characters >= BATCH_CHARACTERS or len(batch) >= most_documents:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def in_order(futures: Iterable[Future[T]], most: int) -> Iterator[T]:
    """The results of ``futures``, of which ``most`` are asked for before the first has to be there."""
    waiting: deque[Future[T]] = deque()
    for future in futures:
        waiting.append(future)
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
