"""Where a student begins: with fresh weights of a smaller shape, or with some of its teacher's own layers.

Source of the second: Sanh et al. 2019 (DistilBERT), arXiv:1910.01108, section 3, which takes every other layer; so do
Muralidharan et al. 2024 (Minitron), arXiv:2407.14679, among the ways that they compare.
"""

from __future__ import annotations

from pathlib import Path

import torch

from samovar.core.errors import ConfigError
from samovar.model.checkpoint import load_model, read_settings, save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.quantized import is_quantized
from samovar.model.settings import DecoderSettings, ModelSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.distill_settings import DistillSettings


def student_shape(settings: DistillSettings, teacher: DecoderSettings, vocab_size: int) -> DecoderSettings:
    """The shape of the student that the settings ask for, in the teacher's context.

    Args:
        settings: with the size, and how it begins.
        teacher: the teacher's shape.
        vocab_size: of the tokenizer.
    """
    if settings.begin == "fresh":
        return ModelSettings(size=settings.size, context=teacher.max_positions).decoder(vocab_size)
    return _with_layers(teacher, kept_layers(min(settings.size, teacher.num_layers), teacher.num_layers))


def check_smaller(student: DecoderSettings, teacher: DecoderSettings, size: int) -> None:
    """See that the student of this ``size`` has fewer parameters than its teacher.

    Raises:
        ConfigError: it has not.
    """
    if student.num_parameters >= teacher.num_parameters:
        smallest = "no student of this kind is smaller: teach with a larger assistant"
        raise ConfigError(
            f"size {size} is {student.num_parameters:,} parameters, and the teacher has {teacher.num_parameters:,}",
            hint="lower distill.size" if size > 1 else smallest,
        )


def kept_layers(count: int, of: int) -> list[int]:
    """``count`` of ``of`` layers, evenly spread, the first and the last among them."""
    return [round(number * (of - 1) / max(1, count - 1)) for number in range(count)]


def make_student(settings: DistillSettings, teacher: Path, folder: Path, *, knows_nothing: bool = False) -> Path:
    """Leave the student as it begins in ``folder``, unless it is there.

    Args:
        settings: its size, and how it begins.
        teacher: the teacher's folder.
        folder: the student's.
        knows_nothing: whether it has fresh weights even where the settings would have it begin with its teacher's.
    Raises:
        ConfigError: it would not be smaller than its teacher, or is to take layers of one that is quantized.
    """
    tokenizer, taught = Tokenizer.load(teacher), read_settings(teacher)
    shape = student_shape(settings, taught, tokenizer.vocab_size)
    check_smaller(shape, taught, settings.size)
    if (folder / "config.json").is_file():
        return folder
    model = Decoder(shape)
    if settings.begin == "fresh" or knows_nothing:
        initialize(model, settings.seed, sketches_induction=True)
    else:
        master = load_model(teacher, dtype=torch.float32)
        if is_quantized(master):
            raise ConfigError(
                f"{teacher} is quantized, and a student takes whole layers",
                hint="name the assistant as it was before, or leave distill.begin at fresh",
            )
        _take_layers(model, master)
    save_model(model, folder, tokenizer_folder=teacher)
    return folder


def _with_layers(shape: DecoderSettings, kept: list[int]) -> DecoderSettings:
    """The shape of a model that has the layers ``kept`` of one of ``shape``."""

    def among(layers: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(new for new, old in enumerate(kept) if old in layers)

    changes = {
        "num_layers": len(kept),
        "windowed_layers": among(shape.windowed_layers),
        "expert_layers": among(shape.expert_layers),
    }
    return DecoderSettings.model_validate(shape.model_dump() | changes)


def _take_layers(model: Decoder, teacher: Decoder) -> None:
    """Copy into ``model`` its share of the teacher's layers, and all that is no layer."""
    others = {name: value for name, value in teacher.state_dict().items() if not name.startswith("layers.")}
    model.load_state_dict(others, strict=False)
    kept = kept_layers(len(model.layers), len(teacher.layers))
    for layer, number in zip(model.layers, kept, strict=True):
        layer.load_state_dict(teacher.layers[number].state_dict())
