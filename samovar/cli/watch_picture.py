"""What `samovar watch` draws: the loss as a curve, numbers beside or above it, and the last sample."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from samovar.brew.watching import Picture
from samovar.cli.braille import MARK, draw, sparkline
from samovar.cli.terminal import one_line
from samovar.core.progress import short_bytes, short_duration, short_number

WIDE = 110
"""Characters from which numbers stand beside the curve."""
MEDIUM = 72
"""From which they stand above it in two columns."""
NUMBERS_WIDTH = 46
LABEL_WIDTH = 8
LONGEST_SAMPLE_LINES = 4
IDLE_SECONDS = 30.0
"""Without a new row a running run is said to be quiet."""


def picture(now: Picture, width: int, height: int) -> RenderableType:
    """The dashboard, no wider than ``width`` and about as high as fits into ``height``."""
    if now.state == "waiting":
        making = "" if now.making is None else f"{now.making} is being made; "
        return Text(f"{making}training has not begun yet", style="yellow")
    if not now.rows.tokens:
        return Text(f"{now.stage}: begun, and no step is done yet (compiling takes up to a minute)", style="yellow")
    is_wide = width >= WIDE
    plot_width = (width - NUMBERS_WIDTH - 3 if is_wide else width) - LABEL_WIDTH - 1
    samples = _samples(now, width)
    taken = 6 + 3 * len(samples) + (0 if is_wide else 5)
    plot_height = max(5, min(14, height - taken))
    curve = _curve(now, max(16, plot_width), plot_height)
    parts: list[RenderableType] = [_headline(now, width)]
    if is_wide:
        both = Table.grid(padding=(0, 3, 0, 0))
        both.add_row(curve, _numbers(now, columns=1))
        parts.append(both)
    else:
        parts += [_numbers(now, columns=2 if width >= MEDIUM else 1), curve]
    return Group(*parts, *samples)


def _headline(now: Picture, width: int) -> Text:
    last, total = now.rows.last, now.total_tokens
    colour = {"running": "green", "finished": "blue", "stopped": "red"}[now.state]
    text = Text(overflow="ellipsis", no_wrap=True)
    text.append(f"{now.stage} ", style="bold")
    text.append(now.state, style=colour)
    if now.state == "running" and now.idle_seconds > IDLE_SECONDS:
        text.append(f", quiet for {short_duration(now.idle_seconds)}", style="yellow")
    steps = f"/{now.about['steps']:,}" if "steps" in now.about else ""
    text.append(f"  step {last.get('step', 0):,}{steps}")
    if total:
        share = min(1.0, now.rows.tokens[-1] / total)
        bar = max(8, min(30, width - len(text) - 8))
        text.append(f"  {'━' * round(share * bar)}", style=colour)
        text.append("─" * (bar - round(share * bar)), style="dim")
        text.append(f" {share:.0%}")
    return text


def _numbers(now: Picture, *, columns: int) -> Table:
    """Names and values, in pairs."""
    table = Table.grid(padding=(0, 2, 0, 0))
    pairs = _pairs(now)
    for first in range(0, len(pairs), columns):
        cells: list[Text] = []
        for name, value in pairs[first : first + columns]:
            cells += [Text(name, style="dim"), Text(value)]
        table.add_row(*cells)
    return table


def _pairs(now: Picture) -> list[tuple[str, str]]:
    rows, last = now.rows, now.rows.last
    speed, left, memory = rows.tokens_per_second(), now.seconds_left, now.memory_bytes
    total = f" of {short_number(now.total_tokens)}" if now.total_tokens else ""
    pairs = [
        ("loss", f"{rows.smoothed_loss or 0.0:.4f}  (last {rows.loss[-1]:.3f})"),
        ("validation", f"{rows.validation[-1].value:.4f}" if rows.validation else "not yet"),
        ("speed", "" if speed is None else f"{short_number(speed)} tokens/s"),
        ("MFU", "" if now.mfu is None else f"{now.mfu:.0%} of {now.peak_source.replace(' peak', '', 1)}"),
        ("tokens", short_number(rows.tokens[-1]) + total),
        ("time", short_duration(rows.seconds[-1])),
        ("left", "" if left is None or now.state == "finished" else short_duration(left)),
        ("memory", "" if memory is None else short_bytes(memory)),
        ("learning rate", f"{last.get('learning_rate', 0.0):.3g}"),
        ("gradient norm", f"{rows.gradient_norm[-1]:.3g} {sparkline(rows.gradient_norm[-120:], 12)}"),
    ]
    return [(name, value) for name, value in pairs if value]


def _curve(now: Picture, width: int, height: int) -> Table:
    rows = now.rows
    x_max = max(now.total_tokens or 0.0, rows.tokens[-1])
    drawing = draw(
        list(zip(rows.tokens, rows.loss, strict=True)), width=width, height=height, x_max=x_max, marks=rows.validation
    )
    table = Table.grid(padding=(0, 1, 0, 0))
    labels = {0: drawing.high, height // 2: (drawing.high + drawing.low) / 2, height - 1: drawing.low}
    for number, line in enumerate(drawing.lines):
        label = f"{labels[number]:.3g}" if number in labels else ""
        text = Text(line, style="cyan", no_wrap=True)
        text.highlight_regex(MARK, style="bold magenta")
        table.add_row(Text(label.rjust(LABEL_WIDTH), style="dim"), text)
    legend = f"loss over tokens, {MARK} validation"
    end = short_number(x_max)
    below = Text(f"0  {legend}".ljust(width - len(end)) + end, style="dim", no_wrap=True, overflow="crop")
    table.add_row(Text(""), below)
    return table


def _samples(now: Picture, width: int) -> list[Text]:
    """The model's last words, a few lines of each; no letter of theirs steers the terminal."""
    found = []
    for name, value in now.rows.samples.items():
        text = Text(f"{name}: ", style="dim")
        shown = one_line(value)
        room = LONGEST_SAMPLE_LINES * width - len(name) - 4
        text.append(shown if len(shown) <= room else shown[: room - 1] + "…", style="default")
        found.append(text)
    return found
