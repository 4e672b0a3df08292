"""Where a student begins: which of the teacher's layers it has, and that it is smaller."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samovar.core.errors import ConfigError
from samovar.engine.quantize import quantize_folder
from samovar.model.checkpoint import load_model, read_settings
from samovar.train.distill_settings import DistillSettings
from samovar.train.students import kept_layers, make_student, student_shape
from tests.train.tiny_preferences import tiny_model


def test_layers_are_spread_evenly_between_the_first_and_the_last() -> None:
    assert kept_layers(1, 6) == [0]
    assert kept_layers(2, 6) == [0, 5]
    assert kept_layers(4, 10) == [0, 3, 6, 9]
    for of in range(2, 40):
        for count in range(2, of + 1):
            kept = kept_layers(count, of)
            assert len(set(kept)) == count
            assert (kept[0], kept[-1]) == (0, of - 1)


def test_a_student_of_layers_has_the_teachers(tmp_path: Path) -> None:
    teacher = tiny_model(tmp_path / "teacher", layers=4)
    made = make_student(DistillSettings(size=3, begin="layers"), teacher, tmp_path / "student")
    student, master = load_model(made, dtype=torch.float32), load_model(teacher, dtype=torch.float32)
    assert torch.equal(student.embed_tokens.weight, master.embed_tokens.weight)
    for layer, number in zip(student.layers, kept_layers(3, 4), strict=True):
        theirs = master.layers[number].state_dict()
        assert all(torch.equal(value, theirs[name]) for name, value in layer.state_dict().items())
    fresh = make_student(DistillSettings(size=3, begin="layers"), teacher, tmp_path / "alone", knows_nothing=True)
    assert read_settings(fresh) == read_settings(made)
    assert not torch.equal(load_model(fresh, dtype=torch.float32).layers[0].self_attn.q_proj.weight,
                           student.layers[0].self_attn.q_proj.weight)  # fmt: skip


def test_windows_and_experts_stay_with_their_layers(tmp_path: Path) -> None:
    shape = read_settings(tiny_model(tmp_path / "teacher", layers=4))
    shape = shape.model_copy(update={"window": 8, "windowed_layers": (0, 1, 3)})
    found = student_shape(DistillSettings(size=2, begin="layers"), shape, shape.vocab_size)
    assert (found.num_layers, found.windowed_layers) == (2, (0, 1))


@pytest.mark.parametrize(("size", "begin"), [(20, "fresh"), (4, "layers"), (9, "layers")])
def test_no_student_is_as_large_as_its_teacher(tmp_path: Path, size: int, begin: str) -> None:
    teacher = tiny_model(tmp_path / "teacher", layers=4)
    settings = DistillSettings.model_validate({"size": size, "begin": begin})
    with pytest.raises(ConfigError, match="and the teacher has"):
        make_student(settings, teacher, tmp_path / "student")
    assert not (tmp_path / "student").exists()


def test_layers_of_a_quantized_teacher_are_not_taken(tmp_path: Path) -> None:
    quantize_folder(tiny_model(tmp_path / "whole", layers=3), tmp_path / "teacher")
    settings = DistillSettings(size=1, begin="layers")
    with pytest.raises(ConfigError, match="is quantized"):
        make_student(settings, tmp_path / "teacher", tmp_path / "student")
    assert not (tmp_path / "student").exists()
    made = make_student(settings, tmp_path / "teacher", tmp_path / "alone", knows_nothing=True)
    assert read_settings(made).num_layers == 1
