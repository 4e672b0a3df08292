"""Words are cut as said; each rule gives values worked by hand, and those of a plain reading of its definition."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.document import Document
from samovar.data.quality import c4, fineweb, gopher, repetition
from samovar.data.quality.layout import layout_of
from samovar.data.quality.profiles import PROFILES, bounds_for, language_of
from samovar.data.quality.text_shape import PIECE_CHARACTERS, TextShape
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.fineweb_quality import FinewebQualitySettings
from samovar.data.steps.step import Dropped, Edited, Marked, Verdict

ANY_TEXT = st.text(st.characters(codec=None), max_size=120)
# Few words, so that they come again; marks that words may have inside; line ends.
WORDY_TEXT = st.lists(
    st.sampled_from(["a", "bb", "ж", "3.5", "don't", ".", "...", "\n", "\n\n", "-", "--"]), max_size=60
)


def judge(name: str, text: str, *, meta: dict[str, str] | None = None, **chosen: Any) -> Verdict:
    step = make_step(step_classes()[name].settings_class(step=name, **chosen), seed=0)
    return step.judge(Document("d", text, "s", meta or {"language": "en"}))


def plain_words(text: str) -> list[str]:
    """The words by the definition, one character after another."""
    words: list[str] = []
    goes_on = False
    for place, character in enumerate(text):
        before, after = text[place - 1 : place], text[place + 1 : place + 2]
        if character.isspace():
            goes_on = False
        elif character.isalnum() or character == "_":
            words = _longer(words, character, goes_on)
            goes_on = True
        elif (
            (character in ".,:/" and before.isdigit() and after.isdigit())
            or (character == "-" and {_kind(before), _kind(after)} == {"letter", "digit"})
            or (character in "'’" and _kind(before) == _kind(after) == "letter" and not after.isascii())
        ):
            words = _longer(words, character, goes_on)
        elif character in "'’" and _kind(before) == _kind(after) == "letter":
            words.append(character)
            goes_on = True
        else:
            words = _longer(words, character, character in ".-" and before == character)
            goes_on = False
    return words


def _kind(character: str) -> str:
    return "digit" if character.isdigit() else "letter" if character.isalpha() or character == "_" else ""


def _longer(words: list[str], character: str, goes_on: bool) -> list[str]:
    return [*words[:-1], words[-1] + character] if goes_on else [*words, character]


def words_of(text: str) -> list[str]:
    """The words as lengths say, read from the text."""
    shape, place, words = TextShape(text), 0, []
    for length in shape.words.lengths_N.tolist():
        while text[place].isspace():
            place += 1
        words.append(text[place : place + length])
        place += length
    return words


def test_words_by_example() -> None:
    text = "Don't pay 3.14 or 1,000... e-mail «слово» x_y!! it's 漢字 a.b -- IL-3 м'ята 10:43"
    assert words_of(text) == [
        *("Don", "'t", "pay", "3.14", "or", "1,000", "...", "e", "-", "mail", "«", "слово", "»"),
        *("x_y", "!", "!", "it", "'s", "漢", "字", "a", ".", "b", "--", "IL-3", "м'ята", "10:43"),
    ]
    words = TextShape(text).words
    assert words.are_symbols_N.sum() == 8
    assert words.have_letters_N.sum() == 16


@settings(deadline=None)
@given(st.text("aб1.,:/'’_- \n\t!", max_size=60))
def test_words_are_those_of_the_definition(text: str) -> None:
    assert words_of(text) == plain_words(text)


@settings(deadline=None)
@given(WORDY_TEXT)
def test_equal_words_have_equal_hashes_and_others_have_others(parts: list[str]) -> None:
    text = " ".join(parts)
    hashes = TextShape(text).words.hashes_N.tolist()
    words = words_of(text)
    assert len(set(zip(words, hashes, strict=True))) == len(set(words)) == len(set(hashes))


def test_a_long_text_is_cut_in_pieces_without_a_seam() -> None:
    words = [f"word{number % 977}" for number in range(40_000)]
    text = " ".join(words)
    assert len(text) > 4 * PIECE_CHARACTERS
    hashes = TextShape(text).words.hashes_N.tolist()
    assert len(hashes) == len(words)
    assert len(set(hashes)) == 977
    assert hashes[:977] == hashes[977:1954]


@settings(deadline=None)
@given(ANY_TEXT)
def test_any_text_has_a_shape_and_is_judged_by_all_rules(text: str) -> None:
    shape = TextShape(text)
    assert len(shape.words.hashes_N) == len(shape.words.lengths_N) == len(shape.words.are_symbols_N)
    for name in ("repetition", "gopher_quality", "fineweb_quality", "c4_quality"):
        judge(name, text)


def test_repetition_worked_by_hand() -> None:
    shape = TextShape("to be or\nto be or\n\nnot")  # 22 characters, of which "to be or" has 8
    assert len(shape.text) == 22
    assert repetition.repeated_lines(shape) == pytest.approx(1 / 3)
    assert repetition.repeated_line_characters(shape) == pytest.approx(8 / 22)
    assert repetition.repeated_paragraphs(shape) == 0
    assert repetition.top_run(2, shape) == pytest.approx(2 * len("to be") / 22)
    assert repetition.top_run(3, shape) == pytest.approx(2 * len("to be or") / 22)
    assert repetition.repeated_runs(3, shape) == pytest.approx(len("tobeor") / 22)
    twice = TextShape("one two three\n\nfour\n\none two three")
    assert repetition.repeated_paragraphs(twice) == pytest.approx(1 / 3)
    assert repetition.repeated_paragraph_characters(twice) == pytest.approx(13 / len(twice.text))


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", " ", "\n", "\n\n"]), max_size=30))
def test_repeated_parts_are_those_of_a_plain_count(parts: list[str]) -> None:
    text = "".join(parts)
    shape = TextShape(text)
    for found, share, characters in (
        (re.split("\n+", text), repetition.repeated_lines, repetition.repeated_line_characters),
        (re.split("\n{2,}", text.strip()), repetition.repeated_paragraphs, repetition.repeated_paragraph_characters),
    ):
        again = [part for place, part in enumerate(found) if part in found[:place]]
        assert share(shape) == pytest.approx(len(again) / len(found))
        assert characters(shape) == pytest.approx(len("".join(again)) / max(1, len(text)))


@settings(deadline=None)
@given(WORDY_TEXT, st.sampled_from([2, 3, 4]))
def test_top_runs_are_those_of_a_plain_count(parts: list[str], n: int) -> None:
    text = " ".join(parts)
    words, shape = plain_words(text), TextShape(text)
    runs = Counter(" ".join(words[index : index + n]) for index in range(len(words) - n + 1))
    run, count = runs.most_common(1)[0] if runs else ("", 0)
    expected = len(run) * count / max(1, len(text))
    assert repetition.top_run(n, shape) == pytest.approx(expected)
    rule = next(rule for rule in repetition.run_rules(_all_at(0.1)) if rule.name == f"top_{n}_words")
    assert rule.ceiling is not None
    assert rule.ceiling(shape) >= expected - 1e-12


@settings(deadline=None)
@given(WORDY_TEXT, st.sampled_from([5, 6, 10]))
def test_repeated_runs_are_those_of_a_plain_reading(parts: list[str], n: int) -> None:
    text = " ".join(parts)
    words, shape = plain_words(text), TextShape(text)
    seen: set[tuple[str, ...]] = set()
    repeated = index = 0
    while index <= len(words) - n:
        run = tuple(words[index : index + n])
        if run in seen:
            repeated += len("".join(run))
            index += n
        else:
            seen.add(run)
            index += 1
    expected = repeated / max(1, len(text))
    assert repetition.repeated_runs(n, shape) == pytest.approx(expected)
    rule = next(rule for rule in repetition.run_rules(_all_at(0.1)) if rule.name == f"repeated_{n}_words")
    assert rule.ceiling is not None
    assert rule.ceiling(shape) >= expected - 1e-12


def _all_at(bound: float) -> dict[str, float | None]:
    return dict.fromkeys(PROFILES["en"].bounds, bound)


def test_repetition_drops_at_the_threshold_and_not_at_it() -> None:
    rest = " ".join(f"w{number}" for number in range(400))
    text = "spam eggs " * 40 + rest
    value = repetition.top_run(2, TextShape(text))
    assert value > 0.15
    assert isinstance(judge("repetition", text, top_2_words=value, **_runs_off()), type(None))
    verdict = judge("repetition", text, top_2_words=value - 1e-6, **_runs_off())
    assert isinstance(verdict, Dropped)
    assert verdict.reason == "one run of 2 words again and again"
    assert "top_2_words" in verdict.detail


def _runs_off() -> dict[str, Any]:
    return {f"top_{n}_words": 1.0 for n in (3, 4)} | {f"repeated_{n}_words": 1.0 for n in range(5, 11)}


def test_gopher_worked_by_hand() -> None:
    shape = TextShape("- The cat, and #1...\n• sat…\n")
    # - The cat , and # 1 ... • sat …
    assert shape.num_words == 11
    assert gopher.num_words(shape) == 5
    assert gopher.mean_word_characters(shape) == pytest.approx((3 + 3 + 3 + 1 + 3) / 5)
    assert gopher.hashes_a_word(shape) == pytest.approx(1 / 11)
    assert gopher.ellipses_a_word(shape) == pytest.approx(2 / 11)
    assert gopher.bullet_lines(shape) == 1
    assert gopher.ellipsis_lines(shape) == 1
    assert gopher.words_with_letters(shape) == pytest.approx(4 / 11)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The cat and the dog. " * 9, "few words"),
        ("of it to us. " * 30, "short words"),
        ("the incomprehensibilities and internationalisation " * 30, "long words"),
        ("# the cat and dog have that. " * 20, "many signs #"),
        ("the cat and … have that. " * 20, "many ellipses"),
        ("- the cat and dog sit here\n" * 20, "nearly all lines are bullets"),
        ("the cat and the dog they have that thing of ours sit here...\n" * 10, "many lines end with an ellipsis"),
        ("the cat and 100 200 300 dog sat 400 ! ! ! " * 20, "many words without letters"),
        ("cats eat fish near houses every day, " * 20, "hardly any of the language's common words"),
        ("the cat sat with that dog of ours, and we have seen it. " * 10, None),
    ],
)
def test_gopher_drops_with_its_reason(text: str, reason: str | None) -> None:
    verdict = judge("gopher_quality", text, spare_tables=False)
    assert (verdict.reason if isinstance(verdict, Dropped) else None) == reason


def test_fineweb_worked_by_hand() -> None:
    shape = TextShape("A line.\nmenu\n\nmenu\nWhat is this line of more than thirty characters?")
    marks = tuple(fineweb.SENTENCE_ENDS)
    assert fineweb.punctuated_lines(marks, shape) == pytest.approx(2 / 4)
    assert fineweb.short_lines(30, shape) == pytest.approx(3 / 4)
    assert fineweb.repeated_characters(shape) == pytest.approx(4 / (len(shape.text) - 4))
    assert fineweb.line_ends_a_word(shape) == pytest.approx(4 / 15)
    assert fineweb.punctuated_lines(marks, TextShape("")) == 1


def test_c4_removes_lines_and_drops_pages() -> None:
    good = "One good sentence here. Another one follows! Is this a third?"
    lines = [good, "Home | About", "Two words.", "Turn on JavaScript to go on.", "We use cookies on this site.", good]
    verdict = judge("c4_quality", "\n".join([*lines, "It was so.[1] [citation needed]"]))
    assert isinstance(verdict, Edited)
    assert verdict.text == "\n".join([good, good, "It was so."])
    assert verdict.counts == {
        "lines without a terminal mark": 1,
        "lines of few words": 1,
        "lines that speak of JavaScript": 1,
        "lines on cookies and terms of use": 1,
    }
    for text, reason in (
        ("Lorem ipsum dolor. " * 9, "filler text lorem ipsum"),
        (good + "\n{code}\n" + good, "a curly bracket"),
        (good, "few sentences"),
    ):
        verdict = judge("c4_quality", text)
        assert isinstance(verdict, Dropped)
        assert verdict.reason == reason
    assert judge("c4_quality", "нет { знака", meta={"language": "ru"}) is None
    longer = "\n".join([good * 4] * 2 + [good])
    assert isinstance(judge("c4_quality", longer, min_paragraph_characters=200), Dropped)
    assert judge("c4_quality", longer) is None


def test_sentences_are_counted_without_initials_and_abbreviations() -> None:
    assert c4.count_sentences("Mr. A. B. Smith came. He saw! Why? no end") == 3
    assert c4.count_sentences("Он т.е. А. С. Пушкин пришёл. «Ура!» — кричали.") == 2
    assert c4.count_sentences("") == 0


def test_the_language_chooses_the_thresholds() -> None:
    assert language_of({"language": "ru"}, "English text") == "ru"
    assert language_of({"language": "de"}, "Deutscher Text") == ""
    assert language_of({}, "Русский текст, в котором есть some English") == "ru"
    assert language_of({}, "plain English") == "en"
    chosen = FinewebQualitySettings(max_repeated_characters=0.5)
    assert bounds_for("ru", chosen)["min_punctuated_lines"] == 0.231
    assert bounds_for("ru", chosen)["max_short_lines"] is None
    assert bounds_for("ru", chosen)["max_repeated_characters"] == 0.5
    assert bounds_for("", chosen)["min_stop_words"] is None
    assert len(PROFILES["ru"].stop_words) == 22
    half = "Это первая строка текста, которая кончается как надо, и она довольно длинная.\n" + (
        "а эта строка так не кончается, и таких строк здесь гораздо больше, чем первых\n" * 3
    )
    varied = "\n".join(f"{line} {index}" if index else line for index, line in enumerate(half.split("\n")))
    assert isinstance(judge("fineweb_quality", varied, meta={"language": "en"}), type(None))
    assert isinstance(judge("fineweb_quality", varied, meta={"language": "ru"}, min_punctuated_lines=0.26), Dropped)


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("Артикул;Название;Остаток\nA-1;Болт М8;120\nA-2;Гайка М8;340\nA-3;Шайба;90", "table"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n| 5 | 6 |", "table"),
        ("Year 2019 2020 2021\nSales 10 12 15\nCosts 7 8 9\nProfit 3 4 6", "table"),
        ("Болт М8 — 12,50 руб.\nГайка М8 — 8 руб.\nШайба — 3 руб.\nШпилька — 40 руб.", "price list"),
        ("Фамилия: Иванов\nИмя: Иван\nДата рождения: ________\nАдрес: Москва\nТелефон:", "form"),
        ("Anna: Hi\nBob: Hello\nAnna: How are you?\nBob: Fine\nAnna: Good\nBob: Bye", ""),
        ("It was a bright day.\nThe clocks struck.\nHe went in.\nNobody saw him.", ""),
        ("a\tb", ""),
        ("The meeting was short; nothing was decided.\n" * 9, ""),
        ("Twelve | twelve | twelve\n" * 9, ""),
        ("He came; he saw.\nShe left; he wept.\nIt rained; it poured.\nNight fell; all slept.", ""),
    ],
)
def test_tables_forms_and_price_lists_are_recognised(text: str, layout: str) -> None:
    assert layout_of(TextShape(text)) == layout
    if layout:
        assert judge("gopher_quality", text) == Marked({"layout": layout})
    assert isinstance(judge("gopher_quality", text, spare_tables=False), Dropped)


def test_line_ends_of_windows_change_nothing() -> None:
    prose = "\n\n".join(f"Paragraph {n} has something of its own to say,\nand says {n} things." for n in range(60))
    for step in ("repetition", "gopher_quality", "fineweb_quality"):
        assert judge(step, prose.replace("\n", "\r\n")) == judge(step, prose)
    assert repetition.repeated_lines(TextShape(prose.replace("\n", "\r\n"))) == 0.0


def _shared_data() -> Path:
    return Path(os.environ.get("SAMOVAR_DATA") or Path(__file__).parents[3] / "shared" / "data")


def test_good_stories_pass_the_rules_on_repetition() -> None:
    path = _shared_data() / "tinystories_ru" / "tinystories_ru.jsonl.zst"
    if not path.exists():
        pytest.skip("no real text here")
    zstandard = pytest.importorskip("zstandard")
    with path.open("rb") as file:
        reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(file)
        lines = reader.read(600_000).decode("utf-8", "ignore").split("\n")[:-1]
    texts = [row.get("story") or row["text"] for row in map(json.loads, lines)]
    step = make_step(step_classes()["repetition"].settings_class(step="repetition"), seed=0)
    kept = list(step(Document(str(number), text, "s") for number, text in enumerate(texts)))
    assert len(texts) > 100
    assert len(kept) >= 0.98 * len(texts)
