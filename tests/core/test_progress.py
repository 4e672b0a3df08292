"""What is left on the screen when something is over."""

from __future__ import annotations

import pytest

from samovar.core.progress import Progress, short_number


def test_the_last_line_counts_what_there_was_and_promises_no_more(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("pack", 64, "rows") as progress:
        progress.advance(3)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("pack        3 rows")
    assert not any(word in line for word in ("left", "%", "64"))


def test_what_broke_off_says_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("pack", 64, "rows")
    progress.advance(16)
    progress.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    (line,) = capsys.readouterr().err.splitlines()
    assert "25%  16/64 rows" in line
    assert "left" not in line


def test_a_small_beginning_promises_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("data", 1e6, "bytes")
    progress._every_s = 0.0
    progress.advance(1000)
    assert "left" not in capsys.readouterr().err
    progress.advance(50_000)
    assert "left" in capsys.readouterr().err
    steps = Progress("train", 1e6, "steps")
    for _ in range(10):
        steps.advance()
    steps._every_s = 0.0
    steps.advance()
    assert "left" in capsys.readouterr().err


def test_a_log_is_not_told_twice_that_all_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("eval", 2, "models")
    progress._every_s = 0.0
    progress.advance()
    progress.advance()
    progress.finish()
    assert [line.split()[1] for line in capsys.readouterr().err.splitlines()] == ["50%", "100%"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (999.4, "999"), (999.6, "1k"), (1000, "1k"), (999_400, "999k"), (999_999, "1M"), (1_234_567, "1.23M"),
     (-2500, "-2.5k"), (999_999_999, "1G"), (15e12, "15T")],
)  # fmt: skip
def test_numbers_have_three_figures_and_no_exponent(value: float, shown: str) -> None:
    assert short_number(value) == shown
