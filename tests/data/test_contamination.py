"""Items of evaluation sets are read from every kind of file, and found in documents at known overlaps."""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import DataError, MissingError
from samovar.data.contamination.items import EvalItem, evaluation_files, read_items
from samovar.data.contamination.overlap import ItemIndex
from samovar.data.document import Document
from samovar.data.steps.decontaminate import Decontaminate, DecontaminateSettings

VOCABULARY = [f"word{number}" for number in range(2000)]


def words(count: int, seed: int) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=count)


def item(question: str, *answers: str, name: str = "1") -> EvalItem:
    return EvalItem("set", name, question, answers)


def found(text: str, *items: EvalItem, near_share: float = 0.4) -> list[tuple[int, str]]:
    return [tuple(match) for match in ItemIndex(items, near_share=near_share).find(text)]


QUESTION = words(40, seed=1)
FILLER = words(300, seed=2)


def with_part(start: int, size: int) -> str:
    return " ".join(FILLER[:100] + QUESTION[start : start + size] + FILLER[100:])


def test_thirteen_words_in_a_row_are_enough_and_twelve_are_not() -> None:
    question = item(" ".join(QUESTION))
    assert found(with_part(5, 13), question) == [(0, "13 words in a row")]
    assert found(with_part(5, 12), question) == []
    assert found(with_part(27, 13), question) == [(0, "13 words in a row")]


def test_over_half_of_an_item_in_runs_of_eight_is_enough_and_half_is_not() -> None:
    short = item(" ".join(QUESTION[:16]))
    assert found(with_part(0, 8), short, near_share=0) == []
    assert found(with_part(0, 9), short) == [(0, "56% of it")]
    # Two runs of eight far apart, of twenty words.
    apart = " ".join(QUESTION[:8] + FILLER + QUESTION[12:20])
    assert found(apart, item(" ".join(QUESTION[:20]))) == [(0, "80% of it")]
    assert found(" ".join(QUESTION[:7] + FILLER + QUESTION[12:20]), item(" ".join(QUESTION[:20]))) == []


def test_case_punctuation_diacritics_and_line_ends_do_not_matter() -> None:
    question = item("Сколько ещё ёлок стоит у дома, если одну из них срубили?")
    assert found("…СКОЛЬКО еще «елок»\nстоит у дома — если одну из них срубили…", question)
    assert not found("Сколько ещё ёлок срубили у дома, если стоит одна?", question)


def test_an_item_of_which_every_seventh_word_was_changed_is_nearly_the_same() -> None:
    question = item(" ".join(QUESTION))
    changed = [f"new{place}" if place % 7 == 0 else word for place, word in enumerate(QUESTION)]
    near = " ".join(FILLER[:50] + changed + FILLER[50:])
    assert found(near, question) == [(0, "nearly the same words")]
    assert found(near, question, near_share=0) == []
    scattered = [word for place, word in enumerate(changed) for word in (word, *FILLER[:40] * (place % 7 == 6))]
    assert found(" ".join(scattered), question) == []


def test_rows_of_one_number_are_not_near_each_other() -> None:
    matrix = item("What is the rank of this matrix? [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]]")
    assert found("He runs 1 + 1 + 1 + 1 = 4 miles, she 1 * 1 * 1 * 1 * 1 and the matrix none", matrix) == []


def test_a_short_question_is_found_as_a_line_and_never_inside_one() -> None:
    question = item("Who wrote Hamlet?", "Shakespeare")
    line = [(0, "a line is the question")]
    assert found("Quiz\n- who wrote «Hamlet»\nnext", question) == line
    assert found("Who wrote Hamlet", question) == line
    assert found("who wrote Hamlet, Shakespeare", question) == line  # with its answer
    long = [*FILLER, "\nwho wrote Hamlet\n", *FILLER]
    assert found(" ".join(long), question) == []  # three words are in any long text
    assert found(" ".join(long), item("who wrote Hamlet")) == []
    five = item("Who really did write Hamlet?")
    assert found(" ".join([*FILLER, "\nwho really did write Hamlet\n", *FILLER]), five) == line
    assert found("Nobody knows who wrote Hamlet today", question) == []
    assert found("Shakespeare", question) == []
    pair = item("Why?", "no")
    assert found("Why?", pair) == line
    assert found("He asked.\nWhy?\nShe left.", pair) == []


def test_a_short_question_with_a_long_answer_is_found_together() -> None:
    answer = " ".join(QUESTION[:10])
    both = item("Name the words!", answer)
    assert found(f"So. Name the words: {' '.join(QUESTION[:5])}", both) == [(0, "62% of it")]
    assert found(f"{answer} and more", both) == [(0, "100% of it")]
    assert found(" ".join(QUESTION[:5]), both) == []


@settings(deadline=None, max_examples=150)
@given(
    questions=st.lists(st.lists(st.sampled_from("abc"), min_size=8, max_size=30), min_size=1, max_size=4),
    document=st.lists(st.sampled_from("abcd"), max_size=60),
)
def test_runs_and_coverage_are_those_that_python_counts(questions: list[list[str]], document: list[str]) -> None:
    text = f" {' '.join(document)} "
    expected = []
    for number, question in enumerate(questions):
        covered = set()
        is_long = False
        for start in range(len(question)):
            if start + 8 <= len(question) and f" {' '.join(question[start : start + 8])} " in text:
                covered |= set(range(start, start + 8))
            is_long |= start + 13 <= len(question) and f" {' '.join(question[start : start + 13])} " in text
        if is_long:
            expected.append((number, "13 words in a row"))
        elif len(covered) > len(question) / 2:
            expected.append((number, f"{len(covered) / len(question):.0%} of it"))
    assert found(" ".join(document), *[item(" ".join(question)) for question in questions], near_share=0) == expected


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_taken(question: str, text: str) -> None:
    found(text, item(question, text))
    found(text)


ROWS = {"question": "How many?", "answer": "Seven of them."}
EXPECTED = [("How many?", ("Seven of them.",))]


def read(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.question, one.answers) for one in read_items(path)]


def test_every_kind_of_file_gives_the_same_items(tmp_path: Path) -> None:
    line = json.dumps(ROWS)
    (tmp_path / "a.jsonl").write_text(f"{line}\n\n")
    (tmp_path / "b.json").write_text(f"[{line}]")
    (tmp_path / "c.json").write_text(
        json.dumps({"canary": "x", "examples": [{"input": "How many?", "target": "Seven of them."}]})
    )
    (tmp_path / "d.csv").write_text("Question,Answer\nHow many?,Seven of them.\n")
    (tmp_path / "e.tsv").write_text("id\tquestion\tanswer\n7\tHow many?\tSeven of them.\n")
    (tmp_path / "f.csv").write_text("How many?,Seven of them.\n")
    (tmp_path / "g.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    (tmp_path / "h.jsonl.zst").write_bytes(zstandard.compress(line.encode()))
    chat = [{"role": "user", "content": "How many?"}, {"role": "assistant", "content": "Seven of them."}]
    (tmp_path / "i.jsonl").write_text(json.dumps({"messages": chat}))
    pq.write_table(pa.Table.from_pylist([ROWS]), tmp_path / "j.parquet")
    for file in sorted(tmp_path.iterdir()):
        assert read(file) == EXPECTED, file
    assert len(list(read_items(tmp_path))) == 10
    names = {one.set for one in read_items(tmp_path)}
    assert f"{tmp_path.name}/a.jsonl" in names


@pytest.mark.parametrize(
    ("row", "question", "answers"),
    [
        ({"instruction": "Translate.", "input": "кот", "output": "cat"}, "Translate.\nкот", ("cat",)),
        ({"question": {"stem": "What?", "choices": [{"text": "a"}]}}, "What?", ("a",)),
        ({"prompt": ["One", "Two"], "reference": ""}, "One\nTwo", ()),
        ({"text": "Write a function", "code": "def f(): 1"}, "Write a function", ("def f(): 1",)),
        ({"story": "Once", "mood": 3, "done": True}, "Once\n3", ()),
        ({"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}, "Q", ("A",)),
        ({"turns": ["first", "second"]}, "first\nsecond", ()),
        ("only text", "only text", ()),
        ({}, "", ()),
        (None, "None", ()),
    ],
)
def test_rows_of_known_sets(tmp_path: Path, row: object, question: str, answers: tuple[str, ...]) -> None:
    (tmp_path / "a.json").write_text(json.dumps([row]))
    expected = [(question, answers)] if question or answers else []
    assert read(tmp_path / "a.json") == expected


def test_paragraphs_of_plain_text_are_items(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("First\nline.\n\n\nSecond.\r\n \r\nThird.")
    assert [question for question, _ in read(tmp_path / "a.txt")] == ["First\nline.", "Second.", "Third."]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="does not exist"):
        list(read_items(tmp_path / "none"))
    with pytest.raises(MissingError, match="holds no evaluation set"):
        evaluation_files(tmp_path)
    (tmp_path / "a.jsonl").write_text('{"question": "a"}\n{oops\n')
    with pytest.raises(DataError, match=r"a\.jsonl cannot be read .* line 2"):
        list(read_items(tmp_path))
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"b\.parquet"):
        list(read_items(tmp_path / "b.parquet"))
    (tmp_path / "c.jsonl.gz").write_bytes(b"\x1f\x8b broken")
    with pytest.raises(DataError, match=r"c\.jsonl\.gz"):
        list(read_items(tmp_path / "c.jsonl.gz"))
    (tmp_path / "d.csv").write_text('question,answer\n"never closed,a\ntwo,b\n')
    with pytest.raises(DataError, match=r"d\.csv cannot be read .* row 2 opens a quote that is never closed"):
        list(read_items(tmp_path / "d.csv"))


def test_a_cell_of_a_table_may_be_long(tmp_path: Path) -> None:
    csv.field_size_limit(1 << 17)  # what Python begins with
    (tmp_path / "a.csv").write_text(f"question,answer\n{'word ' * 40_000},yes\n")
    ((question, answers),) = read(tmp_path / "a.csv")
    assert (len(question), answers) == (199_999, ("yes",))


@given(st.binary(max_size=60), st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".txt", ".parquet", ".txt.zst"]))
@settings(deadline=None)
def test_any_bytes_are_items_or_an_error(tmp_path_factory: pytest.TempPathFactory, data: bytes, suffix: str) -> None:
    path = tmp_path_factory.mktemp("items") / f"a{suffix}"
    path.write_bytes(data)
    with contextlib.suppress(DataError):
        list(read_items(path))


def write_set(path: Path, questions: list[str]) -> str:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "question"), *((f"q{n}", text) for n, text in enumerate(questions))])
    return str(path)


def step_over(texts: list[str], **changes: object) -> tuple[Decontaminate, list[Document]]:
    step = Decontaminate(DecontaminateSettings(**changes), seed=0)  # type: ignore[arg-type]
    return step, list(step(Document(f"d{number}", text, "test") for number, text in enumerate(texts)))


def test_documents_that_hold_items_are_dropped_and_both_directions_told(tmp_path: Path) -> None:
    first = write_set(tmp_path / "first.csv", [" ".join(words(20, seed)) for seed in (10, 11, 12)])
    second = write_set(tmp_path / "second.csv", [" ".join(words(20, 13))])
    texts = [
        " ".join(words(50, 20) + words(20, 10) + words(20, 13)),
        " ".join(words(50, 21)),
        " ".join(words(50, 22) + words(20, 10)),
    ]
    step, kept = step_over(texts, against=[first, second])
    assert [document.id for document in kept] == ["d1"]
    assert step.tally.dropped == {"holds items of first.csv": 2}
    by_set, pairs = step.tables()
    assert by_set.rows == [("first.csv", "3", "1", "33.3%", "2"), ("second.csv", "1", "1", "100.0%", "1")]
    assert pairs.rows == [
        ("first.csv", "q0", "d0", "13 words in a row"),
        ("first.csv", "q0", "d2", "13 words in a row"),
        ("second.csv", "q0", "d0", "13 words in a row"),
    ]
    reported, all_kept = step_over(texts, against=[first, second], action="report")
    assert [document.text for document in all_kept] == texts
    assert all_kept[2].meta == {"contamination": "first.csv q0: 13 words in a row"}
    assert reported.tables() == step.tables()


def test_tallies_of_two_workers_add_up(tmp_path: Path) -> None:
    path = write_set(tmp_path / "s.csv", [" ".join(words(20, seed)) for seed in (10, 11)])
    texts = [" ".join(words(20, seed)) for seed in (10, 11, 10)]
    whole, _ = step_over(texts, against=[path])
    left, _ = step_over(texts[:1], against=[path])
    right, _ = step_over(["", *texts[1:]], against=[path])
    left.tally.merge(right.tally)
    assert left.tables() == whole.tables()


def test_without_sets_nothing_is_done() -> None:
    step, kept = step_over(["a", "b"])
    assert len(kept) == 2
    assert step.tables() == []
