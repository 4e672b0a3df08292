"""How surprising each document is to a model trained on good texts; the most surprising leave when asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator

from samovar.data.document import Document
from samovar.data.splitting import evenly_cut
from samovar.data.steps.step import Dropped, Marked, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.perplexity.report import Examples
    from samovar.data.perplexity.sample import Part, Samples
    from samovar.data.perplexity.scores import Scored, Scores
    from samovar.data.perplexity.word_model import WordModel
    from samovar.data.spool import Spool

_PARTS = "parts by perplexity"


class PerplexitySettings(StepSettings):
    """Notes how surprising a document is to a model trained on good texts of its language; drops by it only when asked.

    As CCNet does with Wikipedia: head, middle and tail are the thirds of a language. Low perplexity is not quality:
    it is likeness to the texts that were learnt from, and repetitions and formulas have the lowest.
    """

    step: Literal["perplexity"] = "perplexity"
    """Name of the step."""
    good: list[str] = []
    """Files or folders with good texts, in any format that Samovar reads; paths from the project's folder. Where none
    are named, the corpus itself is learnt from: each half is judged by a model of the other."""
    train_characters: int = Field(4_000_000, ge=10_000, le=100_000_000)
    """Most characters learnt from in a language; a model takes 10 to 17 bytes of memory for each."""
    order: int = Field(3, ge=1, le=5)
    """Longest run of words that is counted."""
    read_characters: int = Field(20_000, ge=1_000)
    """Most characters read of a document, in stretches that lie evenly over it."""
    min_words: int = Field(20, ge=1)
    """Documents with fewer words and signs are not judged: a few words say little."""
    max_perplexity: dict[str, float] = {}
    """By language, {ru: 3000, en: 1000}: documents with a higher perplexity a word leave; the report shows what each
    would lose."""
    keep_quantiles: tuple[float, float] = (0.0, 1.0)
    """Documents below the first or above the second quantile of their language leave: [0, 0.67] keeps head and middle,
    [0.01, 0.95] drops the most predictable hundredth too."""
    show: int = Field(2, ge=0, le=20)
    """Documents shown in the report between each two quantiles of a language."""

    @field_validator("keep_quantiles")
    @classmethod
    def _check_quantiles(cls, quantiles: tuple[float, float]) -> tuple[float, float]:
        low, high = quantiles
        if not 0 <= low < high <= 1:
            raise ValueError(f"{low:g}, {high:g} are no two quantiles: the first from 0 on, the second up to 1")
        return quantiles

    def below(self, root: Path) -> Self:
        """The same with the paths of good texts taken from ``root``."""
        return self.model_copy(update={"good": [str(root / path) for path in self.good]})

    def files(self) -> list[Path]:
        """The files of good texts, those in folders too."""
        from samovar.data.classify.examples import example_files

        return example_files(self.good)


class Perplexity(Step):
    """Adds ``perplexity`` (a word), ``bits_per_character`` and ``perplexity_part`` (head, middle, tail) to the meta.

    Documents wait on disk while models are trained, and are judged when quantiles are known. Memory: the models, at
    most of the 8 languages with most text (40 to 70 MB each by default, twice as many where the corpus itself is learnt
    from), the sample of one of them, and 20 KB a language for quantiles; independent of the corpus.

    Source of the parts: Wenzek et al. 2020, CCNet, arXiv:1911.00359, section 3.3.
    """

    settings_class = PerplexitySettings
    is_local = False

    def __init__(self, settings: PerplexitySettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._models: dict[Part, WordModel] = {}
        self._scores: Scores | None = None
        self._examples: Examples | None = None
        self._limits: dict[str, tuple[float, float, float, float]] = {}
        self._num_unjudged = 0

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents with their perplexity, in the same order, when all have been seen."""
        from samovar.data.perplexity.report import Examples
        from samovar.data.perplexity.scores import Scores
        from samovar.data.spool import Spool

        folder = self.working_folder()
        with Spool(folder / "perplexity.documents") as spool, Scores(folder) as scores:
            self._learn(documents, spool)
            for document in spool:
                scores.add(self._scored(document))
            self._find_limits(scores)
            self._examples = Examples(scores, self.settings.show, f"{self._seed}:{self.name}")
            scores.rewind()
            self._scores = scores
            yield from super().__call__(iter(spool))

    def judge(self, document: Document) -> Verdict:
        """Mark or drop it; documents come in the order in which they were scored."""
        assert self._scores is not None
        assert self._examples is not None
        scored = self._scores.next()
        if not scored.language:
            self._num_unjudged += 1
            return None
        self._examples.offer(document, scored)
        head, middle, low, high = self._limits[scored.language]
        bits = scored.bits_a_word
        part = "head" if bits <= head else "middle" if bits <= middle else "tail"
        self.tally.found[_PARTS][f"{scored.language}: {part}"] += 1
        most = self.settings.max_perplexity.get(scored.language)
        if most is not None and scored.perplexity > most:
            return Dropped("perplexity too high", f"{scored.perplexity:,.0f} a word; at most {most:g} wanted")
        if not low <= bits <= high:
            wanted = f"{2**low:,.0f} to {2**high:,.0f}"
            return Dropped("perplexity outside of quantiles", f"{scored.perplexity:,.0f} a word; {wanted} wanted")
        return Marked(
            {
                "perplexity": f"{scored.perplexity:.1f}",
                "bits_per_character": f"{scored.bits_a_character:.3f}",
                "perplexity_part": part,
            }
        )

    def tables(self) -> list[Table]:
        """Quantiles of all languages, then of each with examples."""
        if self._scores is None or self._examples is None or not self._scores.languages:
            note = "There is too little text, in any language, to learn from."
            return [Table("Perplexity by language", ("",), [("No document was judged.",)], note)]
        from samovar.data.perplexity.report import summary

        words: Counter[str] = Counter()
        for part, model in self._models.items():
            words[part.language] += model.num_words
        first = summary(self._scores, self._examples, words, self._num_unjudged, is_own=not self.settings.good)
        return [first, *(self._examples.table(language) for language in self._scores.languages)]

    def _learn(self, documents: Iterator[Document], spool: Spool) -> None:
        """Put all documents into the spool, and train the models on a sample of them, or on the good texts."""
        from samovar.data.perplexity.sample import Part, Samples, half_of, language_of

        positions = Samples[int](self.settings.train_characters, self._seed)
        is_own = not self.settings.good
        for document in documents:
            position = spool.add(document)
            if is_own:
                part = Part(language_of(document), half_of(document, self._seed))
                size = min(len(document.text), self.settings.read_characters)
                positions.offer(part, document.id, size, position)
        if is_own:
            for part, chosen in positions.chosen():
                self._train(part, (self._read(spool.at(position).text) for position in chosen))
        else:
            for part, texts in self._good_samples().chosen():
                self._train(part, iter(texts))

    def _good_samples(self) -> Samples[str]:
        from samovar.data.classify.examples import document_examples
        from samovar.data.perplexity.sample import Part, Samples, language_of

        samples = Samples[str](self.settings.train_characters, self._seed)
        for number, example in enumerate(document_examples(self.settings.good, "good")):
            text = example.text
            part = Part(language_of(Document("", text, "")), 0)
            samples.offer(part, f"{number}", len(text), text)
        return samples

    def _train(self, part: Part, texts: Iterator[str]) -> None:
        from samovar.data.perplexity.sample import LEAST_WORDS
        from samovar.data.perplexity.word_model import train_words

        model = train_words(texts, order=self.settings.order)
        if model.num_words >= LEAST_WORDS:
            self._models[part] = model

    def _scored(self, document: Document) -> Scored:
        from samovar.data.perplexity.sample import Part, half_of, language_of
        from samovar.data.perplexity.scores import Scored

        language = language_of(document)
        half = 0 if self.settings.good else 1 - half_of(document, self._seed)
        model = self._models.get(Part(language, half))
        score = model.score(self._read(document.text)) if model is not None else None
        if score is None or score.words < self.settings.min_words:
            return Scored("", 0.0, 0.0)
        return Scored(language, score.bits_a_word, score.bits_a_character)

    def _read(self, text: str) -> str:
        return evenly_cut(text, self.settings.read_characters)

    def _find_limits(self, scores: Scores) -> None:
        low, high = self.settings.keep_quantiles
        for language in scores.languages:
            self._limits[language] = (
                scores.quantile(language, 1 / 3),
                scores.quantile(language, 2 / 3),
                scores.floor(language, low),
                scores.quantile(language, high) if high < 1 else float("inf"),
            )
