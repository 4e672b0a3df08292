"""Older forms of tokenizers, converted: the same ids and texts as the programs that they are of."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest

from samovar.core.errors import ConfigError, CorruptError
from samovar.tokenizer.convert import open_tokenizer
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import SPLIT_PATTERNS
from tests.tokenizer import foreign

LINES = [line for text in foreign.TEXTS for line in text.splitlines() if line.strip()]


def sentencepiece_file(folder: Path, kind: str, *, has_bytes: bool, rule: str) -> bytes:
    spm = pytest.importorskip("sentencepiece")
    written = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES * 4),
        model_writer=written,
        vocab_size=400 if has_bytes else 150,
        model_type=kind,
        byte_fallback=has_bytes,
        normalization_rule_name=rule,
        remove_extra_whitespaces=rule != "identity",
        character_coverage=1.0,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (folder / "tokenizer.model").write_bytes(written.getvalue())
    return written.getvalue()


@pytest.mark.parametrize("rule", ["identity", "nmt_nfkc"])
@pytest.mark.parametrize("has_bytes", [True, False])
@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_a_sentencepiece_file_gives_the_ids_of_sentencepiece(
    tmp_path: Path, kind: str, has_bytes: bool, rule: str
) -> None:
    proto = sentencepiece_file(tmp_path, kind, has_bytes=has_bytes, rule=rule)
    import sentencepiece

    theirs = sentencepiece.SentencePieceProcessor(model_proto=proto)
    ours = open_tokenizer(tmp_path)
    samples = [*LINES, *foreign.SAMPLES] if has_bytes else LINES
    for text in samples:
        assert ours.encode(text) == theirs.encode(text), text
        if has_bytes:
            assert ours.decode(ours.encode(text)) == theirs.decode(theirs.encode(text))
    assert ours.begin_ids == (theirs.bos_id(),)
    assert ours.eos_id == ours.document_end_id == theirs.eos_id()
    assert not {theirs.bos_id(), theirs.eos_id()} & set(ours.encode("<s> and </s>, please"))


def test_what_is_converted_is_saved_for_transformers(tmp_path: Path) -> None:
    sentencepiece_file(tmp_path, "bpe", has_bytes=True, rule="identity")
    ours = open_tokenizer(tmp_path)
    ours.save(tmp_path / "new")
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(tmp_path / "new")
    again = Tokenizer.load(tmp_path / "new")
    for text in foreign.SAMPLES:
        assert theirs.encode(text, add_special_tokens=False) == ours.encode(text) == again.encode(text)
    assert again.begin_ids == ours.begin_ids
    assert again.roles.texts == ours.roles.texts


def test_baichuan_puts_nothing_before_a_text(tmp_path: Path) -> None:
    sentencepiece_file(tmp_path, "bpe", has_bytes=True, rule="identity")
    foreign.configure(tmp_path, None, tokenizer_class="BaichuanTokenizer", add_bos_token=False)
    assert open_tokenizer(tmp_path).begin_ids == ()


@pytest.mark.parametrize("damage", [b"", b"\xff" * 20, b"\x0a\x7f", b"not a model at all", b"\x0a\x02\x0a\x00"])
def test_a_damaged_sentencepiece_file_is_named(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "tokenizer.model").write_bytes(damage)
    with pytest.raises((CorruptError, ConfigError), match=r"tokenizer\.model"):
        open_tokenizer(tmp_path)


def older_folder(folder: Path, source: Path) -> Path:
    """vocab.json and merges.txt, as GPT-2 and its kin have them."""
    model = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    end = {"<|endoftext|>": len(model["vocab"])}
    (folder / "vocab.json").write_text(json.dumps(model["vocab"] | end), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["gpt2", "qwen2"])
def test_a_vocabulary_with_merges_gives_the_ids_of_transformers(tmp_path: Path, name: str) -> None:
    from transformers import GPT2Tokenizer, Qwen2Tokenizer

    kind = {"gpt2": GPT2Tokenizer, "qwen2": Qwen2Tokenizer}[name]
    folder = older_folder(tmp_path, foreign.byte_level(tmp_path / "source", marks=[]))
    foreign.configure(folder, None, tokenizer_class=kind.__name__, eos_token="<|endoftext|>")
    theirs = kind(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    ours = open_tokenizer(folder)
    for text in [*foreign.SAMPLES, *foreign.TEXTS]:
        assert ours.encode(text) == theirs.encode(text, add_special_tokens=False), text
        assert ours.decode(ours.encode(text)) == theirs.decode(ours.encode(text))
    assert ours.eos_id == theirs.convert_tokens_to_ids("<|endoftext|>")


def test_ranks_of_tokens_give_back_the_tokenizer_that_they_were_written_from(tmp_path: Path) -> None:
    source = Tokenizer.load(foreign.byte_level(tmp_path / "source", marks=[], split=SPLIT_PATTERNS["qwen2"]))
    lines = [f"{base64.b64encode(source.decode_bytes([one])).decode()} {one}" for one in range(source.vocab_size)]
    (tmp_path / "qwen.tiktoken").write_text("\n".join(lines))
    ours = open_tokenizer(tmp_path)
    for text in [*foreign.SAMPLES, *foreign.TEXTS, "words never seen, нигде не виданные слова"]:
        assert ours.encode(text) == source.encode(text), text
        assert ours.decode(ours.encode(text)) == text
    assert ours.token_id("<|endoftext|>") == source.vocab_size
    assert ours.token_id("<|extra_204|>") == source.vocab_size + 207


@pytest.mark.parametrize("line", ["IQ==", "?? 1", "IQ== one", "IQ== 0"])
def test_damaged_ranks_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "qwen.tiktoken").write_text(line)
    with pytest.raises(CorruptError, match=r"qwen\.tiktoken"):
        open_tokenizer(tmp_path)


def test_tokens_beside_the_vocabulary_get_their_own_ids(tmp_path: Path) -> None:
    folder = older_folder(tmp_path, foreign.byte_level(tmp_path / "source", marks=[]))
    number = len(json.loads((folder / "vocab.json").read_text(encoding="utf-8")))
    (folder / "added_tokens.json").write_text(json.dumps({"<|im_start|>": number, "<|im_end|>": number + 1}))
    assert open_tokenizer(folder).token_id("<|im_end|>") == number + 1
    (folder / "added_tokens.json").write_text(json.dumps({"<|im_start|>": number + 5}))
    with pytest.raises(CorruptError, match=rf"has the id {number + 5}"):
        open_tokenizer(folder)


def test_merges_of_another_vocabulary_are_named(tmp_path: Path) -> None:
    folder = older_folder(tmp_path, foreign.byte_level(tmp_path / "source", marks=[]))
    (folder / "merges.txt").write_text("zzzz yyyy\n", encoding="utf-8")
    with pytest.raises(CorruptError, match=r"merges\.txt:1"):
        open_tokenizer(folder)


def test_tokens_that_end_a_line_to_unicode_end_none_of_the_merges(tmp_path: Path) -> None:
    folder = older_folder(tmp_path, foreign.byte_level(tmp_path / "source", marks=[]))
    words = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    pairs = [["a", end] for end in ("\u0085", "\u2028", "\x1c")]
    new = [word for left, right in pairs for word in (right, left + right)]
    known = words | {word: len(words) + place for place, word in enumerate(new)}
    (folder / "vocab.json").write_text(json.dumps(known), encoding="utf-8")
    with (folder / "merges.txt").open("a", encoding="utf-8") as file:
        file.writelines(f"{' '.join(pair)}\n" for pair in pairs)
    assert json.loads(open_tokenizer(folder).to_json())["model"]["merges"][-3:] == pairs


def test_a_folder_without_any_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "tokenization_own.py").write_text("")
    with pytest.raises(ConfigError, match=r"tokenization_own\.py") as caught:
        open_tokenizer(tmp_path)
    assert "save_pretrained" in (caught.value.hint or "")
