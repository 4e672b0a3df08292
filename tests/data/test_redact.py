"""Redaction: one stand-in for a value everywhere, a way back only with the key, and the values nowhere else."""

from __future__ import annotations

import json
import logging
import re
import stat
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from benchmarks.personal_documents import russian_documents
from samovar.core.errors import ConfigError, MissingError
from samovar.core.settings import parse_settings
from samovar.data.document import Document
from samovar.data.personal.kinds import KINDS
from samovar.data.personal.pseudonyms import reveal
from samovar.data.personal.vault import map_of
from samovar.data.steps.redact import Redact, RedactSettings

EVERYTHING = dict.fromkeys(KINDS, "pseudonymise")


def redact(texts: Sequence[str], **settings: Any) -> tuple[Redact, list[str]]:
    step = Redact(RedactSettings.model_validate(settings))
    return step, [one.text for one in step(Document(f"d{at}", text, "f.txt") for at, text in enumerate(texts))]


def one(text: str, **settings: Any) -> str:
    return redact([text], **settings)[1][0]


@pytest.fixture
def key(tmp_path: Path) -> str:
    return str(tmp_path / "secrets" / "key")


def test_masks_by_kind() -> None:
    text = "ИНН 7707083893, Иванов Пётр Сергеевич, a@b.cd"
    assert one(text) == "ИНН [inn], Иванов Пётр Сергеевич, [email]"
    assert one(text, kinds={"inn": "keep", "person": "mask"}) == "ИНН 7707083893, [person], [email]"


def test_what_stands_beside_a_value_hides_nothing() -> None:
    text = "Отдел 8 (800) 555-35-35 24/7, карта 4012 8888 8888 1881 12/27, тел.+7 916 123-45-67, a@b.cd(личный)"
    assert one(text) == "Отдел [phone] 24/7, карта [card] 12/27, тел.[phone], [email](личный)"
    assert one("факс (8 495 123-45-67)") == "факс ([phone])"


def test_products_of_matrices_and_rows_of_numbers_stay() -> None:
    text = "scores = q@k.transpose(0, 1)\n512 640 128 1024 2048 4096 77\n8 128 256 512 640"
    assert one(text) == text


def test_drops_the_document_and_shows_it_masked() -> None:
    step, texts = redact(["key AKIAIOSFODNN7EXAMPLE of ivan@example.org", "fine"], kinds={"secret": "drop"})
    assert texts == ["fine"]
    assert step.tally.dropped == {"holds secret": 1}
    [sample] = step.tally.dropped_samples["holds secret"].items
    assert sample.text == "key [secret] of [email]"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("О Проекте Заря и проекта «Заря».", "О [own] и [own]."),
        ("Проект «Зарядка»", "Проект «Зарядка»"),
        ("ЗОЛОТОЙ ФАЗАН, золотым фазаном", "[own], [own]"),
        ("Bluebird and bluebirds PRJ-12", "[own] and bluebirds [own]"),
    ],
)
def test_own_words_and_patterns(text: str, masked: str, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("# names\n\nзолотой фазан\n", encoding="utf-8")
    own = ["Проект Заря", {"word": "Bluebird"}, {"pattern": r"PRJ-\d+"}, {"file": str(tmp_path / "words.txt")}]
    assert one(text, own=own) == masked


def test_a_person_is_one_person_in_any_form(key: str) -> None:
    texts = [
        "Иванов Пётр Сергеевич",
        "Иванову Петру Сергеевичу",
        "П. С. Иванов",
        "Иванов П.С.",
        "Пётр Иванов",
        "ИВАНОВ ПЁТР СЕРГЕЕВИЧ",
    ]
    nominative, dative, before, after, short, capitals = [
        one(text, kinds={"person": "pseudonymise"}, key_file=key) for text in texts
    ]
    surname, first, patronymic = nominative.split()
    assert dative.split()[0] in {surname + "у", surname[:-2] + "ому"}
    assert dative.split()[1:] == [first + "у", patronymic + "у"]
    assert before == f"{first[0]}. {patronymic[0]}. {surname}"
    assert after == f"{surname} {first[0]}.{patronymic[0]}."
    assert short == f"{first} {surname}"
    assert capitals == nominative.upper()
    assert not {"Иванов", "Пётр", "Сергеевич"} & {surname, first, patronymic}


def test_a_woman_and_a_man_of_one_family(key: str) -> None:
    man, woman = (
        one("Смирнов Илья Ильич", kinds=EVERYTHING, key_file=key),
        one("Смирнову Анну Ильиничну", kinds=EVERYTHING, key_file=key),
    )
    assert woman.split()[0] == man.split()[0] + "у"


def test_equal_values_in_other_writing_have_one_stand_in(key: str) -> None:
    text = one(
        "8 (916) 123-45-67, +7 916 123 45 67; Ivan@Example.org, ivan@example.org", kinds=EVERYTHING, key_file=key
    )
    first, second, third, fourth = re.split(", |; ", text)
    assert first == second
    assert third == fourth
    assert third.endswith(".example")


def test_reveals_with_the_key_alone(key: str, tmp_path: Path) -> None:
    texts = [document.text for document in russian_documents(60, seed=5)]
    _, changed = redact(texts, kinds=EVERYTHING, key_file=key)
    assert [reveal(text, Path(key)) for text in changed] == texts
    other = tmp_path / "other"
    one("a@b.cd", kinds=EVERYTHING, key_file=str(other))
    assert [reveal(text, other, map_file=map_of(Path(key))) for text in changed] == changed


def test_a_second_run_changes_nothing_and_another_key_everything(key: str, tmp_path: Path) -> None:
    texts = [document.text for document in russian_documents(40, seed=6)]
    _, once = redact(texts, kinds=EVERYTHING, key_file=key)
    assert redact(once, kinds=EVERYTHING, key_file=key)[1] == once
    assert redact(texts, kinds=EVERYTHING, key_file=key)[1] == once
    _, other = redact(texts, kinds=EVERYTHING, key_file=str(tmp_path / "other"))
    assert all(left != right or left == text for left, right, text in zip(once, other, texts, strict=True))


def _work(job: tuple[str, list[str]]) -> list[str]:
    return redact(job[1], kinds=EVERYTHING, key_file=job[0])[1]


def test_any_number_of_workers_gives_the_same(key: str) -> None:
    texts = [document.text for document in russian_documents(24, seed=8)]
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(_work, [(key, texts[at::3]) for at in range(3)]))
    _, alone = redact(texts, kinds=EVERYTHING, key_file=key)
    assert [parts[at % 3][at // 3] for at in range(len(texts))] == alone
    assert [reveal(text, Path(key)) for text in alone] == texts


def test_values_are_in_no_sample_report_log_or_map(key: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    documents = russian_documents(80, seed=9)
    texts = [document.text for document in documents]
    for action in ("mask", "pseudonymise", "drop"):
        step, changed = redact(texts, kinds=dict.fromkeys(KINDS, action), key_file=key)
        tally = step.tally
        told = [*tally.edited_samples.items, *(one for kept in tally.dropped_samples.values() for one in kept.items)]
        shown = json.dumps([told, tally.edits, tally.dropped, [str(one) for one in step.tables()]], ensure_ascii=False)
        shown += (
            caplog.text + repr(step._finder.find(texts[0])) + map_of(Path(key)).read_text("ascii")
            if action != "mask"
            else ""
        )
        for document in documents:
            for start, end, _ in document.spans:
                assert document.text[start:end] not in shown
        assert action == "drop" or len(changed) == len(texts)


def test_the_key_is_private_and_made_once(key: str) -> None:
    one("a@b.cd", kinds=EVERYTHING, key_file=key)
    made = Path(key).read_text()
    assert stat.S_IMODE(Path(key).stat().st_mode) == 0o600
    one("a@b.cd", kinds=EVERYTHING, key_file=key)
    assert Path(key).read_text() == made
    assert sorted(path.name for path in Path(key).parent.iterdir()) == ["key", "key.map"]


def test_an_unfinished_line_of_the_map_is_passed_over(key: str) -> None:
    made = one("a@b.cd", kinds=EVERYTHING, key_file=key)
    with map_of(Path(key)).open("ab") as file:
        file.write(b"QUJDRA")
    again = one("c@d.ef", kinds=EVERYTHING, key_file=key)
    assert reveal(f"{made} {again}", Path(key)) == "a@b.cd c@d.ef"


def test_wrong_settings_are_named() -> None:
    for wrong, why in (
        ({"kinds": {"email": "pseudonymise"}}, "needs a key_file"),
        ({"kinds": {"mail": "mask"}}, "mail"),
        ({"own": [{"word": "a", "pattern": "b"}]}, "exactly one"),
    ):
        with pytest.raises(ConfigError, match=why):
            parse_settings(RedactSettings, wrong, source="test")
    with pytest.raises(ConfigError, match="wrong"):
        Redact(RedactSettings.model_validate({"own": [{"pattern": "("}]}))
    with pytest.raises(MissingError, match="does not exist"):
        Redact(RedactSettings.model_validate({"own": [{"file": "no/such"}]}))


def test_a_key_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc")
    with pytest.raises(ConfigError, match="is no key"):
        Redact(RedactSettings.model_validate({"kinds": {"email": "pseudonymise"}, "key_file": str(tmp_path / "key")}))
    with pytest.raises(MissingError):
        reveal("text", tmp_path / "absent")


WITHOUT_EXTRA = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"re2", "phonenumbers", "pymorphy3", "faker", "cryptography"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.split(".")[0])
sys.meta_path.insert(0, Absent())
from samovar.core.errors import MissingError
from samovar.data.document import Document
from samovar.data.steps.redact import Redact, RedactSettings
step = Redact(RedactSettings(own=["Проект Заря"]))
text = "a@b.cd, +7 916 123-45-67, ИНН 7707083893, о проекте Заре, Иванов Иван Иванович"
print(step.judge(Document("d", text, "f")).text)
for wish in ({"kinds": {"person": "mask"}}, {"kinds": {"email": "pseudonymise"}, "key_file": sys.argv[1]}):
    try:
        Redact(RedactSettings.model_validate(wish)).judge(Document("d", text, "f"))
    except MissingError as error:
        print(error.hint)
"""


def test_the_base_install_masks_and_says_what_else_needs_the_extra(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_EXTRA, str(tmp_path / "key")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "[email], [phone], ИНН [inn], о [own], Иванов Иван Иванович",
        f"{sys.executable} -m pip install 'samovar[data]'",
        f"{sys.executable} -m pip install 'samovar[data]'",
    ]
