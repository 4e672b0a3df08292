"""`samovar import`: another's pretrained model becomes a model folder of ours.

Commands are loaded by the names of their files: a statement could not import this one, and none does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, DryRun, OutFolder, print_json, print_table, say, say_next
from samovar.core.progress import short_bytes, short_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from samovar.brew.base_model import Need

EXAMPLE = "samovar import ./Qwen3-0.6B-Base --out base"

Source = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Folder of a model, or its id on Hugging Face: owner/name, or owner/name@revision.",
        show_default=False,
    ),
]
AllowPickle = Annotated[
    bool,
    typer.Option(
        "--allow-pickle",
        help="Open weights in pickles, and write them as safetensors: only if you trust who made them.",
    ),
]
TEMPLATES = {
    "own": "its own",
    "chatml": "Samovar's (ChatML): the model brings none, and its vocabulary has the marks",
    "plain": "Samovar's plain one: the model brings none, and its vocabulary has no marks of turns",
}


def run(
    source: Source,
    out: OutFolder,
    allow_pickle: AllowPickle = False,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Take another's pretrained model in: its licence, its size, and what it takes here are said.

    MODEL is a folder, or an id of Hugging Face as Qwen/Qwen3-0.6B-Base: then only its weights in safetensors, settings,
    tokenizer and card are fetched. Everything is checked before it is kept. What comes of it opens in chat, serve, sft
    and export, and its licence goes along.
    """
    from samovar.brew.base_model import needs_here, shape_of_facts

    facts = _look(source) if dry_run else _take_in(source, out, allow_pickle=allow_pickle)
    needs = needs_here(shape_of_facts(facts))
    if as_json:
        print_json({**facts, "out": str(out), "needs": [need._asdict() for need in needs]})
    else:
        _show(facts, needs)
    if dry_run:
        say(f"would import {source} to {out}")
    else:
        say_next("samovar", "chat", out)


def _take_in(source: str, out: Path, *, allow_pickle: bool) -> dict[str, Any]:
    from samovar.brew.alone import make_alone
    from samovar.brew.recipe import Recipe
    from samovar.brew.stages.base import BaseStage

    stage = BaseStage(allow_pickle=allow_pickle)
    return dict(make_alone(stage, Recipe(base=source), inputs={}, out=out).metrics)


def _look(source: str) -> dict[str, Any]:
    """The same facts, of the settings alone."""
    import tempfile

    from samovar.brew.base_model import local_folder
    from samovar.model.hub import fetch_settings, look_up, size_of_weights
    from samovar.model.imported import Origin, describe
    from samovar.model.shards import weight_bytes

    folder = local_folder(source, Path())
    if folder is not None:
        return describe(folder, Origin(folder.resolve().name), weight_bytes(folder))
    snapshot = look_up(source)
    with tempfile.TemporaryDirectory() as scratch:
        fetch_settings(snapshot, Path(scratch))
        return describe(Path(scratch), Origin(snapshot.name, snapshot.commit), size_of_weights(snapshot))


def _show(facts: Mapping[str, Any], needs: Sequence[Need]) -> None:
    rows = [
        ("model", f"{facts['origin']}" + (f" at {facts['revision'][:12]}" if facts["revision"] else "")),
        ("family", facts["family"]),
        ("size", f"{short_number(facts['parameters'])} parameters, {short_bytes(facts['weight_bytes'])}"),
        ("context", f"{facts['context']:,} tokens; vocabulary {facts['vocab_size']:,}"),
        ("chat template", TEMPLATES[facts["chat_template"]]),
        ("licence", f"{facts['licence_title']}: {facts['licence_summary']}"),
        *(("", condition) for condition in facts["licence_conditions"]),
        ("found in", ", ".join(facts["licence_found_in"])),
        *(
            (f"to {need.what}", f"{short_bytes(need.memory_bytes)}, {'fits' if need.fits else 'does not fit'} here")
            for need in needs
        ),
    ]
    print_table(("what", "detail"), rows)
