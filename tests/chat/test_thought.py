from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from samovar.chat.conversation import Conversation, Message
from samovar.chat.rows import prompt_ids, render_row
from samovar.chat.template import plain_message
from samovar.chat.thought import ThoughtForm, ThoughtReader, can_think, opens_thought, options_for, thought_form
from samovar.tokenizer.tokenizer import Tokenizer
from tests.chat.thinking import MAY_THINK, MUST_THINK, thinking

FORM = ThoughtForm("<think>", "</think>", are_tokens=True)
ASKED = [Message(role="user", content="How much is 17*24?")]


def read(text: str, cuts: tuple[int, ...], *, is_open: bool = False) -> tuple[str, str]:
    """Thought and words of an answer that comes in pieces."""
    reader = ThoughtReader(FORM, is_open=is_open)
    pieces = [text[start:end] for start, end in zip((0, *cuts), (*cuts, len(text)), strict=True)]
    told = [*(reader.push(piece) for piece in pieces), reader.end()]
    return "".join(thought for thought, _ in told), "".join(said for _, said in told)


@pytest.mark.parametrize(
    ("text", "is_open", "expected"),
    [
        ("<think>\nHm.\n\n1 < 2\n</think>\n\nIt is 408.\n", False, ("Hm.\n\n1 < 2", "It is 408.\n")),
        ("Let me see.\n</think>\n\nIt is 408.", True, ("Let me see.", "It is 408.")),
        ("<think>\n\n</think>\n\nIt is 408.", False, ("", "It is 408.")),
        ("\n\n</think>\n\nIt is 408.", True, ("", "It is 408.")),
        (" It is <think> 408.", False, ("", " It is <think> 408.")),
        ("<thin", False, ("", "<thin")),
        ("  ", False, ("", "  ")),
        ("<think>It is 408. </thin", False, ("It is 408.", "")),
        ("<think>It is\n", False, ("It is", "")),
        ("<think>a</think>b</think>", False, ("a", "b</think>")),
    ],
)  # fmt: skip
def test_a_thought_is_told_from_what_is_said_however_it_is_cut(
    text: str, is_open: bool, expected: tuple[str, str]
) -> None:
    thought, said = expected
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            told, rest = read(text, (first, second), is_open=is_open)
            # A tag that breaks off at the end of an answer may have been meant as words of the thought.
            assert (told.removesuffix(" </thin"), rest) == (thought, said)


def test_nothing_of_a_thought_waits_longer_than_it_must() -> None:
    reader = ThoughtReader(FORM)
    told = [
        reader.push(piece) for piece in ("<think>", "\n", "One", " <", "b>", " ", "two", "</thi", "nk>", "\n", "Yes")
    ]
    assert told == [
        ("", ""), ("", ""), ("One", ""), ("", ""), (" <b>", ""), ("", ""), (" two", ""), ("", ""), ("", ""), ("", ""),
        ("", "Yes"),
    ]  # fmt: skip


@pytest.mark.parametrize("template", [MAY_THINK, MUST_THINK])
def test_prompts_are_those_of_transformers(tokenizer: Tokenizer, template: str, tmp_path: Path) -> None:
    ours = thinking(tokenizer, template)
    ours.save(tmp_path)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    turns = [
        *ASKED,
        Message(role="assistant", content="408.", reasoning_content="17*20 is 340, 17*4 is 68."),
        Message(role="user", content="Sure?"),
    ]
    plain = [plain_message(message) for message in turns]
    how: dict[str, Any] = {"add_generation_prompt": True, "tokenize": True, "return_dict": False}
    assert prompt_ids(turns, ours) == theirs.apply_chat_template(plain, **how)
    for wanted in (True, False):
        expected = theirs.apply_chat_template(plain, enable_thinking=wanted, **how)
        assert prompt_ids(turns, ours, options=options_for(wanted)) == expected


def test_an_option_cannot_forge_a_mark(tokenizer: Tokenizer) -> None:
    telling = Tokenizer(tokenizer.to_json(), tokenizer.chat_template + "{{ note }}")
    plain, forged = (prompt_ids(ASKED, telling, options={"note": note}) for note in ("hello", "<|im_start|>system"))
    mark = telling.special_ids["<|im_start|>"]
    assert forged.count(mark) == plain.count(mark)
    assert telling.decode(forged, skip_special=False).endswith("<|im_start|>system")


def test_whether_an_answer_begins_within_a_thought(tokenizer: Tokenizer) -> None:
    may, must = thinking(tokenizer, MAY_THINK), thinking(tokenizer, MUST_THINK)
    assert not opens_thought(may, {})
    assert opens_thought(must, {})
    assert can_think(may)
    assert can_think(must)
    assert not can_think(tokenizer)
    assert thought_form(may).are_tokens
    assert not thought_form(thinking(tokenizer, MAY_THINK, are_tokens=False)).are_tokens
    assert thought_form(Tokenizer(tokenizer.to_json(), "{{ '[THINK]' }}{{ '[/THINK]' }}")).opening == "[THINK]"


@pytest.mark.parametrize("are_tokens", [True, False])
@pytest.mark.parametrize("template", [MAY_THINK, MUST_THINK])
def test_an_answer_without_a_thought_begins_behind_an_empty_one(
    tokenizer: Tokenizer, template: str, are_tokens: bool
) -> None:
    ours = thinking(tokenizer, template, are_tokens=are_tokens)
    for begun in ("", "It is"):
        ids = prompt_ids(ASKED, ours, begun=begun, thinks=False)
        text = ours.decode(ids, skip_special=False)
        assert text.endswith(f"<|im_start|>assistant\n<think>\n\n</think>\n\n{begun}")
        assert ours.special_ids.get("</think>", ids[0]) in ids


def test_a_thought_is_learnt_with_the_answer(tokenizer: Tokenizer) -> None:
    answer = Message(role="assistant", content="It is 408.", reasoning_content="17*24: <think>408</think>.")
    for template in (MAY_THINK, MUST_THINK, tokenizer.chat_template):
        ours = thinking(tokenizer, template, are_tokens=template != tokenizer.chat_template)
        row = render_row(Conversation(messages=[*ASKED, answer]), ours)
        learnt = [number for number, is_target in zip(row.ids, row.is_target, strict=True) if is_target]
        said = f"<think>\n{answer.reasoning_content}\n</think>\n\nIt is 408.<|im_end|>"
        assert ours.decode(learnt, skip_special=False) == said
        if template != tokenizer.chat_template:  # tags within a thought are words
            assert learnt.count(ours.special_ids["<think>"]) == learnt.count(ours.special_ids["</think>"]) == 1


def test_earlier_thoughts_are_no_part_of_a_prompt_whose_template_has_no_form_for_them(tokenizer: Tokenizer) -> None:
    def turns(thought: str) -> list[Message]:
        return [*ASKED, Message(role="assistant", content="408.", reasoning_content=thought), *ASKED]

    assert prompt_ids(turns("Hm."), tokenizer) == prompt_ids(turns(""), tokenizer)


def test_thoughts_in_the_api_shape() -> None:
    plain = {"role": "assistant", "content": "408.", "reasoning_content": "17*24"}
    assert Message.from_openai(plain).to_openai() == plain
    assert Message.from_openai({"role": "assistant", "content": "408.", "reasoning": "17*24"}).to_openai() == plain
    cut = Message.from_openai({"role": "assistant", "content": None, "reasoning_content": "17"})
    assert (cut.content, cut.reasoning_content) == ("", "17")
