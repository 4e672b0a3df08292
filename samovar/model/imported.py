"""Another's model becomes a folder of ours: checked first, its weights unchanged, its tokenizer in ``tokenizer.json``.

What its folder leaves open is settled here, once: the chat template where there is none, every token that ends an
answer, and a card that says on what terms it may be used.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

from samovar.chat.speech import find_speech
from samovar.core.errors import ConfigError
from samovar.core.files import naming_os_errors, read_json, write_json
from samovar.model import encoder_checkpoint, seq2seq
from samovar.model.card import find_terms, licence_files, read_card, terms_facts, write_card
from samovar.model.checkpoint import (
    CONFIG,
    GENERATION,
    SAMPLING,
    family_names,
    load_model,
    outline,
    read_config,
    read_settings,
    save_model,
)
from samovar.model.settings import DecoderSettings
from samovar.model.shards import INDEX, weight_bytes
from samovar.model.vocabulary import check_vocabulary
from samovar.tokenizer.convert import open_tokenizer
from samovar.tokenizer.special import TURN_END, TURN_START
from samovar.tokenizer.template import chat_template, plain_template
from samovar.tokenizer.tokenizer import Tokenizer


class Origin(NamedTuple):
    """Where a model is from."""

    name: str
    """What it is called: ``owner/name`` on Hugging Face, else the name of its folder."""
    revision: str | None = None
    """Commit of its repository; None for a folder."""

    @property
    def base_model(self) -> str | None:
        """Its id on Hugging Face."""
        return self.name if "/" in self.name else None


def import_folder(
    source: Path, out: Path, *, origin: Origin, allow_pickle: bool = False, moves: bool = False
) -> dict[str, Any]:
    """Make a model's folder at ``out`` of the one in ``source``.

    Args:
        source: a Hugging Face folder.
        out: made where it is absent.
        origin: where the model is from.
        allow_pickle: whether weights in pickles are opened, and written as safetensors.
        moves: whether the files of the weights are taken out of ``source`` instead of being copied.
    Returns:
        family, sizes, terms and what was settled, JSON-able.
    Raises:
        ConfigError: the family is unknown, the weights are pickles, or there is no tokenizer.
        CorruptError: files are damaged or do not fit each other.
        MissingError: files are not there.
    """
    _, plain = check_settings(source)
    files = outline(source, allow_pickle=allow_pickle).files
    tokenizer, _ = settle_template(plain)
    facts = describe(source, origin, weight_bytes(source))
    with naming_os_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / CONFIG, out / CONFIG)
        for path in licence_files(source):
            shutil.copyfile(path, out / path.name)
    tokenizer.save(out)
    _write_generation(source, out, tokenizer)
    terms = find_terms(source, origin=origin.name, config=read_config(source))
    write_card(out, terms, name=origin.name, base_model=facts["base_model"], revision=origin.revision)
    _bring_weights(source, out, files, moves=moves)
    return facts


def describe(source: Path, origin: Origin, weight_bytes: int) -> dict[str, Any]:
    """What there is to know of the model in ``source``, without its weights: family, sizes, terms, chat template.

    Raises:
        ConfigError, CorruptError, MissingError: as ``check_settings``.
    """
    settings, plain = check_settings(source)
    tokenizer, template = settle_template(plain)
    terms = find_terms(source, origin=origin.name, config=read_config(source))
    card = read_card(source)
    return {
        "origin": origin.name,
        "revision": origin.revision,
        "base_model": origin.base_model or (card.base_model if card else None),
        "family": settings.family,
        "parameters": settings.num_parameters,
        "context": settings.max_positions,
        "vocab_size": tokenizer.vocab_size,
        "weight_bytes": weight_bytes,
        "chat_template": template,
        **terms_facts(terms),
        "shape": settings.model_dump(mode="json"),
    }


def check_settings(source: Path) -> tuple[DecoderSettings, Tokenizer]:
    """Check all but the weights of the model in ``source``, and give its shape and its tokenizer.

    Raises:
        ConfigError: the family is unknown, or there is no tokenizer that can be opened.
        CorruptError: the tokenizer does not fit the embedding, or a file is damaged.
    """
    _check_is_decoder(source)
    settings, tokenizer = read_settings(source), open_tokenizer(source)
    check_vocabulary(tokenizer, settings, source)
    return settings, tokenizer


def _check_is_decoder(source: Path) -> None:
    """Say of models that open otherwise how they do: a list of decoders would not help."""
    kind = read_config(source).get("model_type")
    if kind in encoder_checkpoint.encoder_names():
        how = (
            "samovar.model.encoder_checkpoint.load_encoder opens it as an embedder or a classifier, and reward.base "
            "takes it for a reward model"
        )
    elif kind in seq2seq.FAMILIES:
        how = "samovar.model.seq2seq.Seq2Seq.load opens it, with the extra t5"
    else:
        return
    raise ConfigError(
        f"{source} is of the family {kind!r}, which is no decoder: it cannot be a base, nor be chatted with",
        hint=f"{how}; known families of decoders: {', '.join(family_names())}",
    )


def settle_template(tokenizer: Tokenizer) -> tuple[Tokenizer, str]:
    """The tokenizer with a chat template, and whose it is: ``own``, ``chatml`` or ``plain``.

    A base model without one gets ours where its vocabulary has the marks of turns; else one that tells turns apart by
    words, and ends an answer with the end of a document.
    """
    if tokenizer.chat_template:
        return tokenizer, "own"
    has_marks = {TURN_START, TURN_END} <= set(tokenizer.special_ids)
    names = {number: mark for mark, number in tokenizer.special_ids.items()}
    end = TURN_END if has_marks else names[tokenizer.document_end_id]
    begins = "{{- bos_token -}}" if tokenizer.begin_ids else ""
    # The whole file's comment comes first in it, and whatever stands before a comment is written.
    text = begins + (chat_template() if has_marks else plain_template())
    config = tokenizer.config | {"eos_token": end}
    roles = tokenizer.roles._replace(texts={**tokenizer.roles.texts, "eos_token": end})
    return Tokenizer(tokenizer.to_json(), text, config, roles), "chatml" if has_marks else "plain"


def _bring_weights(source: Path, out: Path, files: list[Path], *, moves: bool) -> None:
    if files[0].suffix != ".safetensors":
        save_model(load_model(source, allow_pickle=True), out)
        return
    with naming_os_errors(out):
        for path in files:
            shutil.move(path, out / path.name) if moves else shutil.copyfile(path, out / path.name)
        if (source / INDEX).is_file() and len(files) > 1:
            shutil.copyfile(source / INDEX, out / INDEX)


def _write_generation(source: Path, out: Path, tokenizer: Tokenizer) -> None:
    """``generation_config.json`` with every token that ends an answer, those of the chat template too."""
    path = source / GENERATION
    config = read_json(path) if path.is_file() else SAMPLING
    ends = find_speech(tokenizer).ends
    ids = [tokenizer.special_ids[mark] for mark in sorted(ends)]
    stops = list(dict.fromkeys([tokenizer.eos_id, *sorted({*ids, *tokenizer.stop_ids})]))
    write_json(out / GENERATION, config | {"eos_token_id": stops, "pad_token_id": tokenizer.pad_id})
