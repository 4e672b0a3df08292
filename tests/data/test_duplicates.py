"""The pieces of deduplication against plain Python: shingles, signatures, sorting on disk, clusters, hashes."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.duplicates import minhash, sorted_runs
from samovar.data.duplicates.components import Clusters, edges, edges_of_blocks
from samovar.data.duplicates.minhash import Sketch, band_hashes, signature
from samovar.data.duplicates.seen import SeenHashes
from samovar.data.duplicates.shingles import jaccard, shingle_hashes, word_hashes
from samovar.data.duplicates.sorted_runs import Block, SortedRuns
from tests.data.planted import planted_pair, random_words, runs

WORDS = st.lists(st.sampled_from(["а", "b", "в", "d"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", "hello world"),
        ("don't e-mail me", "don t e mail me"),
        ("Ёлка — ЁЛКА", "елка елка"),
        ("caf\u00e9 CAFE\u0301", "cafe cafe"),
        ("ﬁne １２ x²", "ﬁne 12 x2"),
        ("a_b\tc\u00a0d\u2003e", "a b c d e"),
        ("漢字かな", "漢 字 か な"),
        ("año漢2", "ano 漢 2"),
        ("\U00020000\U00020001", "\U00020000 \U00020001"),
        ("😀 … — \x00 \ud800", ""),
    ],
)
def test_words_by_example(text: str, words: str) -> None:
    # Each wanted word alone, so that the cutting is tested and not only the folding.
    wanted = [word_hashes(word).tolist() for word in words.split()]
    assert all(len(one) == 1 for one in wanted)
    assert word_hashes(text).tolist() == [one[0] for one in wanted]


def test_different_words_have_different_hashes() -> None:
    rng = random.Random(0)
    words = {"".join(rng.choices("абвгдabcd0123", k=rng.randint(1, 8))) for _ in range(50_000)}
    assert len(set(word_hashes(" ".join(words)).tolist())) == len(words)


@given(st.text(st.characters(codec=None), max_size=60))
@settings(deadline=None)
def test_any_text_has_hashes(text: str) -> None:
    assert shingle_hashes(text).size == max(1, word_hashes(text).size - 4) * (word_hashes(text).size > 0)
    assert Sketch().band_hashes(text).size in {0, 14}


@given(WORDS, WORDS, st.integers(1, 6))
@settings(deadline=None)
def test_jaccard_of_hashes_is_that_of_sets(left: list[str], right: list[str], size: int) -> None:
    sketch = Sketch(words=size)
    left, right = [*left, *"xyzxyz"], [*right, *"xyzxyz"]
    sets = runs(" ".join(left), size), runs(" ".join(right), size)
    expected = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    assert jaccard(sketch.shingles(" ".join(left)), sketch.shingles(" ".join(right))) == expected


def test_jaccard_of_empty_sets() -> None:
    empty = Sketch().shingles("")
    assert jaccard(empty, empty) == 0.0


@pytest.mark.parametrize("num_words", [1, 5, 6, 7, 8, 9, 100])
def test_signature_is_the_least_of_each_permutation(num_words: int) -> None:
    text = " ".join(random_words(random.Random(num_words), num_words))
    shingles = [int(value) for value in shingle_hashes(text)]
    factors, summands = minhash._permutations(112)
    assert all(int(factor) % 2 for factor in factors)
    expected = [
        min((value * int(factor) + int(summand)) % 2**64 for value in shingles)
        for factor, summand in zip(factors, summands, strict=True)
    ]
    assert [int(value) for value in signature(shingle_hashes(text))] == expected


def test_permutations_are_those_of_splitmix64() -> None:
    # The first outputs from state 0, as published with the generator.
    assert [minhash._splitmix64(place) for place in range(3)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.8])
def test_equal_places_of_signatures_estimate_the_similarity(similarity: float) -> None:
    rng = random.Random(f"estimate {similarity}")
    pairs = [planted_pair(rng, similarity) for _ in range(100)]
    signatures = [(signature(shingle_hashes(pair.text)), signature(shingle_hashes(pair.other))) for pair in pairs]
    errors = [np.mean(one == other) - pair.similarity for pair, (one, other) in zip(pairs, signatures, strict=True)]
    # One estimate has variance s(1-s)/112; their mean over 100 pairs lies within four deviations of no error.
    deviation = (similarity * (1 - similarity) / 112) ** 0.5
    assert abs(np.mean(errors)) <= 4 * deviation / 10
    assert 0.7 * deviation <= np.std(errors) <= 1.3 * deviation


def test_a_band_agrees_when_all_its_hashes_do() -> None:
    minima = signature(shingle_hashes("one two three four five six seven"))
    changed = minima.copy()
    changed[8 * 3] += 1
    changed[8 * 13 + 7] += 1
    same = band_hashes(minima) == band_hashes(changed)
    assert [band for band in range(14) if not same[band]] == [3, 13]


@given(
    st.lists(st.integers(0, 40) | st.integers(0, 2**64 - 1), max_size=120),
    st.integers(1, 20),
    st.integers(1, 8),
)
@settings(deadline=None)
def test_sorting_on_disk_is_sorting(keys: list[int], run_records: int, chunk_records: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_runs, "_LEAST_CHUNK_RECORDS", 1)
        patch.setattr(sorted_runs, "_MERGED_RECORDS", chunk_records)
        pairs = SortedRuns(Path(folder) / "pairs.bin", run_records=run_records)
        pairs.add(np.array(keys[:50], dtype=np.uint64), np.arange(min(50, len(keys))))
        pairs.add(np.array(keys[50:], dtype=np.uint64), np.arange(50, max(50, len(keys))))
        blocks = list(pairs.blocks())
        assert not list(Path(folder).iterdir())
    got = [(int(k), int(n)) for block in blocks for k, n in zip(block.keys, block.numbers, strict=True)]
    assert [key for key, _ in got] == sorted(keys)
    assert sorted(got) == sorted(zip(keys, range(len(keys)), strict=True))


def plain_components(pairs: list[tuple[int, int]], count: int) -> list[int]:
    neighbours = defaultdict(set)
    for left, right in pairs:
        neighbours[left].add(right)
        neighbours[right].add(left)
    roots = list(range(count))
    for number in range(count):
        waiting = [number] if roots[number] == number else []
        while waiting:
            for other in neighbours[waiting.pop()]:
                if roots[other] > number:
                    roots[other] = number
                    waiting.append(other)
    return roots


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=25))
@settings(deadline=None)
def test_components_are_those_of_a_plain_search(pairs: list[tuple[int, int]]) -> None:
    expected = plain_components(pairs, 20)
    with tempfile.TemporaryDirectory() as folder:
        clusters = Clusters(Path(folder) / "parents.bin", 20)
        for pair in pairs:
            clusters.join(np.array([pair], dtype=np.int64))
        members = [(int(k), int(n)) for block in clusters.members() for k, n in zip(*block, strict=True)]
    assert members == [(root, number) for number, root in enumerate(expected) if root != number]


def test_edges_join_equal_neighbours_also_across_blocks() -> None:
    keys, numbers = np.array([1, 1, 2, 3, 3, 3], dtype=np.uint64), np.array([5, 9, 7, 1, 2, 4], dtype=np.uint32)
    expected = [[5, 9], [1, 2], [2, 4]]
    assert edges(keys, numbers).tolist() == expected
    for cut in range(7):
        blocks = [Block(keys[:cut], numbers[:cut]), Block(keys[cut:], numbers[cut:])]
        assert [pair for pairs in edges_of_blocks(blocks) for pair in pairs.tolist()] == expected


@given(st.lists(st.lists(st.integers(0, 60) | st.sampled_from([2**64 - 1, 2**63]), max_size=12), max_size=30))
@settings(deadline=None)
def test_seen_hashes_are_a_set(calls: list[list[int]]) -> None:
    seen: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        memory = SeenHashes(Path(folder), max_in_memory=5)
        for hashes in calls:
            assert memory.are_new(hashes) == [value not in seen for value in hashes]
            expected = []
            for value in hashes:
                expected.append(value not in seen)
                seen.add(value)
            assert memory.add(hashes) == expected


def test_seen_hashes_on_disk_are_few_files_and_little_memory(tmp_path: Path) -> None:
    memory = SeenHashes(tmp_path, max_in_memory=100)
    rng = random.Random(1)
    values = [rng.getrandbits(64) for _ in range(20_000)]
    for start in range(0, len(values), 50):
        assert all(memory.add(values[start : start + 50]))
        assert len(memory._recent) <= 150
    assert not any(memory.add(values))
    assert len(list(tmp_path.iterdir())) <= 10
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 8 * len(values)
