"""Does the server stay whole, whatever clients do to it?

    python -m benchmarks.soak --clients 1000 --seconds 120

Clients ask, stream, leave amid an answer, lose patience, dawdle, drop a stream and take it up again, send junk, half
requests and prompts that are too long, all at once. At the end no place, block of the cache, task, thread or file may
be held that was not held before, memory must not have grown, and every request must have been answered or cleanly
refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx2 as httpx
import psutil

from benchmarks.contest import say
from benchmarks.random_model import SHAPES, model_folder
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from benchmarks.serve_load import SERVE, Peer, running
from benchmarks.soak_clients import BrokenAnswerError, Client

QUESTION = "Is the server whole after random load: nothing leaked, memory flat, every request answered or refused"
_SETTLE_S = 30.0
_FLAT_SHARE = 0.05
_FLAT_BYTES = 24 * 2**20
"""Memory is flat where the last quarter's median is no more than a twentieth, or this, above the second's."""


class Held(NamedTuple):
    """What the server holds when nobody asks anything of it."""

    sequences: float
    cache_share: float
    tasks: float
    threads: int
    files: int


async def soak(url: str, *, clients: int, seconds: float, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """Let ``clients`` loose for so long; how often what happened, and what never should have.

    A client that finds no connection within the time waits for its turn: that is the machine's limit, not a refusal.
    """
    until_s = time.monotonic() + seconds
    ends: Counter[str] = Counter()
    broken: list[str] = []
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=120, trust_env=False) as http:
        model = (await http.get("/v1/models")).json()["data"][0]["id"]

        async def live(number: int) -> None:
            client = Client(http, model, seed * 1_000_003 + number)
            while time.monotonic() < until_s:
                try:
                    name, end = await client.act()
                    ends[f"{name}: {end}"] += 1
                except BrokenAnswerError as error:
                    broken.append(str(error))
                except (httpx.HTTPError, OSError) as error:
                    broken.append(f"{type(error).__name__}: {error}")

        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(live(number))
    return ends, broken


def held(url: str, process: psutil.Process) -> Held:
    """What the server holds now, this question aside."""
    values = {}
    for line in httpx.get(f"{url}/metrics", trust_env=False).text.splitlines():
        name, _, value = line.rpartition(" ")
        values[name] = value
    return Held(
        sequences=float(values["samovar_engine_running"]) + float(values["samovar_engine_waiting"]),
        cache_share=float(values["samovar_cache_used_ratio"]),
        tasks=float(values["samovar_tasks"]),
        threads=process.num_threads(),
        files=process.num_fds(),
    )


def settled(url: str, process: psutil.Process, before: Held) -> Held:
    """What it holds once what was under way has ended, or the time for that is over."""
    deadline = time.monotonic() + _SETTLE_S
    while True:
        now = held(url, process)
        if leaks(before, now) == [] or time.monotonic() > deadline:
            return now
        time.sleep(0.5)


def leaks(before: Held, after: Held) -> list[str]:
    """What is held that was not. A pool of threads grows to its size once; two files are the last connections'."""
    allowed = {"threads": 40, "files": 2}
    return [
        f"{name}: {getattr(before, name):g} before, {value:g} after"
        for name, value in after._asdict().items()
        if value > getattr(before, name) + allowed.get(name, 0)
    ]


def is_flat(memory_bytes: list[int]) -> bool:
    """Whether memory stopped growing: the last quarter against the second, for the first is the warming up."""
    quarter = max(1, len(memory_bytes) // 4)
    early, late = memory_bytes[quarter : 2 * quarter] or memory_bytes[:1], memory_bytes[-quarter:]
    growth = statistics.median(late) - statistics.median(early)
    return growth <= max(_FLAT_BYTES, _FLAT_SHARE * statistics.median(early))


async def _watched(url: str, options: argparse.Namespace, process: psutil.Process) -> tuple[Any, list[int]]:
    memory_bytes: list[int] = []

    async def watch() -> None:
        while True:
            memory_bytes.append(process.memory_info().rss)
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    try:
        told = await soak(url, clients=options.clients, seconds=options.seconds, seed=options.seed)
    finally:
        watching.cancel()
    return told, memory_bytes


def main() -> None:
    """Soak, settle, judge; ends with code 1 where anything was wrong."""
    options = _options()
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    settings = json.dumps({"max_batch": options.max_batch, "max_requests": options.max_requests, "resume_s": 2})
    with TemporaryDirectory() as temporary:
        model = str(options.model or model_folder(Path(temporary), options.size, "bf16"))
        peer = Peer("samovar", lambda port: [sys.executable, "-c", SERVE, model, str(port), settings])
        with running(peer, threads=options.threads) as url:
            process = _server_at(url)
            asyncio.run(soak(url, clients=8, seconds=2, seed=options.seed + 1))  # pools are filled, caches are warm
            before = settled(url, process, Held(0, 0, 0, 0, 0))
            (ends, broken), memory_bytes = asyncio.run(_watched(url, options, process))
            after = settled(url, process, before)
            is_alive = process.is_running()
    verdict = {
        "alive": is_alive,
        "leaks": leaks(before, after),
        "memory_is_flat": is_flat(memory_bytes),
        "broken": dict(Counter(broken).most_common(20)),
    }
    body = {
        "settings": {name: value for name, value in vars(options).items() if not isinstance(value, Path)},
        "requests": sum(ends.values()),
        "ends": dict(sorted(ends.items())),
        "held_before": before._asdict(),
        "held_after": after._asdict(),
        "memory_bytes": memory_bytes,
        "verdict": verdict,
    }
    path = write_result(options.name, QUESTION, body, folder=options.out)
    print(table(ends))
    print(
        f"\nmemory {min(memory_bytes) / 2**20:,.0f} to {max(memory_bytes) / 2**20:,.0f} MB; held {before} then {after}"
    )
    print(json.dumps(verdict, indent=2))
    say(f"written to {path}")
    if not is_alive or verdict["leaks"] or broken or not verdict["memory_is_flat"]:
        sys.exit(1)


def table(ends: Counter[str]) -> str:
    """What clients did, and how it ended."""
    ways = sorted({name.split(": ")[0] for name in ends})
    kinds = ("answered", "refused", "left")
    return markdown_table(
        ["clients", *kinds], [[way, *(f"{ends[f'{way}: {kind}']:,}" for kind in kinds)] for way in ways]
    )


def _server_at(url: str) -> psutil.Process:
    """The process that listens there: a child of ours."""
    port = int(url.rpartition(":")[2])
    for child in psutil.Process().children():
        if any(one.laddr.port == port for one in child.net_connections("tcp") if one.status == psutil.CONN_LISTEN):
            return child
    raise RuntimeError(f"no child of this process listens at {url}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model's folder; by default one of random weights")
    parser.add_argument("--size", choices=SHAPES, default="tiny")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--max-batch", type=int, default=16)
    parser.add_argument("--max-requests", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="soak", help="of the result's file")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
