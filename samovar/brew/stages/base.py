"""Take another's pretrained model in, to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samovar.brew.base_model import base_files, base_shape, local_folder
from samovar.brew.forecast import PROCESS_BYTES, Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext
from samovar.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

FETCHED_BYTES_PER_SECOND = 20e6
COPIED_BYTES_PER_SECOND = 300e6
BYTES_PER_PARAMETER = 2


class BaseStage(Stage):
    """The pretrained model, a Hugging Face folder with its card: in place of a tokenizer and a model of one's own."""

    name = "base"
    resumes = True

    def __init__(self, *, allow_pickle: bool = False) -> None:
        self._allow_pickle = allow_pickle

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the recipe names a base."""
        return recipe.base is not None

    def stands_for(self, recipe: Recipe) -> tuple[str, ...]:
        """The tokenizer; and the base model, unless it reads the documents first."""
        return ("tokenizer",) if recipe.is_pretrained_here else ("tokenizer", "pretrain")

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """The name of the model."""
        return {"base": recipe.base, **({"allow_pickle": True} if self._allow_pickle else {})}

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """Names, sizes and times of the files of a folder; of Hugging Face, the id says all."""
        from samovar.core.files import fingerprint

        folder = local_folder(_named(recipe), root)
        return {} if folder is None else {"folder": fingerprint([list(fact) for fact in base_files(folder)])[:16]}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Fetch it where it is not here, check it, and write it down."""
        from samovar.core.artifact import SCRATCH
        from samovar.model.imported import Origin, check_settings, import_folder

        base = _named(context.recipe)
        folder = local_folder(base, context.root)
        if folder is not None:
            return import_folder(
                folder, context.out, origin=Origin(folder.resolve().name), allow_pickle=self._allow_pickle
            )
        from samovar.model.hub import fetch_settings, fetch_weights, look_up

        snapshot = look_up(base)
        fetched = context.out / SCRATCH / snapshot.commit
        fetched.mkdir(parents=True, exist_ok=True)
        fetch_settings(snapshot, fetched)
        check_settings(fetched)  # before gigabytes are fetched
        fetch_weights(snapshot, fetched, allow_pickle=self._allow_pickle, is_quiet=context.is_quiet)
        origin = Origin(snapshot.name, snapshot.commit)
        return import_folder(fetched, context.out, origin=origin, allow_pickle=self._allow_pickle, moves=True)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """The bytes of its weights, copied or fetched."""
        base = _named(recipe)
        shape = base_shape(base, outlook.root)
        size = float(BYTES_PER_PARAMETER * shape.num_parameters)
        is_here = local_folder(base, outlook.root) is not None
        rate = COPIED_BYTES_PER_SECOND if is_here else FETCHED_BYTES_PER_SECOND
        return Forecast(3.0 + size / rate, PROCESS_BYTES, size)


def _named(recipe: Recipe) -> str:
    if recipe.base is None:
        raise ConfigError("the recipe names no base", hint="write `base: ` and a folder or an id of Hugging Face")
    return recipe.base
