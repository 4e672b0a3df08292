import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samovar.agent.turn import CallPart, Turn
from samovar.chat.conversation import Message

CALL = '<tool_call>\n{"name": "calculator", "arguments": {"expression": "17*24"}}\n</tool_call>'

PIECES = st.lists(
    st.sampled_from([CALL, "<tool_call>", "</tool_call>", "<tool", "_call>", "<", "{}", "\n", " ", "ab", "да"])
    | st.text(max_size=4),
    max_size=12,
)


def read(pieces: list[str]) -> tuple[list[str], Turn]:
    turn = Turn()
    return ["".join(turn.push(piece)) for piece in pieces], turn


def end(turn: Turn) -> tuple[Message, str]:
    message, held = turn.end()
    return message, "".join(held)


def test_plain_text_is_shown_at_once() -> None:
    shown, turn = read(["Hello", ", ", "world", "."])
    assert shown == ["Hello", ",", " world", "."]
    message, rest = end(turn)
    assert (message.content, message.tool_calls, rest) == ("Hello, world.", [], "")


def test_a_tool_call_is_never_shown() -> None:
    shown, turn = read(["Let me see.\n", *CALL])
    assert "".join(shown) == "Let me see."
    message, rest = end(turn)
    assert rest == ""
    assert message.content == "Let me see."
    assert [(call.name, call.arguments) for call in message.tool_calls] == [("calculator", {"expression": "17*24"})]


def test_what_only_began_like_a_call_is_shown() -> None:
    shown, turn = read(["a <tool", " b <"])
    assert "".join(shown) == "a <tool b"
    assert end(turn)[1] == " <"


def test_a_malformed_call_is_shown_as_text() -> None:
    shown, turn = read(["x ", "<tool_call>", "not json", "</tool_call>"])
    message, rest = end(turn)
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
    message, rest = end(turn)
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
        shown = "".join("".join(turn.push(text[start : start + size])) for start in range(0, len(text), size))
        message, rest = end(turn)
        assert shown + rest == message.content == said


def read_calls(pieces: list[str]) -> tuple[str, dict[int, tuple[str, str]], Message]:
    """What is said, and of each call its name and arguments, as they are passed on; the message at the end."""
    turn = Turn(passes_calls_on=True)
    news = [one for piece in pieces for one in turn.push(piece)]
    message, held = turn.end()
    calls: dict[int, tuple[str, str]] = {}
    for one in news + held:
        if isinstance(one, CallPart):
            assert (one.number in calls) == bool(one.text)
            calls[one.number] = (one.name, calls.get(one.number, ("", ""))[1] + one.text)
    return "".join(one for one in news + held if isinstance(one, str)), calls, message


def test_a_call_is_passed_on_while_it_is_written() -> None:
    turn = Turn(passes_calls_on=True)
    parts = [one for letter in CALL for one in turn.push(letter)]
    assert "".join(one.text for one in parts if isinstance(one, CallPart)) == '{"expression": "17*24"}'
    assert len(parts) == 1 + len('{"expression": "17*24"}')
    assert turn.end()[1] == []


def test_several_calls_and_words_between_them() -> None:
    said, calls, message = read_calls([*f"Well.\n{CALL}\n{CALL} So."])
    assert said == message.content == "Well. So."
    assert calls == dict.fromkeys((0, 1), ("calculator", '{"expression": "17*24"}'))
    assert len({call.id for call in message.tool_calls}) == 2


def test_marks_and_braces_in_arguments_end_nothing() -> None:
    arguments = '{"a": "}\\"{</tool_call>", "b": [{"c": {}}]}'
    _, calls, message = read_calls([*f'<tool_call>{{"name": "f", "arguments": {arguments}}}</tool_call>'])
    assert calls == {0: ("f", arguments)}
    assert message.tool_calls[0].arguments == {"a": '}"{</tool_call>', "b": [{"c": {}}]}


def test_a_call_that_breaks_off_has_the_arguments_so_far() -> None:
    _, calls, message = read_calls([CALL[:60]])
    assert calls == {0: ("calculator", '{"expression')}
    assert message.tool_calls[0].arguments == {}


def test_a_call_in_another_order_comes_whole() -> None:
    _, calls, _ = read_calls(['<tool_call>{"arguments": {"a": 1}, "name": "f"}</tool_call>'])
    assert calls == {0: ("f", '{"a": 1}')}


@given(PIECES)
def test_calls_passed_on_are_those_of_the_message_however_it_is_cut(pieces: list[str]) -> None:
    said, calls, message = read_calls(pieces)
    assert said == message.content
    assert [name for name, _ in calls.values()] == [call.name for call in message.tool_calls]
    assert read_calls(["".join(pieces)])[:2] == (said, calls)


@pytest.mark.parametrize("size", [11, 20, 60, len(CALL) - 1])
def test_a_call_that_the_limit_cuts_off_is_nothing_to_read(size: int) -> None:
    _, turn = read([*f"Let me see.\n{CALL}\n{CALL[:size]}"])
    message, rest = turn.end(is_cut=True)
    assert (message.content, rest, len(message.tool_calls)) == ("Let me see.", [], 1)
