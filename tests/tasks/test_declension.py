"""Russian cases against hand-worked values from a grammar."""

from __future__ import annotations

import pytest

from samovar.tasks.tales.russian import described
from samovar.tasks.words.declension import adjective, male, noun, surnames
from samovar.tasks.words.places import street_in


@pytest.mark.parametrize(
    ("marked", "cases"),
    [
        ("лампа", "лампа лампы лампе лампу лампой лампе"),
        ("книга", "книга книги книге книгу книгой книге"),
        ("каша", "каша каши каше кашу кашей каше"),
        ("Мария", "Мария Марии Марии Марию Марией Марии"),
        ("Катя", "Катя Кати Кате Катю Катей Кате"),
        ("Казань+", "Казань Казани Казани Казань Казанью Казани"),
        ("стол", "стол стола столу стол столом столе"),
        ("кот*", "кот кота коту кота котом коте"),
        ("мяч!", "мяч мяча мячу мяч мячом мяче"),
        ("словарь!", "словарь словаря словарю словарь словарём словаре"),
        ("щенок*!/щенк", "щенок щенка щенку щенка щенком щенке"),
        ("музей", "музей музея музею музей музеем музее"),
        ("окно", "окно окна окну окно окном окне"),
        ("здание", "здание здания зданию здание зданием здании"),
        ("море", "море моря морю море морем море"),
    ],
)
def test_nouns(marked: str, cases: str) -> None:
    word = noun(marked)
    assert " ".join((word.nom, word.gen, word.dat, word.acc, word.ins, word.pre)) == cases


def test_names() -> None:
    assert male("Пётр/Петр").forms == ("Пётр", "Петра", "Петру", "Петром", "Петре")
    assert male("Дмитрий").forms == ("Дмитрий", "Дмитрия", "Дмитрию", "Дмитрием", "Дмитрии")
    assert male("Никита").gender == "m"
    his, her = surnames("Иванов")
    assert (his.ins, her.gen) == ("Ивановым", "Ивановой")
    assert noun("Анна").joined(her).dat == "Анне Ивановой"


@pytest.mark.parametrize(
    ("word", "gender", "case", "form"),
    [
        ("красный", "f", "acc", "красную"),
        ("синий", "f", "gen", "синей"),
        ("синий", "n", "nom", "синее"),
        ("маленький", "m", "ins", "маленьким"),
        ("маленький", "n", "nom", "маленькое"),
        ("большой", "n", "nom", "большое"),
        ("большой", "m", "gen", "большого"),
        ("золотой", "m", "ins", "золотым"),
        ("хороший", "m", "gen", "хорошего"),
        ("лёгкий", "f", "ins", "лёгкой"),
    ],
)
def test_adjectives(word: str, gender: str, case: str, form: str) -> None:
    assert adjective(word, gender, case) == form


def test_a_living_thing_in_the_accusative() -> None:
    assert described("храбрый", noun("ёжик*"), is_alive=True).acc == "храброго ёжика"
    assert described("новый", noun("мяч!"), is_alive=False).acc == "новый мяч"
    assert described("мудрый", noun("сова"), is_alive=True).acc == "мудрую сову"


def test_prepositions() -> None:
    assert noun("Владимир").inside == "во Владимире"
    assert noun("Вологда").into == "в Вологду"
    assert street_in("Весенняя") == "на Весенней улице"
