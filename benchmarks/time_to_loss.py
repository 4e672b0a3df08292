"""How soon does Samovar reach the loss at which nanoGPT's recipe ends after ten minutes?

    python -m benchmarks.time_to_loss --nanogpt DIR

DIR is a checkout of github.com/karpathy/nanoGPT. It trains for ten minutes, compiled and in bfloat16 where the
processor has it, with its AdamW recipe for small models. What it ends at, on held-out text, is the mark. Samovar runs
by its recipe for a quarter of the time, then for longer or shorter, to find the shortest run that reaches the mark: as
its schedule ends with the run, a longer run would pass the mark late. The same is done for Samovar's model with AdamW,
so that a gain is not a weak opponent's; its rate is tuned first, in short runs. Same text, same tokenizer, same
threads, same held-out tokens measured by the same code. Looking at them does not count as time; compiling does, anew
in every run, and the result also says the times without it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.contest import Contestant, run_alone, say
from benchmarks.curves import Run, best, shortest
from benchmarks.documents import DATA
from benchmarks.result import RESULTS, commit, exit_with, markdown_table, write_result
from benchmarks.shape import SIZES
from benchmarks.text_tokens import prepare, read_texts
from samovar.core.errors import MissingError

QUESTION = "Seconds to the held-out loss at which nanoGPT's AdamW recipe ends after ten minutes"
TARGETS = {"nanoGPT": 0.25, "AdamW": 0.5}
"""What share of whose time ours may take."""
OURS, NANOGPT, ADAMW = "samovar", "nanoGPT", "AdamW"
_PROBE = {"warmup_steps": 2, "timed_steps": 3}
_TIMEOUT_FACTOR, _TIMEOUT_MORE_S = 3.0, 600.0


class Pace(NamedTuple):
    """How long a contestant's first step takes, which compiles, and how long each other."""

    first_step_seconds: float
    step_seconds: float

    def steps_in(self, seconds: float) -> int:
        """How many steps such a time is enough for; two at least."""
        return max(2, 1 + int((seconds - self.first_step_seconds) / self.step_seconds))


class Race:
    """The contestants on one text: each run is a process of its own."""

    def __init__(self, options: argparse.Namespace, job: Mapping[str, Any]) -> None:
        self.options, self.job = options, job

    def pace(self, label: str, module: str, **changes: Any) -> Pace:
        """Measured over a few steps on random tokens; the compiler has nothing from before."""
        job = {**self.job, **changes, **_PROBE, "document_mask": False}
        probe = Contestant(f"{label}, a few steps", module, job, compiles_anew=True)
        outcome = run_alone(probe, threads=self.options.threads)
        steps = sorted(outcome["step_seconds"])
        return Pace(outcome["first_step_seconds"], steps[len(steps) // 2])

    def run(self, label: str, module: str, pace: Pace, seconds: float, settings: Mapping[str, Any], **more: Any) -> Run:
        """One run of about ``seconds``."""
        job = {**self.job, **more, "steps": pace.steps_in(seconds), "settings": settings}
        timeout_s = _TIMEOUT_FACTOR * seconds + _TIMEOUT_MORE_S
        contestant = Contestant(label, module, job, timeout_s=timeout_s, compiles_anew=True)
        outcome = run_alone(contestant, threads=self.options.threads)
        say(
            f"{label}, {seconds:.0f} s, {dict(settings)}: loss {outcome['loss']:.4f} after {outcome['seconds']:.0f} s "
            f"({job['steps']} steps; {outcome['compile_seconds']:.0f} s of compiling)"
        )
        return outcome | {"budget_seconds": round(seconds, 1), "settings": dict(settings)}

    def nanogpt(self) -> Run:
        """Ten minutes, or what was asked for."""
        pace = self.pace(NANOGPT, "nanogpt_train")
        return self.run(NANOGPT, "nanogpt_curve", pace, self.options.seconds, {})

    def samovar(self, loss: float) -> list[Run]:
        """By the recipe, for a quarter of nanoGPT's time and other lengths."""
        pace = self.pace(OURS, "samovar_train", optimizer="muon")

        def run(seconds: float) -> Run:
            return self.run(OURS, "samovar_curve", pace, seconds, self.options.ours, sketches_induction=True)

        return shortest(run, loss, first_seconds=TARGETS[NANOGPT] * self.options.seconds, tries=self.options.tries)

    def adamw(self, loss: float) -> tuple[list[Run], list[Run]]:
        """Short runs that tune the rate, then runs of several lengths at the best."""
        pace = self.pace(ADAMW, "samovar_train", optimizer="adamw")

        def run(seconds: float, rate: float) -> Run:
            settings = {
                "optimizer": "adamw", "learning_rate": rate, "adamw_learning_rate": rate, "weight_decay": 0.1,
            }  # fmt: skip
            return self.run(ADAMW, "samovar_curve", pace, seconds, settings, sketches_induction=False)

        tuning = [run(self.options.tuning_seconds, rate) for rate in self.options.rates]
        rate = min(tuning, key=lambda one: one["loss"])["settings"]["learning_rate"]
        first_seconds = self.options.seconds / 2
        return tuning, shortest(
            lambda seconds: run(seconds, rate), loss, first_seconds=first_seconds, tries=self.options.tries
        )


def summarize(nanogpt: Run, ours: Sequence[Run], adamw: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """Seconds of each to nanoGPT's last loss, compiling counted and not, and ours as a share of theirs."""
    loss = nanogpt["loss"]
    summary: dict[str, dict[str, Any]] = {}
    for label, runs in ((OURS, ours), (ADAMW, adamw), (NANOGPT, [nanogpt])):
        if not runs:
            continue
        lowest = min(run["loss"] for run in runs)
        longest = max(run["seconds"] for run in runs)
        summary[label] = {"runs": len(runs), "lowest_loss": round(lowest, 4), "longest_seconds": round(longest, 1)}
        for name, with_compiling in (("seconds", True), ("seconds_without_compiling", False)):
            # The mark is the end of nanoGPT's run, though its curve may have touched it before.
            found = (
                nanogpt["seconds"] - (0.0 if with_compiling else nanogpt["compile_seconds"])
                if label == NANOGPT
                else best(runs, loss, with_compiling=with_compiling)
            )
            summary[label][name] = None if found is None else round(found, 1)
            mine = summary[OURS][name]
            summary[label][f"ours_share_of_{name}"] = round(mine / found, 3) if mine and found else None
    return summary


def verdicts(summary: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What share of each one's time ours took, compiling counted; None where ours did not reach the mark.

    Of a contestant that did not reach it the share is of its longest run, and at most that.
    """
    found = {}
    mine = summary[OURS]["seconds"]
    for label, target in TARGETS.items():
        if label in summary:
            share, is_bound = summary[label]["ours_share_of_seconds"], False
            if share is None and mine is not None:
                share, is_bound = round(mine / summary[label]["longest_seconds"], 3), True
            is_met = share is not None and share <= target
            found[f"share of {label}'s time"] = {
                "measured": share, "is_at_most": is_bound, "target": target, "is_met": is_met,
            }  # fmt: skip
    return found


def table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The summary for people."""

    def number(value: float | None, form: str) -> str:
        return "not reached" if value is None else format(value, form)

    rows = [
        [
            label,
            str(one["runs"]),
            f"{one['lowest_loss']:.4f}",
            number(one["seconds"], ".0f"),
            number(one["seconds_without_compiling"], ".0f"),
            number(one["ours_share_of_seconds"], ".0%"),
            number(one["ours_share_of_seconds_without_compiling"], ".0%"),
        ]
        for label, one in summary.items()
    ]
    header = [
        "contestant",
        "runs",
        "lowest loss",
        "seconds",
        "without compiling",
        "samovar's share",
        "without compiling",
    ]
    return markdown_table(header, rows)


def job_of(options: argparse.Namespace, prepared: Mapping[str, Any]) -> dict[str, Any]:
    """What every contestant is given."""
    from torch import bfloat16, device

    from samovar.core.devices import training_dtype

    size = SIZES[options.size]
    shape = size.shape(context=size.context, vocab_size=options.vocab_size)
    return {
        **prepared,
        "shape": shape.model_dump(),
        "context": size.context,
        "step_tokens": size.step_tokens,
        "micro_tokens": size.micro_tokens,
        "held_out_rows": options.held_out_rows,
        "looks": options.looks,
        "threads": options.threads,
        "compile": not options.eager,
        "bfloat16": training_dtype(device("cpu")) == bfloat16,
        "nanogpt": str(options.nanogpt.resolve()),
    }


def main() -> None:
    """Let all run, write the result, print the table."""
    options = _options()
    if not (options.nanogpt / "model.py").is_file():
        raise MissingError(f"{options.nanogpt} has no model.py", hint="name a checkout of github.com/karpathy/nanoGPT")
    with TemporaryDirectory() as folder:
        texts = read_texts(options.text, options.data, options.max_bytes)
        job = job_of(options, prepare(Path(folder), texts, options.vocab_size))
        say(f"{len(texts):,} texts: {job['tokens']['train']:,} tokens, {job['tokens']['validation']:,} held out")
        race = Race(options, job)
        nanogpt = race.nanogpt()
        ours = race.samovar(nanogpt["loss"])
        tuning, adamw = race.adamw(nanogpt["loss"]) if options.rates else ([], [])
    summary = summarize(nanogpt, ours, adamw)
    found = verdicts(summary)
    body = {
        "mark": {"loss": round(nanogpt["loss"], 5), "unit": "nats a token", "seconds": nanogpt["seconds"]},
        "settings": {name: value for name, value in job.items() if name not in ("train", "validation", "nanogpt")},
        "texts": {"documents": len(texts), "bytes": sum(len(text.encode()) for text in texts)},
        "nanogpt_commit": commit(options.nanogpt),
        "tuning_seconds_of_adamw": round(sum(run["seconds"] for run in tuning), 1),
        "verdicts": found,
        "summary": summary,
        "runs": {OURS: ours, f"{ADAMW}, to tune its rate": tuning, ADAMW: adamw, NANOGPT: [nanogpt]},
    }
    path = write_result("time_to_loss", QUESTION, body, folder=options.out)
    print(table(summary))
    for what, one in found.items():
        measured = "not reached" if one["measured"] is None else f"{one['measured']:.2f}"
        measured = f"at most {measured}" if one["is_at_most"] else measured
        print(f"{what}: {measured} (target {one['target']:g}{'' if one['is_met'] else ', NOT met'})")
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nanogpt", type=Path, required=True, help="a checkout of github.com/karpathy/nanoGPT")
    parser.add_argument("--text", type=Path, help="a folder of .txt files; else the Russian stories of --data")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of data sets (SAMOVAR_DATA)")
    parser.add_argument("--max-bytes", type=int, default=40_000_000, help="of text read, at most")
    parser.add_argument("--size", choices=list(SIZES), default="10M", help="tiny only shows that it runs")
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--seconds", type=float, default=600.0, help="nanoGPT's run, compiling included")
    parser.add_argument("--tries", type=int, default=3, help="runs of ours, and of AdamW after its rate is tuned")
    parser.add_argument("--rates", type=float, nargs="*", default=[1e-3, 2e-3, 4e-3, 8e-3], help="that AdamW tries")
    parser.add_argument("--tuning-seconds", type=float, default=120.0, help="of each run that tunes AdamW's rate")
    parser.add_argument("--ours", type=json.loads, default={}, metavar="JSON", help="settings unlike the recipe's")
    parser.add_argument("--held-out-rows", type=int, default=256)
    parser.add_argument("--looks", type=int, default=24, help="at the held-out tokens, in each run")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--eager", action="store_true", help="compile nobody")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
