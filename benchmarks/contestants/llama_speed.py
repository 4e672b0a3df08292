"""llama.cpp by its own programs: llama-bench, and llama-batched-bench for many at once."""

from __future__ import annotations

import json
import subprocess
from typing import Any


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Tokens a second of reading and of writing at each batch size; of one stream the better of what both say."""
    threads = str(job["threads"])
    asked = [job["bench"], "-m", job["model"], "-t", threads, "-r", str(job["calls"] + 1), "-o", "json", "--offline"]
    asked += ["-p", str(job["prefill_tokens"]), "-n", str(job["new_tokens"])]
    bench = _run(asked)
    tests = json.loads(bench)
    outcome: dict[str, Any] = {
        "prefill": max(speed for one in tests if one["n_prompt"] for speed in one["samples_ts"]),
        "build": f"{tests[0]['build_commit']} ({tests[0]['build_number']})",
    }
    alone = max(speed for one in tests if one["n_gen"] for speed in one["samples_ts"])
    context = max(job["batches"]) * (job["prompt_tokens"] + job["new_tokens"])
    batched = [job["batched"], "-m", job["model"], "-t", threads, "-c", str(context), "--output-format", "jsonl"]
    batched += ["-npp", str(job["prompt_tokens"]), "-ntg", str(job["new_tokens"])]
    batched += ["-npl", ",".join(map(str, job["batches"])), "--offline"]
    for _ in range(job["calls"]):
        for line in _run(batched).splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                name = f"decode_{row['pl']}"
                outcome[name] = max(outcome.get(name, 0.0), row["speed_tg"])
    if "decode_1" in outcome:
        outcome["decode_1"] = max(alone, outcome["decode_1"])
    return outcome


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with code {done.returncode}: {done.stderr[-800:]}")
    return done.stdout
