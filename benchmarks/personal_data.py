"""How much personal data is found, how much of what is found is personal, and how fast, against Presidio's patterns?

    python -m benchmarks.personal_data --presidio-python /path/to/venv/bin/python

Two sets: the English sentences of presidio-research with their spans (from SAMOVAR_DATA, or ../shared/data beside the
repository; left out when absent), and Russian documents generated here. A place counts as found when something of
its kind overlaps it, and something found counts as right when it overlaps a place of its kind.

The Russian set and the rules that find its values were written by the same people, from the same documents about
these numbers: read its numbers as a test that the rules do what they say, and those of the English set as a
measurement. The words that announce a phone were completed after a look at what was missed in the English set.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.contest import ROOT, TIMEOUT_S, Contestant, ContestantError, Spread, environment, play, say
from benchmarks.personal_documents import Document, russian_documents, secret_lines
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.data.personal.kinds import BY_LANGUAGE, KINDS

QUESTION = "Precision and recall of personal data by kind, and documents a second against Presidio's patterns"
SHARED = Path(os.environ.get("SAMOVAR_DATA", ROOT.parent / "shared" / "data"))
_FILES = ("generated_large", "synth_dataset_v2")
_SCRIPT = ROOT / "benchmarks" / "contestants" / "presidio_patterns.py"
_LEAST_SCORE = 0.4

# The kinds of the English set; what the set has no spans for is not judged there.
_KIND_OF_SPAN = {
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "PHONE_NUMBER": "phone",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "US_SSN": "ssn",
    "ADDRESS": "address",
    "STREET_ADDRESS": "address",
    "PERSON": "person",
}
SHARED_KINDS = ("email", "card", "phone", "iban", "ip", "ssn")
"""What both Presidio's patterns and Samovar look for."""

Place = tuple[int, int, str]


class Score(NamedTuple):
    """Counts for one kind."""

    places: int
    hit: int
    found: int
    right: int

    def row(self) -> dict[str, Any]:
        """As written into the result."""
        return {
            "places": self.places,
            "found": self.found,
            "precision": round(self.right / self.found, 4) if self.found else None,
            "recall": round(self.hit / self.places, 4) if self.places else None,
        }


def score(documents: Sequence[Document], found: Sequence[Iterable[Place]], kinds: Iterable[str]) -> dict[str, Score]:
    """Precision and recall by kind, over the kinds that ``documents`` have spans for or that were found."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document, places in zip(documents, found, strict=True):
        mine = list(places)
        for span in document.spans:
            counts[span[2]].update(places=1, hit=any(_meet(span, place) for place in mine))
        for place in mine:
            counts[place[2]].update(found=1, right=any(_meet(place, span) for span in document.spans))
    return {kind: Score(*(counts[kind][name] for name in Score._fields)) for kind in kinds if counts[kind]["places"]}


def _meet(left: Place, right: Place) -> bool:
    return left[2] == right[2] and left[0] < right[1] and right[0] < left[1]


def english_documents() -> list[Document]:
    """The sentences of presidio-research; empty where they are not there."""
    folder = SHARED / "presidio_pii"
    if not folder.is_dir():
        return []
    import pyarrow as pa

    documents = []
    for name in _FILES:
        with pa.input_stream(folder / f"{name}.json.zst", compression="zstd") as stream:
            rows = json.loads(stream.read())
        for row in rows:
            spans = tuple(
                (span["start_position"], span["end_position"], _KIND_OF_SPAN[span["entity_type"]])
                for span in row["spans"]
                if span["entity_type"] in _KIND_OF_SPAN
            )
            documents.append(Document(row["full_text"], spans))
    return documents


def contestants(job: Path) -> list[Contestant]:
    """Samovar, with all kinds and with those that Presidio's patterns have, with RE2 and without."""
    default = [kind for kind in KINDS if kind not in BY_LANGUAGE]
    return [
        Contestant("samovar, all kinds", "samovar_personal", _job(job, KINDS, gives_found=True)),
        Contestant("samovar, kinds masked by default", "samovar_personal", _job(job, default)),
        Contestant("samovar, the same kinds", "samovar_personal", _job(job, SHARED_KINDS)),
        Contestant("samovar, the same kinds, re alone", "samovar_personal", _job(job, SHARED_KINDS, uses_re2=False)),
    ]


def _job(job: Path, kinds: Sequence[str], *, uses_re2: bool = True, gives_found: bool = False) -> dict[str, Any]:
    return {"job": str(job), "kinds": list(kinds), "uses_re2": uses_re2, "gives_found": gives_found}


def run_presidio(python: Path, job: Path, out: Path) -> dict[str, Any]:
    """One round of Presidio in a process of its own."""
    done = subprocess.run(
        [str(python), str(_SCRIPT), str(job), str(out)],
        env=environment(1),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise ContestantError(
            f"Presidio ended with code {done.returncode}: {done.stderr.strip()[-800:]}",
            hint="pip install presidio-analyzer detect-secrets into the environment of --presidio-python",
        )
    outcome: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return outcome


def of_presidio(found: Sequence[Sequence[Sequence[Any]]]) -> list[list[Place]]:
    """What Presidio found with a score of at least 0.4, in Samovar's kinds."""
    return [
        [(start, end, _KIND_OF_SPAN[kind]) for start, end, kind, certainty in places if certainty >= _LEAST_SCORE]
        for places in found
    ]


def score_lines(wanted: Sequence[bool], found: Sequence[bool]) -> dict[str, Any]:
    """Precision and recall over lines that hold a secret or do not."""
    both = sum(a and b for a, b in zip(wanted, found, strict=True))
    return Score(sum(wanted), both, sum(found), both).row()


def main() -> None:
    """Play the rounds, score, write the result, print the tables."""
    options = _options()
    sets = {"english": english_documents(), "russian": russian_documents(options.documents, seed=options.seed)}
    for name in [name for name, documents in sets.items() if not documents]:
        say(f"the {name} set is left out: {SHARED / 'presidio_pii'} is not there")
        del sets[name]
    lines = secret_lines(options.documents, seed=options.seed)
    rounds: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    if options.presidio_python is None:
        say("Presidio and detect-secrets are left out: --presidio-python names no Python that has them")
    with TemporaryDirectory() as folder:
        job, out = Path(folder) / "job.json", Path(folder) / "out.json"
        texts = {name: [document.text for document in documents] for name, documents in sets.items()}
        job.write_text(json.dumps({"texts": texts, "lines": [line for line, _ in lines]}), encoding="utf-8")
        for _ in range(options.rounds):
            played = play(contestants(job), rounds=1, threads=1, measure="all_documents_per_second")
            for label, outcomes in played.items():
                rounds[label] += outcomes
            if options.presidio_python is not None:
                rounds["presidio, patterns"].append(run_presidio(options.presidio_python, job, out))
    body = summarize(sets, rounds, [is_secret for _, is_secret in lines])
    settings = {"documents": options.documents, "seed": options.seed, "rounds": options.rounds}
    path = write_result("personal_data", QUESTION, {"settings": settings, **body}, folder=options.out)
    print(tables(body))
    say(f"written to {path}")


def summarize(
    sets: Mapping[str, Sequence[Document]],
    rounds: Mapping[str, Sequence[Mapping[str, Any]]],
    wanted_lines: Sequence[bool],
) -> dict[str, Any]:
    """Scores by set, contestant and kind; documents a second by set and contestant; secrets by line."""
    ours, theirs = rounds["samovar, all kinds"][0], rounds.get("presidio, patterns")
    quality: dict[str, Any] = {}
    for name, documents in sets.items():
        quality[name] = {"samovar": _rows(score(documents, ours["found"][name], KINDS))}
        if theirs:
            found = of_presidio(theirs[0]["found"][name])
            quality[name]["presidio, patterns"] = _rows(score(documents, found, SHARED_KINDS))
    speed = {
        label: {
            name: {key: round(value, 1) for key, value in _spread(outcomes, name)._asdict().items()} for name in sets
        }
        for label, outcomes in rounds.items()
    }
    secrets = {"samovar": score_lines(wanted_lines, ours["secret_lines"])}
    if theirs:
        secrets["detect-secrets"] = score_lines(wanted_lines, theirs[0]["secret_lines"])
    sizes = {
        name: {"documents": len(documents), "characters": sum(len(one.text) for one in documents)}
        for name, documents in sets.items()
    }
    packages = {"samovar": ours["versions"], "peers": theirs[0]["versions"] if theirs else {}}
    return {
        "packages": packages,
        "sets": sizes,
        "quality": quality,
        "documents_per_second": speed,
        "secret_lines": secrets,
    }


def _rows(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {kind: one.row() for kind, one in scores.items()}


def _spread(outcomes: Sequence[Mapping[str, Any]], name: str) -> Spread:
    return Spread.of([one["documents_per_second"][name] for one in outcomes])


def tables(body: Mapping[str, Any]) -> str:
    """The result for people."""
    parts = []
    for name, by_whom in body["quality"].items():
        labels = list(by_whom)
        header = ["kind", "places", *(f"{label}: precision / recall" for label in labels)]
        rows = [
            [kind, f"{row['places']:,}", *(_cell(by_whom[label].get(kind)) for label in labels)]
            for kind, row in by_whom["samovar"].items()
        ]
        parts += [f"{name}: {body['sets'][name]['documents']:,} documents", markdown_table(header, rows)]
    names = list(body["sets"])
    rows = [
        [
            label,
            *(
                f"{by_set[name]['median']:,.0f} ({by_set[name]['low']:,.0f} to {by_set[name]['high']:,.0f})"
                for name in names
            ),
        ]
        for label, by_set in body["documents_per_second"].items()
    ]
    parts += [markdown_table(["documents/s (range)", *names], rows)]
    rows = [[label, _cell(row)] for label, row in body["secret_lines"].items()]
    parts += [markdown_table(["lines with secrets", "precision / recall"], rows)]
    return "\n\n".join(parts)


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    precision = "none found" if row["precision"] is None else f"{row['precision']:.3f}"
    return f"{precision} / {row['recall']:.3f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presidio-python", type=Path, help="Python that has presidio-analyzer and detect-secrets")
    parser.add_argument(
        "--documents", type=int, default=2000, help="Russian documents, and lines with or without secrets"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
