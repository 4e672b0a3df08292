"""Wrongly decoded text comes back, good text in any language stays, and a second run changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.document import Document
from samovar.data.language.mojibake import repair_russian, russian_score
from samovar.data.language.repair import Repairs, repair
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import Edited

pytest.importorskip("ftfy")

LINES = [
    "Уважаемый Иван Петрович! Направляем Вам договор поставки на согласование.",
    "Просим подписать его до конца недели и вернуть один экземпляр.",
    "С уважением, отдел продаж.",
    "Бабушка испекла пирог, а внуки принесли из погреба варенье.",
    "ПРИЛОЖЕНИЕ: СПИСОК ТОВАРОВ",
]
TABLES = ["cp1251", "koi8-r", "cp866", "iso8859-5"]
ALL = Repairs(hyphens=True)


@pytest.mark.parametrize("truth", [*TABLES, "utf-8"])
@pytest.mark.parametrize("taken_for", [*TABLES, "latin-1"])
def test_a_document_comes_back_from_any_wrong_table(truth: str, taken_for: str) -> None:
    if truth == taken_for:
        pytest.skip("nothing is wrong")
    text = "\n".join(LINES)
    damaged = "\n".join(line.encode(truth).decode(taken_for, "replace") for line in LINES)
    lost = {number for number, line in enumerate(damaged.split("\n")) if "\ufffd" in line}
    repaired, counts = repair(damaged, Repairs())
    lines = repaired.split("\n")
    assert [line for number, line in enumerate(lines) if number not in lost] == [
        line for number, line in enumerate(text.split("\n")) if number not in lost
    ]
    assert sum(counts.values()) >= len(LINES) - len(lost)


def test_twice_damaged_text_comes_back() -> None:
    line = LINES[0]
    twice = line.encode("utf-8").decode("cp866").encode("utf-8").decode("cp866")
    assert repair(twice, Repairs())[0] == line


def test_one_damaged_line_among_good_ones() -> None:
    damaged = [LINES[0], LINES[1].encode("cp1251").decode("latin-1"), LINES[3]]
    repaired, counts = repair_russian("\n".join(damaged))
    assert repaired.split("\n") == [LINES[0], LINES[1], LINES[3]]
    assert counts == {"cp1251 read as cp1252": 1}


@pytest.mark.parametrize(
    "text",
    [
        *LINES,
        "Ось їхній під'їзд, а її — ні; ґанок і Європа.",
        "Ўчора быў дождж, і мы пілі гарбату.",
        "Қазақ тілінде ә, ғ, қ, ң, ө, ұ, ү, һ, і әріптері бар.",
        "Кірістіру",
        "Увећање слике, осветљење и њихов ђак.",
        "L'été dernier, où l'élève était à côté du château, ça a été fêté.",
        "Größe, Übergröße, äußere Öfen",
        "Ærø på øen, smørrebrød",
        "МГУ, МосГорСуд, КоАП РФ, РосНАНО и ДСП-5",
        "┌──┐\n│ да │\n└──┘",
        "x² + y² ≤ 5 µm ± 3 °C",
        "日本語の文字と 한국어",
    ],
)
def test_good_text_stays(text: str) -> None:
    assert repair(text, Repairs()) == (text, {})


def test_russian_scores_above_its_wrong_readings() -> None:
    for line in LINES[:4]:
        good = russian_score(line)
        assert good.total / good.num_characters > -3.6
        for taken_for in ("koi8-r", "cp866", "latin-1"):
            assert russian_score(line.encode("cp1251").decode(taken_for)).total < good.total


def test_entities_ligatures_and_utf8() -> None:
    assert repair("caf&eacute; &amp;amp; T&C; &#8212;", ALL)[0] == "café & T&C; —"
    assert repair("<b>&lt;tag&gt;</b>", ALL)[0] == "<b>&lt;tag&gt;</b>"
    assert repair("e\ufb03cient \ufb01sh", ALL)[0] == "efficient fish"
    assert repair("donâ€™t, Ã©tÃ©", ALL)[0] == "don’t, été"


def test_words_cut_at_line_ends() -> None:
    assert repair("Кон-\nтроль над сро-\nками", ALL)[0] == "Контроль\nнад сроками\n"
    assert repair("well-known, so well-\nknown it is", ALL)[0] == "well-known, so well-known\nit is"
    assert repair("Иванов-\nПетров", ALL)[0] == "Иванов-\nПетров"
    assert repair("soft\xad\nware", ALL)[0] == "software\n"
    assert repair("red-\nblue: red and red, blue and blue", ALL)[0].startswith("red-blue:\n")
    assert repair("кон-\nтроль", Repairs())[0] == "кон-\nтроль"


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=60) | st.text("РСТаийЂћ«°Ð±Ã©рТЙ┌╨&amp;#1\xad-\nab", max_size=60))
def test_repair_is_idempotent_on_any_text(text: str) -> None:
    once = repair(text, ALL)[0]
    assert repair(once, ALL) == (once, {})


def test_the_step_counts_what_it_repaired() -> None:
    step = make_step(step_classes()["repair"].settings_class(step="repair"), seed=0)
    verdict = step.judge(Document("d", LINES[0].encode("koi8-r").decode("latin-1"), "s"))
    assert isinstance(verdict, Edited)
    assert verdict.text == LINES[0]
    assert step.judge(Document("d", LINES[0], "s")) is None
