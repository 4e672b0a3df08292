"""One calm line that says how far, how fast and how long still, on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_TELLING_ADVANCES = 10
_TELLING_SHARE = 0.02
"""From so many steps on, or from this share of the whole, the time left is shown."""


class Progress:
    """Counts towards ``total`` and shows done, rate and time left.

    On a terminal the line is redrawn; in a log it is printed at most every ``every_s`` seconds, doubling up to a
    minute, so that long runs do not fill files.
    """

    def __init__(self, title: str, total: float | None = None, unit: str = "", *, is_quiet: bool = False) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done = 0.0
        self.note = ""
        self._started = self._shown = time.monotonic()
        self._offset = 0.0
        self._num_advances = 0
        self._told = -1.0
        """How much was done when that was last shown."""
        self._is_terminal = sys.stderr.isatty()
        self._every_s = 0.2 if self._is_terminal else 5.0
        self._is_quiet = is_quiet

    def start_at(self, done: float) -> None:
        """Say that ``done`` was made in an earlier run: it does not count in the rate."""
        self.done = self._offset = done

    def advance(self, amount: float = 1.0, note: str | None = None) -> None:
        """Count ``amount`` more; ``note`` is shown behind the rate."""
        self.done += amount
        self._num_advances += 1
        if note is not None:
            self.note = note
        now = time.monotonic()
        if now - self._shown >= self._every_s and not self._is_quiet:
            self._shown = now
            if not self._is_terminal:
                self._every_s = min(60.0, self._every_s * 2)
            self._show(end="\r" if self._is_terminal else "\n")

    def say(self, text: str) -> None:
        """Print a line of its own above the progress line."""
        if not self._is_quiet:
            clear = "\x1b[2K\r" if self._is_terminal else ""
            print(f"{clear}{text}", file=sys.stderr, flush=True)

    def finish(self) -> None:
        """Leave the last state on the screen; a log has it already where nothing came since its last line."""
        is_told = self._told == self.done and (not self.total or self.done >= self.total)
        if not self._is_quiet and (self._is_terminal or not is_told):
            self._show(end="\n", is_over=True)

    def _show(self, end: str, *, is_over: bool = False) -> None:
        self._told = self.done
        elapsed = max(1e-9, time.monotonic() - self._started)
        rate = (self.done - self._offset) / elapsed
        parts = [f"{self.title:<10}"]
        if self.total:
            parts.append(f"{min(1.0, self.done / self.total):4.0%}")
        parts.append(
            f"{short_number(self.done)}{'/' + short_number(self.total) if self.total else ''} {self.unit}".rstrip()
        )
        parts.append(f"{short_number(rate)}/s")
        if self.total and rate > 0 and self.done < self.total and not is_over and self._is_telling():
            parts.append(f"{short_duration((self.total - self.done) / rate)} left")
        else:
            parts.append(short_duration(elapsed))
        if self.note:
            parts.append(self.note)
        clear = "\x1b[2K" if self._is_terminal else ""
        print(clear + "  ".join(parts), end=end, file=sys.stderr, flush=True)

    def _is_telling(self) -> bool:
        """Whether what was done says how long the rest takes: a small file that came first is no measure of a large."""
        done = self.done - self._offset
        return self._num_advances >= _TELLING_ADVANCES or done >= _TELLING_SHARE * ((self.total or 0) - self._offset)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.total and self.done < self.total:
            self.total = None  # it was the most that could be: what was counted is all there was
        self.finish()


def short_number(value: float) -> str:
    """1234567 -> '1.23M'."""
    for limit, suffix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * limit:  # 999,600 has three figures as 1M
            return f"{value / limit:.3g}{suffix}"
    return f"{value:.3g}"


def short_duration(seconds: float) -> str:
    """3725 -> '1h 02m'."""
    whole = round(seconds)
    if whole >= 2 * 86400:
        return f"{whole // 86400:,}d {whole % 86400 // 3600:02d}h"
    if whole >= 3600:
        return f"{whole // 3600}h {whole % 3600 // 60:02d}m"
    if whole >= 60:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{seconds:.1f}s" if seconds < 10 else f"{whole}s"


def short_bytes(size_bytes: float) -> str:
    """Bytes in binary units: 1536 -> '1.5 KiB'."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size_bytes) < 1024:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.1f} TiB"
