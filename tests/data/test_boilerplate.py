"""Lines that come again across a source go, what documents say stays, and counts are exact however small the sketch."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.document import Document
from samovar.data.quality.boilerplate import furniture, group_of, line_hashes, line_key, without_lines
from samovar.data.quality.line_counts import LineCounts
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import Step

DISCLAIMER = "Это письмо и вложения к нему содержат сведения, не подлежащие разглашению."
SIGNATURE = "С уважением, Анна, +7 495 123-45-67"


def run(tmp_path: Path, documents: list[Document], **chosen: object) -> tuple[Step, list[Document]]:
    step = make_step(step_classes()["boilerplate"].settings_class(step="boilerplate", **chosen), seed=0)
    step.scratch = tmp_path / "scratch"
    return step, list(step(iter(documents)))


def letter(number: int, *, source: str = "mail.mbox") -> Document:
    text = f"Сообщение номер {number} о своём деле.\nВторая строка письма {number}.\n\n{SIGNATURE}\n\n{DISCLAIMER}"
    return Document(f"{source}:{number}", text, source)


def test_signatures_and_disclaimers_go_but_for_the_first(tmp_path: Path) -> None:
    step, kept = run(tmp_path, [letter(number) for number in range(30)])
    assert kept[0].text == letter(0).text
    for number in range(1, 30):
        assert kept[number].text == f"Сообщение номер {number} о своём деле.\nВторая строка письма {number}."
    assert step.tally.edits == {"common lines": 58}
    (table,) = step.tables()
    assert {row[2:] for row in table.rows} == {("30", "29")}
    assert "[phone]" in " ".join(row[0] for row in table.rows)
    assert "123-45-67" not in " ".join(row[0] for row in table.rows)
    assert not list((tmp_path / "scratch").iterdir())


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    _, once = run(tmp_path, [letter(number) for number in range(30)])
    _, twice = run(tmp_path, once)
    assert twice == once


@pytest.mark.parametrize(
    ("number_of_letters", "chosen"),
    [(9, {}), (30, {"min_documents": 31}), (30, {"min_characters": 200}), (30, {"skip": ["*.mbox"]})],
)
def test_below_the_thresholds_all_stays(tmp_path: Path, number_of_letters: int, chosen: dict[str, object]) -> None:
    documents = [letter(number) for number in range(number_of_letters)]
    step, kept = run(tmp_path, documents, **chosen)
    assert kept == documents
    assert step.tables() == []


def test_a_share_is_needed_as_well(tmp_path: Path) -> None:
    few = [letter(number) for number in range(20)]
    many = [Document(f"mail.mbox:x{number}", f"Совсем другое письмо {number}.", "mail.mbox") for number in range(300)]
    assert run(tmp_path, few + many)[1] == few + many
    assert run(tmp_path, few + many, min_share=0.05)[1] != few + many


def test_sources_are_counted_apart(tmp_path: Path) -> None:
    documents = [letter(number, source=f"{name}.mbox") for name in "abcd" for number in range(5)]
    assert run(tmp_path, documents)[1] == documents
    in_one_folder = [Document(f"in/{d.source}{d.id}", d.text, f"in/{d.source}{d.id}") for d in documents]
    assert run(tmp_path, in_one_folder)[1] != in_one_folder


def test_groups() -> None:
    assert group_of(Document("mail.mbox:3", "", "mail.mbox")) == "mail.mbox"
    assert group_of(Document("in/a.txt", "", "in/a.txt")) == "in"
    assert group_of(Document("in/a.txt#2", "", "in/a.txt", {"part": "2"})) == "in"
    assert group_of(Document("C#/a.txt#2", "", "C#/a.txt", {"part": "2"})) == "C#"


def test_filled_in_forms_keep_what_lies_inside(tmp_path: Path) -> None:
    clauses = [f"{place}. Условие договора, одинаковое во всех договорах, номер {place}." for place in range(1, 9)]
    documents = []
    for number in range(20):
        lines = [
            f"Договор {number}",
            *clauses[:4],
            f"Цена {number} рублей, сторона {number}",
            *clauses[4:],
            f"Подпись {number}",
        ]
        documents.append(Document(f"c/{number}.txt", "\n".join(lines), f"c/{number}.txt"))
    assert run(tmp_path, documents)[1] == documents
    _, cleaned = run(tmp_path, documents, max_middle_share=1.0)
    assert cleaned[1].text == "Договор 1\nЦена 1 рублей, сторона 1\nПодпись 1"


def test_a_document_of_nothing_else_is_dropped(tmp_path: Path) -> None:
    empty = [Document(f"mail.mbox:{number}", DISCLAIMER, "mail.mbox") for number in range(12)]
    step, kept = run(tmp_path, empty)
    assert [document.id for document in kept] == ["mail.mbox:0"]
    assert step.tally.dropped == {"nothing but lines that come again in its source": 11}


def test_page_numbers_are_one_line() -> None:
    keys = {line_key(text, 8) for text in ("Page 3 of 10", "page 12", "— стр. 7 —", "Страница 2 из 3", "4 / 9")}
    assert len(keys) == 1
    assert keys.pop()
    assert line_key("12", 8) == ""
    assert line_key("Page 3 is about the law", 8) == "page 3 is about the law"
    assert line_key("  Много   Пробелов ", 8) == "много пробелов"


def test_furniture_by_hand() -> None:
    texts = ["HEAD LINE", "", "own text one", "COMMON MIDDLE", "own text two, longer than it", "", "FOOT LINE"]
    lines = line_hashes("\n".join(texts), "g", min_characters=1)
    are_common = np.array([text.isupper() for text in texts])
    assert furniture(lines, are_common, max_middle_share=0.5) == [0, 3, 6]
    assert furniture(lines, are_common, max_middle_share=0.1) == [0, 6]
    assert without_lines(texts, [0, 3, 6]) == "own text one\nown text two, longer than it"


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 40), max_size=12), min_size=1, max_size=60),
    st.integers(2, 6),
    st.sampled_from([1, 4096]),
)
def test_counts_are_exact_with_any_sketch(
    tmp_path_factory: pytest.TempPathFactory, documents: list[list[int]], least: int, sketch_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("counts") / "lines"
    truth = Counter(line for document in documents for line in set(document))
    with LineCounts(path, least=least, sketch_bytes=sketch_bytes) as counts:
        for document in documents:
            counts.add(np.array(document, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        counts.count_exactly()
        lines = np.arange(1, 41, dtype=np.uint64)
        found = counts.look_up(lines * np.uint64(0x9E3779B97F4A7C15)).tolist()
    assert found == [truth[line] if truth[line] >= least else 0 for line in range(1, 41)]


def test_too_many_candidates_raise_the_least_count(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(1, 2**63, size=200, dtype=np.uint64)
    with LineCounts(tmp_path / "lines", least=2, sketch_bytes=1 << 16, max_candidates=50) as counts:
        for repeat in range(16):
            counts.add(hashes[: 200 if repeat < 3 else 20])
        counts.count_exactly()
    assert counts.least_counted == 4
    assert counts.look_up(hashes[:20]).tolist() == [16] * 20
    assert counts.look_up(hashes[20:]).tolist() == [0] * 180
