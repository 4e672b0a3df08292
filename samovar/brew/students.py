"""Sizes of students that a recipe's assistant could teach, and what each would take here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from samovar.brew.answering_forecast import answering_seconds, decoded_share_of_training_speed
from samovar.brew.forecast import PROCESS_BYTES, Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.training_forecast import (
    FORWARD_SHARE,
    TARGET_SHARE,
    WEIGHT_BYTES,
    decoder_settings,
    forecast_training,
    probe_training,
)
from samovar.model.settings import DecoderSettings, ModelSettings
from samovar.train.distill_settings import DistillSettings

SHARES = {"half": 1 / 2, "quarter": 1 / 4, "eighth": 1 / 8}
MOST_PROBED = 300_000_000
"""Parameters of a model whose decoding is tried here; of larger ones it is not foretold."""
_DECODED = 32


class Student(NamedTuple):
    """One student."""

    name: str
    settings: DistillSettings
    shape: DecoderSettings
    tokens_per_second: float | None
    """Of one answer, as a random model of that shape decodes here."""
    forecast: Forecast
    """Of distilling it."""

    @property
    def weight_bytes(self) -> int:
        """On disk."""
        return WEIGHT_BYTES * self.shape.num_parameters


def propose_students(recipe: Recipe, outlook: Outlook) -> list[Student]:
    """The largest fresh students of at most half, a quarter and an eighth of the teacher's parameters, and one that has
    half of its layers; those there are.
    """
    teacher, base = decoder_settings(recipe, outlook), recipe.distill or DistillSettings()
    wanted: dict[str, Mapping[str, Any]] = {
        name: {"size": size, "begin": "fresh"} for name, share in SHARES.items() if (size := fresh_size(teacher, share))
    }
    if teacher.num_layers > 1:
        wanted["half the layers"] = {"size": teacher.num_layers // 2, "begin": "layers"}
    distinct = {tuple(keys.items()): name for name, keys in reversed(wanted.items())}
    return [
        _student(name, base.model_copy(update=dict(keys)), recipe, outlook) for keys, name in reversed(distinct.items())
    ]


def fresh_size(teacher: DecoderSettings, share: float) -> int:
    """The largest dial whose model has at most ``share`` of the teacher's parameters; 0 when none has."""

    def parameters(size: int) -> int:
        return ModelSettings(size=size, context=teacher.max_positions).decoder(teacher.vocab_size).num_parameters

    sizes = range(1, 81)
    return max((size for size in sizes if parameters(size) <= share * teacher.num_parameters), default=0)


def distilling(recipe: Recipe, settings: DistillSettings, shape: DecoderSettings, outlook: Outlook) -> Forecast:
    """What teaching a student of this shape takes: its own steps, and what its teacher has to do."""
    training = forecast_training(recipe, settings, tokens=settings.tokens, outlook=outlook, shape=shape)
    speed = probe_training(recipe, settings, outlook)["tokens_per_second"]
    own = probe_training(recipe, settings, outlook, shape)["tokens_per_second"]
    # The teacher goes through every token once, kept or not; the student draws what it learns from on policy.
    seconds = training.seconds + FORWARD_SHARE * settings.tokens / speed
    seconds += settings.teacher_answers * settings.answer_tokens / 2 / (speed * decoded_share_of_training_speed())
    drawn = settings.on_policy * (1 - settings.on_policy_after) * settings.tokens * TARGET_SHARE
    seconds += drawn / (own * decoded_share_of_training_speed())
    if settings.alone:
        seconds += training.seconds
    for rate in (speed, own, *([own] if settings.alone else [])):
        seconds += answering_seconds(recipe, settings.gate.examples, rate)
    teacher = decoder_settings(recipe, outlook)
    is_live = settings.top_k is None or settings.on_policy > 0
    memory = training.memory_bytes + (WEIGHT_BYTES * teacher.num_parameters if is_live else 0)
    memory = max(memory, PROCESS_BYTES + 4 * WEIGHT_BYTES * teacher.num_parameters)
    return training._replace(
        seconds=seconds,
        memory_bytes=memory,
        disk_bytes=training.disk_bytes + kept_bytes(settings, teacher.vocab_size),
    )


def kept_bytes(settings: DistillSettings, vocab_size: int) -> float:
    """What keeping the teacher's expectations takes on disk, at as many targets as conversations mostly have."""
    if settings.top_k is None:
        return 0.0
    from samovar.train.teacher_cache import record_type

    # Of conversations the assistant's tokens are targets, of documents all.
    share = settings.documents_share + (1 - settings.documents_share) * TARGET_SHARE
    return share * settings.tokens * record_type(min(settings.top_k, vocab_size - 1), vocab_size).itemsize


def _student(name: str, settings: DistillSettings, recipe: Recipe, outlook: Outlook) -> Student:
    from samovar.train.students import student_shape

    teacher = decoder_settings(recipe, outlook)
    shape = student_shape(settings, teacher, teacher.vocab_size)
    forecast = distilling(recipe, settings, shape, outlook)
    return Student(name, settings, shape, decode_speed(shape, outlook), forecast)


def decode_speed(shape: DecoderSettings, outlook: Outlook) -> float | None:
    """Tokens a second of one answer here, of a model of random weights; None of one that is too large to try."""
    if shape.num_parameters > MOST_PROBED:
        return None

    def probe() -> dict[str, float]:
        from samovar.engine.decode_speed import decode_rate
        from samovar.model.decoder import Decoder
        from samovar.model.initialization import initialize

        model = Decoder(shape)
        initialize(model, 0)
        return {"tokens_per_second": decode_rate(model.eval(), num_tokens=_DECODED)}

    return outlook.machine.measured("decoding", shape.model_dump(mode="json"), probe)["tokens_per_second"]
