"""The account: every number is the one that was counted, nothing personal is on a page, and other programs read it."""

from __future__ import annotations

import re
import string
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.account import FileAccount, ReadingAccount
from samovar.data.corpus_report import CorpusReport, write_reports
from samovar.data.corpus_writer import CorpusWriter
from samovar.data.document import Document
from samovar.data.report import checks, content, dataset_card, pages
from samovar.data.report.charts import Column, Level, funnel_chart, histogram
from samovar.data.report.dataset_card import size_category
from samovar.data.report.differences import marked_pair
from samovar.data.report.russian import PURPOSES, RUSSIAN
from samovar.data.report.wording import Wording
from samovar.data.settings import DEFAULT_STEPS, DataSettings
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import Table
from samovar.data.text_statistics import TextStatistics

PERSONAL = ("ivan.petrov@bank.example", "+7 916 123-45-67", "4539 1488 0343 6467", "Жар-птица")
LETTER = (
    "Добрый день! Пишите на {} или звоните {}. Карта {}, проект {}. Договор подписан, деньги перечислены, "
    "отделение открыто до шести часов вечера, приходите с документами. "
).format(*PERSONAL)
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Checks that every element that is opened is closed in its place; keeps text, ids and targets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.targets.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)


def parsed(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def documents() -> list[Document]:
    given_documents = [
        Document(f"docs/mail/{i}", LETTER + f"Письмо {i}. <b>&</b> | `x` \r\n", f"docs/mail/{i}", {"licence": "MIT"})
        for i in range(6)
    ]
    given_documents += [
        Document(f"docs/tea/{i}", f"The samovar of tea number {i} stands on the table and boils.", f"docs/tea/{i}", {})
        for i in range(4)
    ]
    return [*given_documents, Document("docs/tea/short", "tea", "docs/tea/short", {})]


STEPS: list[Any] = [
    "normalise",
    "length",
    "exact_dedup",
    {"step": "redact", "own": ["Жар-птица"]},
    {"step": "balance", "shares": {"tea": 0.5}},
]


def report_of(tmp_path: Path, *, steps: list[Any] = STEPS, **wanted: Any) -> CorpusReport:
    data_settings = DataSettings.model_validate({"sources": ["docs"], "steps": steps})
    made = [make_step(step, seed=0) for step in data_settings.steps]
    account = ReadingAccount()
    for document in documents():
        size = len(document.text)
        account.close_file(FileAccount(document.source, size, "txt", "utf-8", documents=1, characters=size))
    account.close_file(FileAccount("docs/scan.pdf", 10, reason="a damaged PDF document"))
    stream = iter(documents())
    for number, step in enumerate(made):
        step.scratch = tmp_path / str(number)
        stream = step(stream)
    statistics = TextStatistics()
    with CorpusWriter(tmp_path, validation_share=0.2, seed=1) as writer:
        for document in stream:
            statistics.add(document)
            writer.add(document)
        writer.finish()
    return CorpusReport(account, made, statistics, writer.counts, settings=data_settings, **wanted)


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_page_is_whole_and_stands_alone(tmp_path: Path, lang: str) -> None:
    html = pages.html(report_of(tmp_path, lang=lang, tokens=1234567))
    page = parsed(html)
    assert "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    # Every link stays on the page and leads somewhere.
    assert page.targets
    assert {target.removeprefix("#") for target in page.targets} <= set(page.ids)
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    assert page.tags.count("h1") == 1
    assert f'<html lang="{lang}">' in html
    assert html.count('role="img" aria-label="') == 2
    text = " ".join("".join(page.text).split())
    assert ("1,234,567" if lang == "en" else "1 234 567") in text.replace("\u202f", " ")
    assert "a damaged PDF document" in text
    assert "docs/scan.pdf" in text


def test_the_funnel_counts_what_happened(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    rows = {row.what: row for row in report.funnel}
    assert rows["as read"].documents == 11
    assert rows["after normalise"].edited == 6
    assert rows["after length"].dropped == 1
    assert rows["after length"].share == pytest.approx(10 / 11)
    assert rows["after exact_dedup"].documents == 10
    balance = rows["after balance"]
    assert balance.documents == 10 - balance.dropped + balance.added
    assert balance.added > 0  # the small group repeats
    last = report.funnel[-1]
    assert (last.documents, last.characters) == (report.written.documents, report.written.characters)
    metrics = report.metrics()
    assert metrics["balance"]["groups"]["tea"]["documents_in"] == 4
    assert metrics["dropped"]["length: too short"] == 1
    assert metrics["masked"] == {"email": 6, "phone": 6, "card": 6, "own": 6}


def test_groups_are_by_folder_and_meta(tmp_path: Path) -> None:
    report = report_of(tmp_path, steps=["normalise"])
    sources = {row.name: row for row in report.groups("source")}
    assert {name: row.documents for name, row in sources.items()} == {"mail": 6, "tea": 5}
    assert sum(row.share for row in sources.values()) == pytest.approx(1)
    licences = {row.name: row.documents for row in report.groups("licence")}
    assert licences == {"MIT": 6, "not known": 5}
    assert report.known_share("licence") == pytest.approx(sources["mail"].share)
    assert report.known_share("owner") == 0


@pytest.mark.parametrize("lang", ["en", "ru"])
@pytest.mark.parametrize("steps", [STEPS, ["normalise", {"step": "length", "min_characters": 2000}]])
def test_no_personal_data_anywhere(tmp_path: Path, lang: str, steps: list[Any]) -> None:
    report = report_of(tmp_path, steps=steps, lang=lang)
    write_reports(report, tmp_path)
    written = "".join(
        (tmp_path / name).read_text(encoding="utf-8") for name in ("report.md", "report.html", "README.md")
    )
    written += str(report.dropped_rows()) + str(report.edits)
    hidden = PERSONAL if steps is STEPS else PERSONAL[:3]  # what is one's own is known to the step alone
    for value in hidden:
        assert value not in written
        assert value.replace(" ", "") not in re.sub(r"\s", "", written)
    assert "[email]" in written


def test_what_is_known_of_a_letter_is_redacted_with_it() -> None:
    meta = {"author": f"Ivan <{PERSONAL[0]}>", "modified": "2026-06-02T10:00:00Z", "near_dedup:prepared": "79161234567"}
    step = make_step(step_classes()["redact"].settings_class(step="redact"), seed=0)
    plain, letter = step(iter([Document("a", "no names", "a", meta), Document("b", f"to {PERSONAL[1]}", "b", meta)]))
    for document in (plain, letter):
        assert document.meta == {**meta, "author": "Ivan <[email]>"}
    assert (plain.text, letter.text) == ("no names", "to [phone]")
    assert step.tally.edits == {"email": 2, "phone": 1}
    assert step.tally.num_edited == 1


def test_own_words_are_not_told_with_the_settings(tmp_path: Path) -> None:
    report = report_of(tmp_path, steps=[{"step": "redact", "own": [{"pattern": "secret-[0-9]+"}, "Жар-птица"]}])
    assert "secret-" not in pages.html(report) + pages.markdown(report) + dataset_card.dataset_card(report)
    assert "2 words or patterns" in pages.recipe_of(report)


def test_markup_in_documents_is_text(tmp_path: Path) -> None:
    html = pages.html(report_of(tmp_path, steps=["normalise", {"step": "length", "min_characters": 2000}]))
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_markdown_tables_keep_their_columns(tmp_path: Path) -> None:
    text = pages.markdown(report_of(tmp_path, steps=["normalise", {"step": "length", "min_characters": 2000}]))
    columns = 0
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        assert columns in {0, cells}, line
        columns = cells


def test_a_table_without_rows_keeps_its_head(tmp_path: Path) -> None:
    report = report_of(tmp_path, steps=["normalise"])
    report.steps[0].tables = lambda: [Table("Groups", ("group", "mentions"), [], "none is large enough")]  # type: ignore[method-assign]
    assert "| group | mentions |" in pages.markdown(report)
    assert "none is large enough" in "".join(parsed(pages.html(report)).text)


def test_checks_say_what_was_not_looked_for(tmp_path: Path) -> None:
    made = {check.what: check for check in checks.checks_of(report_of(tmp_path), Wording())}
    assert made["Personal and confidential data"].state == "done"
    assert made["Personal and confidential data"].result == "24 places of 4 kinds replaced"
    assert made["Toxic and obscene text"].state == "none"
    assert made["Exact copies"].steps == ["exact_dedup"]
    assert made["Owners"].state == "unknown"
    assert made["Files read"].result == "1 of 12 files gave no text"
    assert made["Mixture"].state == "look"
    assert "over-sampled: tea × 3.25" in made["Mixture"].result
    empty = report_of(tmp_path, steps=["decontaminate"])
    made = {check.what: check for check in checks.checks_of(empty, Wording())}
    assert made["Evaluation questions in the text"].state == "none"


def test_a_step_that_runs_twice_has_two_places(tmp_path: Path) -> None:
    report = report_of(tmp_path, steps=["normalise", "length", "normalise"])
    assert report.step_names == ["normalise", "length", "normalise 2"]
    assert {"step-normalise", "step-normalise-2"} <= set(parsed(pages.html(report)).ids)
    assert content.anchor_of("normalise 2") == "step-normalise-2"


def test_every_phrase_of_the_pages_is_there_in_russian() -> None:
    folder = Path(content.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    texts += [
        (folder.parent / "templates" / name).read_text("utf-8") for name in ("corpus.html", "corpus.md", "card.md")
    ]
    phrases = {phrase for text in texts for phrase in re.findall(r"\bt\(\s*\"([^\"]+)\"", text)}
    phrases |= set(checks.STATE_WORDS.values()) | {"as read", "as written", "Cyrillic", "Latin", "both", "other"}
    assert len(phrases) > 100
    assert sorted(phrases - set(RUSSIAN)) == []
    assert set(DEFAULT_STEPS) <= set(PURPOSES)  # of a new step the page says in English what it is for
    for english, russian in RUSSIAN.items():
        fields = [
            sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in (english, russian)
        ]
        assert fields[0] == fields[1], english


def test_numbers_in_two_languages() -> None:
    english, russian = Wording("en"), Wording("ru")
    assert english.number(1234567) == "1,234,567"
    assert russian.number(1234567) == "1\u202f234\u202f567"
    assert (english.share(0.1234), russian.share(0.1234)) == ("12.3%", "12,3\u202f%")
    assert (english.share(0.0001), english.share(0.0)) == ("<0.1%", "0.0%")
    assert (english.short(1_234_567), english.short(999), english.short(15_000)) == ("1.2M", "999", "15K")
    assert russian.short(1_234_567) == "1,2 млн"
    assert russian.cell("1,234") == "1\u202f234"
    assert russian.cell("documents/1,234.txt") == "documents/1,234.txt"
    assert russian.cell("+0.43") == "+0,43"
    assert russian.cell("too short") == "слишком короткий"
    assert english.size(3 << 20) == "3.0 MiB"
    assert english("{count} documents left out", count=1) == "1 document left out"
    assert english("{count} documents left out", count=21) == "21 documents left out"
    assert english("{count} documents left out", count=7001) == "7,001 documents left out"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_can_be_compared(before: str, after: str) -> None:
    pair = marked_pair(before, after)
    page = parsed(f"<pre>{pair.before}</pre><pre>{pair.after}</pre>")
    assert set(page.tags) <= {"pre", "del", "ins"}


def test_charts_are_drawn_to_scale() -> None:
    chart = funnel_chart("Way", [Level("read", 200, "all"), Level("after <x>", 50, "a quarter")])
    parsed(chart)
    left = [float(width) for width in re.findall(r'<rect class="left"[^>]* width="([\d.]+)"', chart)]
    lost = [float(width) for width in re.findall(r'<rect class="lost"[^>]* width="([\d.]+)"', chart)]
    assert left[1] == pytest.approx(left[0] / 4, abs=0.1)  # drawn to a tenth of a pixel
    assert lost == left[:1]
    assert "after &lt;x&gt;" in chart
    columns = [Column("1", 10, "10"), Column("2", 0, "0"), Column("4", 5, "5")]
    heights = [float(height) for height in re.findall(r' height="([\d.]+)" rx', histogram("Lengths", "unit", columns))]
    assert heights[1] == pytest.approx(heights[0] / 2, abs=0.1)
    assert histogram("Lengths", "unit", []) == ""


def head_of(card: str) -> dict[str, Any]:
    _, head, body = card.split("---\n", 2)
    assert body.lstrip().startswith("# ")
    value = yaml.safe_load(head)
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_the_card_has_a_head_that_the_hub_reads(tmp_path: Path, lang: str) -> None:
    report = report_of(tmp_path, lang=lang, name="Letters: and tea")
    head = head_of(dataset_card.dataset_card(report))
    assert head == {
        "pretty_name": "Letters: and tea",
        "license": "unknown",  # of the tea nobody knows it
        "size_categories": ["n<1K"],
        "task_categories": ["text-generation"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": "train-*.parquet"},
                    {"split": "validation", "path": "validation-*.parquet"},
                ],
            }
        ],
    }
    for split in head["configs"][0]["data_files"]:
        assert list(tmp_path.glob(split["path"]))


def test_the_card_names_licence_and_languages_when_all_is_known(tmp_path: Path) -> None:
    report = report_of(tmp_path, steps=["normalise"])
    report.statistics = TextStatistics()
    for number in range(300):
        language = "ru" if number else "de"  # less than a hundredth
        report.statistics.add(Document(str(number), "text", "s", {"licence": "CC-BY-4.0", "language": language}))
    head = head_of(dataset_card.dataset_card(report))
    assert head["license"] == "cc-by-4.0"
    assert head["language"] == ["ru"]
    report.statistics.add(Document("x", "text", "s", {"licence": "Our own", "language": "ru"}))
    head = head_of(dataset_card.dataset_card(report))
    assert (head["license"], head["license_name"]) == ("other", "several")


def test_the_card_says_what_is_not_known(tmp_path: Path) -> None:
    card = dataset_card.dataset_card(report_of(tmp_path, steps=["normalise"]))
    assert "**Curated by:** Not known." in card
    assert "Personal data were not looked for." in card
    for heading in (
        "Dataset Sources",
        "Personal and Sensitive Information",
        "Licences",
        "Bias, Risks, and Limitations",
    ):
        assert re.search(rf"^#+ {heading}$", card, re.MULTILINE)


def test_sizes_in_the_words_of_the_hub() -> None:
    assert [size_category(count) for count in (0, 999, 1_000, 99_999, 10**6, 10**12)] == [
        "n<1K",
        "n<1K",
        "1K<n<10K",
        "10K<n<100K",
        "1M<n<10M",
        "n>1T",
    ]


def test_beyond_so_many_names_the_rest_is_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.data.text_statistics.MAX_NAMES", 3)
    bounded = TextStatistics()
    for number in range(10):
        bounded.add(Document(str(number), "four", "s", {"owner": f"owner {number}"}))
    assert bounded.groups["owner"].documents == {"owner 0": 1, "owner 1": 1, "owner 2": 1, "(other)": 7}


def test_toxic_words_are_not_counted_as_personal_data(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    report.steps[0].tally.edits["obscene"] = 5
    report.steps[0].may_show_before = False  # type: ignore[misc]
    assert "obscene" not in report.masked
    report.statistics.add(Document("x", "text", "s", {"toxic": "obscene insult"}))
    assert [(row.name, row.documents) for row in report.groups("toxic") if row.name != "not known"] == [
        ("obscene insult", 1)
    ]
