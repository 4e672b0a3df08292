"""The page shows what it was given, and nothing that a model or a document says can break out of it."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest

from samovar.chat.conversation import Message, ToolCall
from samovar.core.artifact import Manifest
from samovar.evals.bits_per_byte import BitsPerByte
from samovar.evals.facts import headline
from samovar.evals.findings import Findings, Model, StageCost, TrainingRun, read_costs, read_runs
from samovar.evals.report import write_report
from samovar.evals.samples import Answered, Continuation
from samovar.evals.tasks import Attempt, TaskScore
from samovar.tasks.task import Example, assistant, user
from samovar.train.journal import Point

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
            "quantize": manifest(
                "quantize",
                form="int4-gptq",
                weight_bytes=100,
                source_bytes=180,
                decoded_tokens_per_second=300.0,
                decoded_tokens_per_second_float32=200.0,
            ),
        },
        runs=[
            TrainingRun("pretrain", curve, curve[::6], curve[::6], {"sample": [(1000.0, HOSTILE)]}),
            TrainingRun(
                "grpo",
                [],
                [],
                [],
                {"sample 1": [(4.0, "2 + 2? -> 4")]},
                "iterations",
                success=[Point(1.0, 0.25), Point(4.0, 0.5)],
                held_out=[Point(0.0, 0.125), Point(4.0, 0.625)],
            ),
        ],
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
        "int4-gptq",
        "1.50 times as fast",
    ):
        assert said in text
        assert said in markdown
    assert "whole numbers of four bits" in text
    assert "12 % of its held-out questions right before, 62 % after" in markdown
    assert "4 iterations" in text
    for said in ("50 %", "24–76", "✓ right", "✗ wrong", "calculator(17*24) = 408", "(nothing)", "1m 12s"):
        assert said in text


def test_curves_are_read_over_tokens_or_iterations(tmp_path):
    """The rows are of the kinds that training, training by reward and self-improvement write down."""
    rows = {
        "sft": [{"step": 1, "tokens": 100, "seconds": 1.0, "loss": 3.0}, {"step": 2, "tokens": 200, "loss": 2.0}],
        "grpo": [
            {"step": 0, "seconds": 0.0, "held_out": 0.5, "sample 1": "2 + 2? -> 5"},
            {"step": 1, "seconds": 1.0, "reward": 0.25, "success": 0.25, "loss": -0.5},
            {"step": 2, "seconds": 2.0, "reward": 0.5, "success": 0.5, "held_out": 0.75, "sample 1": "2 + 2? -> 4"},
        ],
        "ppo": [{"step": 1, "seconds": 1.0, "reward": -0.5, "loss": 0.5}, {"step": 2, "seconds": 2.0, "reward": 0.5}],
        "improve": [{"step": 0, "held_out": 0.5}, {"step": 1, "success": 0.5, "loss": 1.0, "tokens": 9, "held_out": 1}],
    }
    for stage, some in rows.items():
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    runs = {run.stage: run for run in read_runs({stage: tmp_path / stage for stage in rows})}
    assert runs["sft"].loss == [Point(100, 3.0), Point(200, 2.0)]
    assert [run.unit for run in runs.values()] == ["tokens", "iterations", "iterations", "iterations"]
    assert runs["grpo"].success == [Point(1, 0.25), Point(2, 0.5)]
    assert runs["grpo"].held_out == [Point(0, 0.5), Point(2, 0.75)]
    assert runs["grpo"].samples == {"sample 1": [(0, "2 + 2? -> 5"), (2, "2 + 2? -> 4")]}
    assert runs["grpo"].loss == runs["grpo"].reward == []
    assert runs["ppo"].reward == [Point(1, -0.5), Point(2, 0.5)]
    assert runs["improve"].held_out == [Point(0, 0.5), Point(1, 1)]


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


def test_what_a_model_took_is_told_of_all_its_stages_alone(findings):
    def stage(name, number, **inputs):
        return Manifest(stage=name, id=number * 12, version=1, config={}, inputs=inputs, seconds=60.0, joules=3600.0)

    data = stage("data", "a", sources="f" * 64)
    taught, rounded = stage("sft", "b", data="a" * 12), stage("quantize", "c", sft="b" * 12)
    told = {"to make", "estimated energy"}
    for known, expected in (((data, taught, rounded), told), ((data, rounded), set()), ((rounded,), set())):
        manifests = {manifest.stage: manifest for manifest in known}
        its = dataclasses.replace(findings, manifests=manifests, costs=read_costs(manifests, {}))
        assert {fact.name for fact in headline(its)} & told == expected
