"""What must leave the corpus and stay out: documents by file, by id, or by a pattern in their text.

A list of rules, ``forgotten.jsonl``, says it to every later run. It holds the patterns themselves, so that it is as
confidential as what they name.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import json_line, write_atomic
from samovar.data.document import Document

Kind = Literal["file", "id", "text"]


@dataclass(frozen=True)
class ForgetRule:
    """One reason to forget a document.

    ``file`` is the name of a file as the corpus has it, a folder, or a pattern as in a shell (``letters/*.eml``, where
    ``*`` also matches ``/``), and an archive stands for all that lies in it; ``id`` is an id or such a pattern;
    ``text`` is a regular expression that is looked for in the text.
    """

    kind: Kind
    pattern: str

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        try:
            return re.compile(self.pattern, re.MULTILINE)
        except re.error as error:
            raise ConfigError(
                f"the pattern {self.pattern!r} is no regular expression: {error}",
                hint="put a backslash before signs that are meant literally, such as ( [ . ?",
            ) from error

    def check(self) -> ForgetRule:
        """The rule itself.

        Raises:
            ConfigError: the pattern is empty or no regular expression.
        """
        if not self.pattern.strip():
            raise ConfigError("the pattern is empty, and would forget everything", hint="name a file or some words")
        if self.kind == "text" and self._expression.search("") is not None:
            raise ConfigError(
                f"the pattern {self.pattern!r} matches an empty text, and would forget everything",
                hint="write a pattern that needs at least one character",
            )
        return self

    def matches_file(self, name: str) -> bool:
        """Whether all that the file ``name`` gives is to be forgotten, maybe with its archive: it need not be read."""
        return self.kind == "file" and (
            name.startswith(f"{self.pattern.rstrip('/')}/")
            or any(outer == self.pattern or fnmatchcase(outer, self.pattern) for outer in _with_archives(name))
        )

    def place(self, document: Document) -> int | None:
        """Where in the text the rule matches; 0 when it is for another reason, None when it does not match."""
        if self.kind == "text":
            found = self._expression.search(document.text)
            return found.start() if found else None
        if self.kind == "id":
            return 0 if document.id == self.pattern or fnmatchcase(document.id, self.pattern) else None
        return 0 if self.matches_file(document.source) else None


def _with_archives(name: str) -> Iterator[str]:
    """``name``, and the archive that it lies in, and the one that this lies in."""
    while name:
        yield name
        name = name.rpartition("!/")[0]


class Forgotten(NamedTuple):
    """A document of a corpus that a rule names."""

    split: str
    id: str
    source: str
    meta: dict[str, str]
    rule: ForgetRule
    num_characters: int
    excerpt: str
    """The text at the place that matches, short and with personal data masked."""


def parse_rule(word: str) -> ForgetRule:
    """The rule that a person writes: ``text:PATTERN``, ``id:ID``, or ``FILE`` (``file:FILE`` when it has a colon).

    Raises:
        ConfigError: the pattern is empty, or would match everything, or is no regular expression.
    """
    head, colon, rest = word.partition(":")
    if colon and head in get_args(Kind):
        return ForgetRule(head, rest).check()  # type: ignore[arg-type]  # just checked
    return ForgetRule("file", word).check()


def find_documents(corpus: Path, rules: Sequence[ForgetRule]) -> Iterator[Forgotten]:
    """The documents of ``corpus`` that a rule names, in their order. All of the corpus is read, a row group at a time.

    Raises:
        MissingError: ``corpus`` is no corpus.
    """
    from samovar.data.corpus_reader import read_corpus
    from samovar.data.corpus_writer import SPLITS
    from samovar.data.samples import shown

    for split in SPLITS:
        for document in read_corpus(corpus, split):
            for rule in rules:
                place = rule.place(document)
                if place is not None:
                    excerpt = shown(document.text, start=place, limit=200)
                    size = len(document.text)
                    yield Forgotten(split, document.id, document.source, document.meta, rule, size, excerpt)
                    break


def read_rules(path: Path) -> list[ForgetRule]:
    """The rules of the list at ``path``; none when there is no list.

    Raises:
        CorruptError: a line is no rule.
    """
    if not path.is_file():
        return []
    rules = []
    # Not by splitlines, to which U+2028 and its like end a line, too: a pattern may hold such.
    for number, line in enumerate(io.StringIO(path.read_text(encoding="utf-8")), 1):
        try:
            row = json.loads(line)
            if row["kind"] not in get_args(Kind) or not isinstance(row["pattern"], str):
                raise ValueError("it is no rule")
            rules.append(ForgetRule(row["kind"], row["pattern"]).check())
        except (ValueError, KeyError, TypeError) as error:
            # Skipping it would let back in what somebody wanted out.
            raise CorruptError(
                f"{path}, line {number}, cannot be read: {error}",
                hint='repair it by hand: {"kind": "file", "pattern": "letters/a.txt"}',
            ) from error
    return rules


def add_rules(path: Path, rules: Iterable[ForgetRule]) -> list[ForgetRule]:
    """Put ``rules`` on the list at ``path``, atomically, and give those that were not on it."""
    known = read_rules(path)
    added = [rule for rule in dict.fromkeys(rules) if rule.check() not in known]
    if added:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        rows = [{"kind": rule.kind, "pattern": rule.pattern, "added_at": now} for rule in added]
        before = path.read_text(encoding="utf-8") if path.is_file() else ""
        if before and not before.endswith("\n"):
            before += "\n"
        write_atomic(path, before + "".join(json_line(row) for row in rows))
    return added
