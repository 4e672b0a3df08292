"""Topics: texts of different words part as they were made, names are of their own words, nothing depends on order."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.document import Document
from samovar.data.steps.topics import Topics, TopicsSettings, keep_closest
from samovar.data.topics.clusters import centres_of, nearest
from samovar.data.topics.stems import stem
from samovar.data.topics.stop_words import STOP_WORDS
from samovar.data.topics.vectors import main_directions, points, rarities, weighted_counts
from samovar.data.topics.words import stem_counts, telling_words, vocabulary

THEMES = {
    "bank": ["договор", "кредит", "вклад", "процент", "заёмщик", "платёж", "отделение", "счёт", "ставка", "залог"],
    "tea": ["самовар", "чай", "заварка", "чашка", "мёд", "варенье", "блюдце", "кипяток", "сахар", "баранки"],
    "ship": ["captain", "harbour", "sail", "anchor", "mast", "crew", "voyage", "deck", "storm", "compass"],
}
FILLER = ["и", "в", "на", "с", "the", "of", "and", "to", "это", "было"]


def document_of(theme: str, number: int) -> Document:
    rng = random.Random(f"{theme} {number}")
    words = rng.choices(THEMES[theme], k=30) + rng.choices(FILLER, k=30)
    rng.shuffle(words)
    return Document(f"{theme}/{number}", " ".join(words), theme, {"kept": "yes"})


def corpus(size: int = 40) -> list[Document]:
    given_documents = [document_of(theme, number) for theme in THEMES for number in range(size)]
    random.Random(1).shuffle(given_documents)
    return given_documents


def with_topics(given_documents: list[Document], **wanted: Any) -> tuple[Topics, list[Document]]:
    step = Topics(TopicsSettings(**wanted))
    return step, list(step(iter(given_documents)))


def test_documents_part_as_they_were_made_and_names_are_of_their_words() -> None:
    given_documents = corpus()
    step, out = with_topics(given_documents, count=3)
    assert [(one.id, one.text) for one in out] == [(one.id, one.text) for one in given_documents]
    assert all(one.meta["kept"] == "yes" for one in out)
    topics = defaultdict(set)
    for one in out:
        topics[one.source].add(one.meta["topic"])
    assert all(len(names) == 1 for names in topics.values())
    assert len(set.union(*topics.values())) == 3
    for theme, (name,) in topics.items():
        assert set(name.split(", ")) <= {word.replace("ё", "е") for word in THEMES[theme]}
    (table,) = step.tables()
    assert {row[1] for row in table.rows} == {"40"}
    for row in table.rows:
        assert len({one.split("/")[0] for one in row[5].split(", ")}) == 1
        assert len(row[5].split(", ")) == 3
    assert sum(one["documents"] for one in step.metrics().values()) == 120
    assert sum(one["characters"] for one in step.metrics().values()) == sum(len(one.text) for one in out)
    assert step.tally.documents_in == step.tally.documents_out == 120


def test_topics_found_in_a_sample_serve_the_whole_and_order_does_not_matter() -> None:
    given_documents = corpus()
    first = {one.id: one.meta["topic"] for one in with_topics(given_documents, count=3, sample_documents=30)[1]}
    assert len(Counter((one.split("/")[0], topic) for one, topic in first.items())) == 3
    random.Random(2).shuffle(given_documents)
    again = {one.id: one.meta["topic"] for one in with_topics(given_documents, count=3, sample_documents=30)[1]}
    assert again == first


def test_the_number_of_topics_follows_the_size() -> None:
    step, _ = with_topics(corpus(3))
    assert 1 <= len(step.metrics()) <= 2  # nine documents: half the root of nine, and two at least


def test_texts_without_words_have_no_topic() -> None:
    given_documents = [*corpus(5), Document("digits", "1234 5678", "x", {}), Document("empty", "", "x", {})]
    step, out = with_topics(given_documents, count=3)
    assert [one.meta["topic"] for one in out[-2:]] == ["no topic", "no topic"]
    assert step.metrics()["no topic"]["documents"] == 2
    for none in ([], [Document("digits", "12", "x", {})]):
        _, out = with_topics(none)
        assert [one.meta["topic"] for one in out] == ["no topic"] * len(none)


@pytest.mark.parametrize(
    "forms",
    [
        "договор договора договору договором договоры договоров договорами",
        "красивый красивая красивого красивую красивых",
        "история истории историю историей",
        "банк банка банки банков банками",
        "договориться договорились",
        "company companies",
        "policy policies",
        "bank banks",
    ],
)
def test_forms_of_a_word_have_one_stem(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1


def test_words_that_are_no_forms_stay_apart() -> None:
    words = ["договор", "книга", "банк", "бак", "bus", "glass", "bank", "чай", "час", "история", "東京"]
    assert len({stem(word) for word in words}) == len(words)


@given(st.text(min_size=1, max_size=12))
def test_a_stem_is_a_beginning(word: str) -> None:
    assert stem(word)[:-1] == word[: len(stem(word)) - 1]  # companies: the last letter may become y


def test_stop_words_do_not_count() -> None:
    assert telling_words("Это было всё ещё The AND of Самовар tea-pot x1 ёж") == ["самовар", "tea", "pot"]
    assert "ещё".replace("ё", "е") in STOP_WORDS


def test_what_is_everywhere_is_not_counted() -> None:
    texts = [f"everywhere word{number % 5 * 'a'} {'rare' if number == 7 else ''}" for number in range(40)]
    known = vocabulary(iter(texts))
    assert "everywhere" not in known.numbers
    assert "rare" not in known.numbers  # in one document only
    assert "worda" in known.numbers
    assert known.documents_with[known.numbers["worda"]] == 8


def test_directions_are_those_of_a_singular_value_decomposition() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice([f"w{chr(97 + i)}x" for i in range(26)], size=12)) for _ in range(60)]
    words = vocabulary(iter(texts))
    rows = weighted_counts((stem_counts(text) for text in texts), words, rarities(words))
    dense = np.zeros((60, len(words.numbers)), dtype=np.float32)
    for row, (begin, end) in enumerate(zip(rows.starts, rows.starts[1:], strict=False)):
        dense[row, rows.words[begin:end]] = rows.weights[begin:end]
    assert np.linalg.norm(dense, axis=1) == pytest.approx(np.ones(60), abs=1e-5)
    found = main_directions(rows, len(words.numbers), 5, seed=0)
    assert found.T @ found == pytest.approx(np.eye(5), abs=1e-4)
    exact = np.linalg.svd(dense)[1][:5]
    assert np.linalg.norm(dense @ found, axis=0) == pytest.approx(exact, rel=0.02)
    projected = dense @ found
    projected /= np.linalg.norm(projected, axis=1, keepdims=True)
    assert points(rows, found) == pytest.approx(projected, abs=1e-4)


def test_k_means_finds_groups_that_lie_apart() -> None:
    rng = np.random.default_rng(3)
    middles = np.eye(6, dtype=np.float32)
    placed = np.repeat(middles, 20, axis=0) + rng.normal(0, 0.05, (120, 6)).astype(np.float32)
    placed /= np.linalg.norm(placed, axis=1, keepdims=True)
    centres = centres_of(placed, 6, seed=0)
    places, cosines = nearest(placed, centres)
    assert all(len(set(places[group : group + 20])) == 1 for group in range(0, 120, 20))
    assert len(set(places)) == 6
    assert cosines.min() > 0.95
    same = np.tile(middles[:1], (5, 1))
    assert len(centres_of(same, 3, seed=0)) == 1  # no more groups than there are places


def test_the_closest_are_kept() -> None:
    kept: list[tuple[float, str]] = []
    for entry in [(0.1, "a"), (0.9, "b"), (0.5, "c"), (0.9, "a"), (0.4, "d")]:
        keep_closest(kept, entry)
    assert kept == [(0.9, "a"), (0.9, "b"), (0.5, "c")]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=15))
def test_any_texts_go_through(texts: list[str]) -> None:
    given_documents = [Document(str(number), text, "x", {}) for number, text in enumerate(texts)]
    _, out = with_topics(given_documents, count=2)
    assert [one.text for one in out] == texts
