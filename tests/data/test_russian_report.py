"""What the steps say of themselves, in the language of the report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from samovar.data.bias.english import ENGLISH
from samovar.data.bias.russian import RUSSIAN
from samovar.data.document import Document
from samovar.data.report.russian_groups import GROUPS
from samovar.data.report.wording import Wording
from samovar.data.settings import DataSettings
from samovar.data.steps import make_step

LATIN = re.compile(r"[A-Za-z]{2,}")
INSULT = "Плохая женщина сказала им: дурак ты, сволочь, а Muslims are bad and terrible people."
LINE = f"Чай номер {{}} в чашке у окна греется и ждёт гостей, а самовар шумит. {INSULT}\n"
TEXTS = [LINE.format(number) * 3 + "Общая подпись внизу страницы.\n" for number in range(9)]
TEXTS += [TEXTS[0].replace("греется", "стоит"), TEXTS[1], "Мало.", "one two " * 60]
STEPS = [
    {"step": "toxicity", "actions": {"insult": "drop"}, "max_per_thousand": {"insult": 1}},
    {"step": "bias", "min_mentions": 1},
    "language",
    {"step": "repetition", "action": "mark"},
    {"step": "gopher_quality", "action": "drop"},
    {"step": "length", "min_characters": 40, "max_characters": 50},
    "textbook",
    {"step": "boilerplate", "min_documents": 3},
    "near_dedup",
    {"step": "line_dedup", "min_kept_share": 1},
    {"step": "perplexity", "train_characters": 10_000, "min_words": 5, "max_perplexity": {"ru": 1}},
]


@pytest.mark.parametrize("asked", STEPS, ids=lambda asked: asked if isinstance(asked, str) else asked["step"])
def test_titles_heads_notes_and_reasons_are_russian(asked: Any, tmp_path: Path) -> None:
    step = make_step(DataSettings(steps=[asked]).steps[0], seed=0)
    step.scratch = tmp_path
    list(step(Document(f"{number}", text, f"{number}") for number, text in enumerate(TEXTS)))
    words = [*step.tally.dropped, *(one.detail for some in step.tally.dropped_samples.values() for one in some.items)]
    for table in step.tables():
        words += [table.title, *table.head, table.note]
    assert any(words), "the step has something to say"
    said = [Wording("ru").said(one) for one in words if one]
    settings = {*type(step.settings).model_fields}  # rules are told by the names of their settings
    left = {word for one in said for word in LATIN.findall(re.sub(r"\w+_\w+", "", one)) if word not in settings}
    assert left <= {"ru", "en"}, left
    assert [Wording("en").said(one) for one in words] == words


def test_every_group_of_people_has_a_name() -> None:
    listed = {**ENGLISH.groups, **RUSSIAN.groups}
    names = {name for one in (ENGLISH, RUSSIAN) for groups in one.groups.values() for name in groups}
    assert sorted({*listed, *names} - GROUPS.keys()) == []
    assert Wording("ru").cell("religion: Old Believers") == "религия: старообрядцы"


def test_words_of_documents_stay_as_they_are() -> None:
    wording = Wording("ru")
    for text in ("holds the keys", "a.txt: from 3 to 5", "Trained on boats."):
        assert wording.cell(text) == text
    assert wording.cell("1,250.50 (3 to 1,000)") == "1\u202f250,50 (3–1\u202f000)"
    assert wording.said("holds email") == "содержит: электронная почта"
    assert wording.said("The threshold is 0.5. Chosen by chance.") == "Порог — 0,5. Выбраны случайно."
