"""Models of a given shape with random weights, in every precision, for us, for llama.cpp and for OpenVINO.

What a weight is does not change how long its product takes. They are made once, in a folder of one's choice.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Literal

from benchmarks.contest import Contestant, run_alone, say
from benchmarks.shape import qwen3_06b, smollm2_135m, ten_million, tiny
from samovar.core.errors import MissingError, SamovarError

Precision = Literal["bf16", "8 bit", "4 bit"]
PRECISIONS: tuple[Precision, ...] = ("bf16", "8 bit", "4 bit")
SHAPES = {"10M": ten_million, "135M": smollm2_135m, "0.6B": qwen3_06b, "tiny": tiny}
CONTEXT = 1024
_FORMS: dict[Precision, Literal["int8-dynamic", "int4"]] = {"8 bit": "int8-dynamic", "4 bit": "int4"}
_LLAMA_TYPES: dict[Precision, str] = {"8 bit": "Q8_0", "4 bit": "Q4_0"}
_BITS: dict[Precision, int] = {"bf16": 16, "8 bit": 8, "4 bit": 4}
_LARGEST_VOCABULARY = 4096
"""Of the tokenizer; a longer table is padded, as those of other models are."""
_WEIGHT_SCALE = 0.02


def model_folder(home: Path, size: str, precision: Precision) -> Path:
    """Samovar's model of this size and precision; made where it is not there yet."""
    plain = home / size / "bf16"
    if not (plain / "config.json").is_file():
        _write_plain(plain, size)
    if precision == "bf16":
        return plain
    folder = home / size / _FORMS[precision]
    if not (folder / "config.json").is_file():
        say(f"{size}: rounding to {_FORMS[precision]}")
        from samovar.model.checkpoint import load_model, save_model
        from samovar.model.quantized import quantize_model

        save_model(quantize_model(load_model(plain), _FORMS[precision]), folder, tokenizer_folder=plain)
    return folder


def gguf_file(home: Path, size: str, precision: Precision, llama_bin: Path) -> Path:
    """The same weights for llama.cpp: our export in bfloat16, which its own tool rounds further.

    Raises:
        MissingError: there is no llama-quantize in ``llama_bin``.
    """
    exported = home / size / "gguf"
    plain = exported / "model-bf16.gguf"
    if not plain.is_file():
        from samovar.engine.export.gguf import export

        say(f"{size}: exporting to GGUF")
        shutil.rmtree(exported, ignore_errors=True)
        export(model_folder(home, size, "bf16"), exported, weight_type="bf16")
    if precision == "bf16":
        return plain
    kind = _LLAMA_TYPES[precision]
    path = exported / f"model-{kind}.gguf"
    if not path.is_file():
        say(f"{size}: llama-quantize to {kind}")
        part = path.with_suffix(".partial")
        _run([str(program(llama_bin, "llama-quantize")), str(plain), str(part), kind])
        part.rename(path)
    return path


def openvino_folder(home: Path, size: str, precision: Precision, python: str) -> Path:
    """The same weights for OpenVINO, converted and rounded by its own tools.

    Args:
        home: folder of all models.
        size: a key of ``SHAPES``.
        precision: of the weights.
        python: that of an environment with optimum-intel and nncf.
    """
    folder = home / size / f"openvino-{_BITS[precision]}"
    if not folder.is_dir():
        say(f"{size}: converting for OpenVINO, {precision}")
        part = folder.with_suffix(".partial")
        shutil.rmtree(part, ignore_errors=True)
        job = {"source": str(model_folder(home, size, "bf16")), "out": str(part), "bits": _BITS[precision]}
        run_alone(Contestant(f"OpenVINO's conversion of {size}", "openvino_model", job, python=python), threads=1)
        part.rename(folder)
    return folder


def program(llama_bin: Path, name: str) -> Path:
    """One of llama.cpp's programs.

    Raises:
        MissingError: it is not in the folder.
    """
    path = llama_bin / name
    if not path.is_file():
        raise MissingError(f"{llama_bin} has no {name}", hint="name the folder with llama.cpp's programs by --llama")
    return path


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise SamovarError(f"{Path(command[0]).name} ended with code {done.returncode}: {done.stderr.strip()[-600:]}")


def _write_plain(folder: Path, size: str) -> None:
    import torch

    from samovar.model.checkpoint import save_model
    from samovar.model.decoder import Decoder
    from samovar.tokenizer.settings import TokenizerSettings
    from samovar.tokenizer.train import train_tokenizer

    say(f"{size}: writing random weights")
    shape = SHAPES[size](context=CONTEXT)
    train_tokenizer(_texts(), TokenizerSettings(vocab_size=min(shape.vocab_size, _LARGEST_VOCABULARY))).save(folder)
    with torch.device("meta"):
        model = Decoder(shape)
    draw = torch.Generator().manual_seed(0)
    state = {
        name: torch.ones(one.shape, dtype=torch.bfloat16)
        if one.ndim == 1
        else torch.empty(one.shape, dtype=torch.bfloat16).normal_(0, _WEIGHT_SCALE, generator=draw)
        for name, one in model.state_dict().items()
    }
    model.load_state_dict(state, strict=True, assign=True)
    save_model(model, folder)


def _texts() -> list[str]:
    """Plain English that comes with Python: a tokenizer needs some text, and the speed does not depend on which."""
    from pydoc_data.topics import topics

    return list(topics.values())
