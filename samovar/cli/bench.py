"""`samovar bench`: how much a server bears."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from samovar.cli.terminal import AsJson, counted, print_json, print_table, say

EXAMPLE = "samovar bench serve http://127.0.0.1:8000 --concurrency 32 --input-tokens 128 --output-tokens 64"
ABOUT = """Load upon a server, ours or another's: throughput and times.

`samovar bench serve URL` asks any server that speaks OpenAI's API."""
COMMANDS = ("serve",)

Url = Annotated[str, typer.Argument(metavar="URL", help="Where the server is.", show_default=False)]
Model = Annotated[str | None, typer.Option("--model", help="By default its first.", show_default=False)]
ApiKey = Annotated[
    str | None, typer.Option("--api-key", envvar="SAMOVAR_API_KEY", help="Key to send.", show_default=False)
]
Concurrency = Annotated[int, typer.Option("--concurrency", min=1, help="Requests at once.")]
Rate = Annotated[
    float | None,
    typer.Option("--rate", min=0.001, help="Requests a second, at random moments.", show_default=False),
]
InputTokens = Annotated[int, typer.Option("--input-tokens", min=1, help="Tokens of a prompt.")]
OutputTokens = Annotated[int, typer.Option("--output-tokens", min=1, help="Tokens of an answer, at most.")]
Spread = Annotated[float, typer.Option("--spread", min=0, max=0.99, help="Share by which lengths differ.")]
SharedTokens = Annotated[int, typer.Option("--shared-tokens", min=0, help="Beginning that all prompts share.")]
Number = Annotated[int | None, typer.Option("--number", min=1, help="Requests; by default 64.", show_default=False)]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=0.1, help="Begin requests for so long.", show_default=False)
]
Warmup = Annotated[int, typer.Option("--warmup", min=0, help="Requests before, which do not count.")]
Endpoint = Annotated[str, typer.Option("--endpoint", metavar="NAME", help="chat or completions.")]
IgnoreEos = Annotated[bool, typer.Option("--ignore-eos", help="Ask for answers of the full length.")]
Seed = Annotated[int, typer.Option("--seed", help="Of prompts, lengths and moments.")]


def run(
    url: Url,
    model: Model = None,
    api_key: ApiKey = None,
    concurrency: Concurrency = 8,
    rate: Rate = None,
    input_tokens: InputTokens = 128,
    output_tokens: OutputTokens = 64,
    spread: Spread = 0.0,
    shared_tokens: SharedTokens = 0,
    number: Number = None,
    seconds: Seconds = None,
    warmup: Warmup = 1,
    endpoint: Endpoint = "chat",
    ignore_eos: IgnoreEos = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Ask a server many questions at once, and tell throughput and times at p50, p90 and p99.

    Ends with code 1 where a request failed.
    """
    import asyncio

    from samovar.core.settings import parse_settings
    from samovar.serve.load.generator import Load, run_load
    from samovar.serve.load.report import summarize

    asked = {
        "concurrency": concurrency, "rate": rate, "input_tokens": input_tokens, "output_tokens": output_tokens,
        "spread": spread, "shared_tokens": shared_tokens, "seconds": seconds, "warmup": warmup,
        "number": 64 if number is None and seconds is None else number,
        "endpoint": endpoint, "ignores_end": ignore_eos, "seed": seed,
    }  # fmt: skip
    load = parse_settings(Load, asked, source="samovar bench serve")
    summary = summarize(asyncio.run(run_load(url, load, model=model, api_key=api_key)))
    if as_json:
        print_json({"url": url, "load": load.model_dump(), **summary})
    else:
        _show(summary)
    if summary["failed"]:
        raise typer.Exit(1)


def _show(summary: dict[str, Any]) -> None:
    say(
        f"{counted(summary['requests'], 'request')} in {summary['seconds']:.1f} s, "
        f"{summary['mean_input_tokens']:g} tokens in and {summary['mean_output_tokens']:g} out each"
    )
    print_table(
        ("requests/s", "tokens in/s", "tokens out/s"),
        [[f"{summary[name]:,.2f}" for name in _THROUGHPUT]],
    )
    rows = [
        [label, *(f"{1000 * times[f'p{percent}']:,.1f}" for percent in (50, 90, 99))]
        for label, name in _TIMES.items()
        if (times := summary[name]) is not None
    ]
    print_table(("what", "p50 ms", "p90 ms", "p99 ms"), rows)
    for error, count in summary["failed"].items():
        say(f"failed {counted(count, 'time')}: {error}")


_THROUGHPUT = ("requests_per_second", "input_tokens_per_second", "output_tokens_per_second")
_TIMES = {
    "time to first token": "time_to_first_token_s",
    "between tokens": "inter_token_s",
    "whole answer": "latency_s",
}
