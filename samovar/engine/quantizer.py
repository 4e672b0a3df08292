"""The forms a model's weights can have, each measured, and the one that is kept.

Axes: R rows, T tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, get_args

from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.engine.settings import CANDIDATES, READS_TEXT, Form
from samovar.model.calibration.four_bits import calibrate, harms
from samovar.model.checkpoint import family
from samovar.model.decoder import Decoder
from samovar.model.int4 import GROUP
from samovar.model.quantization_config import check_storable
from samovar.model.quantized import MapForm, quantize_model, quantized_maps, stored_bytes, with_eight_bits

HOPE = 2.0
"""Times the bound that an estimate may be for the form to be measured on the whole text: a part tells roughly."""


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


Measure = Callable[[Decoder], Losses]


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
    is_estimate: bool = False
    """Measured on a part of the text."""


class Tried(NamedTuple):
    """A model in one form, and what was measured of it."""

    model: Decoder
    measured: Measured


@dataclass
class Quantizer:
    """Tries forms of ``model`` and keeps the one that its rule wants."""

    model: Decoder
    """Its maps are plain."""
    measure: Measure | None = None
    """On held-out text; None where there is none."""
    calibration_RT: Tensor | None = None
    """Rows of text of the model's own kind, that four bits are rounded on."""
    estimate: Measure | None = None
    """On a part of that text; None: where many forms are tried, each is measured on all of it."""
    max_increase: float = 0.005
    group: int = GROUP
    on_measured: Callable[[Measured], None] | None = None
    before: Losses | None = field(default=None, init=False)
    """Of the model itself."""
    table: list[Measured] = field(default_factory=list, init=False)
    _before_on_part: Losses | None = field(default=None, init=False)

    def make(self, form: Form) -> tuple[Decoder, Measured]:
        """The model in ``form``. ``auto`` and ``mixed`` give the smallest tried that is within the bound, ``int4`` the
        one of its three that loses least.

        Raises:
            ConfigError: the form needs text and there is none; a folder of this family cannot hold it; or nothing
                tried is within the bound.
        """
        if form in READS_TEXT and (self.measure is None or self.calibration_RT is None):
            raise ConfigError(
                f"the form {form} is settled by measuring on text, and there is none",
                hint="give a corpus (--corpus), or take int8, int8-dynamic, int4-nearest or nf4",
            )
        if self.measure is not None:
            self.before = self.measure(self.model)
        if form in ("auto", "mixed"):
            return self._smallest_within(form)
        tried = [self._noted(one, self._rounded(one)) for one in CANDIDATES.get(form, (form,))]
        return min(tried, key=lambda one: one.measured.increase or 0.0)

    def _smallest_within(self, form: Form) -> Tried:
        """Every candidate is judged by a part of the text; from the smallest on, those with hope by all of it."""
        if self.estimate is not None:
            self._before_on_part = self.estimate(self.model)
        tried = list(self._estimated(form))
        tried.sort(key=lambda one: (one.measured.size_bytes, one.measured.increase))
        is_eight = [one.measured.form.startswith("int8") for one in tried]
        small = [one for one, is_large in zip(tried, is_eight, strict=True) if not is_large]
        large = [one for one, is_large in zip(tried, is_eight, strict=True) if is_large]
        for found in (self._first_within(small), self._mixed(small), self._first_within(large)):
            for one in found:
                return one
        nearest = min(self.table, key=lambda one: (one.is_estimate, one.increase or 0.0))
        raise ConfigError(
            f"no form keeps the increase of bits per byte within {self.max_increase:.3%}: {nearest.form}, which "
            f"loses least, raises them by {nearest.increase or 0.0:.3%}",
            hint="allow more with max_bpb_increase, or keep the model as it is",
        )

    def _estimated(self, form: Form) -> Iterator[Tried]:
        """All candidates but the mixed, and but those that a folder of this family cannot hold."""
        for one in CANDIDATES[form]:
            if one == "mixed":
                continue
            try:
                made = self._rounded(one)
            except ConfigError:
                if form != "auto":
                    raise
                continue
            yield self._noted(one, made, is_estimate=True)

    def _first_within(self, tried: Sequence[Tried]) -> Iterator[Tried]:
        """Those within the bound, in their order; what has no hope by its estimate is passed over."""
        for one in tried:
            if (one.measured.increase or 0.0) <= HOPE * self.max_increase:
                whole = self._on_all(one)
                if self._is_within(whole.measured):
                    yield whole

    def _mixed(self, tried: Sequence[Tried]) -> Iterator[Tried]:
        """Four bits with as few maps in eight as the bound wants: those first that do most harm a byte saved.

        How many is found by halving on the part of the text, and then, where all of it wants more, by going half of the
        way to eight bits everywhere. Every map is rounded once: what differs is which of its two forms stands there.
        """
        four = [one for one in tried if one.measured.form in ("int4-nearest", "int4-gptq")]
        if not four:
            return
        base = min(four, key=lambda one: one.measured.increase or 0.0).model
        assert self.calibration_RT is not None
        harm = harms(self.model, self.calibration_RT, group=self.group)
        size = {unit: sum(self.model.get_parameter(f"{name}.weight").numel() for name in unit) for unit in harm}
        order = sorted(harm, key=lambda unit: harm[unit] / size[unit], reverse=True)

        def make(count: int) -> Tried:
            names = {name for unit in order[:count] for name in unit}
            return self._noted("mixed", with_eight_bits(base, self.model, names), len(names), is_estimate=True)

        too_few, enough = 0, len(order)
        made = {}
        while enough - too_few > 1:
            count = (too_few + enough) // 2
            made[count] = make(count)
            too_few, enough = (too_few, count) if self._is_within(made[count].measured) else (count, enough)
        while enough < len(order):
            whole = self._on_all(made.get(enough) or make(enough))
            if self._is_within(whole.measured):
                yield whole
            enough += max(1, (len(order) - enough) // 2)

    def _rounded(self, form: Form) -> Decoder:
        """The model in ``form``, which names one way of rounding.

        Raises:
            ConfigError: a folder of this family cannot hold it.
        """
        if form in ("int4-gptq", "int4-awq"):
            assert self.calibration_RT is not None
            method = "awq" if form == "int4-awq" else "gptq"
            made = calibrate(self.model, self.calibration_RT, method=method, group=self.group)  # type: ignore[arg-type]
        else:
            name = form.removesuffix("-nearest")
            assert name in get_args(MapForm)
            made = quantize_model(self.model, name, group=self.group)  # type: ignore[arg-type]
        check_storable(quantized_maps(made).values(), family(made.settings.family).layout(made.settings))
        return made

    def _on_all(self, tried: Tried) -> Tried:
        """Measured on the whole text, where it was on a part."""
        was = tried.measured
        return self._noted(was.form, tried.model, was.maps_in_int8) if was.is_estimate else tried

    def _noted(self, form: Form, made: Decoder, maps_in_int8: int = 0, *, is_estimate: bool = False) -> Tried:
        """``made``, measured, and a line of the table."""
        is_estimate = is_estimate and self.estimate is not None
        measure, before = (self.estimate, self._before_on_part) if is_estimate else (self.measure, self.before)
        after = None if measure is None else measure(made)
        increase = None if after is None or before is None else after.increase(before)
        measured = Measured(form, stored_bytes(made.state_dict()), after, increase, maps_in_int8, is_estimate)
        self.table.append(measured)
        if self.on_measured is not None:
            self.on_measured(measured)
        return Tried(made, measured)

    def _is_within(self, measured: Measured) -> bool:
        return measured.increase is not None and measured.increase <= self.max_increase
