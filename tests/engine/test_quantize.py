"""What is tried, measured and kept; the folder that comes of it; the bound that is stated."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samovar.core.errors import ConfigError
from samovar.engine.engine import Engine
from samovar.engine.quantize import quantize_folder
from samovar.engine.quantizer import Losses, Measured, Quantizer
from samovar.engine.settings import QuantizeSettings
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.int4 import Int4Linear
from samovar.model.int8 import Int8Linear
from samovar.model.nf4 import Nf4Linear
from samovar.model.quantized import quantized_maps
from samovar.model.shards import weight_bytes


@pytest.fixture
def rows(model: Decoder) -> torch.Tensor:
    return torch.randint(model.settings.vocab_size, (8, 32), generator=torch.Generator().manual_seed(0))


def measured_by(model: Decoder, token_RT: torch.Tensor):
    """Divergence from ``model`` instead of text: a random model foretells no text, so that rounding would not tell."""
    with torch.no_grad():
        expected = model(token_RT).log_softmax(-1)

    def measure(changed: Decoder) -> Losses:
        with torch.no_grad():
            found = changed(token_RT).log_softmax(-1)
        return Losses(1.0 + float((expected.exp() * (expected - found)).sum(-1).mean()))

    return measure


@pytest.fixture
def quantizer(model: Decoder, rows: torch.Tensor) -> Quantizer:
    return Quantizer(model, measured_by(model, rows), rows)


def test_every_form_is_measured_and_the_smallest_within_the_bound_is_kept(quantizer: Quantizer) -> None:
    quantizer.max_increase = 1e9
    _, kept = quantizer.make("auto")
    assert [one.form for one in quantizer.table] == [
        "int8",
        "int8-dynamic",
        "nf4",
        "int4-nearest",
        "int4-gptq",
        "int4-awq",
    ]
    assert kept.size_bytes == min(one.size_bytes for one in quantizer.table)
    by_form = {one.form: one for one in quantizer.table}
    assert by_form["int8"].size_bytes > by_form["int4-gptq"].size_bytes
    assert (by_form["int8"].increase or 0) < (by_form["int4-gptq"].increase or 0)
    assert all(one.increase == pytest.approx((one.losses or Losses(0)).documents - 1.0) for one in quantizer.table)


def test_a_strict_bound_mixes_four_bits_and_eight(model: Decoder, rows: torch.Tensor, quantizer: Quantizer) -> None:
    loose = Quantizer(model, quantizer.measure, rows, max_increase=1e9)
    loose.make("auto")
    loss = {one.form: one.increase or 0.0 for one in loose.table}
    quantizer.max_increase = (loss["int8"] + min(loss[form] for form in loss if "8" not in form)) / 2
    made, kept = quantizer.make("auto")
    assert kept.form == "mixed"
    assert kept.increase is not None
    assert kept.increase <= quantizer.max_increase
    kinds = [type(module) for module in quantized_maps(made).values()]
    assert kinds.count(Int8Linear) == kept.maps_in_int8 > 0
    assert kinds.count(Int4Linear) > 0


def test_an_estimate_only_says_what_is_measured_on_all_text(model: Decoder, rows: torch.Tensor) -> None:
    """Whatever the part tells, what is kept was within the bound on the whole."""
    whole = measured_by(model, rows)
    loose = Quantizer(model, whole, rows, max_increase=1e9)
    loose.make("auto")
    bound = sorted(one.increase or 0.0 for one in loose.table)[3]
    for flattery in (0.1, 1.0, 3.0):

        def part(changed: Decoder, flattery: float = flattery) -> Losses:
            return Losses(1.0 + flattery * (whole(changed).documents - 1.0))

        quantizer = Quantizer(model, whole, rows, part, max_increase=bound)
        made, kept = quantizer.make("auto")
        assert whole(made).documents - 1.0 == pytest.approx(kept.increase)
        assert kept.increase is not None
        assert kept.increase <= bound
        assert not kept.is_estimate
        on_all = [one for one in quantizer.table if not one.is_estimate]
        assert len(on_all) < len(quantizer.table)
        assert kept is on_all[-1]


def test_forms_that_lose_far_too_much_on_a_part_are_not_measured_on_all(model: Decoder, rows: torch.Tensor) -> None:
    whole = measured_by(model, rows)
    loose = Quantizer(model, whole, rows, max_increase=1e9)
    loose.make("auto")
    bound = next(one.increase or 0.0 for one in loose.table if one.form == "int8")
    quantizer = Quantizer(model, whole, rows, whole, max_increase=bound)
    _, kept = quantizer.make("auto")
    assert kept.form == "int8"
    assert not {one.form for one in quantizer.table if not one.is_estimate} & {"nf4", "int4-nearest", "int4-gptq"}


def test_forms_share_what_is_not_rounded(model: Decoder, rows: torch.Tensor, quantizer: Quantizer) -> None:
    made, _ = quantizer.make("int4")
    assert made.embed_tokens.weight is model.embed_tokens.weight


def test_int4_keeps_the_one_of_three_that_loses_least(quantizer: Quantizer) -> None:
    _, kept = quantizer.make("int4")
    assert {one.form for one in quantizer.table} == {"int4-nearest", "int4-gptq", "int4-awq"}
    assert kept.increase == min(one.increase or 0.0 for one in quantizer.table)


def test_a_bound_that_nothing_keeps_is_said_with_what_comes_nearest(quantizer: Quantizer) -> None:
    quantizer.max_increase = 0.0
    with pytest.raises(ConfigError, match=r"within 0\.000%: int8"):
        quantizer.make("auto")


@pytest.mark.parametrize("form", ["auto", "mixed", "int4", "int4-gptq"])
def test_without_text_there_is_nothing_to_round_on(model: Decoder, form: str) -> None:
    with pytest.raises(ConfigError, match="there is none"):
        Quantizer(model).make(form)  # type: ignore[arg-type]


@pytest.mark.parametrize(("form", "kind"), [("int8", Int8Linear), ("int8-dynamic", Int8Linear), ("nf4", Nf4Linear)])
def test_the_folder_answers_and_says_what_was_kept(source: Path, tmp_path: Path, form: str, kind: type) -> None:
    found = quantize_folder(source, tmp_path / "out", form=form)  # type: ignore[arg-type]
    assert found["form"] == form
    assert found["weight_bytes"] == weight_bytes(tmp_path / "out") < found["source_bytes"]
    assert 0 < found["relative_error"] < 0.2
    assert all(isinstance(module, kind) for module in quantized_maps(load_model(tmp_path / "out")).values())
    engine = Engine.load(tmp_path / "out", max_batch=2)
    (answer,) = engine.generate([engine.tokenizer.encode("The samovar sang")])
    assert answer.ids


def test_four_bits_come_back_from_the_folder_and_answer(
    source: Path, tmp_path: Path, model: Decoder, rows: torch.Tensor
) -> None:
    seen: list[Measured] = []
    options = {"measure": measured_by(model, rows), "calibration_RT": rows, "on_measured": seen.append}
    found = quantize_folder(source, tmp_path / "out", form="int4", **options)
    assert [one["form"] for one in found["forms"]] == [one.form for one in seen]
    assert [one["form"] for one in found["forms"] if one["is_kept"]] == [found["form"]]
    again = load_model(tmp_path / "out", dtype=torch.float32)
    stated = next(one["bits_per_byte"] for one in found["forms"] if one["is_kept"])
    assert options["measure"](again).documents == pytest.approx(stated, rel=0.02)  # type: ignore[operator]
    engine = Engine.load(tmp_path / "out", max_batch=2)
    assert engine.generate([engine.tokenizer.encode("The samovar sang")])[0].ids


def test_what_is_quantized_is_not_quantized_again(source: Path, tmp_path: Path) -> None:
    quantize_folder(source, tmp_path / "once")
    with pytest.raises(ConfigError, match="quantized already"):
        quantize_folder(tmp_path / "once", tmp_path / "twice")


def test_the_loss_that_rises_more_counts() -> None:
    before = Losses(2.0, 0.1)
    assert Losses(1.9, 0.11).increase(before) == pytest.approx(0.1)  # of documents fewer, of answers more
    assert Losses(2.2, 0.1).increase(before) == pytest.approx(0.1)
    assert Losses(2.2).increase(before) == pytest.approx(0.1)


@pytest.mark.parametrize(("said", "share"), [("0.5%", 0.005), ("1 %", 0.01), (0.02, 0.02), ("0.003", 0.003)])
def test_the_bound_is_a_share_or_per_cent(said: object, share: float) -> None:
    assert QuantizeSettings.model_validate({"max_bpb_increase": said}).max_bpb_increase == pytest.approx(share)
