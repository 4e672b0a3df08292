"""The saved folder means the same in transformers as here."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from samovar.chat.conversation import Conversation, Message
from samovar.chat.rows import prompt_ids, render_row
from samovar.chat.template import plain_message, render
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

transformers = pytest.importorskip("transformers")
TEXTS = ["The cat didn't sit on 1234 mats.\n\n  It ran: Кошка бежала к реке.\n", "user\nassistant\nsystem\n"] * 4


@pytest.fixture(scope="module", params=["qwen2", "llama3", "qwen2 beside a model"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Tokenizer, Any]:
    folder = tmp_path_factory.mktemp("tokenizer")
    ours = train_tokenizer(TEXTS, TokenizerSettings(vocab_size=330, split=request.param.split()[0]))
    ours.save(folder)
    if "model" in request.param:
        config = {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return ours, transformers.AutoTokenizer.from_pretrained(folder)


def test_any_text_has_the_same_ids(both: tuple[Tokenizer, Any]) -> None:
    ours, theirs = both

    @settings(deadline=None)
    @example("It didn't  \n\n sit <|im_end|> on <tool_call>12345 и\u0306")
    @given(text=st.text())
    def agree(text: str) -> None:
        ids = theirs(text).input_ids
        assert ours.encode(text, allow_special=True) == ids
        assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=True)
        assert ours.decode(ids, skip_special=False) == theirs.decode(ids)

    agree()


def test_the_special_tokens_have_the_same_roles(both: tuple[Tokenizer, Any]) -> None:
    ours, theirs = both
    assert theirs.eos_token_id == ours.eos_id
    assert theirs.pad_token_id == ours.document_end_id
    assert theirs.bos_token_id is None
    assert len(theirs) == ours.vocab_size


def test_conversations_have_the_same_text_and_ids(both: tuple[Tokenizer, Any], conversation: Conversation) -> None:
    ours, theirs = both
    # Arguments of calls as JSON text, as the OpenAI API has them, and as objects, as Hugging Face has them.
    shapes = [
        [message.to_openai() for message in conversation.messages],
        [plain_message(message) for message in conversation.messages],
    ]
    for messages in shapes:
        for tools in ([], conversation.tools):
            for num_turns in range(1, len(messages) + 1):
                turns = conversation.messages[:num_turns]
                text = theirs.apply_chat_template(messages[:num_turns], tools=tools or None, tokenize=False)
                assert text == render(turns, tools=tools)
                prompt = theirs.apply_chat_template(
                    messages[:num_turns], tools=tools or None, add_generation_prompt=True, return_dict=False
                )
                assert prompt == prompt_ids(turns, ours, tools)
    whole = theirs.apply_chat_template(shapes[0], tools=conversation.tools, return_dict=False)
    assert whole == render_row(conversation, ours).ids


def test_an_answer_that_begins_with_a_newline_is_where_we_differ_on_purpose(both: tuple[Tokenizer, Any]) -> None:
    """A model that has read the prompt writes its newline as a token of its own: so do we in training."""
    ours, theirs = both
    answered = Conversation(messages=[Message(role="assistant", content="\nx")])
    ids = theirs.apply_chat_template([{"role": "assistant", "content": "\nx"}], return_dict=False)
    row = render_row(answered, ours)
    assert ours.decode(row.ids, skip_special=False) == theirs.decode(ids)
    assert row.ids[:3] == prompt_ids([], ours)[:3]
