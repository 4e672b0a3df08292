"""A corpus of clean texts with known faults in it, and a ledger of what was planted where.

    python -m benchmarks.faulty_corpus FOLDER --characters 2000000 --texts DATA

Writes ``FOLDER/documents/*.jsonl``, ``FOLDER/ledger.jsonl`` and ``FOLDER/questions.jsonl``: a made-up evaluation set,
some of whose questions stand in documents. The clean texts are the documentation of the Python that runs, or come from
a folder, and made-up Russian ones; the same seed gives the same corpus. A document has one fault at most, boilerplate
aside, which all documents of some sources have.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.contest import say
from benchmarks.faults import ledger as kinds
from benchmarks.faults.damage import (
    JUNK,
    MOJIBAKE_ENGLISH,
    MOJIBAKE_RUSSIAN,
    REPETITION,
    mojibake,
    near_copy,
    typographic,
)
from benchmarks.faults.ledger import Fault, FaultyCorpus, Ledger
from benchmarks.faults.made_up import (
    FOREIGN_LANGUAGES,
    QUESTION_FORMS,
    foreign_text,
    furniture,
    planted_question,
    questions,
    russian_text,
    toxic_line,
)
from benchmarks.faults.personal import english_personal, russian_personal
from benchmarks.faults.texts import clean_texts, is_russian
from benchmarks.result import exit_with
from samovar.core.errors import DataError
from samovar.data.document import Document
from samovar.data.personal.kinds import BY_LANGUAGE

LEAST_TEXTS = 60
"""Of which four have each kind of fault."""
SHARE = 0.05
"""Of the clean texts, for every kind of fault."""
SIMILARITIES = (0.5, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Of the near-copies. Those of 0.5 are to stay: they are other texts."""
PASSAGE_WORDS = (60, 130)
_RUSSIAN_SHARE = 0.3
_DOCUMENTS_A_SOURCE = 40
_SENTENCE = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"»”]))\s+")
_SENTENCE_WORDS = (5, 40)
_LEAST_SENTENCES = 5


def make_corpus(texts: Sequence[str], *, seed: int = 0, share: float = SHARE, furniture_every: int = 3) -> FaultyCorpus:
    """Plant faults in ``texts``, which must be clean and distinct.

    Args:
        texts: at least ``LEAST_TEXTS``.
        seed: of all that is drawn.
        share: of the texts, for every kind of fault; near-copies and personal data take twice as many. With 0.05, three
            texts in ten stay as they are; 0.07 is the most.
        furniture_every: one source in so many has header, footer and disclaimer; 1 for all.
    """
    return _Planting(texts, random.Random(seed), share, furniture_every).corpus()


def base_texts(folder: Path | None, *, characters: int, seed: int = 0) -> list[str]:
    """Clean texts of about so many characters, of which at least three in ten are made-up Russian ones."""
    russian_characters = int(_RUSSIAN_SHARE * characters)
    texts = clean_texts(folder, max_characters=characters - russian_characters)
    draw = random.Random(f"{seed} russian")
    # These need no comparing: a run of 20 words is shared by next to none of them, and 50 by none.
    return texts + [russian_text(draw) for _ in range(russian_characters // 1_300)]


class _Planting:
    """A corpus in the making. Every clean text is used once."""

    def __init__(self, texts: Sequence[str], draw: random.Random, share: float, furniture_every: int) -> None:
        self.draw, self.furniture_every = draw, furniture_every
        self.texts = list(texts)
        if len(self.texts) < LEAST_TEXTS:
            raise DataError(
                f"{len(self.texts)} clean texts are too few to plant every kind of fault in",
                hint=f"take more characters: {LEAST_TEXTS} texts are needed, of about 1,500 characters each",
            )
        self.draw.shuffle(self.texts)
        self.count = max(4, int(share * len(self.texts)))
        self.rows: list[tuple[str, str]] = []
        """Names, which become ids when the places are drawn, and texts."""
        self.faults: list[Fault] = []
        self.questions = questions(4 * self.count, draw)

    def corpus(self) -> FaultyCorpus:
        """Plant one kind after another, then mix, and give every document its source."""
        plantings: list[Callable[[str], None]] = [
            *[self._exact_copy] * self.count,
            *[self._near_copy] * (2 * self.count),
            *[self._passage] * self.count,
            *[self._mojibake] * self.count,
            *[self._foreign] * self.count,
            *[self._foreign_paragraph] * self.count,
            *[self._repetition] * self.count,
            *[self._junk] * self.count,
            *[self._toxic] * self.count,
            *[self._question] * self.count,
            *[self._personal] * (2 * self.count),
        ]
        for plant in plantings:
            plant(self.texts.pop())
        for text in self.texts:
            self._add(text)
        return self._mixed()

    def _add(self, text: str) -> str:
        name = f"d{len(self.rows)}"
        self.rows.append((name, text))
        return name

    def _turn(self, kind: str, forms: Sequence[str]) -> str:
        """The forms of a kind in turn, so that there are as many of each."""
        return forms[sum(fault.kind == kind for fault in self.faults) % len(forms)]

    def _exact_copy(self, text: str) -> None:
        original, copy = self._add(text), self._add(text)
        self.faults.append(Fault(kinds.EXACT_COPY, copy, other=original))

    def _near_copy(self, text: str) -> None:
        wanted = float(self._turn(kinds.NEAR_COPY, [str(one) for one in SIMILARITIES]))
        copy = near_copy(text, wanted, self.draw)
        original, name = self._add(text), self._add(copy.text)
        self.faults.append(
            Fault(kinds.NEAR_COPY, name, f"about {wanted}", other=original, similarity=round(copy.similarity, 4))
        )

    def _passage(self, text: str) -> None:
        host = self.texts.pop(0)
        words = list(re.finditer(r"\S+", text))
        size = min(len(words), self.draw.randint(*PASSAGE_WORDS))
        first = self.draw.randint(0, len(words) - size)
        passage = text[words[first].start() : words[first + size - 1].end()]
        owner, name = self._add(text), self._add(self._with_paragraph(host, passage))
        self.faults.append(Fault(kinds.PASSAGE, name, value=passage, other=owner))

    def _mojibake(self, text: str) -> None:
        if is_russian(text):
            chains, truth = MOJIBAKE_RUSSIAN, _only_cyrillic_tables(text)
        else:
            chains, truth = MOJIBAKE_ENGLISH, typographic(text)
            if truth.isascii():
                truth += "\n\nThe naïve reader’s “façade” — a café near the Müller bridge."
        form = self._turn(kinds.MOJIBAKE, list(chains))
        self.faults.append(Fault(kinds.MOJIBAKE, self._add(mojibake(truth, chains[form])), form, truth=truth))

    def _foreign(self, text: str) -> None:
        self._add(text)
        language = self._turn(kinds.FOREIGN, FOREIGN_LANGUAGES)
        foreign = "\n\n".join(foreign_text(language, self.draw) for _ in range(3))
        self.faults.append(Fault(kinds.FOREIGN, self._add(foreign), language))

    def _foreign_paragraph(self, text: str) -> None:
        language = self._turn(kinds.FOREIGN_PARAGRAPH, FOREIGN_LANGUAGES)
        paragraph = foreign_text(language, self.draw, sentences=5)
        name = self._add(self._with_paragraph(text, paragraph))
        self.faults.append(Fault(kinds.FOREIGN_PARAGRAPH, name, language, value=paragraph))

    def _repetition(self, text: str) -> None:
        least, most = _SENTENCE_WORDS
        sentences = [" ".join(one.split()) for one in _SENTENCE.split(text) if least <= len(one.split()) <= most]
        if len(sentences) < _LEAST_SENTENCES:  # verse, and speech without full stops
            words = text.split()
            sentences = [" ".join(words[at : at + 12]) for at in range(0, len(words) - 12, 12)]
        form = self._turn(kinds.REPETITION, list(REPETITION))
        self.faults.append(Fault(kinds.REPETITION, self._add(REPETITION[form](sentences, self.draw)), form))

    def _junk(self, text: str) -> None:
        words = re.findall(r"[^\W\d_]+", text)
        form = self._turn(kinds.JUNK, list(JUNK))
        self.faults.append(Fault(kinds.JUNK, self._add(JUNK[form](words, self.draw)), form))

    def _toxic(self, text: str) -> None:
        line = toxic_line(self.draw)
        name = self._add(self._with_paragraph(text, line))
        self.faults.append(Fault(kinds.TOXIC, name, "ru" if is_russian(line) else "en", value=line))

    def _question(self, text: str) -> None:
        form = self._turn(kinds.QUESTION, QUESTION_FORMS)
        # The first half of the set is planted, the other half is not.
        row = self.questions[sum(fault.kind == kinds.QUESTION for fault in self.faults)]
        value = planted_question(row, form, self.draw)
        self.faults.append(Fault(kinds.QUESTION, self._add(self._with_paragraph(text, value)), form, value=value))

    def _personal(self, text: str) -> None:
        made = russian_personal(self.draw) if is_russian(text) else english_personal(self.draw)
        name = self._add(self._with_paragraph(text, made.text))
        for start, end, kind in made.spans:
            # The step keeps names, addresses and dates of birth by default, and the clean texts name their authors.
            if kind not in BY_LANGUAGE:
                self.faults.append(Fault(kinds.PERSONAL, name, kind, value=made.text[start:end]))

    def _with_paragraph(self, text: str, paragraph: str) -> str:
        """``text`` with one more paragraph in a place drawn, the first excepted."""
        paragraphs = text.split("\n\n")
        paragraphs.insert(self.draw.randint(1, len(paragraphs)), paragraph)
        return "\n\n".join(paragraphs)

    def _mixed(self) -> FaultyCorpus:
        self.draw.shuffle(self.rows)
        num_sources = max(3, len(self.rows) // _DOCUMENTS_A_SOURCE)
        dressed = {number: furniture(self.draw) for number in range(0, num_sources, self.furniture_every)}
        documents: list[Document] = []
        ids: dict[str, str] = {}
        dressing: list[Fault] = []
        counts = [0] * num_sources
        for row, (name, text) in enumerate(self.rows):
            number = row % num_sources
            source = f"source-{number:04}.jsonl"
            counts[number] += 1
            ids[name] = f"{source}:{counts[number]}"
            lines = dressed.get(number, ())
            if lines:
                text = _dressed(text, lines)
                dressing += [Fault(kinds.BOILERPLATE, ids[name], source, value=line) for line in lines]
            documents.append(Document(ids[name], text, source, {"line": str(counts[number])}))
        documents.sort(key=lambda document: (document.source, int(document.meta["line"])))
        named = [fault._replace(document=ids[fault.document], other=ids.get(fault.other, "")) for fault in self.faults]
        return FaultyCorpus(documents, Ledger(named + dressing), self.questions[: 2 * self.count])


def _dressed(text: str, lines: Sequence[str]) -> str:
    header, footer, disclaimer = lines
    return f"{header}\n\n{text}\n\n{footer}\n{disclaimer}"


def _only_cyrillic_tables(text: str) -> str:
    """``text`` without the signs that koi8-r and cp866 have no place for."""
    for sign, plain in (
        ("…", "..."),
        ("—", "-"),
        ("–", "-"),
        ("«", '"'),
        ("»", '"'),
        ("“", '"'),
        ("”", '"'),
        ("’", "'"),
    ):
        text = text.replace(sign, plain)
    return "".join(sign for sign in text if sign.isascii() or sign in "ё" or "А" <= sign <= "я" or sign == "Ё")


def _counts(corpus: FaultyCorpus) -> Iterator[str]:
    for kind in kinds.KINDS:
        yield f"{len(corpus.ledger.of(kind)):>8,}  {kind}"


def main() -> None:
    """Make the corpus and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--texts", type=Path, help="folder of clean texts; by default the documentation of Python")
    parser.add_argument("--characters", type=int, default=1_000_000, help="of clean text")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    corpus = make_corpus(base_texts(options.texts, characters=options.characters, seed=options.seed), seed=options.seed)
    corpus.write(options.folder)
    say(f"{len(corpus.documents):,} documents in {options.folder}, with\n" + "\n".join(_counts(corpus)))


if __name__ == "__main__":
    exit_with(main)
