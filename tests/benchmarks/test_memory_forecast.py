"""The memory benchmark runs, and compares what it says it does."""

from __future__ import annotations

import pytest

from benchmarks import contest, memory_forecast
from benchmarks.memory_forecast import Case
from benchmarks.shape import tiny


def test_a_case_is_measured_in_a_process_of_its_own_and_compared() -> None:
    case = Case("tiny", tiny(context=32), 32, 128, 256, steps=2)
    outcome = contest.run_alone(memory_forecast.contestant(case, 1), threads=1)
    assert 2**20 < outcome["grown_bytes"] < outcome["peak_memory_bytes"]
    row = memory_forecast.compare(case, [outcome])
    assert row["forecast_over_measured"] == pytest.approx(row["forecast_bytes"] / outcome["grown_bytes"], abs=1e-3)


def test_off_by_more_than_is_allowed_is_said() -> None:
    case = Case("tiny", tiny(context=32), 32, 128, 256)
    expected = memory_forecast.forecast(case).resident(process_bytes=0)
    near, far = ({"grown_bytes": expected * factor} for factor in (1.1, 1.3))
    assert memory_forecast.compare(case, [near])["is_within"]
    row = memory_forecast.compare(case, [far])
    assert not row["is_within"]
    assert "NO" in memory_forecast.table([row])


def test_every_case_has_a_name_of_its_own() -> None:
    labels = [case.label for case in memory_forecast.cases(with_compiled=True, with_large=True)]
    assert len(labels) == len(set(labels)) >= 12
