"""Quotes that are quotes: a line of the answer that begins with ``>`` repeats the prompt, word for word.

A small model that quotes slips: a name is another, a sentence goes on as a similar one does. What is quoted must not be
left to chance, so each token of such a line is chosen among those that go on a sentence of the prompt, or several in a
row; where the model would rather say something else, it cannot.

Which sentence, the engine decides by the likelihood of each as a whole (``lines``, ``keep``). Word by word a small
model goes wrong where a sentence begins with what is asked for: it would have to know the end before the beginning.

Where the answer's line before the quote names something after a colon (``Looking for: Anna.``), the sentence must hold
that (``fitting``), and where none does nothing is quoted: a model that copies a name right still takes the sentence of
another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from samovar.tokenizer.tokenizer import Tokenizer

_MOST_SENTENCES = 3
MOST_COMPARED = 64
"""More sentences than these are not compared as wholes: long prompts are quoted word by word."""
_END = re.compile(r"[.!?…]+[\"'»”’)\]]*(?=\s)|:(?=\s)|$")


class VerbatimQuotes:
    """Follows one answer, and tells which tokens may come next."""

    def __init__(self, tokenizer: Tokenizer, prompt_ids: Sequence[int], *, begun: str = "") -> None:
        """``begun``: of the answer, what the prompt ends with already; it is not quoted."""
        self._tokenizer = tokenizer
        self._prompt_ids = prompt_ids
        self._begun = begun
        *before, self._line = begun.encode("utf-8", "surrogatepass").split(b"\n")
        """Of the answer, the one that is being written."""
        self._line_before = before[-1] if before else b""
        self._quoted: int | None = None
        """Tokens of the quote so far; None outside of quotes."""
        self._paths: list[list[int]] = []
        """The ids of everything that the quote may become."""
        self._kept = ""
        """What the next quote begins with; empty where that is open."""
        if self._line.startswith(b">"):
            self._quoted = 0
            self._paths = list(self._all_paths(begun.rpartition("\n")[2][1:].strip(), is_said=True))

    def push(self, token: int) -> None:
        """Take the token that was chosen."""
        text = self._tokenizer.decode_bytes((token,))
        if b"\n" in text:
            self._quoted = None
        elif self._quoted is not None:
            self._paths = [path for path in self._paths if path[self._quoted : self._quoted + 1] == [token]]
            self._quoted += 1
        elif self._opens_with(token):
            self._quoted = 0
            self._paths, self._kept = list(self._all_paths(self._kept)), ""
        *before, self._line = (self._line + text).split(b"\n")
        self._line_before = before[-1] if before else self._line_before

    def lines(self, token: int) -> list[list[int]]:
        """Where ``token`` would begin a quote: every sentence that it may quote, as the ids of a line; else none."""
        if not self._opens_with(token) or len(self._sentences) > MOST_COMPARED:
            return []
        return [self._tokenizer.encode(f" {sentence}\n", goes_on=True) for sentence in self._sentences]

    def fitting(self) -> list[int]:
        """Numbers of the ``lines`` that hold what the answer's line before names after a colon, and do not ask for it.

        All where nothing is named.
        """
        _, _, sought = self._line_before.decode(errors="replace").partition(": ")
        return [
            number
            for number, sentence in enumerate(self._sentences)
            if not sought or (holds(sentence, sought) and not sentence.endswith("?"))
        ]

    def keep(self, number: int) -> None:
        """Right before the token that begins a quote: let it begin with this one of ``lines``."""
        self._kept = self._sentences[number]

    def allowed_ids(self) -> list[int] | None:
        """The tokens that keep a quote true; None where all do."""
        if self._quoted is None:
            return None
        return sorted({path[self._quoted] for path in self._paths if len(path) > self._quoted}) or None

    def _opens_with(self, token: int) -> bool:
        return not self._line and self._tokenizer.decode_bytes((token,)).strip() == b">"

    @cached_property
    def _sentences(self) -> list[str]:
        return list(
            dict.fromkeys(run for line in self._prompt_lines() for run in _runs(line.strip(), most_sentences=1))
        )

    def _all_paths(self, beginning: str, *, is_said: bool = False) -> Iterator[list[int]]:
        """Up to three sentences in a row, up to the end of the answer or of the line; the rest, if ``is_said``."""
        for text in dict.fromkeys(run for line in self._prompt_lines() for run in _runs(line.strip())):
            if text.startswith(beginning):
                rest = text[len(beginning) :] if is_said and beginning else f" {text}"
                yield [*self._tokenizer.encode(rest, goes_on=True), self._tokenizer.eos_id]
                yield self._tokenizer.encode(f"{rest}\n", goes_on=True)

    def _prompt_lines(self) -> Iterator[str]:
        """Without the lines that say whose turn begins."""
        marks = tuple(self._tokenizer.special_ids)
        text = self._tokenizer.decode(self._prompt_ids, skip_special=False).removesuffix(self._begun)
        for line in text.splitlines():
            if not line.startswith(marks):
                for mark in marks:
                    line = line.replace(mark, "")
                yield line


def holds(text: str, words: str) -> bool:
    """Whether the words stand in the text, in whatever order and grammatical form; of those with figures, just these.

    Two forms of a word have a beginning in common: of the shorter one all but three letters, and three or all but one.
    """
    present, wanted = _words(text), _words(words)
    exact = [word for word in wanted if any(letter.isdigit() for letter in word)]
    if exact:
        return all(word in present for word in exact)
    return all(any(_are_forms(word, other) for other in present) for word in wanted)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:[-.,:]\w+)*", text.lower().replace("ё", "е"))


def _are_forms(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    enough = shorter if shorter < 3 else max(min(shorter - 1, 3), shorter - 3)
    return one[:enough] == other[:enough]


def _runs(line: str, *, most_sentences: int = _MOST_SENTENCES) -> Iterator[str]:
    """The stretches of a line that begin and end where sentences do; what stands before a colon may be left out."""
    ends = [match.end() for match in _END.finditer(line)]
    starts = [0, *ends[:-1]]
    for place, start in enumerate(starts):
        yield from (line[start:end].strip() for end in ends[place : place + most_sentences] if line[start:end].strip())
