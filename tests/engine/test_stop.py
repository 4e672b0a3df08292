from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samovar.engine.stop import StopTexts

letters = st.text("ab", max_size=12)


def test_the_end_that_may_become_a_stop_is_held_back() -> None:
    stop = StopTexts(("END", "##"))
    assert stop.push("the E") == "the "
    assert stop.push("N") == ""
    assert stop.push("x #") == "ENx "
    assert stop.push("#more") == ""
    assert stop.is_hit
    assert stop.push("later") == ""
    assert stop.finish() == ""


def test_what_was_held_back_comes_at_the_end() -> None:
    stop = StopTexts(("END",))
    assert stop.push("the EN") == "the "
    assert stop.finish() == "EN"


@given(st.lists(letters, max_size=8), st.lists(st.text("ab", min_size=1, max_size=5), max_size=3))
def test_pieces_give_what_the_whole_gives(pieces: list[str], stops: list[str]) -> None:
    stream = StopTexts(stops)
    given_out = ""
    seen = ""
    for piece in pieces:
        given_out += stream.push(piece)
        seen += piece
        found = [seen.find(stop) for stop in stops if stop in seen]
        if found:
            assert stream.is_hit
            assert not any(stop in given_out for stop in stops)
            return
        assert seen.startswith(given_out)
    assert given_out + stream.finish() == seen
