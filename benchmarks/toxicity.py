"""How much hate and offence is found, how much of what is called so is, and how fast, against others' lists and models?

    python -m benchmarks.toxicity --peers-python /path/to/venv/bin/python

The set: 24,783 tweets, labelled hateful, offensive or neither by people (Davidson et al. 2017), from SAMOVAR_DATA, or
../shared/data beside the repository. One fifth of them, chosen by a hash of their text, is judged; Samovar's learned
filter is trained on the rest. The second measurement is of pages of old books for children: nothing there is toxic by
today's meaning of these lists, and a call is most likely wrong; nobody labelled them, though.

Seconds are of processor time, which other load on the machine changes little. Samovar's are of the whole step, with
what it counts for the report; a peer's of its verdicts.

What to keep in mind: the tweets were gathered by a list of slurs, so that five of six are offensive, and whoever calls
everything offensive has a precision of 0.83. A test holds Samovar's English lists to a recall on this set, so that they
are not on unknown ground; only its learned filter is, in the judged fifth. alt-profanity-check names the set as one
that it was trained on, the judged fifth among it. No labelled Russian set was at hand: nothing is measured there.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import xxhash

from benchmarks.contest import ROOT, Contestant, ContestantError, Spread, play, say
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result

QUESTION = "Precision, recall and F1 of hate and offence in tweets, calls in books, and speed, against peers"
SHARED = Path(os.environ.get("SAMOVAR_DATA", ROOT.parent / "shared" / "data"))
PEERS = ("better-profanity", "alt-profanity-check")
LISTS, BOTH, LEARNED = "samovar, lists", "samovar, lists and learned filter", "samovar, learned filter alone"
LEVELS = ("toxic", "hate", "offensive")
_LABELS = {"0": "hate", "1": "offensive", "2": "neither"}
_FIFTHS = 5
_PAGE_CHARACTERS = 2_000
# better-profanity takes some three minutes for the tweets, and as long for a hundred pages.
_TIMEOUT_S = 3_600.0


class Row(NamedTuple):
    """A tweet and its label."""

    text: str
    label: str


def tweets(path: Path) -> list[Row]:
    """The labelled tweets of a packed CSV file."""
    return [Row(row["tweet"], _LABELS[row["class"]]) for row in csv.DictReader(io.StringIO(_unpacked(path).decode()))]


def is_judged(text: str) -> bool:
    """Whether a tweet is of the fifth that is judged; copies of a text are on the same side."""
    return xxhash.xxh3_64_intdigest(" ".join(text.lower().split()).encode()) % _FIFTHS == 0


def pages(path: Path, characters: int) -> list[str]:
    """The first pages of the books of a packed archive, a few of each, up to so many characters."""
    found: list[str] = []
    with tarfile.open(fileobj=io.BytesIO(_unpacked(path))) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and member.name.endswith((".md", ".txt")):
                found += _pages_of(file.read().decode("utf-8", "replace"))
    step = max(1, len(found) * _PAGE_CHARACTERS // max(1, characters))
    return found[::step]


def _pages_of(text: str) -> Iterator[str]:
    for start in range(0, len(text) - _PAGE_CHARACTERS, _PAGE_CHARACTERS):
        yield text[start : start + _PAGE_CHARACTERS]


def _unpacked(path: Path) -> bytes:
    from samovar.core.extras import require

    zstandard = require("zstandard", extra="data")
    if not path.is_file():
        raise ContestantError(f"{path} does not exist", hint="name the folder with it by SAMOVAR_DATA")
    with path.open("rb") as file, zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(file) as stream:
        data: bytes = stream.read()
    return data


def score(labels: Sequence[str], called: Sequence[Sequence[str]], level: str) -> dict[str, Any]:
    """Precision, recall and F1 of one level; toxic is whatever is not labelled neither."""
    wanted = [label != "neither" if level == "toxic" else label == level for label in labels]
    calls = [level in one for one in called]
    both = sum(a and b for a, b in zip(wanted, calls, strict=True))
    precision = both / sum(calls) if any(calls) else None
    recall = both / sum(wanted) if any(wanted) else None
    f1 = 2 * both / (sum(calls) + sum(wanted)) if any(calls) or any(wanted) else None
    rounded = {
        name: None if value is None else round(value, 4)
        for name, value in (("precision", precision), ("recall", recall), ("f1", f1))
    }
    return {"labelled": sum(wanted), "called": sum(calls), **rounded}


def contestants(job: Path, peers_python: Path | None, wanted: Sequence[str]) -> list[Contestant]:
    """Samovar twice, and the peers where there is a Python for them."""
    found = [
        Contestant(LISTS, "samovar_toxicity", {"job": str(job), "learns": False}),
        Contestant(BOTH, "samovar_toxicity", {"job": str(job), "learns": True}),
    ]
    if peers_python is not None:
        for peer in wanted:
            one = {"job": str(job), "peer": peer}
            found.append(Contestant(peer, "profanity_peers", one, python=str(peers_python), timeout_s=_TIMEOUT_S))
    return found


def main() -> None:
    """Play the rounds, score, write the result, print the tables."""
    options = _options()
    if options.peers_python is None:
        say(f"{' and '.join(PEERS)} are left out: --peers-python names no Python that has them")
    rows = tweets(SHARED / "hate_offensive_en" / "labeled_data.csv.zst")
    judged = [row for row in rows if is_judged(row.text)][: options.tweets]
    texts = {
        "tweets": [row.text for row in judged],
        "pages": pages(SHARED / "classic_children_en" / "classic_children_en.tar.zst", options.page_characters),
    }
    with TemporaryDirectory() as folder:
        labelled, job = Path(folder) / "labelled.jsonl", Path(folder) / "job.json"
        learnt = [row for row in rows if not is_judged(row.text)]
        labelled.write_text("".join(json.dumps(row._asdict()) + "\n" for row in learnt), encoding="utf-8")
        job.write_text(json.dumps({"texts": texts, "labelled": str(labelled)}), encoding="utf-8")
        playing = contestants(job, options.peers_python, PEERS)
        rounds = play(playing, rounds=options.rounds, threads=1, measure="texts_per_second")
    body = summarize([row.label for row in judged], texts, rounds)
    settings = {"tweets_learnt_from": len(learnt), "rounds": options.rounds}
    path = write_result("toxicity", QUESTION, {"settings": settings, **body}, folder=options.out)
    print(tables(body))
    say(f"written to {path}")


def summarize(
    labels: Sequence[str], texts: Mapping[str, Sequence[str]], rounds: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """Scores by contestant and level, the share of pages called, and speeds."""
    called = {label: outcomes[0]["called"] for label, outcomes in rounds.items()}
    if BOTH in rounds:
        called[LEARNED] = rounds[BOTH][0]["learned"]
    quality = {
        label: {
            level: score(labels, by_set["tweets"], level)
            for level in (LEVELS if label.startswith("samovar") else LEVELS[:1])
        }
        for label, by_set in called.items()
    }
    sizes = {
        name: {"texts": len(each), "bytes": sum(len(text.encode("utf-8", "surrogatepass")) for text in each)}
        for name, each in texts.items()
    }
    speed = {
        label: {name: _speed(outcomes, name, size) for name, size in sizes.items()}
        for label, outcomes in rounds.items()
    }
    return {
        "packages": {label: outcomes[0]["versions"] for label, outcomes in rounds.items()},
        "sets": {**sizes, "labels": {label: labels.count(label) for label in _LABELS.values()}},
        "quality": quality,
        "pages_called": {label: sum(map(bool, one[0]["called"]["pages"])) for label, one in rounds.items()},
        "speed": speed,
        "seconds_to_train": {label: one[0]["seconds_to_start"] for label, one in rounds.items() if label == BOTH},
        "peak_memory_bytes": {label: outcomes[0].get("peak_memory_bytes") for label, outcomes in rounds.items()},
    }


def _speed(outcomes: Sequence[Mapping[str, Any]], name: str, size: Mapping[str, int]) -> dict[str, Any]:
    spread = Spread.of([size["texts"] / one["seconds"][name] for one in outcomes])
    return {
        "texts_per_second": {key: round(value, 1) for key, value in spread._asdict().items()},
        "megabytes_per_second": round(spread.median * size["bytes"] / size["texts"] / 1e6, 3),
    }


def tables(body: Mapping[str, Any]) -> str:
    """The result for people."""
    counts = body["sets"]["labels"]
    parts = [f"{body['sets']['tweets']['texts']:,} tweets: " + ", ".join(f"{n:,} {name}" for name, n in counts.items())]
    rows = [
        [label, level, f"{one['called']:,}", *(_cell(one[name]) for name in ("precision", "recall", "f1"))]
        for label, levels in body["quality"].items()
        for level, one in levels.items()
    ]
    parts.append(markdown_table(["who", "level", "called", "precision", "recall", "F1"], rows))
    num_pages = body["sets"]["pages"]["texts"]
    rows = [[label, f"{n:,} of {num_pages:,}", f"{n / num_pages:.1%}"] for label, n in body["pages_called"].items()]
    parts.append(markdown_table(["pages of books called toxic", "pages", "share"], rows))
    rows = [
        [
            label,
            *(f"{by_set[name]['texts_per_second']['median']:,.0f}" for name in ("tweets", "pages")),
            *(f"{by_set[name]['megabytes_per_second']:.2f}" for name in ("tweets", "pages")),
        ]
        for label, by_set in body["speed"].items()
    ]
    parts.append(markdown_table(["who", "tweets/s", "pages/s", "MB/s of tweets", "MB/s of pages"], rows))
    return "\n\n".join(parts)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", type=Path, help=f"Python that has {' and '.join(PEERS)}")
    parser.add_argument("--tweets", type=int, default=100_000, help="at most so many tweets are judged")
    parser.add_argument("--page-characters", type=int, default=200_000, help="of the books, spread over them")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
