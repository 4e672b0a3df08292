from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from pydantic import ValidationError

from samovar.core.errors import DataError
from samovar.tokenizer.byte_alphabet import byte_of_letter
from samovar.tokenizer.fertility import fertility
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.special import MIN_VOCAB_SIZE
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

TEXTS = ["the cat sat on the mat, the cat ran", "кошка сидела на коврике, кошка бежала"] * 3


def parts(tokenizer: Tokenizer) -> dict:
    return json.loads(tokenizer._json)


@pytest.mark.parametrize("vocab_size", [MIN_VOCAB_SIZE, 280, 300])
def test_the_vocabulary_has_exactly_the_size_asked_for(vocab_size: int) -> None:
    assert train_tokenizer(TEXTS, TokenizerSettings(vocab_size=vocab_size)).vocab_size == vocab_size


def test_a_small_text_gives_fewer_tokens_and_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        tokenizer = train_tokenizer(["ab ab"], TokenizerSettings(vocab_size=1000))
    assert tokenizer.vocab_size == MIN_VOCAB_SIZE + 1
    assert "264 tokens instead of 1000" in caplog.text


def test_every_byte_is_a_token() -> None:
    vocabulary = parts(train_tokenizer(["a"], TokenizerSettings(vocab_size=MIN_VOCAB_SIZE)))["model"]["vocab"]
    assert set(byte_of_letter()) == set(vocabulary)
    assert len(set(byte_of_letter().values())) == 256


def test_merges_follow_the_counts_worked_out_by_hand() -> None:
    # "ab" occurs 5 times, "cd" 3 times, "xy" once: less than the two that a merge needs.
    tokenizer = train_tokenizer(["ab ab ab ab ab cd cd cd xy"], TokenizerSettings(vocab_size=400))
    merges = parts(tokenizer)["model"]["merges"]
    assert merges == [["a", "b"], ["Ġ", "ab"], ["c", "d"], ["Ġ", "cd"]]


def test_no_token_is_longer_than_asked() -> None:
    tokenizer = train_tokenizer(["=" * 500] * 3, TokenizerSettings(vocab_size=400, max_token_bytes=8))
    assert max(len(token) for token in parts(tokenizer)["model"]["vocab"]) == 8


def test_the_same_texts_give_the_same_tokenizer_in_another_process() -> None:
    code = (
        "import hashlib, sys\n"
        "from samovar.tokenizer.settings import TokenizerSettings\n"
        "from samovar.tokenizer.train import train_tokenizer\n"
        "texts = [f'{n} word{n % 17} слово{n % 13} ' * 3 for n in range(200)]\n"
        "made = train_tokenizer(texts, TokenizerSettings(vocab_size=500))\n"
        "print(hashlib.sha256(made._json.encode()).hexdigest())\n"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": threads},
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    ]
    assert runs[0] == runs[1]


def test_texts_are_read_once_as_a_stream() -> None:
    seen = []

    def texts() -> Iterator[str]:
        for number in range(1000):
            seen.append(number)
            yield f"text {number}"

    train_tokenizer(texts(), TokenizerSettings(vocab_size=280))
    assert seen == list(range(1000))


@pytest.mark.parametrize("texts", [[], [""], ["  \n", "\t"]])
def test_no_text_is_refused(texts: list[str]) -> None:
    with pytest.raises(DataError, match="no text to learn from"):
        train_tokenizer(texts, TokenizerSettings(vocab_size=300))


def test_an_error_of_the_texts_is_passed_on() -> None:
    def texts() -> Iterator[str]:
        yield "fine"
        raise DataError("shard 2 is damaged")

    with pytest.raises(DataError, match="shard 2 is damaged"):
        train_tokenizer(texts(), TokenizerSettings(vocab_size=300))


def test_lone_surrogates_do_not_stop_training() -> None:
    assert train_tokenizer(["a\ud800b"] * 3, TokenizerSettings(vocab_size=280)).vocab_size > MIN_VOCAB_SIZE


def test_a_vocabulary_without_room_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 263"):
        TokenizerSettings(vocab_size=MIN_VOCAB_SIZE - 1)


def test_the_pipeline_is_that_of_the_published_tokenizers(make_tokenizer: Callable[[str], Tokenizer]) -> None:
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    qwen2, llama3 = parts(make_tokenizer("qwen2")), parts(make_tokenizer("llama3"))
    split, byte_level = qwen2["pre_tokenizer"]["pretokenizers"]
    assert split == {"type": "Split", "pattern": {"Regex": PRETOKENIZE_REGEX}, "behavior": "Isolated", "invert": False}
    assert byte_level == {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    assert qwen2["normalizer"] == {"type": "NFC"}
    assert llama3["normalizer"] is None
    llama3_pattern = llama3["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]
    assert llama3_pattern == PRETOKENIZE_REGEX.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def test_fertility_counts_words_tokens_and_bytes() -> None:
    bytes_only = train_tokenizer(["a"], TokenizerSettings(vocab_size=MIN_VOCAB_SIZE))
    measured = fertility(bytes_only, {"en": ["two words", "three"], "ru": iter(["да нет"]), "none": []})
    assert set(measured) == {"en", "ru"}
    assert measured["en"] == {
        "tokens_per_word": round(14 / 3, 3),
        "bytes_per_token": 1.0,
        "num_texts": 2,
        "num_words": 3,
        "num_tokens": 14,
        "num_bytes": 14,
    }
    assert measured["ru"]["tokens_per_word"] == 11 / 2
    learnt = fertility(train_tokenizer(TEXTS, TokenizerSettings(vocab_size=300)), {"en": TEXTS[:1]})
    assert learnt["en"]["bytes_per_token"] > 1
