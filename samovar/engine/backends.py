"""Who computes: our own engine, or vLLM behind the same interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from samovar.engine.engine import Engine

Backend = Literal["own", "vllm"]


def open_engine(
    folder: Path,
    *,
    backend: Backend = "own",
    max_batch: int = 8,
    max_context: int | None = None,
    adapters: Mapping[str, Path] | None = None,
    **options: Any,
) -> Engine:
    """The engine over the model in ``folder``.

    Args:
        folder: a model folder.
        backend: own: on processors and GPUs, every family. vllm: on large GPUs, where the extra is installed.
        max_batch: requests answered at once.
        max_context: longest prompt and answer together, in tokens; None takes the model's, or what fits.
        adapters: name -> folder in PEFT's format, of those that requests may name.
        options: of ``Engine.load``, as ``draft``; vLLM has its own way of all that.
    Raises:
        MissingError: there is no model, or vLLM is not installed.
    """
    if backend == "own":
        return Engine.load(folder, max_batch=max_batch, max_context=max_context, adapters=adapters, **options)
    from samovar.engine.vllm_backend import VllmEngine

    # It has what runners and servers call, and no more: see there.
    return cast(Engine, VllmEngine.load(folder, max_batch=max_batch, max_context=max_context, adapters=adapters))
