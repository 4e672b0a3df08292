"""The page shows what it was given, and nothing that a model or a document says can break out of it."""

import re
from html.parser import HTMLParser

import pytest

from samovar.chat.conversation import Message, ToolCall
from samovar.core.artifact import Manifest
from samovar.evals.bits_per_byte import BitsPerByte
from samovar.evals.findings import Findings, Model, Point, StageCost, TrainingRun
from samovar.evals.report import write_report
from samovar.evals.samples import Answered, Continuation
from samovar.evals.tasks import Attempt, TaskScore
from samovar.tasks.task import Example, assistant, user

HOSTILE = "</p><script>alert(1)</script> | `x` **y** ]]> <img src=x onerror=alert(1)>"
TOOL_TURNS = (
    Message(role="assistant", tool_calls=[ToolCall(id="c", name="calculator", arguments={"expression": "17*24"})]),
    Message(role="tool", content="408", tool_call_id="c", name="calculator"),
    assistant("17 × 24 = 408"),
)


def example(question="Сколько будет 17*24?", language="ru"):
    return Example("arithmetic", language, (user(question),), TOOL_TURNS, {})


def manifest(stage, **metrics):
    return Manifest(stage=stage, id=f"{stage}-1", version=1, config={}, inputs={}, metrics=metrics, seconds=10.0)


@pytest.fixture
def findings():
    right = Attempt(example(), TOOL_TURNS, 1.0)
    wrong = Attempt(example("What is 2 + 2?", "en"), (assistant(HOSTILE),), 0.0)
    scores = [
        TaskScore("arithmetic", "en", 0.5, 10, 0.24, 0.76, (wrong,), (wrong,)),
        TaskScore("arithmetic", "ru", 1.0, 10, 0.72, 1.0, (), (right,)),
    ]
    curve = [Point(1000.0 * step, 5.0 / step) for step in range(1, 20)]
    return Findings(
        assistant_name="Ёлка <b>",
        model=Model(4_800_000, 6_400_000, 6, 256, 4096, 512),
        scores=scores,
        about_tasks={"arithmetic": "Sums & products."},
        bits_per_byte={"base": BitsPerByte(1.93, 10, 500, 2000, 2675.0, 512, 256)},
        answers=[Answered("Как тебя зовут?", (assistant("Меня зовут Ёлка."),), True), Answered("?", (), False)],
        continuations=[Continuation("The file", " is " + HOSTILE, " is closed")],
        manifests={
            "data": manifest("data", documents=900, documents_read=1000, characters=123_456),
            "tokenizer": manifest("tokenizer", fertility={"ru": {"tokens_per_word": 2.31, "bytes_per_token": 5.1}}),
            "quantize": manifest("quantize", weight_bytes=100, source_bytes=180),
        },
        runs=[TrainingRun("pretrain", curve, curve[::6], curve[::6], {"sample": [(1000.0, HOSTILE)]})],
        costs=[
            StageCost("data", 12.0, 10.0, 2e9, 1e9, 5e6, 3600.0, "estimate"),
            StageCost("sft", 60.0, None, None, None, 1, 0, "estimate"),
        ],
    )


class Tags(HTMLParser):
    """Checks that what is opened is closed; collects names and text."""

    void = frozenset({"meta", "line", "circle", "rect", "polyline", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.names, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(path):
    tags = Tags()
    tags.feed(path.read_text(encoding="utf-8"))
    tags.close()
    assert tags.open == []
    return tags


def test_the_page_is_well_formed_and_needs_nothing_from_outside(findings, tmp_path):
    write_report(findings, tmp_path)
    tags = parsed(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not tags.names & {"script", "img", "link", "iframe"}
    assert not re.search(r"(https?:|src=|@import|url\()", re.sub(r"&lt;img.*?&gt;", "", page))
    text = "".join(tags.text)
    # One of each task, a wrong answer, a continuation, a sample of training.
    assert text.count(HOSTILE) == 4


def test_numbers_stand_on_both_pages(findings, tmp_path):
    write_report(findings, tmp_path)
    text = re.sub(r"\s+", " ", "".join(parsed(tmp_path / "report.html").text)).replace("\xa0", " ")
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    for said in (
        "Ёлка",
        "Сколько будет 17",
        "17 × 24 = 408",
        "1.93",
        "Меня зовут",
        "900",
        "123k",
        "2.31",
        "1.80 times smaller",
    ):
        assert said in text
        assert said in markdown
    for said in ("50 %", "24–76", "✓ right", "✗ wrong", "calculator(17*24) = 408", "(nothing)", "1m 12s"):
        assert said in text


def test_tables_of_markdown_keep_their_columns(findings, tmp_path):
    write_report(findings, tmp_path)
    width = None
    for line in (tmp_path / "report.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            width = None
            continue
        columns = len(re.findall(r"(?<!\\)\|", line))
        assert width in (None, columns), line
        width = columns


def test_a_report_of_a_model_alone_says_just_what_is_known(tmp_path):
    write_report(Findings("A", Model(1000, 1, 1, 8, 64, 16), [], {}), tmp_path)
    text = "".join(parsed(tmp_path / "report.html").text)
    assert "nothing is known" in text
    for heading in ("What it can do", "How it learnt", "What it took", "Where it goes wrong", "Made smaller"):
        assert heading not in text
        assert heading not in (tmp_path / "report.md").read_text(encoding="utf-8")
