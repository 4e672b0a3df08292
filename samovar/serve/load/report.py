"""What a load says of a server: throughput, and times at the median, the ninth tenth and the last hundredth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from samovar.serve.load.client import Outcome

PERCENTILES = (50, 90, 99)


def summarize(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The account of a load; times in seconds. Of those that failed nothing is in the times."""
    done = [one for one in outcomes if one.error is None]
    span_s = max(one.ended_s for one in outcomes) - min(one.started_s for one in outcomes) if outcomes else 0.0
    first_s = [one.first_s - one.started_s for one in done if one.first_s is not None]
    return {
        "requests": len(done),
        "failed": dict(Counter(one.error for one in outcomes if one.error is not None)),
        "seconds": round(span_s, 4),
        "requests_per_second": _per_second(len(done), span_s),
        "input_tokens_per_second": _per_second(sum(one.input_tokens for one in done), span_s),
        "output_tokens_per_second": _per_second(sum(one.output_tokens for one in done), span_s),
        "mean_input_tokens": _mean([one.input_tokens for one in done]),
        "mean_output_tokens": _mean([one.output_tokens for one in done]),
        "time_to_first_token_s": percentiles(first_s),
        "inter_token_s": percentiles([gap for one in done for gap in one.gaps_s]),
        "latency_s": percentiles([one.ended_s - one.started_s for one in done]),
    }


def percentiles(values: Sequence[float]) -> dict[str, float] | None:
    """``p50``, ``p90``, ``p99``, between neighbours in proportion; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return {f"p{percent}": round(_percentile(ordered, percent), 5) for percent in PERCENTILES}


def _percentile(ordered: Sequence[float], percent: float) -> float:
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _per_second(count: float, span_s: float) -> float:
    return round(count / span_s, 2) if span_s > 0 else 0.0


def _mean(values: Sequence[int]) -> float:
    return round(sum(values) / len(values), 1) if values else 0.0
