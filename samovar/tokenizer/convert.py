"""Older forms of a tokenizer become a ``tokenizer.json``: SentencePiece's file, GPT-2's vocabulary and merges, or the
ranks of tokens that Qwen 1 comes with.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend

from samovar.core.errors import ConfigError, CorruptError
from samovar.core.files import read_json
from samovar.tokenizer.ranks_file import read_ranks
from samovar.tokenizer.roles import read_roles
from samovar.tokenizer.sentencepiece_file import SentencePieceModel, read_sentencepiece
from samovar.tokenizer.special import DOCUMENT_END, TURN_END, TURN_START
from samovar.tokenizer.template import read_template
from samovar.tokenizer.tokenizer import TOKENIZER_FILE, Tokenizer
from samovar.tokenizer.train import SPLIT_PATTERNS

SENTENCEPIECE_FILE = "tokenizer.model"
VOCABULARY_FILE, MERGES_FILE = "vocab.json", "merges.txt"
RANKS_FILE = "qwen.tiktoken"
ADDED_FILE = "added_tokens.json"
QWEN1_MARKS = (DOCUMENT_END, TURN_START, TURN_END, *(f"<|extra_{number}|>" for number in range(205)))
"""Qwen 1's special tokens, in the order of their ids, which are not in its files."""
SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
"""The letter that SentencePiece writes for a space."""

_QWEN_CLASSES = ("Qwen2Tokenizer", "Qwen2TokenizerFast")
_WITHOUT_BOS = ("BaichuanTokenizer",)
"""Of those with a SentencePiece file: classes that put no beginning before a text unless told to."""


def open_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer in ``folder``, in whichever of the known forms it is there.

    Raises:
        ConfigError: there is none in a form that is known here.
        CorruptError: its files are damaged.
    """
    if (folder / TOKENIZER_FILE).is_file():
        return Tokenizer.load(folder)
    if (folder / SENTENCEPIECE_FILE).is_file():
        return _from_sentencepiece(folder)
    if (folder / VOCABULARY_FILE).is_file() and (folder / MERGES_FILE).is_file():
        return _from_merges(folder)
    if (folder / RANKS_FILE).is_file():
        return _from_ranks(folder)
    found = ", ".join(sorted(path.name for path in folder.glob("*tok*"))) or "no file of one"
    raise ConfigError(
        f"{folder} has no tokenizer that can be opened: neither {TOKENIZER_FILE} nor {SENTENCEPIECE_FILE} nor "
        f"{VOCABULARY_FILE} with {MERGES_FILE} is there ({found})",
        hint="where transformers opens it, AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes a "
        f"{TOKENIZER_FILE}",
    )


def _from_sentencepiece(folder: Path) -> Tokenizer:
    model = read_sentencepiece(folder / SENTENCEPIECE_FILE)
    backend = Backend(_model(model))
    steps: list[Any] = [normalizers.Precompiled(model.character_map)] if model.character_map else []
    if model.strips_spaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    # As in Llama's own tokenizer.json; behind special tokens, and symbols that the maker defined, it is put there too.
    steps += [normalizers.Prepend(SPACE)] if model.adds_prefix else []
    backend.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", SPACE)])
    if model.model_type == "unigram":
        # Pieces do not reach over spaces: without the cut a long text would be one word, in time that grows squared.
        backend.pre_tokenizer = pre_tokenizers.Split(SPACE, behavior="merged_with_next")
    taken_away = [decoders.Strip(" ", 1, 0)] if model.adds_prefix else []
    backend.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *taken_away]
    )
    backend.add_special_tokens(
        [AddedToken(piece.text, normalized=False) for piece in model.pieces if piece.kind in ("control", "unknown")]
    )
    backend.add_tokens([AddedToken(piece.text, normalized=False) for piece in model.pieces if piece.kind == "user"])
    return _finished(backend, folder, _sentencepiece_roles(model, folder))


def _model(model: SentencePieceModel) -> models.Model:
    if model.model_type == "unigram":
        scored = [(piece.text, piece.score) for piece in model.pieces]
        return models.Unigram(scored, model.unk_id, model.has_bytes)
    return models.BPE(
        {piece.text: number for number, piece in enumerate(model.pieces)},
        _merges(model),
        unk_token=model.pieces[model.unk_id].text,
        fuse_unk=True,
        byte_fallback=model.has_bytes,
    )


def _merges(model: SentencePieceModel) -> list[tuple[str, str]]:
    """Every pair of pieces that together are a piece, the best piece first."""
    words = {piece.text: number for number, piece in enumerate(model.pieces) if piece.kind in ("normal", "user")}
    merges = []
    for text in sorted(words, key=lambda text: -model.pieces[words[text]].score):
        pairs = [(text[:cut], text[cut:]) for cut in range(1, len(text))]
        known = [pair for pair in pairs if pair[0] in words and pair[1] in words]
        merges += sorted(known, key=lambda pair: (words[pair[0]], words[pair[1]]))
    return merges


def _sentencepiece_roles(model: SentencePieceModel, folder: Path) -> dict[str, Any]:
    config, _ = read_roles(folder)
    named: dict[str, Any] = {"unk_token": model.pieces[model.unk_id].text}
    if model.bos_id is not None:
        named["bos_token"] = model.pieces[model.bos_id].text
        named["add_bos_token"] = config.get("tokenizer_class") not in _WITHOUT_BOS
    if model.eos_id is not None:
        named["eos_token"] = model.pieces[model.eos_id].text
    return named


def _from_merges(folder: Path) -> Tokenizer:
    """GPT-2's byte-level form, or Qwen 2's where the configuration names it."""
    config, _ = read_roles(folder)
    words = read_json(folder / VOCABULARY_FILE)
    backend = Backend(models.BPE(words, _read_merges(folder / MERGES_FILE, words)))
    if config.get("tokenizer_class") in _QWEN_CLASSES:
        backend = _byte_level(backend, SPLIT_PATTERNS["qwen2"])
        backend.normalizer = normalizers.NFC()
    else:
        backend.decoder = decoders.ByteLevel()
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=bool(config.get("add_prefix_space", False)))
    defaults = {"eos_token": DOCUMENT_END, "bos_token": DOCUMENT_END}
    return _finished(backend, folder, defaults if DOCUMENT_END in words else {})


def _from_ranks(folder: Path) -> Tokenizer:
    """Qwen 1's: its words and their ranks, which are their ids; marks stand behind them in its code."""
    words, merges = read_ranks(folder / RANKS_FILE)
    # As tiktoken does: a word that is a token is never put together from others.
    backend = _byte_level(Backend(models.BPE(words, merges, ignore_merges=True)), SPLIT_PATTERNS["qwen2"])
    backend.normalizer = normalizers.NFC()
    backend.add_special_tokens([AddedToken(mark, normalized=False) for mark in QWEN1_MARKS])
    return _finished(backend, folder, {"eos_token": DOCUMENT_END, "pad_token": DOCUMENT_END})


def _byte_level(backend: Backend, split: str) -> Backend:
    """With words cut by the pattern ``split``, and bytes written in letters."""
    cut = pre_tokenizers.Split(Regex(split), behavior="isolated")
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([cut, letters])
    backend.decoder = decoders.ByteLevel()
    return backend


def _read_merges(path: Path, words: Mapping[str, int]) -> list[tuple[str, str]]:
    merges = []
    # Not by splitlines, to which U+2028 and its like end a line, too: a token may be such.
    for number, line in enumerate(io.StringIO(path.read_text(encoding="utf-8")), 1):
        if not line.strip() or (number == 1 and line.startswith("#version")):
            continue
        left, space, right = line.removesuffix("\n").partition(" ")
        if not space or left not in words or right not in words or left + right not in words:
            raise CorruptError(
                f"{path}:{number} is {line[:40]!r}: no pair of tokens of {VOCABULARY_FILE}",
                hint="the two are of different tokenizers: fetch the folder again",
            )
        merges.append((left, right))
    return merges


def _finished(backend: Backend, folder: Path, defaults: Mapping[str, Any]) -> Tokenizer:
    """With the special tokens that the files beside it name, and a configuration that takes the result as it is."""
    config, roles = read_roles(folder)
    _add_tokens(backend, folder, config)
    missing = {key: value for key, value in defaults.items() if key not in roles.texts and key not in config}
    kept = {key: value for key, value in config.items() if key not in ("chat_template", "added_tokens_decoder")}
    written = missing | kept | dict(roles.texts) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    roles = roles._replace(texts={**_texts(missing), **roles.texts})
    if roles.adds_bos is None and isinstance(written.get("add_bos_token"), bool) and "bos_token" in roles.texts:
        roles = roles._replace(adds_bos=written["add_bos_token"])
    return Tokenizer(backend.to_str(), read_template(folder, config), written, roles)


def _texts(named: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in named.items() if key.endswith("_token") and isinstance(value, str)}


def _add_tokens(backend: Backend, folder: Path, config: Mapping[str, Any]) -> None:
    """Tokens beyond the model's, under the ids that the files give them.

    Raises:
        CorruptError: the ids leave a gap, so that others would be given.
    """
    added: dict[int, AddedToken] = {}
    if (folder / ADDED_FILE).is_file():
        read = read_json(folder / ADDED_FILE)
        added = {number: AddedToken(text, normalized=False) for text, number in read.items()}
    for number, about in config.get("added_tokens_decoder", {}).items():
        flags = {key: bool(about.get(key)) for key in ("special", "lstrip", "rstrip", "normalized")}
        added[int(number)] = AddedToken(about["content"], **flags)
    for number, token in sorted(added.items()):
        add = backend.add_special_tokens if token.special else backend.add_tokens
        add([token])
        if backend.token_to_id(token.content) != number:
            raise CorruptError(
                f"the token {token.content!r} has the id {number} in {folder}, and would get "
                f"{backend.token_to_id(token.content)}",
                hint="the files are of different tokenizers: fetch the folder again",
            )
