"""A command run by the processes that torchrun started: the first leads, the others follow.

The first process does what it would do alone: it cleans, locks, prints and renames. Where it comes to a stage that
trains, it tells the others which, and all of them run that stage; then the others wait again. So nothing but training
knows of more than one process.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, load_stages
from samovar.train.parallel.world import GRACE_S, World, joined, leave, naming_lost_processes, number_of_processes


def run_together(stage: Stage, context: StageContext) -> Mapping[str, Any]:
    """``stage.run(context)``; a stage that trains is run by all processes, called by the first one.

    Raises:
        ResourceError: another process failed.
    """
    if not stage.is_parallel:
        if stage.trains and number_of_processes() > 1 and not context.is_quiet:
            line = f"{stage.name} is trained by the first of {number_of_processes()} processes; the others wait"
            print(line, file=sys.stderr, flush=True)
        return stage.run(context)
    world = joined()
    if world.size == 1:
        return stage.run(context)
    world.call(_to_text(stage, context))
    try:
        with naming_lost_processes(world):
            return stage.run(replace(context, world=world))
    except Exception as error:
        world.report_failure(error)
        raise


def lead(command: Callable[[], int]) -> int:
    """Run ``command`` in the first process, and tell the others when it is over; gives its exit code."""
    code = 1
    try:
        code = command()
    finally:
        world = joined()
        world.end()
        if code == 0:  # after a failure the others are in the middle of something
            for rank in range(1, world.size):
                world.told(f"left/{rank}", timeout_s=GRACE_S)
            leave()
    return code


def follow() -> None:
    """Run the stages that the first process calls for, until its command is over.

    Raises:
        SystemExit: the first process failed, and has told so.
        Exception: this process failed, and the first one did not.
    """
    world = joined()
    while (text := world.next_call()) is not None:
        stage, context = _from_text(text, world)
        try:
            stage.run(context)
        except Exception as error:
            world.report_failure(error)
            if world.told("end", timeout_s=GRACE_S) is not None:
                raise SystemExit(1) from error
            raise
    world.tell(f"left/{world.rank}", "")
    leave()


def _to_text(stage: Stage, context: StageContext) -> str:
    return json.dumps(
        {
            "stage": stage.name,
            # What nobody set stays so: processes that took it for set would cut their steps into other micro-batches.
            "recipe": context.recipe.model_dump(mode="json", exclude_unset=True),
            "root": str(context.root.resolve()),
            "inputs": {name: str(folder.resolve()) for name, folder in context.inputs.items()},
            "out": str(context.out.resolve()),
        }
    )


def _from_text(text: str, world: World) -> tuple[Stage, StageContext]:
    call = json.loads(text)
    context = StageContext(
        Recipe.model_validate(call["recipe"]),
        Path(call["root"]),
        {name: Path(folder) for name, folder in call["inputs"].items()},
        Path(call["out"]),
        is_quiet=True,
        world=world,
    )
    return load_stages()[call["stage"]], context
