"""Copies in meaning: what the built-in vectors see and don't, clusters, thresholds, and a model of the user's."""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import MissingError
from samovar.data.document import Document
from samovar.data.duplicates import embedding, semantic_index
from samovar.data.duplicates.clusters import Group
from samovar.data.duplicates.embedding import WordEmbedder
from samovar.data.duplicates.kmeans import centres_of, nearest_centres
from samovar.data.duplicates.semantic_index import near_copies
from samovar.data.steps.near_dedup import NearDedup, NearDedupSettings
from samovar.data.steps.semantic_dedup import SemanticDedup, SemanticDedupSettings
from tests.data.planted import random_words

STORY = (
    "Старый мастер жил у реки и чинил лодки. Каждое утро он пил чай из медного самовара. "
    "Дети приходили слушать его рассказы о море. Однажды буря унесла его лучшую лодку. "
    "Рыбаки нашли её далеко внизу по течению. Мастер подарил её самому младшему из детей."
)
OTHER = (
    "Договор аренды заключён на одиннадцать месяцев. Арендатор платит до пятого числа. Залог возвращается после "
    "осмотра помещения. Стороны сообщают об изменении реквизитов. Споры решает суд по месту нахождения."
)


class Grouped(SemanticDedup):
    """The step, and the groups of copies that it counted."""

    def __init__(self, settings: SemanticDedupSettings, *, seed: int) -> None:
        super().__init__(settings, seed=seed)
        self.groups: list[Group] = []

    def count_group(self, group: Group) -> None:
        super().count_group(group)
        self.groups.append(group)


def dedup(texts: Sequence[str], **options: Any) -> tuple[Grouped, list[str]]:
    step = Grouped(SemanticDedupSettings(**options), seed=1)
    kept = step(Document(str(i), text, "test") for i, text in enumerate(texts))
    return step, [document.id for document in kept]


def shuffled(text: str, seed: int = 0) -> str:
    sentences = text.split(". ")
    random.Random(seed).shuffle(sentences)
    return ". ".join(sentences)


def exact_cosine(left: str, right: str) -> float:
    weights = [{word[:6]: 1 + math.log(n) for word, n in Counter(text.split()).items()} for text in (left, right)]
    dot = sum(weight * weights[1].get(word, 0) for word, weight in weights[0].items())
    return dot / math.prod(math.sqrt(sum(weight**2 for weight in one.values())) for one in weights)


def test_sentences_in_another_order_are_found_where_near_dedup_sees_two_texts() -> None:
    # With runs as long as the sentences near_dedup has little in common to go by.
    texts = [STORY, OTHER, shuffled(STORY)]
    step, kept = dedup(texts)
    assert kept == ["0", "1"]
    (group,) = step.groups
    assert (group.kept.id, group.copies[0].id) == ("0", "2")
    near = NearDedup(NearDedupSettings(min_similarity=0.9))
    assert len(list(near(Document(str(i), text, "test") for i, text in enumerate(texts)))) == 3


def test_a_paraphrase_in_other_words_is_not_seen_without_a_model() -> None:
    paraphrase = "Пожилой умелец обитал возле воды, ремонтируя челноки; ребята любили слушать байки про океан."
    assert dedup([STORY, paraphrase], min_cosine=0.5)[1] == ["0", "1"]


def test_endings_matter_little() -> None:
    one, other, third = WordEmbedder().embed(
        ["красивого самовара старинного города", "красивым самоваром старинному городу", OTHER]
    )
    assert one @ other > 0.6  # the same beginnings but город-а and город-у, whose six letters differ
    assert abs(one @ third) < 0.3


def test_cosines_are_those_of_weighted_counts() -> None:
    rng = random.Random(3)
    errors = []
    for _ in range(200):
        words = random_words(rng, 60)
        left, right = rng.choices(words, k=100), rng.choices(words[: rng.randint(10, 60)], k=100)
        vectors = WordEmbedder().embed([" ".join(left), " ".join(right)])
        errors.append(float(vectors[0] @ vectors[1]) - exact_cosine(" ".join(left), " ".join(right)))
    assert abs(np.mean(errors)) < 4 * np.std(errors) / math.sqrt(len(errors))
    assert np.std(errors) < 1 / math.sqrt(512)


def test_rare_words_weigh_more_in_a_corpus_that_can_tell() -> None:
    embedder = WordEmbedder()
    for number in range(embedding._LEAST_DOCUMENTS - 1):
        embedder.learn(f"общее слово {number}")
    equal = embedder.embed(["общее", "общее редкость"])
    embedder.learn("общее слово")
    weighted = embedder.embed(["общее", "общее редкость"])
    assert equal[0] @ equal[1] == pytest.approx(math.sqrt(0.5), abs=0.1)
    assert weighted[0] @ weighted[1] < 0.3


@given(st.lists(st.text(st.characters(codec=None), max_size=20), max_size=4))
@settings(deadline=None)
def test_vectors_have_length_one_or_are_zero(texts: list[str]) -> None:
    lengths = np.linalg.norm(WordEmbedder(64).embed(texts), axis=1)
    # Signs may cancel: a vector of zeros is a text like no other.
    assert all(length == 0 or abs(length - 1) < 1e-5 for length in lengths)


def test_kmeans_parts_what_lies_apart() -> None:
    rng = np.random.default_rng(0)
    directions = np.eye(8, dtype=np.float32)[[0, 3, 6]]
    truth = rng.integers(0, 3, 300)
    vectors = directions[truth] + rng.normal(0, 0.02, (300, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = [nearest_centres(vectors, centres_of(vectors, 3, seed=seed)) for seed in range(8)]
    # A start inside of one direction can end in a worse parting; of eight starts some must find the true one.
    assert any(len(set(zip(truth.tolist(), one.tolist(), strict=True))) == 3 for one in found)


def test_kmeans_gets_never_worse_than_where_it_starts() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(400, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for seed in range(5):
        start = vectors[np.sort(np.random.default_rng(seed).choice(400, size=7, replace=False))]
        end = centres_of(vectors, 7, seed=seed)
        assert np.allclose(np.linalg.norm(end, axis=1), 1, atol=1e-5)
        assert (vectors @ end.T).max(axis=1).mean() > (vectors @ start.T).max(axis=1).mean()


@given(st.integers(0, 30), st.floats(0.3, 0.99), st.integers(0, 5))
@settings(deadline=None)
def test_near_copies_are_those_of_a_plain_loop(count: int, min_cosine: float, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept: list[int] = []
    expected: dict[int, int] = {}
    for i in range(count):
        cosines = [float(np.dot(vectors[i].astype(float), vectors[j].astype(float))) for j in kept]
        if any(abs(cosine - min_cosine) < 1e-5 for cosine in cosines):
            return  # too near to the threshold for floats to agree
        if cosines and max(cosines) >= min_cosine:
            expected[i] = kept[int(np.argmax(cosines))]
        else:
            kept.append(i)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(semantic_index, "_JUDGED_ROWS", 7)
        assert {i: kept for i, (kept, _) in near_copies(vectors, min_cosine).items()} == expected


def test_planted_copies_are_found_inside_of_clusters_and_nothing_else() -> None:
    rng = random.Random(5)
    texts = [" ".join(random_words(rng, 80)) for _ in range(300)]
    copies = {}
    for number in rng.sample(range(300), 60):
        words = texts[number].split()
        rng.shuffle(words)
        copies[len(texts)] = number
        texts.append(" ".join(words))
    for clusters in (1, 7):
        step, kept = dedup(texts, clusters=clusters)
        assert set(map(str, range(len(texts)))) - set(kept) == set(map(str, copies))
        assert all(group.kept.number == copies[copy.number] for group in step.groups for copy in group.copies)


def test_clusters_in_parts_and_the_newest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantic_index, "MAX_PART", 4)
    step = SemanticDedup(SemanticDedupSettings())
    documents = [Document(str(i), shuffled(STORY, i), "test", {"modified": f"2020-01-0{i + 1}"}) for i in range(8)]
    # Two parts of four: each leaves its newest.
    assert [document.id for document in step(iter(documents))] == ["3", "7"]
    assert step.tally.dropped == {"same meaning": 6}


def test_nothing_and_texts_without_words() -> None:
    assert dedup([])[1] == []
    assert dedup(["", "!", "", "one", "one"])[1] == ["0", "1", "2", "3"]


def test_a_missing_folder_and_a_missing_package_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingError, match="model folder"):
        dedup(["a"], model=str(tmp_path / "none"))
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingError, match="sentence_transformers") as caught:
        dedup(["a"], model=str(tmp_path))
    assert "samovar[semantic]" in str(caught.value.hint)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_model_of_the_users_own(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    model = tiny_model(tmp_path)
    step, kept = dedup(["old boat on a river", "Old  boat on a  river", "a paper for the rent of a flat"], model=model,
                       min_cosine=0.99)  # fmt: skip
    assert kept == ["1", "2"]  # the longer of two equals
    assert step.tally.dropped == {"same meaning": 1}


def tiny_model(folder: Path) -> str:
    """A transformer of random weights in the form of sentence-transformers: the mean of its outputs."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *["old", "boat", "on", "a", "river", "paper", "for", "the", "rent", "of", "flat"],
    ]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=16, max_position_embeddings=32)  # fmt: skip
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    SentenceTransformer(str(folder / "bert"), device="cpu").save(str(folder / "model"))
    return str(folder / "model")
