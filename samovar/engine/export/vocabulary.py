"""A byte-level tokenizer taken apart, for formats that write one down in another way than ``tokenizer.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

from samovar.core.errors import ConfigError
from samovar.core.files import read_json
from samovar.tokenizer.byte_alphabet import token_bytes
from samovar.tokenizer.tokenizer import TOKENIZER_FILE, Tokenizer
from samovar.tokenizer.train import SPLIT_PATTERNS

UNUSUAL = ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback")
"""Of the BPE model: what changes the tokens of a text in ways that no format here can say."""


Split = Literal["qwen2", "llama3", "gpt2", "smollm"]
"""GPT-2's is that of the library's ByteLevel; SmolLM cuts digits off one by one before it."""


class Vocabulary(NamedTuple):
    """Tokens, and how text becomes them."""

    tokens: list[str]
    """By id, bytes written in the byte-level alphabet, marks as they are; an id without a token is empty."""
    merges: list[tuple[str, str]]
    """Pairs that are joined, the first the earliest."""
    marks: dict[str, int]
    """Tokens that no text of a person can produce."""
    hidden: frozenset[int]
    """Marks that a reader of the text does not see."""
    split: Split
    """The pattern that cuts text into words."""
    is_composed: bool
    """Whether text is brought to NFC first."""
    prefers_whole_words: bool
    """Whether a word that is a token is never put together from others."""

    def bytes_of(self, number: int) -> bytes:
        """What a token stands for."""
        token = self.tokens[number]
        raw = None if number in self.marks.values() else token_bytes(token)
        return token.encode() if raw is None else raw


def read_vocabulary(folder: Path, tokenizer: Tokenizer) -> Vocabulary:
    """The vocabulary of ``tokenizer``, which ``folder`` holds.

    Raises:
        ConfigError: it works in a way that is not known here.
    """
    parts = read_json(folder / TOKENIZER_FILE)
    model = parts["model"]
    _check(folder, model.get("type", "BPE") == "BPE", f"its model is {model.get('type')}")
    unusual = [key for key in UNUSUAL if model.get(key)]
    _check(folder, not unusual, f"its model has {', '.join(unusual)}")
    normalizer = parts.get("normalizer")
    _check(folder, normalizer in (None, {"type": "NFC"}), f"it normalises by {normalizer}")
    added = {token["content"]: token for token in parts.get("added_tokens", [])}
    marks = tokenizer.special_ids
    words = [content for content in added if content not in marks]
    _check(folder, not words, f"it has words that are joined from none, as {words[:1]}")
    _check(folder, not tokenizer.swallows_before | tokenizer.swallows_after, "its marks swallow spaces")
    numbers = model["vocab"] | marks
    tokens = [""] * (max(numbers.values()) + 1)
    for token, number in numbers.items():
        tokens[number] = token
    return Vocabulary(
        tokens=tokens,
        merges=[_pair(merge) for merge in model["merges"]],
        marks=marks,
        hidden=frozenset(number for mark, number in marks.items() if added.get(mark, {}).get("special", True)),
        split=_split(folder, parts.get("pre_tokenizer")),
        is_composed=normalizer is not None,
        prefers_whole_words=bool(model.get("ignore_merges")),
    )


def _split(folder: Path, pre_tokenizer: Any) -> Split:
    steps = pre_tokenizer.get("pretokenizers", [pre_tokenizer]) if pre_tokenizer else []
    kinds = [step["type"] for step in steps]
    if kinds[-1:] == ["ByteLevel"] and not steps[-1]["add_prefix_space"]:
        cuts, cuts_words = steps[:-1], steps[-1].get("use_regex", True)
        if cuts_words and (not cuts or (kinds == ["Digits", "ByteLevel"] and cuts[0]["individual_digits"])):
            return "smollm" if cuts else "gpt2"
        if kinds == ["Split", "ByteLevel"] and cuts[0]["behavior"] == "Isolated" and not cuts[0]["invert"]:
            for name in ("qwen2", "llama3"):
                if cuts[0]["pattern"] == {"Regex": SPLIT_PATTERNS[name]} and not cuts_words:
                    return name
    raise ConfigError(
        f"the tokenizer in {folder} cuts text into words in a way that is not known here ({' and '.join(kinds)})",
        hint="the splits of Qwen 2, Llama 3, GPT-2 and SmolLM are; --format hf takes any tokenizer along",
    )


def _pair(merge: str | list[str]) -> tuple[str, str]:
    """Older files write a pair as one text."""
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def _check(folder: Path, is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ConfigError(
            f"the tokenizer in {folder} cannot be exported in this format: {otherwise}",
            hint="byte-level BPE can; --format hf takes any tokenizer along",
        )
