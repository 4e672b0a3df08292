from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest
import torch

from samovar.core.errors import RequestError
from samovar.engine.request import Sampling
from samovar.engine.sampler import MOST_CUMULATED, pick, sample


def draws(logits: list[float], sampling: Sampling, count: int) -> Counter[int]:
    rng = random.Random(0)
    rows = torch.tensor([logits]).expand(count, -1)
    uniform = [lambda: rng.getrandbits(24) * 2.0**-24] * count
    return Counter(sample(rows, [sampling] * count, uniform))


def test_frequencies_follow_the_softmax_at_the_temperature() -> None:
    logits = [1.0, 0.0, -1.0, 2.0]
    for temperature in (0.5, 1.0, 2.0):
        found = draws(logits, Sampling(temperature=temperature), 20_000)
        expected = (torch.tensor(logits) / temperature).softmax(0)
        for token in range(4):
            assert found[token] / 20_000 == pytest.approx(expected[token].item(), abs=0.015)


def test_top_k_and_top_p_keep_the_likeliest_and_their_proportions() -> None:
    logits = torch.tensor([0.1, 0.4, 0.3, 0.2]).log().tolist()
    assert set(draws(logits, Sampling(temperature=1, top_k=2), 500)) == {1, 2}
    # 0.4 < 0.6 <= 0.4 + 0.3: the token that crosses the line stays.
    found = draws(logits, Sampling(temperature=1, top_p=0.6), 20_000)
    assert set(found) == {1, 2}
    assert found[1] / 20_000 == pytest.approx(4 / 7, abs=0.015)
    assert set(draws(logits, Sampling(temperature=1, top_p=0.01), 200)) == {1}
    assert set(draws(logits, Sampling(temperature=1e-9), 200)) == {1}


def test_top_p_over_a_flat_vocabulary_is_not_cut_at_the_first_ranks() -> None:
    found = draws([0.0] * 2000, Sampling(temperature=1, top_p=0.9), 4000)
    assert 1500 < len(found) <= 1801


def test_the_ends_of_the_unit_interval_are_possible_tokens() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, 3.0, -torch.inf]])
    for uniform in (0.0, 1 - 2.0**-24):
        for sampling in (Sampling(temperature=1), Sampling(temperature=1, top_k=3)):
            assert sample(logits, [sampling], [lambda value=uniform: value])[0] in (1, 2)  # type: ignore[misc]


def fixed(values: list[float]) -> list[Callable[[], float]]:
    return [lambda value=value: value for value in values]  # type: ignore[misc]


@pytest.mark.parametrize("columns", [MOST_CUMULATED + 1, 3 * MOST_CUMULATED, 50])
def test_the_column_that_passes_the_drawn_share_is_picked(columns: int) -> None:
    generator = torch.Generator().manual_seed(columns)
    weight = torch.rand(40, columns, generator=generator) ** 8
    weight[torch.rand(weight.shape, generator=generator) < 0.6] = 0
    weight[0], weight[0, -1], weight[1], weight[1, 0] = 0, 1e-20, 0, 3e5
    drawn = torch.rand(40, generator=generator).tolist()
    drawn[2:6] = [0.0, 0.0, 1 - 2.0**-24, 1 - 2.0**-24]
    cumulated = weight.double().cumsum(-1)
    found = pick(weight, fixed(drawn))
    for row, column in enumerate(found.tolist()):
        total = cumulated[row, -1].item()
        assert weight[row, column] > 0
        assert cumulated[row, column] >= (drawn[row] - 1e-5) * total
        assert cumulated[row, column] - weight[row, column] <= (drawn[row] + 1e-5) * total
        assert pick(weight[row : row + 1], fixed(drawn[row : row + 1])).item() == column
    assert found[:2].tolist() == [columns - 1, 0]


def test_rows_with_different_rules_do_not_disturb_each_other() -> None:
    torch.manual_seed(0)
    logits = torch.randn(6, 50)
    rules = [
        Sampling(temperature=0),
        Sampling(temperature=1),
        Sampling(temperature=0.5, top_k=5),
        Sampling(temperature=2, top_p=0.5),
        Sampling(temperature=0.7),
        Sampling(temperature=0),
    ]
    uniform = [0.1, 0.9, 0.5, 0.3, 0.7, 0.2]
    together = sample(logits, rules, [lambda value=value: value for value in uniform])  # type: ignore[misc]
    for row, sampling in enumerate(rules):
        alone = sample(logits[row : row + 1], [sampling], [lambda: uniform[row]])  # noqa: B023
        assert alone == [together[row]]
    assert together[0] == logits[0].argmax().item()


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("temperature", -1),
        ("temperature", float("nan")),
        ("top_p", 0),
        ("top_p", 1.5),
        ("top_k", -1),
        ("max_tokens", 0),
        ("stop", ("",)),
        ("stop", ("x",) * 17),
    ],
)
def test_values_out_of_range_are_named(param: str, value: object) -> None:
    with pytest.raises(RequestError, match=param) as caught:
        Sampling(**{param: value})  # type: ignore[arg-type]
    assert caught.value.param == param
