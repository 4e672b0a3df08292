"""Students proposed for a recipe: within the share they are called by, forecast by what they and their teacher do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from samovar.brew.forecast import Machine, Outlook
from samovar.brew.recipe import Recipe, compose_recipe
from samovar.brew.stage import load_stages
from samovar.brew.students import SHARES, decode_speed, distilling, fresh_size, kept_bytes, propose_students
from samovar.core.errors import ConfigError
from samovar.model.settings import DecoderSettings, ModelSettings
from samovar.train.distill_settings import DistillSettings
from samovar.train.students import check_smaller

FLOPS_PER_SECOND = 1e11


class Known(Machine):
    """A machine of a tenth of a teraflop a second, on which nothing is tried."""

    def measured(self, what: str, shape: Any, probe: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
        if what == "training":
            flops = DecoderSettings.model_validate(shape[0]).flops_per_token(shape[1])
            return dict.fromkeys(("tokens_per_second", "compiled_tokens_per_second"), FLOPS_PER_SECOND / flops)
        if what == "decoding":
            return {"tokens_per_second": 1e9 / DecoderSettings.model_validate(shape).num_parameters}
        return {"compute_bytes": 4.0, "flops_per_second": FLOPS_PER_SECOND}


def outlook() -> Outlook:
    return Outlook(Path(), Known())


def recipe(**distill: object) -> Recipe:
    return compose_recipe(None, {"model": {"size": 12}, "sft": {"tasks": {"arithmetic": 1.0}}, "distill": distill})


def test_students_are_the_largest_within_their_share() -> None:
    found = propose_students(recipe(), outlook())
    teacher = recipe().model.decoder(recipe().tokenizer.vocab_size)
    assert [one.name for one in found] == [*SHARES, "half the layers"]
    for one in found[:3]:
        share = SHARES[one.name]
        assert one.shape.num_parameters <= share * teacher.num_parameters
        larger = recipe().model.model_copy(update={"size": one.settings.size + 1}).decoder(teacher.vocab_size)
        assert larger.num_parameters > share * teacher.num_parameters
        assert one.weight_bytes == 2 * one.shape.num_parameters
        assert one.tokens_per_second == pytest.approx(1e9 / one.shape.num_parameters)
    assert (found[3].shape.num_layers, found[3].shape.hidden_size) == (6, teacher.hidden_size)
    seconds = [one.forecast.seconds for one in found[:3]]
    assert seconds == sorted(seconds, reverse=True)


def test_no_share_is_proposed_that_no_model_has() -> None:
    smallest = compose_recipe(None, {"model": {"size": 1, "hidden_size": 32, "num_heads": 2}})
    assert propose_students(smallest, outlook()) == []
    assert fresh_size(smallest.model.decoder(512), 0.5) == 0


def test_a_forecast_counts_what_the_teacher_and_the_student_alone_do() -> None:
    plain = recipe(size=3, tokens=2_000_000)
    base = forecast(plain)
    assert base.seconds > 2_000_000 * plain.model.decoder(plain.tokenizer.vocab_size).flops_per_token(512) / (
        3 * FLOPS_PER_SECOND
    ), "the teacher goes forward through every token"
    assert forecast(recipe(size=3, tokens=2_000_000, alone=True)).seconds > base.seconds
    assert forecast(recipe(size=3, tokens=2_000_000, on_policy=0.5)).seconds > base.seconds
    kept = forecast(recipe(size=3, tokens=2_000_000, top_k=16))
    assert kept.disk_bytes - base.disk_bytes == pytest.approx(0.35 * 2_000_000 * (16 * 4 + 2))
    assert kept.memory_bytes <= base.memory_bytes


def forecast(one: Recipe) -> Any:
    return load_stages()["distill"].forecast(one, outlook())


def test_how_an_assistant_is_run_counts_where_one_answers_to_be_learnt_from() -> None:
    def config(tools: list[str], **distill: object) -> dict[str, Any]:
        return load_stages()["distill"].config(compose_recipe(None, {"distill": distill, "serve": {"tools": tools}}))

    assert config([]) == config(["calculator"])
    assert config([], teacher_answers=5) != config(["calculator"], teacher_answers=5)
    assert config([], on_policy=0.5) != config(["calculator"], on_policy=0.5)


def test_a_student_too_large_is_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigError, match="and the teacher has"):
        load_stages()["distill"].check(recipe(size=12))
    load_stages()["distill"].check(recipe(size=11))
    with pytest.raises(ConfigError) as caught:
        check_smaller(*[ModelSettings(size=1).decoder(1000)] * 2, size=1)
    assert caught.value.hint == "no student of this kind is smaller: teach with a larger assistant"
    assert forecast(recipe(size=12)).seconds > 0, "a budget tries sizes that are not brewed"


def test_vocabularies_beyond_two_bytes_take_more() -> None:
    settings = DistillSettings(tokens=1000, top_k=10)
    assert kept_bytes(settings, 1 << 17) / kept_bytes(settings, 1 << 16) == pytest.approx(62 / 42)
    assert kept_bytes(DistillSettings(), 4096) == 0


def test_the_speed_of_a_small_model_is_tried_and_that_of_a_large_one_is_not() -> None:
    small = DecoderSettings(vocab_size=64, hidden_size=32, intermediate_size=64, num_layers=1, num_heads=2,
                            num_kv_heads=1, head_dim=16, max_positions=64)  # fmt: skip
    found = decode_speed(small, Outlook(Path(), Machine()))
    assert found is not None
    assert found > 0
    large = small.model_copy(update={"num_layers": 10**5})
    assert decode_speed(large, Outlook(Path(), Machine())) is None


def test_of_a_shape_given_the_forecast_is_of_that_shape() -> None:
    shape = recipe().model.model_copy(update={"size": 2}).decoder(4096)
    settings = DistillSettings(tokens=10**6)
    assert (
        distilling(recipe(), settings, shape, outlook()).disk_bytes
        < distilling(recipe(), settings, recipe().model.decoder(4096), outlook()).disk_bytes
    )
