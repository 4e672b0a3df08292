import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.evals.intervals import wilson


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (Wilson without continuity correction).
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_values(right, count, low, high):
    assert wilson(right, count) == pytest.approx((low, high), abs=5e-5)


def test_nothing_is_known_without_trials():
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 10_000).flatmap(lambda count: st.tuples(st.floats(0, count), st.just(count))))
def test_holds_the_share_within_0_and_1(pair):
    right, count = pair
    low, high = wilson(right, count)
    assert 0 <= low <= right / count + 1e-12
    assert right / count - 1e-12 <= high <= 1


def test_narrows_with_more_trials():
    assert wilson(900, 1000).low > wilson(90, 100).low > wilson(9, 10).low
