"""The language of each document and of its paragraphs; others than those wanted are dropped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Edited, Marked, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.language.paragraphs import DocumentLanguages
    from samovar.data.quality.rules import Rule
    from samovar.data.quality.text_shape import TextShape

_LANGUAGES = "languages"
_CHARACTERS = "characters by language"
_MIXED = "mixed documents"
# A second language with a smaller share is no more than quotations, or stretches that were guessed wrongly.
_MIXED_SHARE = 0.1
# Codes of countries, and longer codes of languages, that are easily written instead.
_MEANT = {
    "rus": "ru",
    "eng": "en",
    "ukr": "uk",
    "bel": "be",
    "kaz": "kk",
    "ua": "uk",
    "by": "be",
    "kz": "kk",
    "gb": "en",
    "us": "en",
}


class LanguageSettings(StepSettings):
    """Notes the language of every document, and keeps those of the languages asked for."""

    step: Literal["language"] = "language"
    """Name of the step."""
    keep: list[str] = []
    """Languages to keep, by ISO 639 code: ru, en, uk, be, kk and 171 others; empty keeps all."""
    min_score: float = Field(0.0, ge=0, le=1)
    """Documents of whose language the detector is less sure are dropped; FineWeb-2 has 0.9 for Russian."""
    among: list[str] = []
    """Languages that the documents can be in; others are never guessed, so that short texts go wrong less often."""
    paragraphs: Literal["keep", "drop_foreign"] = "keep"
    """drop_foreign: take out paragraphs in a language outside `keep`, or, where that is empty, not the document's."""
    paragraph_score: float = Field(0.8, ge=0, le=1)
    """How sure the detector must be of a paragraph's language before it is taken out."""
    read_characters: int = Field(1000, ge=200)
    """Most characters read of a document to tell its language, in stretches that lie evenly over it."""

    @field_validator("keep", "among")
    @classmethod
    def _check_codes(cls, codes: list[str]) -> list[str]:
        for code in codes:
            if code in _MEANT:
                raise ValueError(f"'{code}' is no code of a language here (did you mean '{_MEANT[code]}'?)")
            if not re.fullmatch("[a-z]{2,3}", code):
                raise ValueError(f"'{code}' is no code of a language: write ru, en, uk, be, kk …")
        return codes


class Language(Step):
    """Adds ``language`` and ``language_score`` to the meta, and ``languages`` with shares where a document is mixed.

    fastText's small model reads; letters that only some Cyrillic alphabets have correct it. It remembers nothing.
    """

    settings_class = LanguageSettings

    def __init__(self, settings: LanguageSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._keep = frozenset(settings.keep)
        self._among = frozenset(settings.among)

    def judge(self, document: Document) -> Verdict:
        """Mark it with its language, or drop it."""
        from samovar.data.language.paragraphs import document_languages

        found = document_languages(document.text, read_characters=self.settings.read_characters, among=self._among)
        language, score = found.main
        if self._keep and language not in self._keep:
            return Dropped(
                "in another language", f"{language}, score {score:.2f}; {', '.join(self.settings.keep)} kept"
            )
        if score < self.settings.min_score:
            return Dropped(
                "language unclear", f"{language}, score {score:.2f}; at least {self.settings.min_score} wanted"
            )
        self._count(document, found)
        meta = {"language": language, "language_score": f"{score:.3f}"}
        if len(mixed := {name: share for name, share in found.shares.items() if share >= _MIXED_SHARE}) > 1:
            meta["languages"] = " ".join(f"{name}:{share:.2f}" for name, share in mixed.items())
        if self.settings.paragraphs == "drop_foreign" and len(found.shares) > 1:
            return self._without_foreign(document, language, meta)
        return Marked(meta)

    def rules_for(self, document: Document) -> list[Rule]:
        """The rule on the score, for the preview."""
        from samovar.data.language.paragraphs import document_languages
        from samovar.data.quality.rules import Rule

        def score(shape: TextShape) -> float:
            found = document_languages(shape.text, read_characters=self.settings.read_characters, among=self._among)
            return found.main.score

        return [Rule("min_score", score, "at least", self.settings.min_score, "language unclear")]

    def tables(self) -> list[Table]:
        """Languages with their documents and characters, and which languages were mixed."""
        documents, characters = self.tally.found[_LANGUAGES], self.tally.found[_CHARACTERS]
        rows: list[tuple[str, ...]] = [
            (name, f"{count:,}", f"{characters[name]:,}") for name, count in documents.most_common()
        ]
        tables = [
            Table(_LANGUAGES, ("language", "documents", "characters"), rows, "By the main language of a document.")
        ]
        if mixed := self.tally.found[_MIXED]:
            rows_mixed: list[tuple[str, ...]] = [(name, f"{count:,}") for name, count in mixed.most_common()]
            tables.append(
                Table(_MIXED, ("languages", "documents"), rows_mixed, "With a tenth or more in each language.")
            )
        return tables

    def _count(self, document: Document, found: DocumentLanguages) -> None:
        tally = self.tally.found
        tally[_LANGUAGES][found.main.language] += 1
        tally[_CHARACTERS][found.main.language] += len(document.text)
        parts = sorted(name for name, share in found.shares.items() if share >= _MIXED_SHARE)
        if len(parts) > 1:
            tally[_MIXED][" + ".join(parts)] += 1

    def _without_foreign(self, document: Document, language: str, meta: dict[str, str]) -> Verdict:
        from samovar.data.language.paragraphs import without_foreign

        text, foreign = without_foreign(
            document.text,
            self._keep or frozenset({language}),
            min_score=self.settings.paragraph_score,
            among=self._among,
        )
        if not text.strip():
            return Dropped("nothing but paragraphs in other languages")
        if not foreign:
            return Marked(meta)
        counts: dict[str, int] = {}
        for paragraph in foreign:
            counts[f"paragraphs in {paragraph.language}"] = counts.get(f"paragraphs in {paragraph.language}", 0) + 1
        return Edited(text, counts, meta)
