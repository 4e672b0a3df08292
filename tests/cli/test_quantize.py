"""What `samovar quantize` is asked for on its command line, and the table of what it tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from samovar.cli.quantize import _show


@pytest.mark.parametrize(
    ("words", "form", "increase"),
    [
        ((), "int8", 0.005),
        (("--max-bpb-increase", "0.2%"), "auto", 0.002),
        (("--form", "mixed", "--max-bpb-increase", "1%"), "mixed", 0.01),
        (("--form", "int4"), "int4", 0.005),
    ],
)
def test_a_bound_asks_for_the_smallest_form_within_it(
    samovar: Callable[..., Any], tmp_path: Any, words: tuple[str, ...], form: str, increase: float
) -> None:
    ran = samovar("quantize", tmp_path, "--out", tmp_path / "out", "--dry-run", *words)
    assert ran.code == 0, ran.err
    config = json.loads(ran.out)["config"]
    assert (config["form"], config["max_bpb_increase"]) == (form, pytest.approx(increase))


@pytest.mark.parametrize("words", [("--form", "int3"), ("--max-bpb-increase", "much"), ("--max-bpb-increase", "-1%")])
def test_what_is_no_form_or_bound_is_refused(
    samovar: Callable[..., Any], tmp_path: Any, words: tuple[str, ...]
) -> None:
    ran = samovar("quantize", tmp_path, "--out", tmp_path / "out", "--dry-run", *words)
    assert ran.code != 0
    assert "quantize" in ran.err


def test_every_form_tried_has_its_line_and_the_kept_one_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    tried = {
        "size_bytes": 5_000_000,
        "bits_per_byte": 1.7867,
        "answer_bits_per_byte": 0.06448,
        "increase": 0.0005,
        "maps_in_int8": 0,
        "is_estimate": False,
        "is_kept": True,
    }
    forms = [
        tried | {"form": "int8", "increase": -0.00001, "is_kept": False},
        tried | {"form": "int4-gptq"},
        tried | {"form": "mixed", "maps_in_int8": 3, "increase": -0.0001, "is_kept": False, "is_estimate": True},
    ]
    _show({"forms": forms, "form": "int4-gptq", "bits_per_byte_before": 1.7859, "source_bytes": 12_000_000})
    lines = capsys.readouterr().out.splitlines()
    (kept,) = [line for line in lines if "kept" in line]
    assert "int4-gptq" in kept
    assert "0.06448" in kept
    assert "+0.05%" in kept
    assert any("mixed (3 maps in int8)" in line and "about -0.01%" in line for line in lines)
    assert any("int8" in line and "+0.00%" in line for line in lines)
    assert any("as it was" in line and "1.7859" in line for line in lines)
