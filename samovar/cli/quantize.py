"""`samovar quantize`: the stage by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.cli.stage_alone import given, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile, print_table
from samovar.core.progress import short_bytes

EXAMPLE = "samovar quantize assistant --corpus corpus --max-bpb-increase 0.5% --out assistant-small"

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="Folder of the model.", show_default=False)]
Corpus = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="DIR", help="Measure the change on its held-out text.", show_default=False),
]


FormName = Annotated[
    str | None,
    typer.Option(
        "--form",
        metavar="FORM",
        help="int8, int8-dynamic, int4 (also int4-nearest, int4-gptq, int4-awq), nf4, mixed, or auto.",
        show_default=False,
    ),
]
Increase = Annotated[
    str | None,
    typer.Option(
        "--max-bpb-increase",
        metavar="SHARE",
        help="Try every form and keep the smallest that raises bits per byte by no more, as 0.5%.",
        show_default=False,
    ),
]


def run(
    model: Model,
    out: OutFolder,
    corpus: Corpus = None,
    form: FormName = None,
    max_bpb_increase: Increase = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Store the weights in fewer bits: size, change in bits per byte and speed are measured.

    Every form tried is listed; "about" is said of what was measured on a quarter of the text. Without --form or
    --max-bpb-increase the weights become int8.
    """
    section = {"form": form or ("auto" if max_bpb_increase else None), "max_bpb_increase": max_bpb_increase}
    manifest = make(
        "quantize",
        inputs=given(sft=model, data=corpus),
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"quantize": {key: value for key, value in section.items() if value is not None}},
        as_json=as_json,
        dry_run=dry_run,
        next_command=("samovar", "chat", out),
    )
    if manifest is not None and not as_json:
        _show(manifest.metrics)


def _show(metrics: Mapping[str, Any]) -> None:
    """What was measured of every form, the kept one marked."""
    rows = []
    if "bits_per_byte_before" in metrics:
        before = _figure(metrics["bits_per_byte_before"], ".4f")
        answers = _figure(metrics.get("answer_bits_per_byte_before"), ".5f")
        rows.append(["as it was", short_bytes(metrics["source_bytes"]), before, answers, "", ""])
    for tried in metrics["forms"]:
        mixed = f" ({tried['maps_in_int8']} maps in int8)" if tried["maps_in_int8"] else ""
        after, increase = tried["bits_per_byte"], tried["increase"]
        rows.append(
            [
                tried["form"] + mixed,
                short_bytes(tried["size_bytes"]),
                _figure(after, ".4f"),
                _figure(tried["answer_bits_per_byte"], ".5f"),
                ("about " if tried["is_estimate"] else "") + _figure(increase, "+.2%").replace("-0.00%", "+0.00%"),
                "kept" if tried["is_kept"] else "",
            ]
        )
    print_table(["form", "weights", "bits per byte", "of answers", "change", ""], rows)


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
