"""Two files that are a whole assistant: the weights, and a program of one page that talks with NumPy alone.

``run.py`` lies beside this file and is copied as it is. Everything else is in ``model.safetensors``: the weights under
the decoder's names, and in the header the shape, the vocabulary and the assistant's habits.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from samovar.chat.conversation import Message, ToolCall
from samovar.chat.rows import prompt_ids
from samovar.chat.template import render
from samovar.core.errors import ConfigError, CorruptError
from samovar.core.whole_folder import folder_facts, whole_folder
from samovar.engine.export.parity import SAME_CODE, Parity, Transcript, compare, decoder_of, transcripts
from samovar.engine.export.shape import described, unusual
from samovar.engine.export.vocabulary import Vocabulary, read_vocabulary
from samovar.model.card import card_facts, licence_files
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.int8 import Int8Linear
from samovar.model.positions import frequencies
from samovar.model.quantized import dequantize_model, is_quantized, quantize_model, quantized_maps
from samovar.model.settings import DecoderSettings
from samovar.model.shards import WEIGHTS, write_weights
from samovar.tokenizer.special import TURN_END, TURN_START
from samovar.tokenizer.tokenizer import Tokenizer

WeightType = Literal["int8", "bf16", "f16", "f32"]
TYPES: tuple[str, ...] = get_args(WeightType)
DTYPES = {"int8": torch.bfloat16, "bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
"""Of floating-point weights; with int8, of all that is not a linear map of a layer."""

RUN = Path(__file__).with_name("run.py")
PROBE = Path(__file__).with_name("probe.py")
SETTINGS = ("num_layers", "num_heads", "num_kv_heads", "head_dim", "max_positions", "norm_eps")
MARKS = (TURN_START, TURN_END)
KNOWN = {"qk_norm", "attention_bias", "output_bias", "mlp_bias"}
"""Settings in which a decoder may differ from Qwen3's: run.py takes what weights it finds."""

_CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "17*24"}}\n</tool_call>'
CONVERSATIONS: tuple[list[list[Any]], ...] = (
    [["user", "How much is 17*24?"]],
    [["user", "Привет!"], ["assistant", "Здравствуйте! Чем помочь?"], ["user", "  What's <|im_end|> this?\n"]],
    [["user", "Сколько будет 17*24?"], ["assistant", _CALL], ["tool", ["408"]]],
    [["user", "17*24?"], ["assistant", _CALL], ["tool", ["408"]], ["assistant", "408"], ["user", "И ещё раз?"]],
)
"""Turns as run.py writes them; they must be what the chat template writes."""

TEXTS = (
    "It's 12345.67 °C — we'll see,  don't\twait…\r\n\r\n  next  ",
    "Съешь ещё этих мягких французских булок, да выпей чаю.\n",
    "naïve café и\u0306 ﬁ 漢字 かな 한국어 العربية हिन्दी 👩‍👩‍👧 ½ Ⅷ ٣\u2028\u00a0x",
)


class Stored(NamedTuple):
    """Weights as they are written, and what they are in float32."""

    tensors: dict[str, Tensor]
    plain: Decoder


@dataclass(frozen=True)
class Habits:
    """How the assistant answers where nobody says otherwise."""

    temperature: float = 0.3
    top_p: float = 1.0
    max_tokens: int = 512
    max_rounds: int = 4
    system: str | None = None
    tools: tuple[str, ...] = ("calculator",)
    announced: Sequence[Mapping[str, Any]] = ()
    """Schemas of tools that every prompt lists."""


def export(
    source: Path, out: Path, *, weight_type: WeightType | None = None, habits: Habits | None = None
) -> dict[str, Any]:
    """Write the assistant in ``source`` as two files into ``out``.

    Args:
        source: a model folder.
        out: made; it must not hold anything.
        weight_type: of the stored weights; None keeps those of ``source``.
        habits: of the assistant.
    Returns:
        names of the files, their bytes, and the parity.
    Raises:
        ConfigError: ``out`` holds something already, or run.py cannot do what this model needs.
        CorruptError: run.py does not answer as the model does.
    """
    habits = habits or Habits()
    tokenizer, model = Tokenizer.load(source), load_model(source)
    vocabulary = read_vocabulary(source, tokenizer)
    check_shape(model.settings)
    _check_habits(source, vocabulary, habits)
    stored = _stored(model, weight_type)
    about = {
        "shape": {name: getattr(model.settings, name) for name in SETTINGS},
        "tokenizer": describe_tokenizer(vocabulary, tokenizer),
        "habits": {
            "preamble": _preamble(source, tokenizer, habits),
            "temperature": habits.temperature,
            "top_p": habits.top_p,
            "max_tokens": habits.max_tokens,
            "max_rounds": habits.max_rounds,
            "tools": list(habits.tools),
        },
        "terms": _terms(source),
    }
    with whole_folder(out) as folder:
        shutil.copyfile(RUN, folder / RUN.name)
        metadata = {key: json.dumps(value, ensure_ascii=False) for key, value in about.items()}
        write_weights(stored.tensors, folder / WEIGHTS, metadata=metadata)
        parity = _check(folder, source, stored.plain, tokenizer, habits)
        return {**folder_facts(folder), "parity": parity}


def _terms(source: Path) -> dict[str, Any]:
    """On what terms the model may be used, with the licence's own text: there is no third file for it."""
    facts = card_facts(source)
    texts = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in licence_files(source)}
    return facts | {"texts": texts} if facts else {}


def check_shape(settings: DecoderSettings) -> None:
    """Refuse a decoder that run.py does not compute.

    Raises:
        ConfigError: it is one.
    """
    found = {name: value for name, value in unusual(settings).items() if name not in KNOWN}
    if frequencies(settings.head_dim, settings.rope_theta, settings.rope_scaling)[1] != 1.0:
        found["rope_scaling"] = settings.rope_scaling
    if found:
        raise ConfigError(
            f"a decoder of the family {settings.family} is not one that run.py computes: it has {described(found)}",
            hint="Qwen3, Qwen2, Llama, Mistral without a window and what is built like them can be exported as two "
            "files; --format hf takes any family",
        )


def _check_habits(source: Path, vocabulary: Vocabulary, habits: Habits) -> None:
    missing = [mark for mark in MARKS if mark not in vocabulary.marks]
    if missing:
        raise ConfigError(
            f"the tokenizer in {source} has no {', '.join(missing)}: run.py writes conversations with these marks",
            hint="export --format hf or gguf, which take the model's own chat template along",
        )
    unknown = sorted(set(habits.tools) - {"calculator"})
    if unknown:
        raise ConfigError(
            f"the assistant uses the tools {', '.join(unknown)}, and run.py has but a calculator",
            hint="leave them out of serve.tools, or serve the assistant with `samovar serve`",
        )


def _stored(model: Decoder, weight_type: WeightType | None) -> Stored:
    """The weights in their new type, and the same numbers in float32."""
    has_others = any(not isinstance(module, Int8Linear) for module in quantized_maps(model).values())
    if has_others:  # run.py knows int8 alone; what others hold in fewer bits fits it
        model, weight_type = dequantize_model(model), weight_type or "int8"
    if weight_type == "int8" and not is_quantized(model):
        model = quantize_model(model)
    elif weight_type not in (None, "int8") and is_quantized(model):
        model = dequantize_model(model)
    dtype = DTYPES[weight_type] if weight_type else None
    tensors = {
        name: tensor.to(dtype if dtype and tensor.is_floating_point() else tensor.dtype).contiguous().cpu()
        for name, tensor in model.state_dict().items()
    }
    state = {
        name: tensor.float() * (tensors[f"{name}_scale"].float() if f"{name}_scale" in tensors else 1.0)
        for name, tensor in tensors.items()
        if not name.endswith("_scale")
    }
    settings = model.settings
    rotary, _ = frequencies(settings.head_dim, settings.rope_theta, settings.rope_scaling)
    return Stored(tensors | {"rotary_frequency": rotary}, decoder_of(settings, state))


def describe_tokenizer(vocabulary: Vocabulary, tokenizer: Tokenizer) -> dict[str, Any]:
    """As run.py reads it: a token as the letters whose numbers are its bytes, a merge as three ids.

    Raises:
        ConfigError: run.py cannot cut text as the tokenizer does.
    """
    digits = {"qwen2": 1, "llama3": 3}.get(vocabulary.split)
    if digits is None:
        raise ConfigError(
            f"run.py does not cut text into words as the split {vocabulary.split} does",
            hint="it knows those of Qwen 2 and Llama 3; --format gguf or hf takes this one along",
        )
    number_of = {token: number for number, token in enumerate(vocabulary.tokens)}
    return {
        "tokens": [vocabulary.bytes_of(number).decode("latin-1") for number in range(len(vocabulary.tokens))],
        "merges": [[number_of[left], number_of[right], number_of[left + right]] for left, right in vocabulary.merges],
        "marks": vocabulary.marks,
        "hidden": sorted(vocabulary.hidden),
        "ends": sorted(tokenizer.stop_ids),
        "digits": digits,
        "is_composed": vocabulary.is_composed,
        "prefers_whole_words": vocabulary.prefers_whole_words,
    }


def _preamble(source: Path, tokenizer: Tokenizer, habits: Habits) -> str:
    """What the template writes before the first turn of a person."""
    first = Message(role="user", content="…")
    text = render(
        [*_system(habits), first],
        template=tokenizer.chat_template,
        tools=habits.announced,
        variables=tokenizer.roles.texts,
    )
    preamble, turn, _ = text.partition(f"{TURN_START}user\n…")
    if not turn:
        raise _other_template(source)
    return preamble


def _system(habits: Habits) -> list[Message]:
    return [] if habits.system is None else [Message(role="system", content=habits.system)]


def _messages(turns: list[list[Any]]) -> list[Message]:
    """A sample conversation as the template is given it."""
    messages = []
    for role, said in turns:
        if role == "tool":
            messages += [
                Message(role="tool", content=result, tool_call_id="call", name="calculator") for result in said
            ]
        elif said == _CALL:
            call = ToolCall(id="call", name="calculator", arguments={"expression": "17*24"})
            messages.append(Message(role="assistant", tool_calls=[call]))
        else:
            messages.append(Message(role=role, content=said))
    return messages


def _check(folder: Path, source: Path, plain: Decoder, tokenizer: Tokenizer, habits: Habits) -> Parity:
    """Ask run.py, in a Python of its own, for everything that the model can be asked for."""
    reference = transcripts(plain, tokenizer)
    answers, logits = _ask(folder, reference)
    for text, ids in zip(TEXTS, answers["encoded"], strict=True):
        if ids != tokenizer.encode(text):
            raise CorruptError(
                f"run.py cuts {text[:40]!r}… into other tokens than the tokenizer in {source}",
                hint="nothing was kept; this is our defect: please report it with the tokenizer",
            )
    for turns, ids in zip(CONVERSATIONS, answers["written"], strict=True):
        if ids != prompt_ids([*_system(habits), *_messages(turns)], tokenizer, habits.announced):
            raise _other_template(source)
    return compare(reference, answers["greedy"], logits, share=SAME_CODE)


def _ask(folder: Path, reference: list[Transcript]) -> tuple[dict[str, Any], list[Tensor]]:
    questions = {
        "texts": TEXTS,
        "conversations": CONVERSATIONS,
        "prompts": [one.prompt for one in reference],
        "sequences": [one.ids for one in reference],
        "num_tokens": max(len(one.answer) for one in reference),
    }
    with tempfile.TemporaryDirectory() as scratch:
        results = Path(scratch) / "results.json"
        command = [sys.executable, "-I", "-B", str(PROBE), str(folder), str(results)]  # -B: no third file
        ended = subprocess.run(command, input=json.dumps(questions).encode(), capture_output=True, check=False)
        if ended.returncode != 0:
            last = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise CorruptError(
                f"run.py failed: {' '.join(last) or f'it ended with {ended.returncode}'}",
                hint="nothing was kept; check memory, and that NumPy is installed",
            )
        answers = json.loads(results.read_text(encoding="utf-8"))
        logits = [torch.from_numpy(np.load(f"{results}.{number}.npy")) for number in range(len(reference))]
    return answers, logits


def _other_template(source: Path) -> ConfigError:
    return ConfigError(
        f"the chat template in {source} writes conversations in another form than run.py, which knows plain ChatML",
        hint="export --format hf or gguf, which take the template along",
    )
