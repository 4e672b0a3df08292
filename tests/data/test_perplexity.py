"""The model of words against a hand-worked example and a plain reading of its formulas; the step on small corpora."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import DataError, MissingError
from samovar.data.document import Document
from samovar.data.steps.perplexity import Perplexity, PerplexitySettings

pytest.importorskip("numba")

from samovar.data.classify.features import words_of
from samovar.data.perplexity import kernels
from samovar.data.perplexity.kneser_ney import NgramTable, discounts_of, train_ngrams
from samovar.data.perplexity.sample import Part, Sample, Samples
from samovar.data.perplexity.scores import Scored, Scores
from samovar.data.perplexity.word_model import Score, train_words

MARK = 99
USUAL = (0.0, 0.5, 1.0, 1.5)
WORDS = re.findall(r"\w+", "the old samovar stood on table while rain fell and nobody spoke of tea or winter")
RUSSIAN = re.findall(r"\w+", "старый самовар стоял на столе пока шёл дождь и никто не говорил о чае или о зиме")


def trained(sequences: list[list[int]], order: int, base: float) -> NgramTable:
    symbols = np.array([one for sequence in sequences for one in (MARK, *sequence)], dtype=np.uint64)
    distances = np.array([place for sequence in sequences for place in range(len(sequence) + 1)], dtype=np.int64)
    return train_ngrams(symbols, distances, order, lambda places: np.full(len(places), base))


def probabilities(table: NgramTable, sequence: list[int], base: float) -> list[float]:
    """Of every symbol of a sequence, by the kernels."""
    past, backoffs = table.past(), table.backoffs()
    rest = (table.slots, table.values)
    num_backoffs = kernels.start(np.uint64(MARK), past, backoffs, table.empty_backoff, *rest)
    num_past = min(1, len(past))
    found = []
    for symbol in sequence:
        log, known = kernels.step(np.uint64(symbol), past, num_past, backoffs, num_backoffs, *rest)
        found.append(2 ** (log if known else log + math.log2(base)))
        num_backoffs, num_past = min(known, table.order - 1) + 1, min(num_past + 1, len(past))
    return found


class Plain:
    """Interpolated modified Kneser-Ney with dictionaries, as the formulas say it."""

    def __init__(self, sequences: list[list[int]], order: int, base: float) -> None:
        self.order, self.base = order, base
        raw: list[Counter[tuple[int, ...]]] = [Counter() for _ in range(order + 1)]
        for sequence in sequences:
            marked = (MARK, *sequence)
            for end in range(1, len(marked)):
                for length in range(1, min(order, end + 1) + 1):
                    raw[length][marked[end - length + 1 : end + 1]] += 1
        self.counts: list[Counter[tuple[int, ...]]] = [Counter() for _ in range(order + 1)]
        self.counts[order] = raw[order]
        for length in range(1, order):
            before = defaultdict(set)
            for run in raw[length + 1]:
                before[run[1:]].add(run[0])
            for run, count in raw[length].items():
                self.counts[length][run] = count if run[0] == MARK else len(before[run])
        self.discounts = [(0.0, 0.0, 0.0, 0.0)] + [self.discounts_at(length) for length in range(1, order + 1)]

    def discounts_at(self, length: int) -> tuple[float, ...]:
        n = [sum(count == wanted for count in self.counts[length].values()) for wanted in range(5)]
        if not all(n[1:]):
            return USUAL
        y = n[1] / (n[1] + 2 * n[2])
        found = [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
        return (0.0, *(min(max(one, 0.0), float(k)) for k, one in enumerate(found, 1)))

    def probability(self, context: tuple[int, ...], symbol: int) -> float:
        length = len(context) + 1
        discounts = self.discounts[length]
        behind = {run[-1]: count for run, count in self.counts[length].items() if run[:-1] == context}
        total = sum(behind.values())
        lower = self.probability(context[1:], symbol) if context else self.base
        if not total:
            return lower
        own = behind.get(symbol, 0)
        weight = sum(discounts[min(count, 3)] for count in behind.values()) / total
        return (own - discounts[min(own, 3)]) / total + weight * lower

    def probabilities(self, sequence: list[int]) -> list[float]:
        marked = (MARK, *sequence)
        return [
            self.probability(marked[max(0, end - self.order + 1) : end], marked[end]) for end in range(1, len(marked))
        ]


def test_a_small_model_by_hand() -> None:
    a, b, c, d = 1, 2, 3, 4
    table = trained([[a, b], [a, b], [a, c]], 2, 0.25)
    # Below: a, b and c each stand behind one symbol, so (1 - 1/2) / 3 and half of the base: 7/24; d has 1/8.
    # Behind the mark: a three times, (3 - 3/2) / 3, and half of 7/24. Behind a: b twice, c once, weight 1/2.
    assert probabilities(table, [a, b], 0.25) == pytest.approx([31 / 48, 23 / 48])
    assert probabilities(table, [a, c], 0.25)[1] == pytest.approx(15 / 48)
    assert probabilities(table, [a, a], 0.25)[1] == pytest.approx(7 / 48)
    assert probabilities(table, [a, d], 0.25)[1] == pytest.approx(3 / 48)
    # Behind b and behind d nothing is known: all is left to what is shorter.
    assert probabilities(table, [a, b, c], 0.25)[2] == pytest.approx(7 / 24)
    assert probabilities(table, [d, d, a], 0.25)[1:] == pytest.approx([1 / 8, 7 / 24])


def test_discounts_by_hand() -> None:
    counts = np.repeat([1, 2, 3, 4, 9], [8, 4, 2, 1, 5])
    # Y = 8/16: 1 - 2/2 * 4/8, 2 - 3/2 * 2/4, 3 - 4/2 * 1/2.
    assert discounts_of(counts) == pytest.approx((0.5, 1.25, 2.0))
    assert discounts_of(np.array([1, 2])) == (0.5, 1.0, 1.5)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
def test_it_is_the_plain_reading_of_the_formulas(order: int) -> None:
    rng = random.Random(order)
    sequences = [[min(11, int(rng.expovariate(0.35))) for _ in range(rng.randrange(0, 30))] for _ in range(60)]
    base = 1 / 14
    plain, table = Plain(sequences, order, base), trained(sequences, order, base)
    unseen = [[rng.randrange(14) for _ in range(20)] for _ in range(10)]
    for sequence in sequences[:10] + unseen:
        assert probabilities(table, sequence, base) == pytest.approx(plain.probabilities(sequence), rel=1e-5)
    # Whatever stands before, the probabilities of all symbols that there are add up to one.
    for before in ([], sequences[1][:4], unseen[0][:3]):
        assert sum(probabilities(table, [*before, one], base)[-1] for one in range(14)) == pytest.approx(1, abs=1e-5)


def test_a_text_takes_what_the_plain_reading_says() -> None:
    rng = random.Random(3)
    texts = [" ".join(rng.choices(WORDS, k=40)) + "!" for _ in range(20)]
    model = train_words(texts, order=3)
    plain_letters = Plain(
        [[*map(ord, word), kernels.END] for word in sorted({*" ".join(texts)[:-1].replace("!", "").split(), "!"})],
        6,
        2.0 ** -np.log2(0x110001),
    )

    def spelt(word: str) -> float:
        return math.prod(plain_letters.probabilities([*map(ord, word), kernels.END]))

    numbers: dict[str, int] = {}

    def numbered(text: str) -> list[int]:
        return [numbers.setdefault(word, len(numbers) + 100) for word in words_of(text)]

    plain = Plain([numbered(text) for text in texts], 3, 0.0)
    tested = "The samovar and the zamovar stood!"
    bits = 0.0
    marked = (MARK, *numbered(tested))
    for end, word in enumerate(words_of(tested), 1):
        plain.base = spelt(word)
        bits -= math.log2(plain.probability(marked[max(0, end - 2) : end], marked[end]))
    score = model.score(tested)
    assert score.bits == pytest.approx(bits, rel=1e-4)
    assert (score.words, score.unknown_words, score.characters) == (7, 1, len(tested))
    assert score.bits_a_word == pytest.approx(bits / 7, rel=1e-4)
    assert score.perplexity == pytest.approx(2 ** (bits / 7), rel=1e-3)
    assert score.bits_a_character == pytest.approx(bits / len(tested), rel=1e-4)


def test_what_is_less_like_the_texts_takes_more() -> None:
    rng = random.Random(1)
    texts = [" ".join(rng.choices(WORDS, k=6)) + ". the old samovar stood on the table." for _ in range(200)]
    model = train_words(texts, order=3)

    def bits(text: str) -> float:
        return model.score(text).bits

    told = "the old samovar stood on the table"
    assert bits(told) < bits("table the on stood samovar old the") < bits("xqz tfa kwrpvmv zzjqd vf qqx bljtk")
    assert bits("the old samovars stood on the table") < bits("the old qzxwvkjp stood on the table")
    assert bits("THE OLD  Samovar\nstood on the table") == bits(told)
    assert bits("1234 -----") == bits("9876 ---")
    assert (Score(0.0, 0, 0, 0).perplexity, Score(1e9, 2, 2, 9).perplexity) == (1.0, 2.0**40)


def test_the_order_of_texts_does_not_matter() -> None:
    rng = random.Random(2)
    texts = [" ".join(rng.choices(WORDS + RUSSIAN, k=30)) for _ in range(30)]
    first = train_words(texts, order=3)
    rng.shuffle(texts)
    again = train_words(texts, order=3)
    assert first.score("Никто the чай!").bits == pytest.approx(again.score("Никто the чай!").bits, rel=1e-5)
    assert first.num_words == again.num_words == 900


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec=None), max_size=60), max_size=4), st.text(st.characters(codec=None)))
def test_any_texts_give_a_model_and_any_text_a_score(texts: list[str], text: str) -> None:
    score = train_words(texts, order=3).score(text)
    assert 0 <= score.bits_a_word <= 40
    assert math.isfinite(score.bits)
    assert score.bits > 0 or not score.words


def test_the_sample_is_bounded_and_the_same_in_any_order() -> None:
    items = [(f"k{number}", 10 + number % 7) for number in range(200)]
    chosen = []
    for seed in (1, 2):
        random.Random(seed).shuffle(items)
        sample = Sample[str](100, 0)
        for key, size in items:
            sample.offer(key, size, key)
        chosen.append(sample.items)
    assert chosen[0] == chosen[1]
    assert 100 <= sum(dict(items)[key] for key in chosen[0]) < 117
    samples = Samples[int](50, 0)
    for number in range(12):
        samples.offer(Part(f"l{number:02d}", 0), "k", 10 + number, number)
    assert [part.language for part, _ in samples.chosen()] == [f"l{number:02d}" for number in range(4, 12)]


def test_quantiles_lie_where_they_are(tmp_path: Path) -> None:
    values = np.random.default_rng(0).gamma(4, 2, 1000)
    with Scores(tmp_path) as scores:
        for value in values:
            scores.add(Scored("ru", float(value), value / 5))
        scores.add(Scored("", 0.0, 0.0))
        scores.rewind()
        assert [scores.next() for _ in range(2)] == [Scored("ru", float(v), v / 5) for v in values[:2]]
        assert scores.languages == {"ru": 1000}
        for share in (0.05, 1 / 3, 0.5, 0.95):
            assert scores.quantile("ru", share) == pytest.approx(np.quantile(values, share), abs=0.05)
            assert float((values <= scores.quantile("ru", share)).mean()) >= share
            assert float((values < scores.floor("ru", share)).mean()) <= share


def document(number: int, words: list[str] = WORDS) -> Document:
    rng = random.Random(number)
    text = ". ".join(" ".join(rng.choices(words, k=12)).capitalize() for _ in range(6))
    return Document(f"d{number}", text, "s", {"language": "ru" if words is RUSSIAN else "en"})


def garbled(number: int) -> Document:
    rng = random.Random(number)
    text = " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(40))
    return Document(f"g{number}", text, "s", {"language": "en"})


def through(given_documents: list[Document], **options: Any) -> tuple[Perplexity, list[Document]]:
    step = Perplexity(PerplexitySettings.model_validate(options))
    return step, list(step(iter(given_documents)))


MIXED = [*(document(n) for n in range(60)), *(garbled(n) for n in range(6)), *(document(n, RUSSIAN) for n in range(60))]


def test_the_corpus_judges_itself_by_halves() -> None:
    step, out = through(MIXED)
    assert [(one.id, one.text) for one in out] == [(one.id, one.text) for one in MIXED]
    assert not step.tally.dropped
    by_kind = defaultdict(list)
    for one in out:
        by_kind[one.id[0], one.meta["language"]].append(float(one.meta["perplexity"]))
    assert max(by_kind["d", "en"]) * 100 < min(by_kind["g", "en"])
    assert all(one.meta["perplexity_part"] == "tail" for one in out if one.id[0] == "g")
    parts = Counter((one.meta["language"], one.meta["perplexity_part"]) for one in out)
    assert all(parts["ru", part] == pytest.approx(20, abs=3) for part in ("head", "middle", "tail"))
    # No document is judged by a model that saw it: copies of a text in both halves would be no surprise at all.
    assert min(by_kind["d", "en"]) > 8


def test_drops_only_when_asked_and_by_language() -> None:
    step, out = through(MIXED, max_perplexity={"en": 1000})
    assert step.tally.dropped == {"perplexity too high": 6}
    assert {one.id for one in MIXED} - {one.id for one in out} == {f"g{number}" for number in range(6)}
    step, out = through(MIXED, keep_quantiles=[0.1, 0.8])
    dropped = Counter(one.meta["language"] for one in MIXED) - Counter(one.meta["language"] for one in out)
    assert dropped["ru"] == pytest.approx(18, abs=3)
    assert dropped["en"] == pytest.approx(20, abs=3)
    assert set(step.tally.dropped) == {"perplexity outside of quantiles"}


def test_good_texts_are_learnt_from(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    text = "\n\n".join(document(number).text for number in range(100, 160))
    (tmp_path / "good" / "book.txt").write_text(text, encoding="utf-8")
    chosen = PerplexitySettings(good=["good"]).below(tmp_path)
    assert chosen.files() == [tmp_path / "good" / "book.txt"]
    step, out = through([document(1), garbled(1), document(1, RUSSIAN)], **chosen.model_dump())
    first, second, third = out
    assert float(first.meta["perplexity"]) * 100 < float(second.meta["perplexity"])
    assert "perplexity" not in third.meta  # no Russian text to learn from
    assert "1 documents were not judged" in step.tables()[0].note
    with pytest.raises(MissingError):
        through([document(1)], good=[str(tmp_path / "none")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        through([document(1)], good=[str(tmp_path / "empty")])


def test_the_report_shows_quantiles_with_examples() -> None:
    step, _ = through(MIXED, show=1)
    first, english, russian = step.tables()
    assert [row[:2] for row in first.rows] == [("en", "66"), ("ru", "60")]
    assert "Learnt from the corpus itself" in first.note
    assert (english.title, russian.title) == ("Perplexity of documents in 'en'", "Perplexity of documents in 'ru'")
    assert english.rows[0][2] == "66"
    limits = [int(row[1].replace(",", "")) for row in english.rows]
    assert limits == sorted(limits)
    assert english.rows[-1][3].startswith("g")
    assert all(len(row) == len(table.head) for table in step.tables() for row in table.rows)


def test_short_and_few_documents_are_not_judged() -> None:
    short = Document("short", "Too short to judge.", "s", {"language": "en"})
    step, out = through([*MIXED, short])
    assert out[-1].meta == {"language": "en"}
    step, out = through([document(1), document(2)])
    assert [one.meta for one in out] == [{"language": "en"}] * 2
    assert "No document was judged" in step.tables()[0].rows[0][0]
    assert through([])[1] == []


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    from samovar.data.corpus import build_corpus
    from samovar.data.settings import DataSettings

    folder = tmp_path / "documents"
    folder.mkdir()
    for number, one in enumerate(MIXED):
        (folder / f"{number:03d}.txt").write_text(one.text, encoding="utf-8")
    written = []
    for workers in (1, 2):
        wanted = {"steps": ["language", "perplexity"], "workers": workers, "sources": [{"path": "documents"}]}
        build_corpus(DataSettings.model_validate(wanted), root=tmp_path, out=tmp_path / f"out{workers}")
        written.append({path.name: path.read_bytes() for path in (tmp_path / f"out{workers}").glob("*.parquet")})
    assert written[0] == written[1]
    assert written[0]


def test_quantiles_out_of_order_are_an_error() -> None:
    with pytest.raises(ValueError, match="no two quantiles"):
        PerplexitySettings(keep_quantiles=(0.9, 0.1))
