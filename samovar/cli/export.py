"""`samovar export`: the assistant in a form that other programs open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from samovar.cli.terminal import AsJson, DryRun, OutFolder, print_json, say, say_next
from samovar.core.progress import short_bytes

EXAMPLE = "samovar export quickstart --format hf --out quickstart-hf"

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A project, or a model's folder.", show_default=False)]
Format = Annotated[Literal["hf"], typer.Option("--format", help="hf: a Hugging Face folder, as transformers opens it.")]


def run(folder: Folder, out: OutFolder, form: Format = "hf", as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Copy the assistant out of the project: weights, tokenizer and chat template in Hugging Face's layout.

    The weights are those before quantization, so that any program opens them with equal results.
    """
    from samovar.brew.assistant import find_assistant

    source = find_assistant(folder, stages=("sft", "quantize")).model
    if dry_run:
        say(f"would copy {source} to {out}")
        return
    from samovar.engine.export import export_hf

    facts = export_hf(source, out)
    if as_json:
        print_json({"source": str(source), "out": str(out), **facts})
    size, difference = short_bytes(facts["weight_bytes"]), facts["largest_logit_difference"]
    say(f"{out}: {size} of weights; read back, no logit differs by more than {difference:.2g}")
    say_next(f"python -c \"from transformers import AutoModelForCausalLM as M; print(M.from_pretrained('{out}'))\"")
