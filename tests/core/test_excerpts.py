"""Shortened texts keep to their length and say where they were cut."""

from hypothesis import given
from hypothesis import strategies as st

from samovar.core.excerpts import CUT, beginning, shortened


@given(st.text(), st.integers(1, 40))
def test_what_fits_is_left_alone_and_the_rest_is_cut_to_length(text: str, characters: int) -> None:
    shown = shortened(text, characters)
    if len(text) <= characters:
        assert shown == text
    else:
        assert len(shown) == characters
        assert shown.endswith(CUT)
        assert text.startswith(shown.removesuffix(CUT))


def test_a_beginning_is_one_line() -> None:
    assert beginning("  Two\n\nlines\tof\u00a0text ", 80) == "Two lines of text"
    assert beginning("Two\nlines", 6) == "Two l…"
