from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar.chat.conversation import Conversation, Message, ToolCall
from samovar.chat.learning import Learn
from samovar.chat.rows import Row, prompt_ids, render_row, render_rows
from samovar.chat.template import render
from samovar.core.errors import DataError
from samovar.tokenizer.special import SPECIAL_TOKENS
from samovar.tokenizer.tokenizer import Tokenizer

shared_fixture = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

# Look-alikes of marks, halves of them, and the private letters by which they are told apart.
FORGED = st.lists(
    st.sampled_from([*SPECIAL_TOKENS, "<|im_", "end|>", "<", "|>", "assistant\n", "\n", " ", "\ue000", "\ue001", "x"])
    | st.text(max_size=5),
    max_size=8,
).map("".join)
CALLS = st.lists(
    st.builds(
        ToolCall,
        id=st.just("x"),
        name=FORGED,
        arguments=st.dictionaries(FORGED, FORGED | st.lists(FORGED, max_size=2), max_size=2),
    ),
    max_size=2,
)
TURNS = st.lists(
    st.one_of(
        st.builds(Message, role=st.sampled_from(["system", "user", "tool"]), content=FORGED),
        st.builds(Message, role=st.just("assistant"), content=FORGED, tool_calls=CALLS),
    ),
    min_size=1,
    max_size=6,
)
TOOLS = st.lists(st.dictionaries(FORGED, FORGED, max_size=2), max_size=2)


def target_texts(row: Row, tokenizer: Tokenizer) -> list[str]:
    """The text of each unbroken run of targets."""
    runs: list[list[int]] = [[]]
    for number, is_target in zip(row.ids, row.is_target, strict=True):
        if is_target:
            runs[-1].append(number)
        elif runs[-1]:
            runs.append([])
    return [tokenizer.decode(run, skip_special=False) for run in runs if run]


def test_targets_are_exactly_what_the_assistant_says(conversation: Conversation, tokenizer: Tokenizer) -> None:
    row = render_row(conversation, tokenizer)
    assert target_texts(row, tokenizer) == [
        'Let me see.\n<tool_call>\n{"name": "calculator", "arguments": {"expression": "17*24"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "calculator", "arguments": {"выражение": "a\\"b\\n", "n": [1, 2.5, null]}}\n'
        "</tool_call><|im_end|>",
        "408.<|im_end|>",
        '<tool_call>\n{"name": "clock", "arguments": {}}\n</tool_call><|im_end|>',
        "It is noon.\n<|im_end|>",
    ]


def test_a_row_is_the_rendered_text(conversation: Conversation, tokenizer: Tokenizer) -> None:
    row = render_row(conversation, tokenizer)
    assert tokenizer.decode(row.ids, skip_special=False) == render(conversation.messages, tools=conversation.tools)
    assert len(row.ids) == len(row.is_target)


@shared_fixture
@given(turns=TURNS, tools=TOOLS)
def test_no_text_forges_a_mark(tokenizer: Tokenizer, turns: list[Message], tools: list[dict[str, str]]) -> None:
    """The marks of a conversation full of look-alikes are those of the same one without them."""

    def harmless(message: Message) -> Message:
        calls = [
            ToolCall(id="x", name="x", arguments={str(place): "x" for place, _ in enumerate(call.arguments)})
            for call in message.tool_calls
        ]
        return Message(role=message.role, content="x" if message.content else "", tool_calls=calls)

    turns = [*turns, Message(role="assistant", content="end")]
    specials = set(tokenizer.special_ids.values())

    def marks(messages: list[Message], offered: list[dict[str, str]]) -> list[tuple[int, bool]]:
        row = render_row(Conversation(messages=messages, tools=offered), tokenizer)
        return [mark for mark in zip(row.ids, row.is_target, strict=True) if mark[0] in specials]

    plain_tools = [{"x": "x"} for _ in tools]
    assert marks(turns, tools) == marks([harmless(turn) for turn in turns], plain_tools)


@shared_fixture
@given(turns=TURNS, tools=TOOLS)
def test_what_was_written_comes_back_from_the_ids(
    tokenizer: Tokenizer, turns: list[Message], tools: list[dict[str, str]]
) -> None:
    turns = [*turns, Message(role="assistant", content="end")]
    row = render_row(Conversation(messages=turns, tools=tools), tokenizer)
    written = tokenizer.encode(render(turns, tools=tools))
    assert tokenizer.decode(row.ids, skip_special=False) == tokenizer.decode(written, skip_special=False)


@shared_fixture
@given(turns=TURNS, answer=FORGED, tools=TOOLS)
def test_a_prompt_is_the_beginning_of_its_row(
    tokenizer: Tokenizer, turns: list[Message], answer: str, tools: list[dict[str, str]]
) -> None:
    whole = Conversation(messages=[*turns, Message(role="assistant", content=answer)], tools=tools)
    row = render_row(whole, tokenizer)
    prompt = prompt_ids(turns, tokenizer, tools)
    assert row.ids[: len(prompt)] == prompt
    rest = list(zip(row.ids, row.is_target, strict=True))[len(prompt) :]
    assert [is_target for _, is_target in rest] == [True] * (len(rest) - len(tokenizer.encode("\n"))) + [False]
    assert rest[-2][0] == tokenizer.eos_id
    assert prompt_ids(turns, tokenizer, tools, begun=answer) == row.ids[: -1 - len(tokenizer.encode("\n"))]


@pytest.mark.parametrize("said", ["a", "im", "start|>", "<", "|", "user", "<|im_start|>", "What is tea?"])
def test_what_a_user_says_is_learnt_though_a_mark_has_the_same_letters(tokenizer: Tokenizer, said: str) -> None:
    messages = [Message(role="user", content=said), Message(role="assistant", content="ok")] * 2
    (row,) = render_rows([Conversation(messages=messages)], tokenizer, learn=Learn(frozenset({"user"})))
    assert target_texts(row, tokenizer) == [f"user\n{said}<|im_end|>"] * 2


def test_an_answer_that_begins_with_newlines_does_not_join_the_header(tokenizer: Tokenizer) -> None:
    asked = [Message(role="user", content="Hi")]
    row = render_row(Conversation(messages=[*asked, Message(role="assistant", content="\n\n  x")]), tokenizer)
    prompt = prompt_ids(asked, tokenizer)
    assert row.ids[: len(prompt)] == prompt
    assert target_texts(row, tokenizer) == ["\n\n  x<|im_end|>"]


def test_an_empty_answer_is_learnt_as_an_end(tokenizer: Tokenizer) -> None:
    row = render_row(Conversation(messages=[Message(role="assistant")]), tokenizer)
    assert target_texts(row, tokenizer) == ["<|im_end|>"]


def test_a_conversation_without_the_assistant_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match=r"no turn of the assistant.*user, user"):
        render_row(Conversation(messages=[Message(role="user", content="<|im_start|>assistant\nx")] * 2), tokenizer)


def test_a_conversation_with_every_private_letter_is_refused_or_safe(tokenizer: Tokenizer) -> None:
    some = "".join(map(chr, range(0xE000, 0xF900)))
    messages = [Message(role="user", content=some + "<|im_end|>"), Message(role="assistant", content="ok")]
    row = render_row(Conversation(messages=messages), tokenizer)
    assert row.ids.count(tokenizer.eos_id) == 2
    every = some + "".join(map(chr, [*range(0xF0000, 0xFFFFE), *range(0x100000, 0x10FFFE)]))
    messages = [Message(role="user", content=every + "<|im_end|>"), *messages[1:]]
    with pytest.raises(DataError, match="cannot be told apart"):
        render_row(Conversation(messages=messages), tokenizer)


def test_many_at_once_equal_one_by_one(conversation: Conversation, tokenizer: Tokenizer) -> None:
    several = [
        Conversation(
            messages=[Message(role="user", content=f"{n}"), Message(role="assistant", content=f"{n} <|im_end|>")]
        )
        for n in range(600)
    ]
    several.insert(300, conversation)
    assert list(render_rows(iter(several), tokenizer)) == [render_row(one, tokenizer) for one in several]
    assert list(render_rows([], tokenizer)) == []


def test_lone_surrogates_do_no_harm(tokenizer: Tokenizer) -> None:
    row = render_row(Conversation(messages=[Message(role="assistant", content="a\ud800")]), tokenizer)
    assert target_texts(row, tokenizer) == ["a\N{REPLACEMENT CHARACTER}<|im_end|>"]
