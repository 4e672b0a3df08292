"""`samovar merge`: an adapter into the weights of its base, or several models into one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from samovar.cli.terminal import AsJson, DryRun, OutFolder, print_json, say, say_next
from samovar.core.errors import ConfigError
from samovar.core.progress import short_bytes

EXAMPLE = "samovar merge base assistant/adapter --out merged"

ADAPTER_CONFIG = "adapter_config.json"

Folders = Annotated[
    list[Path],
    typer.Argument(
        metavar="MODEL ADAPTER | MODEL MODEL...",
        help="A base and an adapter in PEFT's format; or models of one shape.",
        show_default=False,
    ),
]
BaseBits = Annotated[
    Literal["4", "16"] | None,
    typer.Option(
        "--base-bits",
        help="Merge an adapter into weights as NF4 holds them or as stored; by default as it was trained.",
        show_default=False,
    ),
]
MethodName = Annotated[
    Literal["linear", "slerp", "ties", "dare", "dare-ties"],
    typer.Option("--method", help="How several models become one."),
]
Base = Annotated[
    Path | None,
    typer.Option(
        "--base", metavar="DIR", help="What the models were tuned from (ties, dare, dare-ties).", show_default=False
    ),
]
Shares = Annotated[
    str | None,
    typer.Option("--shares", metavar="A,B", help="How much each model counts; all alike.", show_default=False),
]
Density = Annotated[float, typer.Option("--density", help="Share of what each learnt that ties and dare keep.")]
Scale = Annotated[float, typer.Option("--scale", help="Of what ties and dare add to the base.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the chance in dare.")]


_FOR_MODELS = ("method", "base", "shares", "density", "scale", "seed")
"""What makes no difference to an adapter."""


def run(
    ctx: typer.Context,
    folders: Folders,
    out: OutFolder,
    method: MethodName = "linear",
    base: Base = None,
    shares: Shares = None,
    density: Density = 0.5,
    scale: Scale = 1.0,
    seed: Seed = 0,
    base_bits: BaseBits = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Merge an adapter (LoRA, rsLoRA, DoRA, made here or by peft) into its base, or several models into one."""
    if len(folders) == 2 and (folders[1] / ADAPTER_CONFIG).is_file():
        if given := _given(ctx, _FOR_MODELS):
            raise typer.BadParameter(
                f"for several models, and {folders[1]} is an adapter, which is merged as it was trained: leave it out",
                param_hint=" and ".join(given),
            )
        _merge_adapter(folders[0], folders[1], out, base_bits, as_json=as_json, dry_run=dry_run)
        return
    if base_bits is not None:
        raise typer.BadParameter("--base-bits is for an adapter, and these are models", param_hint="--base-bits")
    from samovar.model.merge_folders import Merge, merge_models

    how = Merge(method, _numbers(shares), density, scale, seed)
    names = ", ".join(map(str, folders))
    if dry_run:
        say(f"would merge {names} by {method}, as {out}")
        return
    facts = merge_models(folders, out, how, base=base)
    if as_json:
        print_json({"models": [str(folder) for folder in folders], "method": method, "out": str(out), **facts})
    say(f"{out}: {names} merged by {method}, {short_bytes(facts['weight_bytes'])} of weights")
    say_next("samovar", "chat", out)


def _given(ctx: typer.Context, names: Iterable[str]) -> list[str]:
    """Those of the options ``names`` that were typed."""
    sources = {name: ctx.get_parameter_source(name) for name in names}
    return [f"--{name}" for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def _merge_adapter(
    model: Path, adapter: Path, out: Path, base_bits: str | None, *, as_json: bool, dry_run: bool
) -> None:
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
    say_next("samovar", "chat", out)


def _numbers(text: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise ConfigError(f"--shares {text} is no list of numbers", hint="for example --shares 0.7,0.3") from None
