"""Groups and negative words are found in any form, windows are counted as by hand, and nothing is removed."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import ConfigError
from samovar.data.document import Document
from samovar.data.steps.bias import Bias, BiasSettings
from samovar.data.steps.step import Table

pytest.importorskip("numba")

from samovar.data.bias.counting import windows
from samovar.data.bias.english import ENGLISH
from samovar.data.bias.mentions import LISTS, MentionFinder
from samovar.data.bias.report import ratio
from samovar.data.bias.russian import RUSSIAN


@pytest.fixture(scope="module")
def finder() -> MentionFinder:
    return MentionFinder()


def found(finder: MentionFinder, text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.group.name if one.group else "-") for one in finder.find(text)]


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("Germans", "немец немца немцами немка немок German Germans"),
        ("Jews", "еврей евреями еврейка евреек Jew Jews Jewish"),
        ("Roma", "цыгане цыганка цыган gypsies Gypsy"),
        ("Muslims", "мусульмане мусульманка мусульманам muslim Muslims Moslems"),
        ("women and girls", "женщина женщинами девушек девочки woman women girls"),
        ("children", "дети детьми ребёнок ребенка child children kids"),
        ("disabled people", "инвалид инвалидами handicapped"),
        ("gay men and lesbians", "геи геев лесбиянка гомосексуалы gays lesbian homosexuals"),
        ("Ukrainians", "украинец украинцы украинкой Ukrainian Ukrainians"),
        ("old people", "старик старухи пенсионерка elderly pensioners"),
        ("-", "убийца воровать глупый подлость мошенников ленивая murderer lazy violence stupid thieves liar"),
    ],
)
def test_any_form_is_found(finder: MentionFinder, group: str, words: str) -> None:
    for word in words.split():
        assert found(finder, f"и {word}, and") == [(word, group)], word


def test_phrases_capitals_and_look_alikes(finder: MentionFinder) -> None:
    assert found(finder, "Old women met black people and Jehovah's Witnesses.") == [
        ("Old women", "old people"),
        ("women", "women and girls"),
        ("black people", "Black people"),
        ("Jehovah's Witnesses", "Jehovah's Witnesses"),
    ]
    assert found(finder, "свидетелям Иеговы, глухие люди, ребёнок с синдромом Дауна") == [
        ("свидетелям Иеговы", "Jehovah's Witnesses"),
        ("глухие люди", "deaf people"),
        ("ребёнок", "children"),
        ("с синдромом Дауна", "people with Down syndrome"),
    ]
    assert found(finder, "polish the poles; the Polish and a Pole") == [("Polish", "Poles"), ("Pole", "Poles")]
    for harmless in (
        "чёрный кот и белый снег, немой фильм, глухой лес, турецкий кофе, женственный, детектив, детальный",
        "вороны и ворота, враз, кража́ми нет, тупик, глупыш, садитесь, дикция, бандероль, подлинный, хамелеон",
        "black coat, a blind alley, straight line, badge, killjoys, scampi, stealth, manner, kidney, ladylike",
    ):
        assert found(finder, harmless) == [], harmless


def test_no_groups_name_is_negative() -> None:
    for listed in LISTS:
        negative = MentionFinder(negative=listed.negative.split())
        for groups in listed.groups.values():
            for name in groups:
                assert all(group != "-" for _, group in found(negative, name)), name
    assert set(RUSSIAN.groups) == set(ENGLISH.groups)
    kinds = {name: kind for listed in LISTS for kind, groups in listed.groups.items() for name in groups}
    assert all(kinds[name] == kind for listed in LISTS for kind, groups in listed.groups.items() for name in groups)


def test_windows_by_hand(finder: MentionFinder) -> None:
    text = "Women sing, and one two three, a liar came. Дети спят."
    mentions = finder.find(text)
    groups, negative = [one for one in mentions if one.group], [one for one in mentions if not one.group]
    # Women sing and one two three a LIAR came дети спят: within two words of the liar lie three, a, came and дети.
    seen = windows(text, groups, negative, 2)
    assert (seen.words, seen.near) == ({"ru": 2, "en": 8}, {"ru": 1, "en": 3})
    assert [(one.group.name, one.alphabet, len(one.negative)) for one in seen.mentions] == [
        ("women and girls", "en", 0),
        ("children", "ru", 1),
    ]
    assert [len(one.negative) for one in windows(text, groups, negative, 7).mentions] == [1, 1]
    assert [len(one.negative) for one in windows(text, groups, negative, 6).mentions] == [0, 1]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["women", "liar", "дети", "вор", "tea", "чай", "old men", ",", "—"]), max_size=40))
def test_windows_are_the_plain_count(words: list[str]) -> None:
    text = " ".join(words)
    mentions = MentionFinder().find(text)
    groups, negative = [one for one in mentions if one.group], [one for one in mentions if not one.group]
    plain = " ".join(word for word in words if word not in ",—").split()
    bad = [place for place, word in enumerate(plain) if word in ("liar", "вор")]
    near = [place for place in range(len(plain)) if any(abs(place - one) <= 3 for one in bad)]
    seen = windows(text, groups, negative, 3)
    assert sum(seen.words.values()) == len(plain) - len(bad)
    assert sum(seen.near.values()) == len([place for place in near if place not in bad])
    women = [place for place, word in enumerate(plain) if word == "women"]
    counted = [len(one.negative) for one in seen.mentions if one.group.name == "women and girls"]
    assert counted == [sum(abs(place - one) <= 3 for one in bad) for place in women]


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=200))
def test_any_text_is_counted_and_stays(text: str) -> None:
    assert Bias(BiasSettings()).judge(Document("1", text, "s")) is None


def test_the_ratio_and_its_interval_by_hand() -> None:
    # 10 of 100 against 20 of 400: twice; the logarithm has the variance 1/10 - 1/100 + 1/20 - 1/400.
    value, low, high = ratio(10, 100, 20, 400)
    spread = math.exp(1.96 * math.sqrt(0.1375))
    assert (value, low, high) == (pytest.approx(2), pytest.approx(2 / spread), pytest.approx(2 * spread))
    assert math.isnan(ratio(1, 2, 0, 0).value)
    assert ratio(0, 5, 3, 9)[:2] == (0.0, 0.0)


def test_the_interval_covers_equal_shares_nineteen_times_of_twenty() -> None:
    rng = random.Random(4)
    covered = 0
    for _ in range(400):
        near, other = (sum(rng.random() < 0.2 for _ in range(150)) for _ in range(2))
        _, low, high = ratio(near, 150, other, 150)
        covered += low <= 1 <= high
    assert 370 <= covered <= 392


def through(texts: list[str], *, meta: dict[str, str] | None = None, **options: Any) -> Bias:
    step = Bias(BiasSettings.model_validate(options))
    given_documents = [Document(f"d{number}", text, "s", dict(meta or {})) for number, text in enumerate(texts)]
    assert list(step(iter(given_documents))) == given_documents
    assert not step.tally.dropped
    return step


FILLER = "the tea was on the table and nobody spoke of it for a very long time that day in winter"


def rows(table: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row for row in table.rows}


def test_the_report_compares_groups_with_words_and_with_one_another() -> None:
    texts = [f"{FILLER}. A Jew and a liar. {FILLER}."] * 15 + [f"{FILLER}. A Kurd spoke. {FILLER}."] * 40
    texts += [f"{FILLER}. The Kurd was a thief. {FILLER}. Buddhists came."] * 10 + [
        f"{FILLER}. A Jew sang. {FILLER}"
    ] * 15
    first, examples = through(texts, min_mentions=20, window=5).tables()
    by_group = rows(first)
    jews, kurds = by_group["nationality and ethnicity: Jews"], by_group["nationality and ethnicity: Kurds"]
    assert jews[1:5] == ("30", "30", "15", "50.0%")
    assert kurds[1:5] == ("50", "50", "10", "20.0%")
    assert jews[6].startswith("2.50 (")
    assert kurds[6].startswith("0.40 (")
    assert float(jews[5]) > float(kurds[5]) > 1
    assert jews[7] == "liar 15"
    assert "religion: Buddhists" not in by_group
    assert "1 groups with fewer than 20 mentions" in first.note
    assert len(examples.rows) == 4
    assert all(len(row) == len(table.head) for table in (first, examples) for row in table.rows)
    assert "No group" in through([FILLER]).tables()[0].rows[0][0]


def test_what_toxicity_found_counts_where_it_ran() -> None:
    texts = ["those women are c*nts and that is all there is to say of tea", "women are [insult] and drink tea"]
    assert rows(through(texts, min_mentions=1).tables()[0])["gender: women and girls"][3] == "1"  # the mask alone
    table, examples = through(texts, min_mentions=1, meta={"toxicity": "obscene:1"}).tables()
    assert rows(table)["gender: women and girls"][3] == "2"
    assert "c*nts" not in " ".join(row[1] for row in examples.rows)


def test_ones_own_groups_and_words() -> None:
    step = through(
        ["Самоварщики опять всё перепутали", "Ёлочник пел"],
        groups={"tea makers": ["самоварщик*", "^ёлочник"]},
        negative=["перепута*"],
        min_mentions=1,
    )
    assert rows(step.tables()[0])["own: tea makers"][1:4] == ("2", "2", "1")
    with pytest.raises(ConfigError):
        Bias(BiasSettings(groups={"x": ["(а|б"]}))


def test_parts_of_a_corpus_merge_into_the_whole() -> None:
    rng = random.Random(5)
    groups, others = ["Women", "Дети", "A German"], ["и вор", "and tea"]
    texts = [f"{rng.choice(groups)} {rng.choice(others)} {number}" for number in range(40)]
    whole = through(texts, min_mentions=1)
    first, second = Bias(BiasSettings(min_mentions=1)), Bias(BiasSettings(min_mentions=1))
    for number, text in enumerate(texts):
        list((first if number % 2 else second)(iter([Document(f"d{number}", text, "s")])))
    second.tally.merge(first.take_tally())
    assert second.tables() == whole.tables()
