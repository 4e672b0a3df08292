from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from samovar.agent.agent import Agent
from samovar.agent.registry import load_tools
from samovar.agent.tools.calculator import CalculationError, calculate
from samovar.chat.conversation import Message, ToolCall
from samovar.chat.rows import prompt_ids
from samovar.core.errors import ConfigError, CorruptError
from samovar.engine.engine import Engine
from samovar.engine.export import two_files
from samovar.engine.export.parity import load_plain
from samovar.engine.export.two_files import RUN, Habits, describe_tokenizer, export
from samovar.engine.export.vocabulary import read_vocabulary
from samovar.engine.quantize import quantize_folder
from samovar.engine.request import Sampling
from samovar.model.checkpoint import save_model
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings, RopeScaling
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer
from tests.model.foreign_models import write_front_matter

MOST_LINES = 500
TRICKY = (
    "",
    " ",
    "\r\n \n\t x",
    "I'll 'LL don'T 'ſ 're''ve'd 'mm",
    "a1234567 ½Ⅷ٣٤٥ x٣",
    "  two  spaces\u00a0\u2003\u3000\x1c\x85end\u2028",
    "é e\u0301 \u0439 и\u0306 각 \u1112\u1161\u11ab ﬁ Å\u212b",
    "x\u200dy\ufeff\u0000\x7f…—«»",
    "<|im_start|>user <tool_call>",
    "👩‍👩‍👧🏽 𝔘𝟙 हिन्दी ไทย",
    "\ud800 lone",
)


@pytest.fixture(scope="module")
def run() -> Any:
    """run.py as a module of its own."""
    spec = importlib.util.spec_from_file_location("run", RUN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def two(model: Decoder, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as two files."""
    folder = tmp_path_factory.mktemp("two")
    tokenizer.save(folder / "source")
    save_model(model, folder / "source")
    export(folder / "source", folder / "out")
    return folder / "out"


@pytest.fixture
def assistant(two: Path, run: Any) -> Any:
    return run.Assistant(two / "model.safetensors")


def ask(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(folder / "run.py"), *options]
    return subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)


def test_it_is_two_files_that_numpy_reads(source: Path, tmp_path: Path) -> None:
    found = export(source, tmp_path / "two")
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["model.safetensors", "run.py"]
    assert found["files"] == ["model.safetensors", "run.py"]
    assert found["parity"].num_tokens >= 20
    assert len(RUN.read_text().splitlines()) <= MOST_LINES
    assert (tmp_path / "two" / "run.py").read_bytes() == RUN.read_bytes()
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in (tmp_path / "two").iterdir())
    questions = {"texts": [], "conversations": [], "prompts": [], "sequences": [], "num_tokens": 1}
    command = [sys.executable, "-I", "-B", str(two_files.PROBE), str(tmp_path / "two"), str(tmp_path / "results.json")]
    subprocess.run(command, input=json.dumps(questions).encode(), check=True)
    assert json.loads((tmp_path / "results.json").read_text())["packages"] == ["numpy"]


def test_the_licence_goes_along_within_them(source: Path, two: Path, tmp_path: Path) -> None:
    write_front_matter(source, license="cc-by-nc-4.0", base_model="tea/llama")
    (source / "LICENSE").write_text("The whole text.")
    found = export(source, tmp_path / "two")
    assert found["files"] == ["model.safetensors", "run.py"]
    with safe_open(tmp_path / "two" / "model.safetensors", framework="pt") as file:
        terms = json.loads(file.metadata()["terms"])
    assert (terms["licence"], terms["base_model"]) == (["cc-by-nc-4.0"], "tea/llama")
    assert "Commercial use is not allowed." in terms["licence_conditions"]
    assert terms["texts"] == {"LICENSE": "The whole text."}
    said = "[Creative Commons BY-NC 4.0: not for commercial use]"
    assert said in ask(tmp_path / "two", "Hi\n", "--max-tokens", "1").stderr
    assert "[" not in ask(two, "Hi\n", "--max-tokens", "1").stderr, "a model of one's own"


def test_its_answers_are_the_engines(two: Path, make_engine: Callable[..., Engine], tokenizer: Tokenizer) -> None:
    asked = ["Who sang?", "/new", "  Самовар пел?  ", "", "/new", "The tea"]
    ended = ask(two, "\n".join(asked), "--temperature", "0", "--max-tokens", "12")
    assert ended.returncode == 0, ended.stderr
    agent = Agent(make_engine(), tokenizer, load_tools(["calculator"]))
    turns = [[Message(role="user", content=asked[place].strip())] for place in (0, 2, 5)]
    answers = agent.complete_batch(turns, Sampling(temperature=0, max_tokens=12))
    assert ended.stdout == "".join(f"{answer[-1].content}\n" for answer in answers)
    assert ended.stderr == ""


@pytest.mark.parametrize("top_p", [1.0, 0.8])
def test_a_seed_draws_what_the_engine_draws(
    tokenizer: Tokenizer, assistant: Any, make_engine: Callable[..., Engine], top_p: float
) -> None:
    assistant.habits |= {"top_p": top_p, "temperature": 1.0}
    engine = make_engine()
    for seed in range(4):
        assistant.history.clear()
        said = "".join(assistant.answer("Who sang?", None, seed, 20))
        prompt = prompt_ids([Message(role="user", content="Who sang?")], tokenizer)
        drawn = engine.generate([prompt], Sampling(temperature=1.0, top_p=top_p, seed=seed, max_tokens=20))[0]
        assert said == drawn.text.rstrip()


def test_the_cache_changes_nothing(model: Decoder, assistant: Any) -> None:
    made = assistant.model
    tokens = torch.randint(300, (70,), generator=torch.Generator().manual_seed(1)).tolist()
    expected_TV = model(torch.tensor([tokens]))[0].numpy()
    for length in (1, 5, 6, 40, 41, 70, 33):  # the last one goes back
        np.testing.assert_allclose(made.next_logits(tokens[:length]), expected_TV[length - 1], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("weight_type", ["int8", "bf16", "f16", "f32"])
def test_every_type_of_weights_is_read_as_it_was_written(
    source: Path, model: Decoder, tmp_path: Path, run: Any, weight_type: Any
) -> None:
    found = export(source, tmp_path / "two", weight_type=weight_type)
    _, weights = run.read_weights(tmp_path / "two" / "model.safetensors")
    allowed = {"int8": 0.02, "bf16": 2**-8, "f16": 2**-10, "f32": 0}[weight_type]
    for name, tensor in model.state_dict().items():
        expected = tensor.numpy()
        np.testing.assert_allclose(weights[name], expected, rtol=allowed, atol=allowed * np.abs(expected).max())
    bits = {"int8": 16, "bf16": 16, "f16": 16, "f32": 32}[weight_type]
    assert found["size_bytes"] > model.settings.num_parameters * bits // 8 // 2


def test_int8_weights_stay_what_they_are(source: Path, tmp_path: Path, run: Any) -> None:
    quantize_folder(source, tmp_path / "int8")
    export(tmp_path / "int8", tmp_path / "two")
    _, weights = run.read_weights(tmp_path / "two" / "model.safetensors")
    for name, tensor in load_plain(tmp_path / "int8").state_dict().items():
        np.testing.assert_array_equal(weights[name], tensor.numpy())


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "llama", "qk_norm": False},
        {"family": "llama", "qk_norm": False, "tie_embeddings": False, "num_kv_heads": 1},
        {"family": "qwen2", "qk_norm": False, "attention_bias": True},
        {
            "family": "llama",
            "qk_norm": False,
            "rope_scaling": RopeScaling(kind="llama3", factor=8.0, original_positions=32),
        },
    ],
    ids=["llama", "untied", "qwen2", "llama3"],
)
def test_other_families_of_the_same_make(
    changes: dict[str, Any], model: Decoder, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    shape = DecoderSettings.model_validate(model.settings.model_dump() | changes)
    torch.manual_seed(3)
    other = Decoder(shape)
    for parameter in other.parameters():
        torch.nn.init.normal_(parameter, 0.0 if parameter.ndim > 1 else 0.7, 0.3)
    tokenizer.save(tmp_path / "other")
    save_model(other.eval().requires_grad_(False), tmp_path / "other")
    assert export(tmp_path / "other", tmp_path / "two")["parity"].num_tokens > 0


def test_other_shapes_templates_and_tools_are_refused(
    source: Path, model: Decoder, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="gelu_tanh"):
        two_files.check_shape(DecoderSettings.model_validate(model.settings.model_dump() | {"activation": "gelu_tanh"}))
    yarn = {"rope_scaling": RopeScaling(kind="yarn", factor=4.0)}
    with pytest.raises(ConfigError, match="yarn"):
        two_files.check_shape(DecoderSettings.model_validate(model.settings.model_dump() | yarn))
    with pytest.raises(ConfigError, match="browser"):
        export(source, tmp_path / "two", habits=Habits(tools=("calculator", "browser")))
    template = source / "chat_template.jinja"
    original = template.read_text()
    for changed in ("{{ messages[0].content }}", original.replace("'</tool_response>'", "'</tool_response>!'")):
        template.write_text(changed.replace("\\n</tool_response>", "\\n!</tool_response>"))
        with pytest.raises(ConfigError, match="another form"):
            export(source, tmp_path / "two")
    template.write_text(original)
    parts = json.loads((source / "tokenizer.json").read_text())
    parts["added_tokens"] = [token for token in parts["added_tokens"] if token["content"] != "<|im_start|>"]
    (source / "tokenizer.json").write_text(json.dumps(parts))
    with pytest.raises(ConfigError, match=r"has no <\|im_start\|>"):
        export(source, tmp_path / "two")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_tokenizer_that_has_no_marks_for_tools(source: Path, tokenizer: Tokenizer, tmp_path: Path, run: Any) -> None:
    """As Qwen 2.5's: results of tools are written in words there."""
    parts = json.loads((source / "tokenizer.json").read_text())
    parts["added_tokens"] = [token for token in parts["added_tokens"] if "tool_response" not in token["content"]]
    (source / "tokenizer.json").write_text(json.dumps(parts))
    export(source, tmp_path / "two")
    turn = run.Assistant(tmp_path / "two" / "model.safetensors").tool_turn(["408"])
    assert len(turn) > 20
    assert tokenizer.decode(turn) == "user\n<tool_response>\n408\n</tool_response>\n"


def test_a_program_that_differs_is_refused_and_not_kept(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled = tmp_path / "elsewhere" / "run.py"
    spoiled.parent.mkdir()
    for right, wrong in (
        ("self.head_dim**-0.5", "self.head_dim**-0.49"),
        ("(rank, new) for", "(-rank, new) for"),
        ("= silu(", "= no_such("),
    ):
        assert RUN.read_text().count(right)
        spoiled.write_text(RUN.read_text().replace(right, wrong))
        monkeypatch.setattr(two_files, "RUN", spoiled)
        with pytest.raises(CorruptError, match=r"does not compute|other tokens|failed"):
            export(source, tmp_path / "two")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "source"]


def test_the_system_message_and_announced_tools_go_along(
    source: Path, tokenizer: Tokenizer, tmp_path: Path, run: Any
) -> None:
    schemas = [tool.schema for tool in load_tools(["calculator"])]
    said = [Message(role="system", content="Be kind."), Message(role="user", content="17*24?")]
    for system, announced in (("Be kind.", schemas), ("Be kind.", []), (None, schemas)):
        out = tmp_path / f"{system}-{len(announced)}"
        export(source, out, habits=Habits(system=system, announced=announced))
        assistant = run.Assistant(out / "model.safetensors")
        ids = [*assistant.preamble, *assistant.user_turn("17*24?"), *assistant.with_marks("<|im_start|>assistant\n")]
        assert ids == prompt_ids(said if system else said[1:], tokenizer, announced)


@pytest.fixture(scope="module")
def tokenizers(run: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Tokenizer, Any]]:
    texts = ["It's 2024: we'll see. " * 3, "Съешь ещё этих мягких французских булок, да выпей чаю, 12345.\n\n" * 3]
    made = {}
    for split in ("qwen2", "llama3"):
        trained = train_tokenizer(texts, TokenizerSettings(vocab_size=400, split=split))
        folder = tmp_path_factory.mktemp(split)
        trained.save(folder)
        made[split] = (trained, run.Tokenizer(describe_tokenizer(read_vocabulary(folder, trained), trained)))
    return made


@pytest.mark.parametrize("split", ["qwen2", "llama3"])
def test_tokens_are_those_of_the_library(tokenizers: dict[str, tuple[Tokenizer, Any]], split: str) -> None:
    theirs, ours = tokenizers[split]

    @settings(max_examples=300, deadline=None)
    @given(st.text(st.characters(codec="utf-8", exclude_categories=("Cn", "Co")), max_size=40))
    @example("e\u0301" * 3)
    def same(text: str) -> None:
        assert ours.encode(text) == theirs.encode(text)
        assert ours.decode(ours.encode(text)) == theirs.decode_bytes(theirs.encode(text))

    same()
    for text in TRICKY[:-1]:
        assert ours.encode(text) == theirs.encode(text), text


def test_sums_are_those_of_the_calculator(run: Any) -> None:
    numbers = st.sampled_from(["0", "7", "007", "0.1", ".5", "3.", "12345678901234567890", "1e5", "x", "", "..."])
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "^", "×", ":", " ", "(", ")", "\u00a0", "-(", "…"])

    @settings(max_examples=400, deadline=None)
    @given(st.lists(numbers | signs, max_size=9).map("".join))
    @example("17*24")
    @example("2**0.5")
    @example("9999999999.99*3")
    @example("9**9**9")
    @example("(-8)**(1/3)")
    @example("0**-0.5")
    @example("1/3*10**40")
    @example("1" * 201)
    @example("-" * 150 + "1")
    def same(expression: str) -> None:
        try:
            expected = calculate(expression)
        except CalculationError as error:
            expected = f"error: {error}"
        assert run.calculate(expression) == expected

    same()


def test_a_call_is_held_back_run_and_answered(tokenizer: Tokenizer, assistant: Any) -> None:
    """The model's part is played by a script, so that run.py's is seen."""
    call = ToolCall(id="call", name="calculator", arguments={"expression": "17*24"})
    turns = [
        Message(role="user", content="17*24?"),
        Message(role="assistant", content="Let me see.", tool_calls=[call]),
        Message(role="tool", content="408", tool_call_id="call", name="calculator"),
        Message(role="assistant", content="It is 408."),
    ]
    lines = [
        'Let me see.\n<tool_call>\n{"name": "calculator", "arguments": {"expression": "17*24"}}\n</tool_call>',
        "It is 408.",
    ]
    script = [assistant.with_marks(f"{line}<|im_end|>") for line in lines]
    asked = []

    def scripted(exchange: list[int], *_: Any) -> Iterator[int]:
        asked.append(list(exchange))
        yield from script[len(asked) - 1]

    assistant.generate = scripted
    assert "".join(assistant.answer("17*24?")) == "Let me see.It is 408."
    assert asked == [prompt_ids(turns[:1], tokenizer), prompt_ids(turns[:3], tokenizer)]
    assert len(assistant.history) == 1
    assert assistant.history[0] == [*prompt_ids(turns[:3], tokenizer), *assistant.with_marks("It is 408.<|im_end|>\n")]


def test_what_is_sayable_never_shows_a_call(run: Any) -> None:
    text = 'a < b  <tool_call>\n{"name": "calculator"}</tool_call>'
    shown = ""
    for end in range(len(text) + 1):
        now = run.sayable(text[:end])
        assert now.startswith(shown)
        shown = now
    assert shown == "a < b"


def test_calls_that_cannot_be_run_are_answered_too(assistant: Any) -> None:
    assert assistant.use_tool('{"name": "calculator", "arguments": {"expression": 17}}') == "17"
    assert "must be text" in assistant.use_tool('{"name": "calculator", "arguments": {}}')
    assert "must be text" in assistant.use_tool("{not json}")
    assert "no tool 'browser'" in assistant.use_tool('{"name": "browser", "arguments": {"expression": "1"}}')


def test_old_turns_are_forgotten_when_the_context_is_full(two: Path) -> None:
    lines = ["one two three"] * 8 + ["x" * 200, "and now?"]
    ended = ask(two, "\n".join(lines), "--temperature", "0", "--max-tokens", "5")
    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) >= 10
    assert ended.stderr.count("all that I can hold") == 1


def test_without_its_weights_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_bytes(RUN.read_bytes())
    ended = ask(tmp_path, "hello\n")
    assert ended.returncode == 2
    assert "belong together" in ended.stderr
