"""How much of what is wrong with a corpus does each step find, and how much of what it takes out was wrong?

    python -m benchmarks.cleaning_quality --characters 20000000 --texts DATA

Faults are planted in clean texts (``benchmarks/faulty_corpus.py``), the steps of a recipe run over them one after
another, and each is judged by what it did to the faults that reached it. The clean texts, the faults and the rules
were made by the same people: these are numbers of a test that the steps do what they say, on faults as they are
planted here. How the texts that were clean came through stands below the table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.contest import say
from benchmarks.faults.ledger import EXACT_COPY, KINDS, NEAR_COPY, FaultyCorpus
from benchmarks.faults.measures import Passed, Score, scores_of
from benchmarks.faulty_corpus import base_texts, make_corpus
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.data.document import Document
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import StepSettings, Verdict

QUESTION = "Recall and precision of every step of cleaning, on planted faults"
LANGUAGES = ("en", "ru")


class Survival(NamedTuple):
    """What became of the documents that had no fault, nor a copy anywhere."""

    documents: int
    kept: int
    words: int
    words_kept: int
    dropped_by: dict[str, int]
    """Documents by the step that dropped them."""


class Measured(NamedTuple):
    """What a run over a faulty corpus gave."""

    scores: list[Score]
    survival: Survival
    cleaned: list[Document]


# In manuals brackets and quotation marks are many, in dialogues and verse commas and dashes, and each counts as a word
# without letters: the published 0.8 would drop most of the documentation of Python. Likewise headings and signs #.
FOR_MANY_SIGNS = {"min_words_with_letters": 0.6, "max_hashes_a_word": 0.3}


def recipe(questions: Path, *, have_many_signs: bool) -> list[StepSettings]:
    """The steps, in an order in which each can do its work: letters first, then lines, documents, copies, places.

    Args:
        questions: the evaluation set that no document may hold.
        have_many_signs: the clean texts need two of Gopher's thresholds to be others than the published ones.
    """
    classes = step_classes()
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("repair", {}),
        ("normalise", {}),
        ("boilerplate", {}),
        ("language", {"keep": list(LANGUAGES), "paragraphs": "drop_foreign"}),
        ("repetition", {}),
        ("gopher_quality", FOR_MANY_SIGNS if have_many_signs else {}),
        ("toxicity", {"actions": {"obscene": "mask", "insult": "mask", "hate": "mask"}}),
        ("exact_dedup", {}),
        ("near_dedup", {}),
        ("substring_dedup", {}),
        ("decontaminate", {"against": [str(questions)]}),
        ("redact", {}),
    ]
    return [classes[name].settings_class(step=name, **options) for name, options in wanted]


def measure(corpus: FaultyCorpus, steps: Sequence[StepSettings], scratch: Path) -> Measured:
    """Run the steps over the corpus, all of it in memory, and judge each."""
    documents = corpus.documents
    scores: list[Score] = []
    dropped_by: dict[str, str] = {}
    for number, settings in enumerate(steps):
        passed = run_step(settings, documents, scratch / f"{number}-{settings.step}")
        scores += scores_of(passed, corpus.ledger)
        dropped_by.update(dict.fromkeys(passed.dropped, settings.step))
        documents = list(passed.after.values())
    return Measured(scores, _survival(corpus, documents, dropped_by), documents)


def run_step(settings: StepSettings, documents: Iterable[Document], scratch: Path) -> Passed:
    """The documents before and after the step, with its verdicts."""
    scratch.mkdir(parents=True)
    step = make_step(settings, seed=0)
    step.scratch = scratch
    verdicts: dict[str, Verdict] = {}

    def witness(document: Document, verdict: Verdict) -> None:
        verdicts[document.id] = verdict

    step.witness = witness
    before = {document.id: document for document in documents}
    after = {document.id: document for document in step(iter(before.values()))}
    return Passed(settings.step, before, after, verdicts)


def _survival(corpus: FaultyCorpus, cleaned: Sequence[Document], dropped_by: dict[str, str]) -> Survival:
    faulty = corpus.ledger.documents(*KINDS)
    copies = corpus.ledger.documents(EXACT_COPY, NEAR_COPY)
    clean = {one.id: len(one.text.split()) for one in corpus.documents if one.id not in faulty | copies}
    kept = {one.id: len(one.text.split()) for one in cleaned if one.id in clean}
    by_step: dict[str, int] = {}
    for name in clean:
        if name in dropped_by:
            by_step[dropped_by[name]] = by_step.get(dropped_by[name], 0) + 1
    return Survival(len(clean), len(kept), sum(clean.values()), sum(kept.values()), by_step)


def table(scores: Sequence[Score]) -> str:
    """The scores for people, forms below the step they belong to."""
    rows = []
    for score in scores:
        recall, precision = score.intervals()
        rows.append(
            [
                score.step if not score.form else "",
                score.unit if not score.form else f"· {score.form}",
                f"{score.planted:,}",
                _cell(score.recall, recall),
                "" if score.form else f"{score.taken:,}",
                "" if score.form else _cell(score.precision, precision),
            ]
        )
    return markdown_table(["step", "counted", "planted", "recall (95 %)", "taken", "precision (95 %)"], rows)


def _cell(share: float | None, interval: tuple[float, float]) -> str:
    return "" if share is None else f"{share:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"


def _without_folder(step: StepSettings, questions: Path) -> dict[str, Any]:
    """The settings as the result states them, without the folder of this run."""
    stated = step.model_dump(mode="json", exclude_defaults=True) | {"step": step.step}
    return stated | {"against": [questions.name]} if "against" in stated else stated


def main() -> None:
    """Make the corpus, run the steps, write the result, print the table."""
    options = _options()
    texts = base_texts(options.texts, characters=options.characters, seed=options.seed)
    corpus = make_corpus(texts, seed=options.seed)
    say(f"{len(corpus.documents):,} documents, {len(corpus.ledger.faults):,} faults")
    with TemporaryDirectory() as name:
        questions = Path(name) / "questions.jsonl"
        corpus.write_questions(questions)
        steps = recipe(questions, have_many_signs=not options.published)
        measured = measure(corpus, steps, Path(name))
    body = {
        "settings": {
            "characters": options.characters,
            "texts": "the documentation of Python" if options.texts is None else "real sets",
            "seed": options.seed,
            "gopher_thresholds": "as published" if options.published else FOR_MANY_SIGNS,
            "steps": [_without_folder(step, questions) for step in steps],
        },
        "documents": len(corpus.documents),
        "planted": {kind: len(corpus.ledger.of(kind)) for kind in KINDS},
        "scores": [score.row() for score in measured.scores],
        "clean_documents": measured.survival._asdict(),
    }
    path = write_result("cleaning_quality", QUESTION, body, folder=options.out)
    print(table(measured.scores))
    print(told(measured.survival))
    say(f"written to {path}")


def told(survival: Survival) -> str:
    """What became of the clean documents, in a sentence."""
    by_step = ", ".join(f"{step} {count:,}" for step, count in sorted(survival.dropped_by.items())) or "none"
    return (
        f"\nOf {survival.documents:,} documents without a fault {survival.kept:,} came through, with "
        f"{survival.words_kept / max(1, survival.words):.2%} of the words of all of them; dropped by step: {by_step}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help="folder of clean texts; by default the documentation of Python")
    parser.add_argument("--characters", type=int, default=2_000_000, help="of clean text")
    parser.add_argument("--published", action="store_true", help="leave all of Gopher's thresholds as published")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)
