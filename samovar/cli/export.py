"""`samovar export`: the assistant in a form that other programs open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from samovar.cli.terminal import AsJson, DryRun, OutFolder, print_json, say, say_next
from samovar.core.errors import ConfigError
from samovar.core.progress import short_bytes

if TYPE_CHECKING:
    from samovar.brew.recipe import Recipe
    from samovar.engine.export.two_files import Habits

EXAMPLE = "samovar export quickstart --format two-files --out quickstart-two"

Format = Literal["hf", "gguf", "two-files"]
WeightType = Literal["f32", "f16", "bf16", "q8_0", "int8"]

TYPES: dict[str, tuple[WeightType | None, ...]] = {
    "hf": (None,),
    "gguf": ("f16", "q8_0", "bf16", "f32"),
    "two-files": (None, "int8", "bf16", "f16", "f32"),
}
"""Types of weights that a format has, the default first; None: as they are stored."""

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A project, or a model's folder.", show_default=False)]
FormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        help="hf: a Hugging Face folder. gguf: one file for llama.cpp. two-files: the weights and one short program "
        "that talks with NumPy alone.",
    ),
]
TypeOption = Annotated[
    WeightType | None,
    typer.Option("--type", help="Of the weights: f16 (gguf's default), q8_0, int8, …", show_default=False),
]


def run(
    folder: Folder,
    out: OutFolder,
    form: FormatOption = "hf",
    weight_type: TypeOption = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Copy the assistant out of the project, for other programs to open.

    The same prompts go through the model as it was trained, the engine and what was written; where they differ, nothing
    is kept.
    """
    from samovar.brew.assistant import ASSISTANT_STAGES, TRAINED_STAGES, find_assistant
    from samovar.model.card import read_card

    if weight_type is None:
        weight_type = TYPES[form][0]
    elif weight_type not in TYPES[form]:
        known = ", ".join(name for name in TYPES[form] if name) or "none to choose from"
        raise ConfigError(f"--format {form} has no weights of the type {weight_type}", hint=f"types: {known}")
    # Programs that quantize by themselves get the weights as they were trained; our own program those that chat here.
    stages = ASSISTANT_STAGES if form == "two-files" else (*TRAINED_STAGES, "quantize")
    assistant = find_assistant(folder, stages=stages)
    if dry_run:
        say(f"would export {assistant.model} to {out}")
        return
    facts = _export(form, assistant.model, out, weight_type, assistant.recipe)
    parity = facts.pop("parity")
    if as_json:
        print_json({"source": str(assistant.model), "out": str(out), **facts, "parity": parity.facts()})
    say(f"{out}: {', '.join(facts['files'])}; {short_bytes(facts['size_bytes'])}")
    say(str(parity))
    card = read_card(assistant.model)
    if card is not None:
        say(f"licence: {card.terms.name}: {card.terms.summary}")
    say_next(*_next(form, out, facts["files"]))


def _export(form: Format, source: Path, out: Path, weight_type: Any, recipe: Recipe) -> dict[str, Any]:
    if form == "hf":
        from samovar.engine.export import hf

        return hf.export(source, out)
    if form == "gguf":
        from samovar.engine.export import gguf

        return gguf.export(source, out, weight_type=weight_type)
    from samovar.engine.export import two_files

    return two_files.export(source, out, weight_type=weight_type, habits=_habits(recipe))


def _habits(recipe: Recipe) -> Habits:
    """What the recipe says of answering."""
    from samovar.agent.registry import load_tools
    from samovar.engine.export.two_files import Habits

    serve = recipe.serve
    return Habits(
        temperature=serve.temperature,
        top_p=serve.top_p,
        max_tokens=serve.max_tokens,
        max_rounds=serve.max_rounds,
        system=serve.system,
        tools=serve.tools,
        announced=[tool.schema for tool in load_tools(serve.tools)] if serve.announces_tools else (),
    )


def _next(form: Format, out: Path, files: list[str]) -> list[str | Path]:
    if form == "two-files":
        return ["python", out / "run.py"]
    if form == "gguf":
        return ["llama-cli", "-m", *(out / name for name in files if name.endswith(".gguf"))]
    path = json.dumps(str(out), ensure_ascii=False)
    return ["python", "-c", f"from transformers import AutoModelForCausalLM as M; print(M.from_pretrained({path}))"]
