"""The forms a model's weights can have, each measured, and the one that is kept.

Axes: R rows, T tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args

import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.engine.settings import Form
from samovar.model.calibration.four_bits import calibrate, harms
from samovar.model.checkpoint import family, load_model, save_model, weight_bytes
from samovar.model.decoder import Decoder
from samovar.model.int4 import GROUP
from samovar.model.quantization_config import check_storable
from samovar.model.quantized import MapForm, is_quantized, quantize_model, quantized_maps, stored_bytes

CANDIDATES: dict[Form, tuple[Form, ...]] = {
    "int4": ("int4-gptq", "int4-awq"),
    "mixed": ("int4-gptq", "mixed"),
    "auto": ("int8", "int8-dynamic", "nf4", "int4-gptq", "int4-awq", "mixed"),
}
"""What is tried for a form that is chosen by measuring; any other is what it says."""


class Losses(NamedTuple):
    """How well a model foretells what it was not trained on."""

    documents: float
    """Bits per byte of documents."""
    answers: float | None = None
    """Bits per byte of what the assistant says in conversations; None where there are none. What rounding costs an
    assistant shows here: of documents, which it was taught away from, a rounded one may even foretell more."""

    def increase(self, before: Losses) -> float:
        """By what share of itself the one that rose more did rise."""
        rises = [self.documents / before.documents - 1.0]
        if self.answers is not None and before.answers:
            rises.append(self.answers / before.answers - 1.0)
        return max(rises)


class Measured(NamedTuple):
    """One form of a model, measured."""

    form: Form
    size_bytes: int
    """Of the weights as a folder stores them."""
    losses: Losses | None
    increase: float | None
    """Of ``losses``, as a share."""
    maps_in_int8: int = 0
    """Of a mixed form."""


@dataclass
class Quantizer:
    """Tries forms of ``model`` and keeps the one that its rule wants."""

    model: Decoder
    """Its maps are plain."""
    measure: Callable[[Decoder], Losses] | None = None
    """On held-out text; None where there is none."""
    calibration_RT: Tensor | None = None
    """Rows of text of the model's own kind, that four bits are rounded on."""
    max_increase: float = 0.005
    group: int = GROUP
    on_measured: Callable[[Measured], None] | None = None
    before: Losses | None = field(default=None, init=False)
    """Of the model itself."""
    table: list[Measured] = field(default_factory=list, init=False)

    def make(self, form: Form) -> tuple[Decoder, Measured]:
        """The model in ``form``. ``auto`` and ``mixed`` give the smallest tried that is within the bound, ``int4`` the
        one of its two that loses less.

        Raises:
            ConfigError: the form needs text and there is none; or nothing tried is within the bound.
        """
        self._check(form)
        if self.measure is not None:
            self.before = self.measure(self.model)
        best: tuple[Decoder, Measured] | None = None
        for made in self._made(form):
            self.table.append(made[1])
            if self.on_measured is not None:
                self.on_measured(made[1])
            is_better = best is None or self._rank(form, made[1]) < self._rank(form, best[1])
            if is_better and self._is_wanted(form, made[1]):
                best = made
        if best is None:
            nearest = min(self.table, key=lambda one: one.increase or 0.0)
            raise ConfigError(
                f"no form keeps the increase of bits per byte within {self.max_increase:.3%}: {nearest.form}, which "
                f"loses least, raises them by {nearest.increase or 0.0:.3%}",
                hint="allow more with max_bpb_increase, or keep the model as it is",
            )
        return best

    def _check(self, form: Form) -> None:
        wants_text = form in CANDIDATES or form.startswith("int4")
        if wants_text and (self.measure is None or self.calibration_RT is None):
            raise ConfigError(
                f"the form {form} is settled by measuring on text, and there is none",
                hint="give a corpus (--corpus), or take int8, int8-dynamic or nf4",
            )

    def _made(self, form: Form) -> Iterator[tuple[Decoder, Measured]]:
        """Every candidate in turn, but those that a folder of this family cannot hold."""
        for one in CANDIDATES.get(form, (form,)):
            if one == "mixed":
                yield from self._mixed()
            elif one.startswith("int4"):
                method = "awq" if one == "int4-awq" else "gptq"
                if (made := self._storable(form, self._calibrated(method))) is not None:
                    yield made, self._measured(one, made)
            elif (made := self._storable(form, self._nearest(one))) is not None:
                yield made, self._measured(one, made)

    def _mixed(self) -> Iterator[tuple[Decoder, Measured]]:
        """Four bits with as few maps in eight as the bound wants: those first that do most harm a byte saved.

        How many is found by halving: every step makes and measures a model.
        """
        four = next((one for one in self.table if one.form == "int4-gptq"), None)
        if four is None or self._is_within(four):
            return
        assert self.calibration_RT is not None
        harm = harms(self.model, self.calibration_RT, group=self.group)
        size = {unit: sum(self.model.get_parameter(f"{name}.weight").numel() for name in unit) for unit in harm}
        order = sorted(harm, key=lambda unit: harm[unit] / size[unit], reverse=True)
        too_few, enough = 0, len(order)
        while enough - too_few > 1:
            count = (too_few + enough) // 2
            names = {name for unit in order[:count] for name in unit}
            made = self._calibrated("gptq", names)
            measured = self._measured("mixed", made)._replace(maps_in_int8=len(names))
            yield made, measured
            if self._is_within(measured):
                enough = count
            else:
                too_few = count

    def _calibrated(self, method: Any, in_eight_bits: set[str] | None = None) -> Decoder:
        assert self.calibration_RT is not None
        return calibrate(
            self.model, self.calibration_RT, method=method, group=self.group, in_eight_bits=in_eight_bits or set()
        )

    def _nearest(self, form: str) -> Decoder:
        assert form in get_args(MapForm)
        return quantize_model(self.model, form, group=self.group)  # type: ignore[arg-type]

    def _storable(self, wanted: Form, made: Decoder) -> Decoder | None:
        """``made``; None where its folder cannot hold it and other candidates are left."""
        try:
            check_storable(quantized_maps(made).values(), family(made.settings.family).layout(made.settings))
        except ConfigError:
            if wanted != "auto":
                raise
            return None
        return made

    def _measured(self, form: Form, made: Decoder) -> Measured:
        after = None if self.measure is None else self.measure(made)
        increase = None if after is None or self.before is None else after.increase(self.before)
        return Measured(form, stored_bytes(made.state_dict()), after, increase)

    def _is_wanted(self, form: Form, measured: Measured) -> bool:
        return form not in ("auto", "mixed") or self._is_within(measured)

    def _is_within(self, measured: Measured) -> bool:
        return measured.increase is not None and measured.increase <= self.max_increase

    def _rank(self, form: Form, measured: Measured) -> tuple[float, float]:
        """What is lowest is kept."""
        loss = measured.increase or 0.0
        return (loss, 0.0) if form == "int4" else (measured.size_bytes, loss)


def quantize_folder(source: Path, out: Path, *, form: Form = "int8", **options: Any) -> dict[str, Any]:
    """Write the model in ``source`` to ``out`` with weights of ``form``; the rest is stored in bfloat16.

    Args:
        source: a model folder.
        out: another one.
        form: of the weights.
        options: of ``Quantizer``.
    Returns:
        the form that was kept, bytes of the weights before and after, the root mean square error of the weights
        relative to theirs, and what was measured of every form tried.
    Raises:
        ConfigError: it is quantized already, ``out`` is ``source``, or the form cannot be made.
    """
    if source.resolve() == out.resolve():
        raise ConfigError(f"{out} is the model itself", hint="name another folder for the quantized model")
    model = load_model(source)
    if is_quantized(model):
        raise ConfigError(f"{source} is quantized already", hint="name the folder of the model before quantization")
    quantizer = Quantizer(model, **options)
    quantized, kept = quantizer.make(form)
    save_model(quantized, out, tokenizer_folder=source, dtype=torch.bfloat16)
    metrics: dict[str, Any] = {
        "form": kept.form,
        "source_bytes": weight_bytes(source),
        "weight_bytes": weight_bytes(out),
        "forms": [_said(one) | {"is_kept": one is kept} for one in quantizer.table],
    }
    if kept.form != "int4-awq":  # which moves sizes from map to map, so that maps cannot be compared
        metrics["relative_error"] = round(_relative_error(model, quantized), 6)
    if quantizer.before is not None and kept.losses is not None and kept.increase is not None:
        metrics |= {
            "bits_per_byte": round(kept.losses.documents, 4),
            "bits_per_byte_before": round(quantizer.before.documents, 4),
            "bits_per_byte_change": round(kept.losses.documents / quantizer.before.documents - 1.0, 5),
        }
        if kept.losses.answers is not None and quantizer.before.answers is not None:
            metrics |= {
                "answer_bits_per_byte": round(kept.losses.answers, 5),
                "answer_bits_per_byte_before": round(quantizer.before.answers, 5),
            }
    return metrics


def _said(measured: Measured) -> dict[str, Any]:
    """A form as the manifest has it."""
    losses = measured.losses
    return {
        "form": measured.form,
        "size_bytes": measured.size_bytes,
        "bits_per_byte": None if losses is None else losses.documents,
        "answer_bits_per_byte": None if losses is None else losses.answers,
        "increase": measured.increase,
        "maps_in_int8": measured.maps_in_int8,
    }


def _relative_error(model: Decoder, quantized: Decoder) -> float:
    wrong = total = 0.0
    weights = dict(model.named_parameters())
    for name, module in quantized_maps(quantized).items():
        weight = weights[f"{name}.weight"].detach().float()
        wrong += float((module.dequantize() - weight).square().sum())
        total += float(weight.square().sum())
    return (wrong / total) ** 0.5 if total else 0.0
