"""`samovar judge`: how far a judge agrees with people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, Changes, RecipeFile, print_json, say, say_next

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samovar.evals.agreement import Agreement, Vote
    from samovar.train.feedback.constitution import Constitution

EXAMPLE = "samovar judge assistant votes.jsonl --constitution constitution.md"

JudgeName = Annotated[
    str,
    typer.Argument(
        metavar="JUDGE",
        help="Folder of a model or a project, or the address of a server: http://127.0.0.1:8000/v1.",
        show_default=False,
    ),
]
Votes = Annotated[
    Path,
    typer.Argument(metavar="VOTES", help="Votes or pairs of people (docs/preferences.md).", show_default=False),
]
ConstitutionFile = Annotated[
    Path, typer.Option("--constitution", metavar="FILE", help="Text of the rules, one a list item.")
]
Most = Annotated[int | None, typer.Option("--count", min=1, help="Judge the first so many alone.", show_default=False)]
Kept = Annotated[
    Path | None,
    typer.Option(
        "--keep",
        metavar="FILE",
        help="Keep what the judge says here, and go on from it; by default VOTES.asked.jsonl in this folder.",
        show_default=False,
    ),
]
Lessons = Annotated[
    Path | None,
    typer.Option(
        "--lessons",
        metavar="FILE",
        help="Ask nobody, and write what people's votes would have had the judge say: rows for `samovar sft`.",
        show_default=False,
    ),
]


def run(
    judge: JudgeName,
    votes: Votes,
    constitution: ConstitutionFile = Path("constitution.md"),
    count: Most = None,
    keep: Kept = None,
    lessons: Lessons = None,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
) -> None:
    """Have a judge decide what people decided, by your rules, and say how far they agree.

    Each pair is judged twice, the answers swapped; a verdict that turns with them is a tie. Prints a line of JSON a
    pair; with --json only what they amount to. How it judges is set as for `samovar rlaif`, as in
    --set rlaif.judge.model=NAME.
    """
    import json

    from samovar.brew.feedback import notices
    from samovar.brew.recipe import compose_recipe
    from samovar.evals.agreement import measure_agreement, read_votes
    from samovar.train.feedback.constitution import read_constitution
    from samovar.train.feedback.judge import Judge
    from samovar.train.feedback.ledger import Asker, Ledger
    from samovar.train.feedback.settings import RlaifSettings

    settings = compose_recipe(recipe, {"rlaif": {"judge": adviser_keys(judge)}}, changes or ()).rlaif or RlaifSettings()
    rules = read_constitution(constitution)
    some = read_votes(votes, seed=settings.seed)[:count]
    if lessons is not None:
        _write_lessons(some, rules, lessons)
        say_next("samovar", "sft", "MODEL" if "://" in judge else judge, "--conversations", lessons, "--out", "judge")
        return
    adviser = _open(judge, settings)
    for line in notices([adviser]):
        say(line)
    kept = keep or Path(f"{votes.stem}.asked.jsonl")
    with Ledger(kept) as ledger:
        for line in ledger.words():
            say(line)
        asked = Judge.of(settings, Asker(adviser, ledger))
        found, verdicts = measure_agreement(asked, some, rules.for_language)
    if as_json:
        print_json(found.to_json())
    else:
        for vote, verdict in verdicts:
            prompt = [one.to_openai() for one in vote.prompt]
            sides = {"messages": prompt, "left": vote.left, "right": vote.right, "people": vote.winner}
            print(json.dumps({**sides, **verdict.to_json()}, ensure_ascii=False))
    for line in told(found):
        say(line)


def adviser_keys(who: str) -> dict[str, Any]:
    """The settings of an adviser that is named by one word: an address, or a folder."""
    is_address = who.startswith(("http://", "https://"))
    return {"url": who} if is_address else {"model": str(Path(who).resolve())}


def told(found: Agreement) -> list[str]:
    """What it amounts to, a sentence a line."""
    facts = found.to_json()

    def shown(name: str) -> str:
        fact = facts[name]
        if not fact["of"]:
            return "there is no such pair"
        return f"{fact['share']:.1%} ({fact['low']:.1%} to {fact['high']:.1%} with 95 % confidence, of {fact['of']})"

    lines = [
        f"agrees with people where both decide: {shown('agreement')}",
        f"agrees with people, ties counted: {shown('agreement_with_ties')}; Cohen's kappa {facts['kappa']:.2f}",
        f"turns its verdict when the answers are swapped: {shown('flipped')}",
        f"prefers the answer that stands first: {shown('first_preferred')}",
        f"prefers the longer answer: {shown('longer_preferred')}; people: {shown('longer_preferred_by_people')}",
    ]
    words = {
        "unreadable": "had no verdict that could be read",
        "too_long": "were too long for the judge",
        "refused": "have no place in the judge's template",
    }
    return lines + [
        f"{count} pairs {words.get(what, what)} and were left out" for what, count in facts["left_out"].items()
    ]


def _write_lessons(votes: Sequence[Vote], rules: Constitution, out: Path) -> None:
    from samovar.core.files import write_json_lines
    from samovar.evals.agreement import compared, sound_votes
    from samovar.train.feedback.judge import lessons

    rows = [
        row.to_openai()
        for vote in sound_votes(votes)
        for row in lessons(compared(vote, rules.for_language), vote.winner)
    ]
    write_json_lines(out, rows)
    say(f"{out}: {len(rows)} conversations, both orders of every pair that people decided")


def _open(who: str, settings: Any) -> Any:
    from samovar.brew.alone import identify
    from samovar.train.feedback.advisers import open_adviser

    if settings.judge.url is None:
        from samovar.brew.assistant import find_assistant

        model = find_assistant(Path(who)).model
        return open_adviser(
            settings.judge.model_copy(update={"model": None}), root=Path(), otherwise=model, identify=identify
        )
    return open_adviser(settings.judge, root=Path(), otherwise=None, identify=identify)
