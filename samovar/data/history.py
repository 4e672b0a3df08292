"""What became of a file: whether it was read, its documents, and what each step did to them. Read from a corpus."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.errors import MissingError
from samovar.data.account import FILES
from samovar.data.corpus_reader import naming_damage
from samovar.data.corpus_writer import SPLITS
from samovar.data.pipeline.frames import VerdictRow
from samovar.data.pipeline.verdicts import read_verdicts

MOST_GROUPS = 100_000
_SHOWN_NAMES = 10
_STAYS = ", which stays"


@dataclass
class DocumentHistory:
    """A document, where it is, and what was done to it on the way."""

    id: str
    source: str
    split: str = ""
    """train or validation; empty when it is in neither."""
    num_characters: int = 0
    meta: dict[str, str] = field(default_factory=dict)
    verdicts: list[VerdictRow] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    """Documents that went because this one is nearly the same and stays."""


@dataclass
class FileHistory:
    """The row of a file in the account of reading, and its documents."""

    row: dict[str, Any]
    documents: list[DocumentHistory] = field(default_factory=list)

    @property
    def name(self) -> str:
        """How the corpus calls the file."""
        return str(self.row["file"])


class Copies(NamedTuple):
    """A document that stays, and those that went because they are nearly the same."""

    kept: str
    copies: list[VerdictRow]


def groups_of_copies(corpus: Path) -> list[Copies]:
    """Every document that stays in place of others, the largest groups first; of very many, the first 100,000."""
    groups: dict[str, list[VerdictRow]] = {}
    for verdict in read_verdicts(corpus):
        if (kept := _stays_instead(verdict)) and (kept in groups or len(groups) < MOST_GROUPS):
            groups.setdefault(kept, []).append(verdict)
    return [Copies(kept, rows) for kept, rows in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))]


def find_files(corpus: Path, word: str) -> list[dict[str, Any]]:
    """The rows of the files that ``word`` means: the name as the corpus has it, a path to it, or the end of either.

    Raises:
        MissingError: ``corpus`` is no corpus, or no file is called so.
    """
    ends = (word.removeprefix("./"), str(Path(word).resolve()))
    by_rank: dict[int, list[dict[str, Any]]] = {0: [], 1: [], 2: []}
    nearest: list[tuple[float, str]] = []
    for row in read_files(corpus):
        name = row["file"]
        if name in {word, *ends}:
            by_rank[0].append(row)
        elif name.endswith(f"/{ends[0]}"):
            by_rank[1].append(row)
        elif ends[1].endswith(f"/{name}"):
            by_rank[2].append(row)
        else:
            _keep_nearest(nearest, word, name)
    for rows in by_rank.values():
        if rows:
            return rows
    near = ", ".join(name for _, name in sorted(nearest, reverse=True))
    raise MissingError(
        f"{corpus} knows no file {word}", hint=f"the nearest: {near}" if near else f"{corpus / FILES} lists all files"
    )


def read_files(corpus: Path) -> Iterator[dict[str, Any]]:
    """The rows of all files that were met when ``corpus`` was made.

    Raises:
        MissingError: ``corpus`` is no corpus.
        CorruptError: the list of its files is damaged.
    """
    path = corpus / FILES
    if not path.is_file():
        raise MissingError(f"{corpus} is no corpus: it has no {FILES}", hint="make one with `samovar data`")
    with naming_damage(path), path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def file_history(corpus: Path, row: dict[str, Any]) -> FileHistory:
    """The documents of the file with this row, and what was done to them. All rows of verdicts are read, no texts."""
    name = str(row["file"])
    # The documentation of Python has no files for its documents: their ids begin with the name of what they are from.
    by_id = row["format"] == "python-docs"
    known = {document.id: document for document in _written(corpus, name, by_id=by_id)}
    for verdict in read_verdicts(corpus):
        if _is_of(name, verdict.id, verdict.source, by_id=by_id):
            document = known.setdefault(verdict.id, DocumentHistory(verdict.id, verdict.source))
            document.verdicts.append(verdict)
        elif (kept := _stays_instead(verdict)) in known:
            known[kept].copies.append(verdict.id)
    return FileHistory(row, list(known.values()))


def _written(corpus: Path, name: str, *, by_id: bool) -> Iterator[DocumentHistory]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for split in SPLITS:
        for path in sorted(corpus.glob(f"{split}-*.parquet")):
            with naming_damage(path), pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    heads = file.read_row_group(group, columns=["id", "source", "meta"]).to_pylist()
                    places = [
                        place
                        for place, head in enumerate(heads)
                        if _is_of(name, head["id"], head["source"], by_id=by_id)
                    ]
                    if places:
                        texts = file.read_row_group(group, columns=["text"]).column("text").take(places)
                        for place, length in zip(places, pc.utf8_length(texts).to_pylist(), strict=True):
                            head = heads[place]
                            meta = json.loads(head["meta"])
                            yield DocumentHistory(head["id"], head["source"], split, length, meta)


def _stays_instead(verdict: VerdictRow) -> str:
    """The document in whose favour this one went; empty where there is none."""
    if not verdict.detail.endswith(_STAYS):
        return ""
    return verdict.detail.removesuffix(_STAYS).partition(" to ")[2]


def _is_of(name: str, identity: str, source: str, *, by_id: bool) -> bool:
    if by_id:
        return identity == name or identity.startswith((f"{name}.", f"{name}/", f"{name}#"))
    return source == name or source.startswith(f"{name}!/")


def _keep_nearest(nearest: list[tuple[float, str]], word: str, name: str) -> None:
    matcher = difflib.SequenceMatcher(None, Path(word).name.lower(), Path(name).name.lower())
    if matcher.real_quick_ratio() < 0.6 or matcher.quick_ratio() < 0.6:
        return
    nearest.append((matcher.ratio(), name))
    nearest.sort(reverse=True)
    del nearest[_SHOWN_NAMES:]
