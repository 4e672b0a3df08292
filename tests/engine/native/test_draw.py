"""Tokens drawn in C++ against the softmax in float64, and against torch's draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from samovar.engine.native.draw import draw
from samovar.engine.request import Sampling
from samovar.engine.sampler import from_all, sample

ENDS = (0.0, 1 - 2.0**-24)


def fixed(values: list[float]) -> list[Callable[[], float]]:
    return [lambda value=value: value for value in values]  # type: ignore[misc]


def at(*temperatures: float) -> list[Sampling]:
    return [Sampling(temperature=temperature) for temperature in temperatures]


def assert_passed(logits_V: Tensor, temperature: float, drawn: float, token: int) -> None:
    """The token is the one that the drawn share falls on, within what float32 rounds."""
    probability_V = (logits_V.double() / temperature).softmax(0)
    before = probability_V[:token].sum().item()
    assert probability_V[token] > 0
    assert before - 1e-5 <= drawn <= before + probability_V[token].item() + 1e-5


@pytest.mark.parametrize("columns", [1, 5, 31, 32, 33, 64, 100, 4096, 5003])
def test_the_token_is_that_on_which_the_drawn_share_falls(columns: int) -> None:
    generator = torch.Generator().manual_seed(columns)
    logits = torch.randn(40, columns + 7, generator=generator)[:, :columns] * 4
    logits[:, 1:][torch.rand(40, columns - 1, generator=generator) < 0.3] = -torch.inf
    drawn = torch.rand(40, generator=generator).tolist()
    drawn[:4] = [*ENDS, *ENDS]
    samplings = at(*(1.0, 0.3, 2.5, 0.7) * 10)
    found = draw(logits, samplings, fixed(drawn)).tolist()
    for row, token in enumerate(found):
        assert_passed(logits[row], samplings[row].temperature, drawn[row], token)
        alone = draw(logits[row : row + 1].clone(), samplings[row : row + 1], fixed(drawn[row : row + 1]))
        assert alone.tolist() == [token]
    # At the very ends rounding decides.
    assert found[4:] == from_all(logits, samplings, fixed(drawn)).tolist()[4:]


def test_whole_numbers_are_numbers_too() -> None:
    logits = torch.randn(3, 90, generator=torch.Generator().manual_seed(0))
    found = [draw(logits, at(*row), fixed([0.3, 0, 0.9])).tolist() for row in ((1, 2, 1), (1.0, 2.0, 1.0))]
    assert found[0] == found[1]
    assert draw(logits, at(1, 2, 1), fixed([0, 0, 0])).tolist() == [0, 0, 0]


def test_the_coldest_takes_the_likeliest_and_the_banned_never_come() -> None:
    logits = torch.full((4, 70), -torch.inf)
    logits[0, [3, 69]] = torch.tensor([900.0, 899.0])
    logits[1, 66] = -1e4
    logits[2, [40, 41]] = 1000.0
    for uniform in ENDS:
        found = draw(logits, at(1e-9, 1.0, 1.0, 1.0), fixed([uniform] * 4)).tolist()
        assert found[:2] == [3, 66]
        assert found[2] == (40 if uniform == 0 else 41)
        assert 0 <= found[3] < 70  # nothing may come: any token, as long as it is one


def test_columns_that_do_not_lie_beside_each_other_are_drawn_from_all_the_same() -> None:
    logits = torch.randn(50, 6, generator=torch.Generator().manual_seed(1)).t()
    drawn = [0.1, 0.3, 0.5, 0.7, 0.9, 0.99]
    assert (
        draw(logits, at(*[1.0] * 6), fixed(drawn)).tolist() == from_all(logits, at(*[1.0] * 6), fixed(drawn)).tolist()
    )


def test_frequencies_follow_the_softmax() -> None:
    logits = torch.randn(48, generator=torch.Generator().manual_seed(2))
    drawn = torch.rand(20_000, generator=torch.Generator().manual_seed(3)).tolist()
    found = Counter(draw(logits.expand(20_000, -1), at(*[0.8] * 20_000), fixed(drawn)).tolist())
    expected = (logits / 0.8).softmax(0)
    assert all(found[token] / 20_000 == pytest.approx(expected[token].item(), abs=0.012) for token in range(48))


def test_only_rows_that_are_not_cut_go_this_way() -> None:
    seen: list[int] = []

    def watched(logits: Tensor, *rest: object) -> Tensor:
        seen.append(len(logits))
        return draw(logits, *rest)  # type: ignore[arg-type]

    logits = torch.randn(4, 60, generator=torch.Generator().manual_seed(4))
    samplings = [Sampling(temperature=0), *at(1.0, 0.5), Sampling(temperature=1.0, top_k=3)]
    drawn = [0.5, 0.2, 0.8, 0.4]
    assert sample(logits, samplings, fixed(drawn), free=watched) == sample(logits, samplings, fixed(drawn))
    assert seen == [2]
