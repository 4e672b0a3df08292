"""Models that think before they answer: tokenizers whose templates have a form for thoughts, in two families' ways."""

from __future__ import annotations

import json

from samovar.tokenizer.tokenizer import Tokenizer

TAGS = ("<think>", "</think>")
TURNS = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}{{ m.content }}"
    "{% for c in m.tool_calls %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}'
    "\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
)
MAY_THINK = (
    TURNS + "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
"""As of Qwen 3: the model opens a thought itself, unless it is told not to think."""
MUST_THINK = TURNS + "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
"""As of DeepSeek R1: the template opens it."""


def thinking(tokenizer: Tokenizer, template: str, *, are_tokens: bool = True) -> Tokenizer:
    """``tokenizer`` with ``template``, the tags of thoughts tokens of their own, as in Qwen 3, or text."""
    parts = json.loads(tokenizer.to_json())
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    if are_tokens:
        parts["added_tokens"] += [
            {"id": tokenizer.vocab_size + place, "content": tag, **plain} for place, tag in enumerate(TAGS)
        ]
    return Tokenizer(json.dumps(parts), template)
