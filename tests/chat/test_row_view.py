from __future__ import annotations

from samovar.chat.conversation import Conversation, Message
from samovar.chat.rows import render_row
from samovar.chat.template import render
from samovar.chat.view import CONTEXT_STYLE, TARGET_STYLE, show_row
from samovar.tokenizer.tokenizer import Tokenizer


def test_targets_are_green_and_the_rest_is_dim(tokenizer: Tokenizer) -> None:
    messages = [Message(role="user", content="[bold]Как дела? 🐈"), Message(role="assistant", content="Хорошо.")]
    row = render_row(Conversation(messages=messages), tokenizer)
    shown = show_row(row, tokenizer)
    text, _, count = shown.plain.rpartition("\n")
    assert text == render(messages)
    assert count == f"{sum(row.is_target)} of {len(row.ids)} tokens are targets (green)"
    green = "".join(text[span.start : span.end] for span in shown.spans if str(span.style).startswith(TARGET_STYLE))
    dim = "".join(text[span.start : span.end] for span in shown.spans if str(span.style).startswith(CONTEXT_STYLE))
    assert green == "Хорошо.<|im_end|>"
    assert dim + green == text[: -len(green) - 1] + "\n" + green
    marks = [text[span.start : span.end] for span in shown.spans if "reverse" in str(span.style)]
    assert marks == ["<|im_start|>", "<|im_end|>", "<|im_start|>", "<|im_end|>"]
