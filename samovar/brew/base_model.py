"""The pretrained model that a recipe starts from: where it is, its shape, and what it takes on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from samovar.brew.project import Project
from samovar.core.errors import MissingError
from samovar.core.files import read_json

if TYPE_CHECKING:
    from samovar.model.settings import DecoderSettings

CONFIG_FILE = "config.json"
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
    from samovar.model.hub import fetch_settings, look_up

    folder = local_folder(base, root)
    if folder is None:
        folder = Project(root).state / "cache" / "base" / base.replace("/", "--")
        if not (folder / CONFIG_FILE).is_file():
            fetch_settings(look_up(base), folder)
    return read_settings(folder)


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
        return memory.on_gpu if on_gpu else memory.resident(is_compiled=False, process_bytes=PROCESS_BYTES)

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
    import psutil

    return int(psutil.virtual_memory().available)


def facts_of(folder: Path) -> dict[str, Any]:
    """What the import said of the model in ``folder``, from its manifest; nothing where it is none of ours."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return {}
    metrics = read_json(manifest).get("metrics")
    return metrics if isinstance(metrics, dict) else {}
