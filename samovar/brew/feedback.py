"""What stages that ask a judge by a constitution share: who is asked, what is kept of it, and what it depends on."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from samovar.brew.alone import identify
from samovar.brew.curriculum import content_fingerprint, named_files
from samovar.core.artifact import SCRATCH
from samovar.train.feedback.settings import AdviserSettings, JudgingSettings

if TYPE_CHECKING:
    from samovar.brew.stage import StageContext
    from samovar.train.feedback.asking import Adviser
    from samovar.train.feedback.ledger import Ledger

LEDGER = "asked.jsonl"
"""What advisers said, in the project's own folder: another try with other settings asks only what is new."""


def judging_files(root: Path, how: JudgingSettings, key: str) -> dict[str, str]:
    """Fingerprints of the constitution, and of the models in folders that ``how``, the recipe's ``key``, names.

    Raises:
        MissingError: there is no such constitution.
        DataError: it has no rule, which is better said now than after hours.
    """
    from samovar.train.feedback.constitution import read_constitution

    constitution = named_files(root, [how.constitution], f"{key}.constitution")
    read_constitution(root / how.constitution)
    found = {"constitution": content_fingerprint(constitution)}
    for name in type(how).model_fields:
        who = getattr(how, name)
        if isinstance(who, AdviserSettings) and who.model is not None and who.url is None:
            found[name] = identify(root / who.model)
    return found


def open_ledger(context: StageContext) -> Ledger:
    """What was said before, in the project; of a stage by itself in what it makes.

    Raises:
        BusyError: another run writes it.
    """
    from samovar.train.feedback.ledger import Ledger

    ledger = Ledger((context.state or context.out / SCRATCH) / LEDGER)
    for line in ledger.words():
        print(line, file=sys.stderr, flush=True)
    return ledger


def give_notice(context: StageContext, advisers: Iterable[Adviser]) -> None:
    """Say of every adviser that is on another computer that it is."""
    if not context.is_quiet:
        for line in notices(advisers):
            print(line, file=sys.stderr, flush=True)


def notices(advisers: Iterable[Adviser]) -> list[str]:
    """A line for every adviser that is on another computer."""
    names = dict.fromkeys(one.name for one in advisers if one.leaves_machine)
    return [f"{name} is another computer: prompts and answers leave this machine" for name in names]
