"""A textbook scores above an advertisement, and says why; a preview tells what each threshold would lose."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.document import Document
from samovar.data.quality.extremes import highest, offer_highest
from samovar.data.quality.preview import preview_rules, preview_tables
from samovar.data.quality.text_shape import TextShape
from samovar.data.quality.textbook_features import BASE_POINTS, FEATURES, feature_values, score_parts, textbook_score
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import Dropped, Marked, Step

LESSON_EN = """## 2. Friction

Friction is defined as a force that resists motion. It is called dry friction when both bodies are solid. For example,
a book on a table stays where it is, because friction holds it. Therefore we must push harder than the force resists.

First, put the book on a slope. Second, lift one end slowly. However, note that the angle depends on the surface; in
other words, a rough board needs a steeper slope. Consider the case of ice: it leads to a much smaller angle.

Exercise 1. Show that the angle doesn't depend on the mass of the book.
"""
LESSON_RU = """## 2. Трение

Трение — это сила, которая мешает движению. Оно называется сухим, если оба тела твёрдые. Например, книга лежит на столе,
потому что её удерживает трение. Поэтому толкать надо сильнее, чем сопротивляется эта сила.

Во-первых, положим книгу на доску. Во-вторых, медленно поднимем край. Однако угол зависит от поверхности, то есть
шероховатой доске нужен более крутой наклон. Рассмотрим лёд: здесь угол получается гораздо меньше.

Упражнение. Докажите, что угол не зависит от массы книги.
"""
SHOP = (
    "BUY NOW!!! Free shipping, best price, coupon and discount on sale: www.shop.com. Click here, sign up, read more.\n"
)


def step_of(name: str, **settings: object) -> Step:
    return make_step(step_classes()[name].settings_class(step=name, **settings), seed=0)


def score(text: str) -> float:
    return textbook_score(score_parts(feature_values(TextShape(text))))


def test_lessons_score_high_and_shops_low() -> None:
    story = "Маша пошла в лес. Там она встретила зайца. Заяц был грустный, и Маша дала ему морковку. Они подружились."
    assert score(LESSON_EN) > 7
    assert score(LESSON_RU) > 7
    assert score(SHOP * 3) < 1
    assert 2 < score(story) < 6


def test_features_by_hand() -> None:
    text = "A cat is called a pet. For example, Tom is a cat."
    values = feature_values(TextShape(text))
    assert values["definitions"] == pytest.approx(1000 / 80)
    assert values["examples"] == pytest.approx(1000 / 80)
    assert values["whole_sentences"] == 1
    assert values["varied_words"] == pytest.approx(9 / 80)  # A, cat, is, called, a, pet, For, example, Tom
    assert values["advertising"] == values["links"] == values["repeated"] == 0
    shop = feature_values(TextShape("buy now, buy now, buy now, free shipping https://a.ru"))
    assert shop["advertising"] == 2
    assert shop["links"] >= 1000 / 80


def test_the_score_is_the_sum_of_its_parts_within_bounds() -> None:
    parts = score_parts(feature_values(TextShape(LESSON_EN)))
    assert set(parts) == {feature.name for feature in FEATURES}
    assert textbook_score(parts) == pytest.approx(min(10, BASE_POINTS + sum(parts.values())))
    assert all(0 <= parts[feature.name] / feature.weight <= 1 for feature in FEATURES)
    assert textbook_score(dict.fromkeys(parts, -5.0)) == 0


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=100))
def test_any_text_has_a_score(text: str) -> None:
    assert 0 <= score(text) <= 10


def test_the_step_notes_scores_and_drops_only_when_asked() -> None:
    step = step_of("textbook", show=1)
    texts = {"lesson": LESSON_RU, "shop": SHOP * 3 + "\0", "lesson 2": LESSON_EN}
    kept = list(step(Document(name, text, "s") for name, text in texts.items()))
    assert [document.id for document in kept] == list(texts)
    assert float(kept[0].meta["textbook"]) > 7
    histogram, means, best, worst = step.tables()
    assert sum(int(row[1]) for row in histogram.rows) == 3
    assert len(means.rows) == len(FEATURES)
    assert best.rows[0][1] in ("lesson", "lesson 2")
    assert worst.rows[0][1] == "shop"
    assert all(len(row) == len(table.head) for table in (best, worst) for row in table.rows)
    assert isinstance(step_of("textbook", min_score=5).judge(Document("d", SHOP, "s")), Dropped)
    assert isinstance(step_of("textbook", min_score=5).judge(Document("d", LESSON_EN, "s")), Marked)


PARTS = {
    "textbook": (LESSON_RU, SHOP, LESSON_EN),
    "toxicity": ("what a fucking day it was", "this idiot came again", "tea and bread"),
    "bias": ("a stupid German was late", "the lazy Russians slept", "women are wonderful"),
}


@pytest.mark.parametrize("name", PARTS)
def test_what_many_parts_found_is_what_the_whole_does_and_does_not_grow_with_them(name: str) -> None:
    documents = [Document(f"d{number}", PARTS[name][number % 3] + "." * number, "s") for number in range(60)]
    whole, part, merged = step_of(name), step_of(name), step_of(name)
    list(whole(iter(documents)))
    for document in documents:
        list(part(iter([document])))
        merged.merge(part.take_tally())
    found, expected = merged.tally.found, whole.tally.found
    shown = {title: most for title in expected if (most := whole.most_of(title)) is not None}
    assert shown
    assert found.keys() == expected.keys()
    for title, counts in expected.items():
        if title in shown:
            assert sorted(found[title].values())[-shown[title] :] == sorted(counts.values())
            assert len(found[title]) <= 4 * shown[title] < len(documents)
        else:
            assert found[title] == counts


def test_extremes_of_parts_merge() -> None:
    values = {f"d{number}": float((number * 37) % 101) for number in range(100)}
    parts = [type(step_of("textbook").tally.found["x"])() for _ in range(3)]
    for number, (name, value) in enumerate(values.items()):
        offer_highest(parts[number % 3], value, 4, lambda name=name: name)  # type: ignore[misc]
    merged = parts[0]
    for part in parts[1:]:
        merged.update(part)
    assert highest(merged, 4) == sorted(values, key=lambda name: -values[name])[:4]


def test_preview_tells_what_thresholds_lose() -> None:
    documents = [
        Document(f"d{number}", "the cat and the dog sat. " * number, "s", {"language": "en"}) for number in range(1, 41)
    ]
    steps = [step_of("normalise"), step_of("gopher_quality"), step_of("exact_dedup"), step_of("textbook", min_score=9)]
    previews = {(preview.step, preview.rule): preview for preview in preview_rules(documents, steps)}
    words = previews["gopher_quality", "min_words"]
    assert list(words.values) == [6.0 * number for number in range(1, 41)]
    assert words.bounds == {50}
    assert words.num_lost == 8  # 6 to 48 words
    assert [sample.id for sample in words.samples] == ["d8", "d7", "d6"]
    by_loss = {threshold.value: threshold.num_lost for threshold in words.thresholds()}
    assert by_loss[6.0] == 0  # the loosest threshold loses none
    assert by_loss[6.0 * 5] == 4  # a tenth
    assert by_loss[6.0 * 21] == 20  # a half
    most = previews["gopher_quality", "max_words"]
    assert {threshold.value: threshold.num_lost for threshold in most.thresholds()}[240.0] == 0
    assert {threshold.value: threshold.num_lost for threshold in most.thresholds()}[6.0 * 36] == 4
    assert previews["textbook", "min_score"].num_lost == 40
    assert words.num_lost_alone == 0


def test_preview_spares_tables_and_shows_rules_that_are_off() -> None:
    table = Document(
        "t", "Артикул;Название;Остаток\n" + "".join(f"A-{n};Болт М8;120\n" for n in range(9)), "s", {"language": "ru"}
    )
    previews = {
        preview.rule: preview
        for preview in preview_rules([table], [step_of("gopher_quality"), step_of("fineweb_quality")])
    }
    assert previews["min_punctuated_lines"].num_lost == 0
    assert previews["min_punctuated_lines"].num_spared == 1
    assert previews["max_short_lines"].bounds == set()
    tables = preview_tables(list(previews.values()))
    row = next(row for row in tables[0].rows if row[1] == "max_short_lines")
    assert "off" in row
    assert len(tables) == 1 + len(previews)


def test_preview_of_edits_and_of_the_language() -> None:
    pytest.importorskip("fasttext")
    documents = [Document("d", "Один.&nbsp;Два слова, и всё это по-русски, чтобы язык был ясен.", "s")]
    previews = preview_rules(documents, [step_of("repair"), step_of("language", min_score=1), step_of("c4_quality")])
    assert [preview.rule for preview in previews] == ["min_score"]  # C4's rules are for English
    assert previews[0].num_lost == previews[0].num_lost_alone == 1
    assert 0.9 < previews[0].values[0] < 1
