"""Repeated passages: found as Python's own comparison finds them, in one block or in many; the first stays whole."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.document import Document
from samovar.data.steps.substring_dedup import SubstringDedup, SubstringDedupSettings
from samovar.data.suffix_array import partitions, repeats
from samovar.data.suffix_array.partitions import Partitions
from samovar.data.suffix_array.repeats import find_repeats

WORDS = 8
# Few words, of which one begins another, so that passages repeat and end inside longer words.
TEXT = st.lists(st.sampled_from(["а", "б", "бв", "x", "xx"]), max_size=40).map(" ".join)


def brute_force(texts: list[str], size: int) -> dict[int, int]:
    """Numbers of the windows that occurred before without overlapping -> where they did first."""
    seen: dict[tuple[str, ...], int] = {}
    found, number = {}, 0
    for text in texts:
        words = text.split()
        for place in range(len(words) - size + 1):
            earliest = seen.setdefault(tuple(words[place : place + size]), number + place)
            if number + place - earliest >= size:
                found[number + place] = earliest
        number += len(words)
    return found


def by_suffix_array(folder: Path, texts: list[str], size: int, block_bytes: int) -> dict[int, int]:
    found: dict[int, int] = {}
    num_bytes = sum(len(text.encode()) for text in texts)
    with Partitions(folder, num_bytes=num_bytes, block_bytes=block_bytes, num_words=size) as parts:
        number = 0
        for text in texts:
            parts.add(text.encode(), number)
            number += len(text.split())
        for text_, pieces in parts:
            one = find_repeats(text_, pieces, size)
            for window, earliest in zip(one.windows.tolist(), one.earliest.tolist(), strict=True):
                assert window not in found
                found[window] = earliest
    return found


@settings(deadline=None, max_examples=150)
@given(texts=st.lists(TEXT, max_size=6), block_bytes=st.sampled_from([20, 100, 100_000]))
def test_repeats_are_those_that_python_finds(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], block_bytes: int
) -> None:
    found = by_suffix_array(tmp_path_factory.mktemp("parts") / "p", texts, WORDS, block_bytes)
    assert found == brute_force(texts, WORDS)


def test_many_blocks_find_what_one_does(tmp_path: Path) -> None:
    drawn = random.Random(1)
    vocabulary = [f"w{n}" for n in range(3000)]
    shared = [" ".join(drawn.choices(vocabulary, k=60)) for _ in range(5)]
    texts = []
    for _ in range(60):
        own = [" ".join(drawn.choices(vocabulary, k=drawn.randrange(150))) for _ in range(3)]
        texts.append(f"{own[0]} {drawn.choice(shared)} {own[1]} {drawn.choice(shared)} {own[2]}")
    expected = brute_force(texts, 50)
    assert len(expected) > 1000
    assert by_suffix_array(tmp_path / "one", texts, 50, 1 << 20) == expected
    assert by_suffix_array(tmp_path / "many", texts, 50, 5000) == expected


def test_pieces_are_about_as_many_times_the_corpus_as_said(tmp_path: Path) -> None:
    drawn = random.Random(2)
    text = " ".join(drawn.choices([f"word{n}" for n in range(5000)], k=40_000)).encode()
    with Partitions(tmp_path / "p", num_bytes=len(text), block_bytes=len(text) // 4, num_words=50) as parts:
        parts.add(text, 0)
        sizes = [len(part) for part, _ in parts]
    assert 2 < sum(sizes) / len(text) < partitions.PIECES_GROWTH
    assert max(sizes) < 2 * len(text) // 4


@given(st.binary(max_size=40).map(lambda data: data.replace(b"\xff", b"")))
def test_words_are_what_stands_between_white_space(data: bytes) -> None:
    starts, ends = repeats.words_of(data)
    words = [data[start:end] for start, end in zip(starts, ends, strict=True)]
    assert words == bytes(byte if byte > 32 else 32 for byte in data).split()
    assert repeats.single_spaced(data, starts, ends).tobytes() == b"".join(word + b" " for word in words)
    assert np.all(ends > starts)


def step_over(folder: Path, texts: list[str], **changes: object) -> tuple[SubstringDedup, dict[str, str]]:
    step = SubstringDedup(SubstringDedupSettings(min_words=WORDS, **changes), seed=0)  # type: ignore[arg-type]
    step.scratch = folder
    documents = [Document(f"d{number}", text, "test") for number, text in enumerate(texts)]
    return step, {document.id: document.text for document in step(iter(documents))}


NOTICE = "this message may hold secrets of the firm; tell nobody"
OTHER = "the ship left harbour on a grey morning and nobody waved to her"


def test_the_first_occurrence_stays_and_later_ones_are_cut_out(tmp_path: Path) -> None:
    texts = [
        f"Dear Anna, we met. {NOTICE}",
        f"Dear Boris,\n\n{OTHER}\n\n{NOTICE.replace(' ', chr(10), 3)}\n\nYours, C.",
        f"{NOTICE} {OTHER[:30]}.",
        f"Hello {NOTICE} goodbye my friends and good night",
    ]
    step, kept = step_over(tmp_path, texts)
    assert kept == {
        "d0": texts[0],
        "d1": f"Dear Boris,\n\n{OTHER}\n\nYours, C.",
        "d2": f"{OTHER[:30]}.",
        "d3": "Hello\ngoodbye my friends and good night",
    }
    assert step.tally.edits == {"repeated passage": 3}
    assert step.tally.found["Words in repeated passages"]["words"] == 3 * len(NOTICE.split())
    assert not list(tmp_path.iterdir())


def test_a_document_that_loses_nearly_all_is_dropped_and_the_earlier_one_named(tmp_path: Path) -> None:
    step, kept = step_over(tmp_path, [OTHER, "something else", f"So: {OTHER}", NOTICE])
    assert list(kept) == ["d0", "d1", "d3"]
    assert step.tally.dropped == {"repeats earlier documents": 1}
    [sample] = step.tally.dropped_samples["repeats earlier documents"].items
    assert sample.detail == "13 of 14 words; the first in d0"
    assert step_over(tmp_path, [OTHER, f"So: {OTHER}"], min_kept_share=0)[1]["d1"] == "So:"


def test_a_run_of_one_word_keeps_one_passage(tmp_path: Path) -> None:
    _, kept = step_over(tmp_path, ["start " + "la " * 30 + "end"])
    assert kept["d0"].split().count("la") == WORDS
    assert kept["d0"].startswith("start la la")
    assert kept["d0"].endswith("\nend")


@settings(deadline=None, max_examples=100)
@given(texts=st.lists(TEXT | st.text(max_size=30), max_size=6))
def test_the_step_removes_exactly_the_words_of_repeats(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    texts = ["".join(letter for letter in text if letter > " " or letter == " ") for text in texts]
    texts = [" ".join(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").split()) for text in texts]
    _, kept = step_over(tmp_path_factory.mktemp("step"), texts, min_kept_share=0)
    removed = {window + place for window in brute_force(texts, WORDS) for place in range(WORDS)}
    number = 0
    for index, text in enumerate(texts):
        words = text.split(" ") if text else []
        expected = [word for place, word in enumerate(words) if number + place not in removed]
        assert kept[f"d{index}"].replace("\n", " ").split() == " ".join(expected).split()
        number += len(words)
