"""`samovar merge`: an adapter into the weights of its base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from samovar.cli.terminal import AsJson, DryRun, OutFolder, print_json, say, say_next
from samovar.core.progress import short_bytes

EXAMPLE = "samovar merge base assistant/adapter --out merged"

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of the base model.", show_default=False)]
Adapter = Annotated[
    Path, typer.Argument(metavar="ADAPTER", help="Folder of the adapter, in PEFT's format.", show_default=False)
]
BaseBits = Annotated[
    Literal["4", "16"] | None,
    typer.Option(
        "--base-bits",
        help="Merge into the weights as NF4 holds them, or as they are stored; by default as the adapter was trained.",
        show_default=False,
    ),
]


def run(
    model: Model,
    adapter: Adapter,
    out: OutFolder,
    base_bits: BaseBits = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Merge an adapter (LoRA, rsLoRA, DoRA, made here or by peft) into its base: a model like any other."""
    from samovar.model.adapters.peft_folder import read_adapter

    if dry_run:
        say(f"would merge the {len(read_adapter(adapter).parts)} maps of {adapter} into {model}, as {out}")
        return
    from samovar.model.adapters.folders import merge_folders

    facts = merge_folders(model, adapter, out, base_bits=int(base_bits) if base_bits else None)
    if as_json:
        print_json({"model": str(model), "adapter": str(adapter), "out": str(out), **facts})
    say(
        f"{out}: {facts['adapted_maps']} maps merged, {short_bytes(facts['weight_bytes'])} of weights; "
        f"no logit differs from base and adapter side by side by more than {facts['largest_logit_difference']:.2g}"
    )
    say_next(f"samovar chat {out}")
