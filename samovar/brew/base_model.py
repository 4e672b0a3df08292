"""The pretrained model that a recipe starts from: where it is, its shape, and what it takes on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from samovar.brew.project import Project
from samovar.core.errors import MissingError
from samovar.core.memory import free_memory
from samovar.core.whole_folder import whole_folder

if TYPE_CHECKING:
    from samovar.model.settings import DecoderSettings

COMMIT_FILE = "commit"
"""Beside what is fetched of a model: which version of its repository that is."""
KEPT = (".safetensors", ".json", ".bin", ".model", ".jinja", ".txt", ".md")
"""Ends of the names of files in a model's folder that count."""
RANK = 16
TUNED_CONTEXT = 1024
"""Tokens of a row when the memory of fine-tuning is told."""


class Need(NamedTuple):
    """What a kind of work takes here."""

    what: str
    memory_bytes: float
    fits: bool


def local_folder(base: str, root: Path) -> Path | None:
    """The folder that ``base`` names, from ``root`` on; None where it is an id of Hugging Face.

    Raises:
        MissingError: it is a path, and there is no such folder.
    """
    path = root / Path(base).expanduser()
    if path.is_dir():
        return path
    if base.startswith((".", "/", "~")) or path.exists():
        raise MissingError(
            f"{path} is no folder of a model", hint="name the folder that holds config.json, or an id of Hugging Face"
        )
    return None


def with_model(folder: Path, key: str, *, hint: str) -> Path:
    """The folder that the recipe's ``key`` names, in which there is a model.

    Raises:
        MissingError: there is none; ``hint`` is what to name.
    """
    if not (folder / "config.json").is_file():
        raise MissingError(f"{key}: there is no model in {folder}", hint=hint)
    return folder


def base_files(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of change of each file of a model's folder: they change when the model does."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name.endswith(KEPT))
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]


def base_shape(base: str, root: Path) -> DecoderSettings:
    """The shape of the model that a recipe in ``root`` starts from; of one on Hugging Face its settings are fetched.

    Raises:
        MissingError: there is no such model.
        ConfigError: its family is unknown.
        ResourceError: Hugging Face cannot be reached.
    """
    from samovar.model.checkpoint import read_settings

    return read_settings(settings_folder(base, root))


def settings_folder(base: str, root: Path) -> Path:
    """The folder of the model that ``base`` names; of one on Hugging Face, a folder with all but its weights.

    Raises:
        MissingError: there is no such model.
        ResourceError: Hugging Face cannot be reached.
    """
    from samovar.model.hub import fetch_settings, look_up

    folder = local_folder(base, root)
    if folder is not None:
        return folder
    folder = _cache(root) / base.replace("/", "--")
    if not folder.is_dir():
        snapshot = look_up(base)
        with whole_folder(folder) as partial:
            fetch_settings(snapshot, partial)
            (partial / COMMIT_FILE).write_text(snapshot.commit, encoding="utf-8")
    return folder


def model_folder(base: str, root: Path, *, is_quiet: bool = False) -> Path:
    """The folder of the model that ``base`` names, with its weights; one on Hugging Face is fetched once, and a decoder
    among them becomes a folder of ours, as by `samovar import`.

    Raises:
        MissingError: there is no such model.
        ConfigError: its weights are in pickles alone.
        ResourceError: Hugging Face cannot be reached, or the disk has no room.
    """
    from samovar.model.hub import fetch_weights, look_up, split_id
    from samovar.model.imported import Origin, import_folder
    from samovar.model.reward_encoder import is_encoder

    settings = settings_folder(base, root)
    if local_folder(base, root) is not None:
        return settings
    whole = _cache(root) / f"{settings.name}.whole"
    if not whole.is_dir():
        name, commit = split_id(base)[0], (settings / COMMIT_FILE).read_text(encoding="utf-8")
        fetch_weights(look_up(f"{name}@{commit}"), settings, is_quiet=is_quiet)
        with whole_folder(whole) as partial:
            if is_encoder(settings):
                shutil.copytree(settings, partial, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".cache"))
            else:
                import_folder(settings, partial, origin=Origin(name, commit), moves=True)
    return whole


def _cache(root: Path) -> Path:
    return Project(root).state / "cache" / "base"


def shape_of_facts(facts: Mapping[str, Any]) -> DecoderSettings:
    """The shape that the base stage's metrics hold."""
    from samovar.model.settings import DecoderSettings

    return DecoderSettings.model_validate(facts["shape"])


def needs_here(shape: DecoderSettings) -> list[Need]:
    """The memory of answering, of fine-tuning all weights, and of fine-tuning adapters beside 16 or 4 bits.

    On a GPU where there is one, else on the processor.
    """
    from samovar.brew.forecast import PROCESS_BYTES
    from samovar.core.devices import pick_device
    from samovar.model.sizes import inference_memory
    from samovar.train.memory_model import Adapter, training_memory

    device = pick_device()
    on_gpu = device.type == "cuda"
    free = _free_bytes(on_gpu)
    context = min(TUNED_CONTEXT, shape.max_positions)

    def training(adapter: Adapter | None) -> float:
        memory = training_memory(
            shape,
            context=context,
            micro_batch_tokens=context,
            optimizer="adamw",
            target_share=0.5,
            is_on_gpu=on_gpu,
            adapter=adapter,
        )
        return memory.on_gpu if on_gpu else memory.resident(process_bytes=PROCESS_BYTES)

    process = 0.0 if on_gpu else float(PROCESS_BYTES)
    element_bytes = 2 if on_gpu else 4
    answering = inference_memory(shape, context=min(4096, shape.max_positions), element_bytes=element_bytes)
    weights = answering.weights * (1 if on_gpu else 2)
    found = {
        "answer": process + weights + answering.cache + answering.work,
        "fine-tune all weights": training(None),
        f"fine-tune with LoRA (rank {RANK})": training(Adapter(RANK)),
        "fine-tune with QLoRA (4 bits)": training(Adapter(RANK, base_bits=4)),
    }
    return [Need(what, size, size <= free) for what, size in found.items()]


def _free_bytes(on_gpu: bool) -> int:
    if on_gpu:
        import torch

        return int(torch.cuda.mem_get_info()[0])
    return free_memory()
