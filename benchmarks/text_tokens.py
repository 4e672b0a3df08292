"""A text as tokens, for contestants that learn the same one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.documents import stories
from samovar.core.errors import MissingError
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.train import train_tokenizer

_HELD_OUT_EVERY = 50
_TOKENIZER_BYTES = 20_000_000


def prepare(folder: Path, texts: Iterable[str], vocab_size: int) -> dict[str, Any]:
    """Hold out every fiftieth text, train a tokenizer on the others, and write the tokens of both to ``folder``.

    Returns:
        ``train`` and ``validation``: files of token ids, each text closed by its end; ``tokens``: how many each has.

    Raises:
        MissingError: there is too little text to hold some out.
    """
    every = list(texts)
    split = {
        "validation": every[::_HELD_OUT_EVERY],
        "train": [text for i, text in enumerate(every) if i % _HELD_OUT_EVERY],
    }
    if not split["train"]:
        raise MissingError(f"{len(every)} texts are too few", hint="name a folder of .txt files with --text")
    tokenizer = train_tokenizer(
        _first_bytes(split["train"], _TOKENIZER_BYTES), TokenizerSettings(vocab_size=vocab_size)
    )
    job: dict[str, Any] = {"tokens": {}}
    for name, some in split.items():
        ids = [np.array([*one, tokenizer.document_end_id], np.uint16) for one in tokenizer.encode_batch(some)]
        tokens = np.concatenate(ids)
        np.save(folder / f"{name}.npy", tokens)
        job[name] = str(folder / f"{name}.npy")
        job["tokens"][name] = len(tokens)
    return job


def _first_bytes(texts: Iterable[str], limit: int) -> Iterable[str]:
    for text in texts:
        limit -= len(text.encode())
        if limit < 0:
            return
        yield text


def read_texts(folder: Path | None, data: Path, max_bytes: int) -> list[str]:
    """The .txt files below ``folder``, or the stories in ``data`` where no folder is named.

    Raises:
        MissingError: there are none.
    """
    if folder is None:
        folder = data / "tinystories_ru"
        found: Iterable[str] = (text for _, text in stories(folder / "tinystories_ru.jsonl.zst"))
    else:
        found = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.txt")))
    texts = list(_first_bytes(found, max_bytes))
    if not texts:
        raise MissingError(f"there are no texts in {folder}", hint="name a folder of .txt files with --text")
    return texts
