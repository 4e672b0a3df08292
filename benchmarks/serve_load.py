"""How many requests a second does Samovar's server answer beside llama-server, and how soon does the first token come?

    python -m benchmarks.serve_load --llama DIR --models DIR

32 clients, each of which asks again as soon as it is answered: 128 tokens in, 64 out, through `samovar bench serve`'s
own generator. Both serve the same random weights on this machine, one server at a time, rounds interleaved.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx2 as httpx

from benchmarks.contest import ROOT, environment, say
from benchmarks.random_model import PRECISIONS, SHAPES, gguf_file, model_folder, program
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.core.errors import SamovarError
from samovar.serve.load.generator import Load, run_load
from samovar.serve.load.report import summarize

QUESTION = "Requests a second and time to the first token under 32 clients, 128 tokens in and 64 out"
_START_S = 300
SERVE = (
    "import json, sys; from pathlib import Path; from samovar.serve.server import run_server\n"
    "from samovar.serve.settings import ServeSettings\n"
    "run_server(Path(sys.argv[1]), port=int(sys.argv[2]), settings=ServeSettings(**json.loads(sys.argv[3])))"
)
"""A program that serves a model's folder at a port, with settings in JSON."""


class Peer(NamedTuple):
    """A server, and how it is started at a port."""

    label: str
    command: Callable[[int], list[str]]


def peers(options: argparse.Namespace, home: Path) -> list[Peer]:
    """Ours and llama-server, by shape and precision, in the order of a round."""
    settings = json.dumps({"max_batch": options.concurrency, "max_requests": 4 * options.concurrency, "tools": []})
    found = []
    for size in options.sizes:
        for precision in options.precisions:
            ours = str(model_folder(home, size, precision))
            found.append(
                Peer(
                    f"samovar {size} {precision}",
                    lambda port, ours=ours: [sys.executable, "-c", SERVE, ours, str(port), settings],
                )
            )
            if options.llama is not None:
                theirs = str(gguf_file(home, size, precision, options.llama))
                server = str(program(options.llama, "llama-server"))
                found.append(
                    Peer(
                        f"llama-server {size} {precision}",
                        lambda port, server=server, theirs=theirs: _llama_server(server, theirs, port, options),
                    )
                )
    return found


def _llama_server(server: str, model: str, port: int, options: argparse.Namespace) -> list[str]:
    """As many slots as clients, room for each one's prompt and answer, continuous batching as it is by default."""
    context = options.concurrency * (options.input_tokens + options.output_tokens + 64)
    return [
        *(server, "-m", model, "--host", "127.0.0.1", "--port", str(port), "-t", str(options.threads)),
        *("-np", str(options.concurrency), "-c", str(context), "--no-ui", "--offline", "-lv", "1"),
    ]


def measure(peer: Peer, load: Load, *, threads: int) -> dict[str, Any]:
    """One round of one server: started, loaded, stopped."""
    with running(peer, threads=threads) as url:
        summary = summarize(asyncio.run(run_load(url, load)))
    if summary["failed"]:
        say(f"{peer.label}: failed {summary['failed']}")
    return summary


@contextmanager
def running(peer: Peer, *, threads: int) -> Iterator[str]:
    """The server's address, once it answers.

    Raises:
        SamovarError: it ended, or did not answer in time.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        with log.open("wb") as told:
            server = subprocess.Popen(
                peer.command(port), cwd=ROOT, env=environment(threads), stdout=told, stderr=subprocess.STDOUT
            )
        try:
            _wait_for(server, url, peer.label, log)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(server: subprocess.Popen[bytes], url: str, label: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SamovarError(f"{label} ended with code {server.returncode}: {log.read_text(errors='replace')[-800:]}")
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SamovarError(f"{label} did not answer in {_START_S} seconds")


def medians(rounds: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Of what the table shows."""

    def median(read: Callable[[Mapping[str, Any]], float]) -> float:
        return round(statistics.median(read(one) for one in rounds), 4)

    return {
        "requests_per_second": median(lambda one: one["requests_per_second"]),
        "output_tokens_per_second": median(lambda one: one["output_tokens_per_second"]),
        "first_token_p50_s": median(lambda one: one["time_to_first_token_s"]["p50"]),
        "first_token_p90_s": median(lambda one: one["time_to_first_token_s"]["p90"]),
        "latency_p50_s": median(lambda one: one["latency_s"]["p50"]),
        "latency_p99_s": median(lambda one: one["latency_s"]["p99"]),
        "failed": float(sum(sum(one["failed"].values()) for one in rounds)),
    }


def ratios(summary: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Ours over llama-server's: above 1 is better for requests, below 1 for the first token."""
    found = {}
    for label, ours in summary.items():
        theirs = summary.get(label.replace("samovar", "llama-server", 1))
        if label.startswith("samovar") and theirs is not None:
            names = "requests_per_second", "first_token_p90_s"
            found[label] = {name: round(ours[name] / theirs[name], 2) for name in names}
    return found


def table(summary: Mapping[str, Mapping[str, float]]) -> str:
    """The summary for people."""
    rows = [
        [
            label,
            f"{one['requests_per_second']:.2f}",
            f"{one['output_tokens_per_second']:,.0f}",
            *(f"{1000 * one[name]:,.0f}" for name in ("first_token_p50_s", "first_token_p90_s", "latency_p50_s")),
            f"{one['failed']:.0f}",
        ]
        for label, one in summary.items()
    ]
    heads = ["server", "requests/s", "tokens out/s", "first token p50 ms", "p90 ms", "answer p50 ms", "failed"]
    return markdown_table(heads, rows)


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    load = Load(
        concurrency=options.concurrency,
        input_tokens=options.input_tokens,
        output_tokens=options.output_tokens,
        number=options.number,
        warmup=2,
        endpoint=options.endpoint,
        ignores_end=True,
    )
    with TemporaryDirectory() as temporary:
        playing = [
            one
            for one in peers(options, options.models or Path(temporary))
            if not any(word in one.label for word in options.without)
        ]
        rounds: dict[str, list[dict[str, Any]]] = {one.label: [] for one in playing}
        for number in range(options.rounds):
            for one in playing:
                rounds[one.label].append(measure(one, load, threads=options.threads))
                told = rounds[one.label][-1]
                say(f"round {number + 1}/{options.rounds}  {one.label}: {told['requests_per_second']:.2f} requests/s")
    summary = {label: medians(outcomes) for label, outcomes in rounds.items()}
    body = {
        "load": load.model_dump(),
        "threads": options.threads,
        "ratios": ratios(summary),
        "summary": summary,
        "rounds": rounds,
    }
    path = write_result(options.name, QUESTION, body, folder=options.out)
    print(table(summary))
    for label, ratio in ratios(summary).items():
        print(f"{label}: {ratio['requests_per_second']} times llama-server's requests a second")
    say(f"written to {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llama", type=Path, help="folder with llama.cpp's programs; without it that peer is left out")
    parser.add_argument("--models", type=Path, help="folder that keeps the models for the next run")
    parser.add_argument("--sizes", nargs="+", choices=SHAPES, default=["135M"])
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=["8 bit"])
    parser.add_argument("--without", nargs="*", default=[], help="words of servers to leave out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--number", type=int, default=128, help="requests in a round")
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--input-tokens", type=int, default=128)
    parser.add_argument("--output-tokens", type=int, default=64)
    parser.add_argument("--endpoint", choices=["chat", "completions"], default="completions")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default="serve_load", help="of the result's file")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
