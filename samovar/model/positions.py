"""Where a token stands, told to the model in one of three ways: rotations, a bias for distance, or a learned vector.

Axes: B batch, T queries, S keys or positions, H query heads, A head width, R frequencies (half of what is rotated).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from samovar.model.settings import DecoderSettings, RopeScaling

LONGEST_TABLE = 32_768
"""Positions. Above, angles are computed as they are needed: a table of 131,072 takes over a hundred megabytes."""


class Rotary(nn.Module):
    """Cosines and sines of rotary embedding. Source: Su et al. 2021, arXiv:2104.09864."""

    def __init__(self, settings: DecoderSettings, theta: float, scaling: RopeScaling | None) -> None:
        super().__init__()
        # On the CPU even where the model is built on the meta device: loading has no other source for them. No buffer,
        # so that a model cast to bfloat16 keeps its frequencies.
        self.frequency_R, self.size = frequencies(settings.rotary_dim, theta, scaling)
        if settings.max_positions > LONGEST_TABLE:
            self.cos_SA: Tensor | None = None
            self.sin_SA: Tensor | None = None
            return
        cos_SA, sin_SA = self._angles(torch.arange(settings.max_positions, device="cpu"))
        self.register_buffer("cos_SA", cos_SA, persistent=False)
        self.register_buffer("sin_SA", sin_SA, persistent=False)

    def forward(self, positions_BT: Tensor | None, length: int, x: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines, BTA, on the device and in the type of ``x``.

        Args:
            positions_BT: where the tokens stand. None: at 0, 1, … in every row.
            length: T.
            x: anything of the model's.
        """
        if self.cos_SA is None or self.sin_SA is None:
            if positions_BT is None:
                positions_BT = torch.arange(length, device=x.device).unsqueeze(0)
            cos_BTA, sin_BTA = self._angles(positions_BT)
        elif positions_BT is None:
            cos_BTA, sin_BTA = self.cos_SA[:length].unsqueeze(0), self.sin_SA[:length].unsqueeze(0)
        else:
            cos_BTA, sin_BTA = self.cos_SA[positions_BT], self.sin_SA[positions_BT]
        return cos_BTA.to(x.dtype), sin_BTA.to(x.dtype)

    def _angles(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        angle = positions.float().unsqueeze(-1) * self.frequency_R.to(positions.device)
        angle = torch.cat((angle, angle), dim=-1)
        if self.size == 1.0:
            return angle.cos(), angle.sin()
        return angle.cos() * self.size, angle.sin() * self.size


def rotate(x_BHTA: Tensor, cos_BTA: Tensor, sin_BTA: Tensor) -> Tensor:
    """Rotary position embedding in the half-split form of Hugging Face; what is wider than the angles stays behind."""
    width = cos_BTA.shape[-1]
    if width < x_BHTA.shape[-1]:
        turned = rotate(x_BHTA[..., :width], cos_BTA, sin_BTA)
        return torch.cat((turned, x_BHTA[..., width:]), dim=-1)
    first, second = x_BHTA.chunk(2, dim=-1)
    turned = torch.cat((-second, first), dim=-1)
    return x_BHTA * cos_BTA.unsqueeze(1) + turned * sin_BTA.unsqueeze(1)


def frequencies(width: int, theta: float, scaling: RopeScaling | None = None) -> tuple[Tensor, float]:
    """Radians a token, float32, R = width / 2, and what cosines and sines are multiplied by."""
    exponent_R = torch.arange(0, width, 2, dtype=torch.int64, device="cpu").float() / width
    plain_R = 1.0 / theta**exponent_R
    if scaling is None:
        return plain_R, 1.0
    if scaling.kind == "linear":
        return plain_R / scaling.factor, 1.0
    if scaling.kind == "llama3":
        return _by_wavelength(plain_R, scaling), 1.0
    return _yarn(plain_R, theta, scaling), scaling.yarn_size


def _by_wavelength(plain_R: Tensor, scaling: RopeScaling) -> Tensor:
    """Slow ones slowed down by the factor, fast ones kept, those between mixed (Llama 3, arXiv:2407.21783)."""
    turns_R = scaling.original_positions * plain_R / (2 * math.pi)
    low, high = scaling.low_frequency_factor, scaling.high_frequency_factor
    kept_R = ((turns_R - low) / (high - low)).clamp(0.0, 1.0)
    return kept_R * plain_R + (1.0 - kept_R) * plain_R / scaling.factor


def _yarn(plain_R: Tensor, theta: float, scaling: RopeScaling) -> Tensor:
    """The same idea with a ramp over the number of the frequency (Peng et al. 2023, arXiv:2309.00071)."""
    count = len(plain_R)

    def number_of(turns: float) -> float:
        """Which frequency, as a fraction of steps, makes so many turns within the original context."""
        return count * math.log(scaling.original_positions / (turns * 2 * math.pi)) / math.log(theta)

    first, last = number_of(scaling.fast_turns), number_of(scaling.slow_turns)
    if scaling.rounds_ramp:
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, 2 * count - 1)
    ramp_R = torch.arange(count, device="cpu").float().sub(first) / max(last - first, 0.001)
    slowed_R = ramp_R.clamp(0.0, 1.0)
    return slowed_R * plain_R / scaling.factor + (1.0 - slowed_R) * plain_R


class Alibi:
    """A bias on attention scores that falls with distance, for every head at a rate of its own.

    Source: Press et al. 2022, arXiv:2108.12409, section 3; where the heads are no power of two, as in its code: those
    of the power below, then every second one of the power above.
    """

    def __init__(self, settings: DecoderSettings) -> None:
        heads = settings.num_heads
        below = 2 ** math.floor(math.log2(heads))
        numbers = [step / below for step in range(1, below + 1)]
        numbers += [step / (2 * below) for step in range(1, 2 * below, 2)][: heads - below]
        self.slopes_H = torch.tensor([2.0 ** (-settings.alibi_exponent * number) for number in numbers], device="cpu")
        self.scale, self.is_rounded = settings.alibi_scale, settings.alibi_in_bfloat16

    def bias(self, positions_BT: Tensor, key_positions_BS: Tensor) -> Tensor:
        """What is added to the scores, float32, BHTS, or BH1S where it differs by the same for all keys of a query."""
        slopes_H1 = self.slopes_H.to(positions_BT.device)[:, None]
        if self.is_rounded:
            bias_BHS = slopes_H1.to(torch.bfloat16) * key_positions_BS[:, None, :]
            return bias_BHS.float().unsqueeze(2) * self.scale
        distance_B1TS = (positions_BT[:, :, None] - key_positions_BS[:, None, :]).unsqueeze(1)
        return -(slopes_H1 * self.scale)[:, :, None] * distance_B1TS


def places_in_documents(document_BT: Tensor) -> Tensor:
    """The position of every token in its own document, int64, BT; a document is a run of one number."""
    number_T = torch.arange(document_BT.shape[1], device=document_BT.device)
    begins_BT = torch.ones_like(document_BT, dtype=torch.bool)
    begins_BT[:, 1:] = document_BT[:, 1:] != document_BT[:, :-1]
    return number_T - (number_T * begins_BT).cummax(dim=1).values
