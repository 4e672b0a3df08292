"""`samovar distill`: the stage by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.stage_alone import full_paths, given, make
from samovar.cli.terminal import AsJson, Changes, DryRun, OutFolder, RecipeFile

if TYPE_CHECKING:
    from samovar.brew.recipe import Recipe

EXAMPLE = "samovar distill assistant --size 3 --task arithmetic --out small"

Teacher = Annotated[Path, typer.Argument(metavar="TEACHER", help="Folder of the assistant.", show_default=False)]
Size = Annotated[
    int | None, typer.Option("--size", min=1, help="Dial of a fresh student: its layers.", show_default=False)
]
TopK = Annotated[
    int | None,
    typer.Option(
        "--top-k", min=1, metavar="K", show_default=False,
        help="Keep the K likeliest tokens at each target on disk, so that the teacher goes through the rows once.",
    ),
]  # fmt: skip
OnPolicy = Annotated[
    float | None,
    typer.Option(
        "--on-policy", min=0.0, max=1.0, metavar="SHARE", show_default=False,
        help="Share of the steps that learn from the student's own answers.",
    ),
]  # fmt: skip
Alone = Annotated[bool, typer.Option("--alone", help="Train the same student without a teacher too, to compare.")]
Student = Annotated[
    Path | None,
    typer.Option(
        "--student", metavar="DIR", help="Begin as this model, of the same tokenizer, instead.", show_default=False
    ),
]
TaskNames = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="NAME", help="Task to learn; may be repeated.", show_default=False),
]
Conversations = Annotated[
    list[Path] | None,
    typer.Option(
        "--conversations", metavar="FILE", help="Conversations to go through; may be repeated.", show_default=False
    ),
]
Shards = Annotated[
    Path | None,
    typer.Option(
        "--shards",
        metavar="DIR",
        help="Tokens that the teacher was trained on, for distill.documents_share: OUT-shards of `samovar pretrain`.",
        show_default=False,
    ),
]
Corpus = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="DIR", help="Corpus whose held-out text both read.", show_default=False),
]


def run(
    teacher: Teacher,
    out: OutFolder,
    size: Size = None,
    student: Student = None,
    task: TaskNames = None,
    conversations: Conversations = None,
    corpus: Corpus = None,
    shards: Shards = None,
    top_k: TopK = None,
    on_policy: OnPolicy = None,
    alone: Alone = False,
    recipe: RecipeFile = None,
    changes: Changes = None,
    as_json: AsJson = False,
    dry_run: DryRun = False,
) -> None:
    """Teach a smaller assistant what a larger one expects at every token.

    In the end both are asked the same held-out questions, and stand in one table with their sizes and speeds. Where
    distill.gate says how much worse the student may be, the teacher stays in OUT if it is worse than that.
    """
    named = {"size": size, "top_k": top_k, "on_policy": on_policy, "alone": alone or None}
    keys: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    shares = dict.fromkeys(task or (), 1.0)
    if shares:
        keys["tasks"] = shares
    asked: dict[str, Any] = {"tasks": shares} if shares and recipe is None else {}
    if conversations:
        asked["conversations"] = full_paths(conversations)
    make(
        "distill",
        inputs=given(sft=teacher, data=corpus, shards=shards, student=student),
        out=out,
        recipe_file=recipe,
        changes=changes,
        section={"distill": keys, "sft": asked},
        as_json=as_json,
        dry_run=dry_run,
        foretold=lambda recipe: _foretold(recipe, teacher),
        next_command=("samovar", "chat", out),
    )


def _foretold(recipe: Recipe, teacher: Path) -> dict[str, Any]:
    """What keeping the teacher's expectations will take on disk."""
    from samovar.brew.students import kept_bytes
    from samovar.model.checkpoint import read_settings
    from samovar.train.distill_settings import DistillSettings

    return {"kept_bytes": round(kept_bytes(recipe.distill or DistillSettings(), read_settings(teacher).vocab_size))}
