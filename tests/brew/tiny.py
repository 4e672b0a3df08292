"""A whole project in small: real stages, a few kilobytes of text, a model of some ten thousand parameters."""

from __future__ import annotations

from pathlib import Path

from samovar.brew.project import Project

RECIPE = """\
name: Ivan
data: {sources: [documents], validation_share: 0.3, steps: [normalise]}
tokenizer: {vocab_size: 512}
model: {size: 1, context: 128, hidden_size: 32, num_heads: 2}
pretrain: {tokens: 6144, batch_tokens: 256, micro_batch_tokens: 256, validations: 1, compile: "off",
           checkpoint_every_s: 0.001}
sft: {tokens: 2048, batch_tokens: 512, micro_batch_tokens: 512, validations: 1, compile: "off",
      tasks: {arithmetic: 1, small_talk: 1}, conversations: [seeds]}
quantize: {text_bytes: 500, decode_tokens: 4}
eval: {examples: 2, max_tokens: 8, text_bytes: 500, continuations: 1}
"""
SEED = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]}\n'


def tiny_project(root: Path) -> Project:
    """The files of the project; nothing is made."""
    for folder in ("documents", "seeds"):
        (root / folder).mkdir(parents=True)
    for number in range(12):
        text = " ".join(f"The {word} of cup {number} is warm and the tea is sweet." for word in ("lid", "rim", "side"))
        (root / "documents" / f"{number}.txt").write_text(text)
    (root / "seeds" / "own.jsonl").write_text(SEED * 20)
    (root / "samovar.yaml").write_text(RECIPE)
    return Project(root)
