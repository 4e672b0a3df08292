import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samovar.agent.turn import Turn

CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "17*24"}}\n</tool_call>'

PIECES = st.lists(
    st.sampled_from([CALL, "<tool_call>", "</tool_call>", "<tool", "_call>", "<", "{}", "\n", " ", "ab", "да"])
    | st.text(max_size=4),
    max_size=12,
)


def read(pieces: list[str]) -> tuple[list[str], Turn]:
    turn = Turn()
    return [turn.push(piece) for piece in pieces], turn


def test_plain_text_is_shown_at_once() -> None:
    shown, turn = read(["Hello", ", ", "world", "."])
    assert shown == ["Hello", ",", " world", "."]
    message, rest = turn.end()
    assert (message.content, message.tool_calls, rest) == ("Hello, world.", [], "")


def test_a_tool_call_is_never_shown() -> None:
    shown, turn = read(["Let me see.\n", *CALL])
    assert "".join(shown) == "Let me see."
    message, rest = turn.end()
    assert rest == ""
    assert message.content == "Let me see."
    assert [(call.name, call.arguments) for call in message.tool_calls] == [("calculator", {"expression": "17*24"})]


def test_what_only_began_like_a_call_is_shown() -> None:
    shown, turn = read(["a <tool", " b <"])
    assert "".join(shown) == "a <tool b"
    assert turn.end()[1] == " <"


def test_a_malformed_call_is_shown_as_text() -> None:
    shown, turn = read(["x ", "<tool_call>", "not json", "</tool_call>"])
    message, rest = turn.end()
    assert message.tool_calls == []
    assert message.content == "".join(shown) + rest == "x <tool_call>not json</tool_call>"


def test_calls_of_different_turns_have_different_ids() -> None:
    ids = set()
    for _ in range(3):
        _, turn = read([CALL + CALL])
        ids |= {call.id for call in turn.end()[0].tool_calls}
    assert len(ids) == 6


@given(PIECES)
@example(["<tool_call>", "  ", CALL, " tail "])
def test_what_is_shown_is_the_content_however_it_is_cut(pieces: list[str]) -> None:
    shown, turn = read(pieces)
    message, rest = turn.end()
    assert "".join(shown) + rest == message.content
    _, at_once = read(["".join(pieces)])
    whole, _ = at_once.end()
    assert whole.content == message.content
    assert [call.arguments for call in whole.tool_calls] == [call.arguments for call in message.tool_calls]
    assert all("<tool_call>" not in text for text in shown)


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_space_that_the_template_puts_before_an_answer_is_not_said(size: int) -> None:
    for text, said in (("  Hello there", " Hello there"), ("Hello", "Hello"), (" ", "")):
        turn = Turn(" ")
        shown = "".join(turn.push(text[start : start + size]) for start in range(0, len(text), size))
        message, rest = turn.end()
        assert shown + rest == message.content == said
