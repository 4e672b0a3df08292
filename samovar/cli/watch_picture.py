"""What `samovar watch` draws: loss or reward as a curve, numbers beside or above it, and the last samples."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from samovar.brew.watching import Picture
from samovar.cli.braille import MARK, draw, sparkline
from samovar.cli.terminal import one_line
from samovar.core.excerpts import shortened
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
    if not now.rows.last:
        return Text(f"{now.stage}: begun, and no step is done yet (compiling takes up to a minute)", style="yellow")
    is_wide = width >= WIDE
    plot_width = (width - NUMBERS_WIDTH - 3 if is_wide else width) - LABEL_WIDTH - 1
    samples = _beside_earlier(now, width) or _samples(now, width)
    lines = len(samples) if now.rows.is_by_iterations else 3 * len(samples)
    taken = 6 + lines + (0 if is_wide else 5)
    plot_height = max(5, min(14, height - taken))
    curve = _curve(now, max(16, plot_width), plot_height)
    parts: list[RenderableType] = [_headline(now, width)]
    if is_wide:
        both = Table.grid(padding=(0, 3, 0, 0))
        both.add_row(curve, _numbers(now, columns=1))
        parts.append(both)
    else:
        parts += [_numbers(now, columns=2 if width >= MEDIUM else 1), curve]
    return Group(*parts, *(Text(f"look: {one_line(sign)}", style="yellow") for sign in now.rows.signs), *samples)


def _headline(now: Picture, width: int) -> Text:
    last, whole = now.rows.last, now.whole
    colour = {"running": "green", "finished": "blue", "stopped": "red"}[now.state]
    text = Text(overflow="ellipsis", no_wrap=True)
    text.append(f"{now.stage} ", style="bold")
    text.append(now.state, style=colour)
    if now.state == "running" and now.idle_seconds > IDLE_SECONDS:
        text.append(f", quiet for {short_duration(now.idle_seconds)}", style="yellow")
    steps = f"/{now.about['steps']:,}" if "steps" in now.about else ""
    word = "iteration" if now.rows.is_by_iterations else "step"
    text.append(f"  {word} {last.get('step', 0):,}{steps}")
    if whole:
        share = min(1.0, now.done / whole)
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
    left, memory, rate = now.seconds_left, now.memory_bytes, now.rows.last.get("learning_rate")
    pairs = [
        *(_of_iterations(now) if now.rows.is_by_iterations else _of_tokens(now)),
        ("time", short_duration(now.rows.seconds[-1])),
        ("left", "" if left is None or now.state == "finished" else short_duration(left)),
        ("memory", "" if memory is None else short_bytes(memory)),
        ("learning rate", "" if rate is None else f"{rate:.3g}"),
    ]
    return [(name, value) for name, value in pairs if value]


def _of_tokens(now: Picture) -> list[tuple[str, str]]:
    rows, speed = now.rows, now.rows.tokens_per_second()
    total = f" of {short_number(now.total_tokens)}" if now.total_tokens else ""
    return [
        ("loss", f"{rows.loss.smoothed:.4f}  (last {rows.loss.points[-1].value:.3f})"),
        ("validation", f"{rows.loss.checks[-1].value:.4f}" if rows.loss.checks else "not yet"),
        ("speed", "" if speed is None else f"{short_number(speed)} tokens/s"),
        ("MFU", "" if now.mfu is None else f"{now.mfu:.0%} of {now.peak_source.replace(' peak', '', 1)}"),
        ("tokens", short_number(rows.tokens[-1]) + total),
        ("gradient norm", f"{rows.gradient_norm[-1]:.3g} {sparkline(rows.gradient_norm[-120:], 12)}"),
    ]


def _of_iterations(now: Picture) -> list[tuple[str, str]]:
    """What tells whether answers get better, and what else they could be getting (docs/reinforcement.md)."""
    reward, last = now.rows.reward, now.rows.last
    shown = {
        "right": ("success", ".0%"), "entropy": ("surprise", ".3f"), "divergence": ("kl", ".4f"),
        "length": ("answer_tokens", ".0f"), "cut off": ("cut_share", ".0%"),
    }  # fmt: skip
    return [
        (_word_of(now), f"{reward.smoothed:.3f}  (last {reward.points[-1].value:.3f})" if reward.points else ""),
        ("held-out", f"{reward.checks[-1].value:.1%}" if reward.checks else ""),
        *((name, format(last[key], form)) for name, (key, form) in shown.items() if key in last),
    ]


def _word_of(now: Picture) -> str:
    """What the curve of a run by iterations is of."""
    return "reward" if "reward" in now.rows.last else "share right"


def _curve(now: Picture, width: int, height: int) -> Table:
    curve, x_max = now.rows.curve, max(now.whole or 0.0, now.done, 1.0)
    drawing = draw(curve.points, width=width, height=height, x_max=x_max, marks=curve.checks)
    table = Table.grid(padding=(0, 1, 0, 0))
    labels = {0: drawing.high, height // 2: (drawing.high + drawing.low) / 2, height - 1: drawing.low}
    for number, line in enumerate(drawing.lines):
        label = f"{labels[number]:.3g}" if number in labels else ""
        text = Text(line, style="cyan", no_wrap=True)
        text.highlight_regex(MARK, style="bold magenta")
        table.add_row(Text(label.rjust(LABEL_WIDTH), style="dim"), text)
    legend = f"loss over tokens, {MARK} validation"
    if now.rows.is_by_iterations:
        legend = f"{_word_of(now)} over iterations, {MARK} held-out questions right"
    end = short_number(x_max)
    below = Text(f"0  {legend}".ljust(width - len(end)) + end, style="dim", no_wrap=True, overflow="crop")
    table.add_row(Text(""), below)
    return table


def _beside_earlier(now: Picture, width: int) -> list[Text]:
    """Answers of the beginning and of now to the same questions, a line each; nothing where there are no earlier ones.

    Those of a run by iterations, whose samples say question and answer.
    """
    rows = now.rows
    if not rows.is_by_iterations or rows.samples is rows.first_samples:
        return []
    lines = []
    for name in (name for name in rows.samples if name in rows.first_samples):
        question, _, said = rows.samples[name].partition(" -> ")
        before = rows.first_samples[name].partition(" -> ")[2]
        lines += [(f"{name}: ", question), ("  before: ", before), ("     now: ", said)]
    return [Text(label, style="dim").append(shortened(one_line(text), width - len(label))) for label, text in lines]


def _samples(now: Picture, width: int) -> list[Text]:
    """The model's last words, a few lines of each; no letter of theirs steers the terminal."""
    found = []
    for name, value in now.rows.samples.items():
        text = Text(f"{name}: ", style="dim")
        shown = one_line(value)
        room = LONGEST_SAMPLE_LINES * width - len(name) - 4
        text.append(shortened(shown, room), style="default")
        found.append(text)
    return found
