"""The index of a corpus finds what Python's own search finds, wherever blocks end, and is made anew when it must be."""

from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import BusyError, DataError, MissingError
from samovar.core.files import exclusive_lock
from samovar.core.progress import Progress
from samovar.data.corpus_writer import CorpusWriter
from samovar.data.document import Document
from samovar.data.suffix_array import blocks, corpus_index
from samovar.data.suffix_array.blocks import Blocks, BlockWriter
from samovar.data.suffix_array.construction import sort_suffixes
from samovar.data.suffix_array.corpus_index import open_corpus_index
from samovar.data.suffix_array.loose import loosen, places_in_original

# Few letters, so that passages repeat; of one to four bytes, so that bytes and characters part ways.
LETTERS = st.text("abжё\u2003 \n😀", max_size=12)


def places(text: str, passage: str) -> list[int]:
    """All places, overlapping ones too, by Python's own search."""
    return [start for start in range(len(text)) if text.startswith(passage, start)]


def write_corpus(folder: Path, documents: list[Document]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with CorpusWriter(folder, validation_share=0.1, seed=0) as writer:
        for document in documents:
            writer.add(document)
        writer.finish()
    return folder


def corpus_of(folder: Path, texts: list[str]) -> Path:
    return write_corpus(folder, [Document(f"d{n}", text, f"f{n}.txt", {}) for n, text in enumerate(texts)])


@given(st.binary(max_size=60))
def test_suffixes_are_in_the_order_of_what_they_spell(data: bytes) -> None:
    assert sort_suffixes(bytearray(data)).tolist() == sorted(range(len(data)), key=lambda start: data[start:])


@settings(deadline=None, max_examples=60)
@given(texts=st.lists(LETTERS, max_size=8), passage=LETTERS.filter(bool), block_bytes=st.sampled_from([1, 20, 1000]))
def test_blocks_find_what_python_finds(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], passage: str, block_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("blocks") / "b"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        with BlockWriter(folder, Progress("", is_quiet=True)) as writer:
            for text in texts:
                writer.add(text)
            writer.close_block()
    expected = {number: own for number, text in enumerate(texts) if (own := places(text, passage))}
    opened = Blocks(folder)
    count, num_documents, best = opened.search(passage, limit=3, max_offsets=2)
    assert count == sum(map(len, expected.values()))
    assert num_documents == len(expected)
    order = sorted(expected, key=lambda number: (-len(expected[number]), number))[:3]
    assert [(one.document, one.num_places, one.offsets.tolist()) for one in best] == [
        (number, len(expected[number]), expected[number][:2]) for number in order
    ]
    assert list(opened.texts()) == texts == [opened.text(number) for number in range(len(texts))]


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_loose_text_ignores_case_and_white_space_and_knows_the_way_back(text: str) -> None:
    folded = loosen(text)
    assert loosen(folded) == folded == loosen(text.replace(" ", "\n \t"))
    way = places_in_original(text, np.arange(len(folded) + 1)).tolist()
    assert way == sorted(set(way))
    assert way[-1] == len(text)
    for letter, place in zip(folded, way, strict=False):
        assert loosen(text[place]) in (letter, " ")


@pytest.mark.parametrize(
    ("text", "folded"),
    [("ЁЛКА  и\n\u00a0Ель", "елка и ель"), ("ΣΊΣΥΦΟΣ", "σίσυφοσ"), ("İI", "ii"), (" a ", " a "), ("", "")],
)
def test_loose_text_by_hand(text: str, folded: str) -> None:
    assert loosen(text) == folded


def test_planted_sentences_are_found_with_file_offset_count_and_context(tmp_path: Path) -> None:
    drawn = random.Random(4)
    texts = [" ".join(drawn.choices(["дом", "сад", "river", "stone", "и", "the", "of"], k=300)) for _ in range(40)]
    planted = "Поставка: в течение 14 дней."
    texts[7] = f"Начало. {planted} Конец. {planted}"
    texts[23] = f"{texts[23]} {planted}"
    documents = [
        Document(f"file{n}.pdf#2", text, f"contracts/file{n}.pdf", {"page": str(n)}) for n, text in enumerate(texts)
    ]
    found = open_corpus_index(write_corpus(tmp_path, documents), is_quiet=True).search(planted, context=9)
    assert (found.num_places, found.num_documents) == (3, 2)
    first, second = found.hits
    assert (first.source, first.id, first.meta) == ("contracts/file7.pdf", "file7.pdf#2", {"page": "7"})
    assert (first.num_places, first.offsets) == (2, places(texts[7], planted))
    assert (first.before, first.found, first.after) == ("Начало. ", planted, " Конец. П")
    assert second.offsets == [len(texts[23]) - len(planted)]
    assert second.before == texts[23][-len(planted) - 9 : -len(planted)]
    assert second.after == ""


def test_the_split_of_every_hit_is_right(tmp_path: Path) -> None:
    from samovar.data.corpus import read_corpus

    corpus = corpus_of(tmp_path, [f"word number{n} end" for n in range(50)])
    index = open_corpus_index(corpus, is_quiet=True)
    for split in ("train", "validation"):
        for document in read_corpus(corpus, split):
            [hit] = index.search(document.text).hits
            assert (hit.split, hit.id) == (split, document.id)


def test_loose_search_gives_offsets_in_the_text_as_it_is(tmp_path: Path) -> None:
    text = "Он сказал:  ПРИШЛИТЕ\n  Счёт   завтра. Пришлите счет, пришлите счёт!"
    index = open_corpus_index(corpus_of(tmp_path, [text, "прочее"]), is_quiet=True)
    assert index.search("пришлите счет").num_places == 0
    found = index.search(" пришлите\tСЧЕТ ", is_loose=True)
    assert found.num_places == 3
    [hit] = found.hits
    assert hit.found == "ПРИШЛИТЕ\n  Счёт"
    assert hit.offsets == [text.index("ПРИШЛИТЕ"), text.index("Пришлите счет"), text.index("пришлите счёт")]


def test_a_changed_corpus_gets_a_new_index_and_an_unchanged_one_keeps_it(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["alpha beta", "gamma"])
    assert open_corpus_index(corpus, is_quiet=True).search("beta").num_places == 1
    made = (corpus / "index" / "index.json").stat().st_mtime_ns
    open_corpus_index(corpus, is_quiet=True)
    assert (corpus / "index" / "index.json").stat().st_mtime_ns == made
    corpus_of(tmp_path, ["alpha", "delta beta", "beta gamma"])
    assert open_corpus_index(corpus, is_quiet=True).search("beta").num_places == 2


def test_an_interrupted_build_leaves_no_index_and_the_next_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = corpus_of(tmp_path, ["alpha beta", "gamma"])
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "write_block", lambda *_: os.truncate(tmp_path / "nowhere", 0))
        with pytest.raises(FileNotFoundError):
            open_corpus_index(corpus, is_quiet=True)
    assert not (corpus / "index").exists()
    assert open_corpus_index(corpus, is_quiet=True).search("alpha").num_places == 1


def test_what_cannot_be_searched_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="holds no corpus"):
        open_corpus_index(tmp_path)
    corpus = corpus_of(tmp_path, ["alpha beta", "gamma"])
    with exclusive_lock(corpus / "index.lock", what="it"), pytest.raises(BusyError):
        open_corpus_index(corpus)
    index = open_corpus_index(corpus, is_quiet=True)
    with pytest.raises(DataError, match="no text to look for"):
        index.search("")
    with pytest.raises(DataError, match="no text to look for"):
        index.search(" \n", is_loose=True)
    assert index.search("\udcff").num_places == 0


def test_a_corpus_without_documents_gives_nothing(tmp_path: Path) -> None:
    index = open_corpus_index(write_corpus(tmp_path, []), is_quiet=True)
    assert index.search("a") == corpus_index.Found(0, 0, [])
    assert index.search("a", is_loose=True) == corpus_index.Found(0, 0, [])
