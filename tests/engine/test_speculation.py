from __future__ import annotations

import itertools
import random

import torch

from samovar.engine.speculation import Pace, PromptLookup, keep_or_replace


def test_a_kept_or_replaced_token_is_distributed_as_the_model_has_it() -> None:
    """Leviathan et al. 2023, theorem of appendix A.1: worked out exactly, by integrating over the drawn numbers."""
    evenly = [(number + 0.5) / 100 for number in range(100)]
    for target, drafted in (
        (torch.tensor([0.5, 0.3, 0.2, 0.0]), torch.tensor([0.1, 0.6, 0.1, 0.2])),
        (torch.tensor([0.25, 0.25, 0.25, 0.25]), torch.tensor([1.0, 0.0, 0.0, 0.0])),
        (torch.tensor([0.4, 0.3, 0.2, 0.1]), torch.tensor([0.4, 0.3, 0.2, 0.1])),
    ):
        found = torch.zeros(4)
        for token in drafted.nonzero().flatten().tolist():
            # The first number decides whether the token stays; the second, which one comes instead.
            numbers = [iter(pair) for pair in itertools.product(evenly, evenly)]
            rows = len(numbers)
            kept = keep_or_replace(
                target.expand(rows, -1), drafted.expand(rows, -1), [token] * rows, [one.__next__ for one in numbers]
            )
            found += drafted[token] * torch.bincount(torch.tensor(kept), minlength=4) / rows
        torch.testing.assert_close(found, target, atol=0.01, rtol=0)


def test_tokens_are_kept_as_often_as_can_be_and_rows_do_not_mix() -> None:
    torch.manual_seed(1)
    rows, rng = 20_000, random.Random(3)
    target, drafted = torch.rand(1, 30).softmax(-1), (torch.randn(1, 30) * 2).softmax(-1)
    tokens = torch.multinomial(drafted[0], rows, replacement=True).tolist()
    found = keep_or_replace(target.expand(rows, -1), drafted.expand(rows, -1), tokens, [rng.random] * rows)
    kept = sum(one == other for one, other in zip(found, tokens, strict=True)) / rows
    assert abs(kept - float(torch.minimum(target, drafted).sum())) < 0.015
    share = torch.bincount(torch.tensor(found), minlength=30) / rows
    assert float(((share - target[0]) ** 2 / target[0]).sum()) * rows < 60  # chi-square, 29 degrees: 1 in 1,500


def test_the_end_of_a_text_is_looked_up_in_it() -> None:
    lookup = PromptLookup([1, 2, 3, 4, 5, 6, 7, 9, 3, 4])
    assert lookup.guess(3) == [5, 6, 7]
    lookup.push([5])
    assert lookup.guess(2) == [6, 7]
    assert lookup.guess(50) == [6, 7, 9, 3, 4, 5]
    lookup.push([8])
    assert lookup.guess(5) == []
    assert lookup.num_ids == 12
    # The longest end that is found counts, then the latest place.
    assert PromptLookup([1, 2, 3, 50, 2, 3, 60, 9, 1, 2, 3]).guess(1) == [50]
    assert PromptLookup([2, 3, 50, 2, 3, 60, 9, 2, 3]).guess(1) == [60]
    assert PromptLookup([7, 7, 7]).guess(4) == [7]
    assert PromptLookup([]).guess(4) == PromptLookup([1]).guess(4) == PromptLookup([1, 2]).guess(4) == []


def test_a_look_up_equals_the_plain_search() -> None:
    rng = random.Random(0)
    for _ in range(300):
        # Ids whose bytes repeat, so that matches between tokens are met too.
        ids = [rng.choice((0, 1, 256, 257, 65537, 16777217)) for _ in range(rng.randrange(2, 40))]
        expected: list[int] = []
        for size in (4, 3, 2):
            places = [at for at in range(len(ids) - size) if ids[at : at + size] == ids[-size:]]
            if size < len(ids) and places:
                expected = ids[places[-1] + size :][:3]
                break
        assert PromptLookup(ids).guess(3) == expected


def test_the_pace_follows_what_was_accepted() -> None:
    pace = Pace(8)
    assert pace.length == 8
    pace.heed(8, 0)
    assert pace.length == 1
    for expected in (2, 4, 8, 8):
        pace.heed(pace.length, pace.length)
        assert pace.length == expected
    pace.heed(8, 5)
    assert pace.length == 6
    pace.heed(0, 0)
    assert pace.length == 6
