"""The special tokens: the marks of documents, turns and tools that no text can forge."""

from __future__ import annotations

DOCUMENT_END = "<|endoftext|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"

# Left out when ids become text for a person.
CONTROL_TOKENS = (DOCUMENT_END, TURN_START, TURN_END)
# Kept in the text, as in Qwen: those who read the answer find the tool calls by them.
TOOL_TOKENS = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
SPECIAL_TOKENS = CONTROL_TOKENS + TOOL_TOKENS

NUM_BYTES = 256
MIN_VOCAB_SIZE = NUM_BYTES + len(SPECIAL_TOKENS)
