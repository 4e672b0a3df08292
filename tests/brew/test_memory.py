"""A stage's fact of memory is what it took itself, and nothing where that cannot be known."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.brew import memory
from samovar.brew.forecast import MIB, PROCESS_BYTES
from samovar.brew.memory import StageMemory
from samovar.cli.brew_teller import print_account


def test_what_an_earlier_stage_left_is_not_counted() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the mark cannot be reset here")
    left = bytearray(600 * MIB)
    stage = StageMemory()
    own = bytearray(200 * MIB)
    del own
    taken = stage.taken_bytes()
    assert taken is not None
    assert 200 * MIB < taken < PROCESS_BYTES + 260 * MIB
    assert memory._process_peak() > taken + len(left) // 3, "of the process"


def test_without_a_reset_only_a_higher_peak_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    peak = 3000 * MIB
    monkeypatch.setattr(memory, "reset_peak_memory", lambda: False)
    monkeypatch.setattr(memory, "memory_in_use", lambda: PROCESS_BYTES + 500 * MIB)
    monkeypatch.setattr(memory, "_process_peak", lambda: peak)
    stage = StageMemory()
    assert stage.taken_bytes() is None, "an earlier stage's"
    peak = 3001 * MIB
    assert stage.taken_bytes() == 2501 * MIB


def test_what_nobody_can_tell_is_left_empty(capsys: pytest.CaptureFixture[str]) -> None:
    known = {
        "forecast_seconds": 1.0,
        "seconds": 1.0,
        "forecast_memory_bytes": MIB,
        "forecast_disk_bytes": 1,
        "disk_bytes": 1,
    }
    print_account({"eval": known | {"memory_bytes": None}, "sft": known | {"memory_bytes": 2 * MIB}}, ["sft", "eval"])
    told = {line.split()[0]: line.count("MiB") for line in capsys.readouterr().err.splitlines() if "made" in line}
    assert told == {"sft": 2, "eval": 1}
