"""Which tokens begin and end texts and turns, as the files beside a ``tokenizer.json`` say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.files import read_json
from samovar.tokenizer.special import DOCUMENT_END

CONFIG_FILE = "tokenizer_config.json"
SPECIAL_MAP_FILE = "special_tokens_map.json"
MODEL_FILES = ("generation_config.json", "config.json")
"""Of a model's folder: both may say which tokens end an answer, the first is asked first."""

DOCUMENT_ENDS = (DOCUMENT_END, "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>")
"""What families end a document with. A chat model's ``eos_token`` is often the end of a turn instead."""


class Roles(NamedTuple):
    """What is said of special tokens."""

    texts: Mapping[str, str] = {}
    """``bos_token``, ``eos_token``, ``pad_token``, … -> the token; chat templates know them by these names."""
    stop_ids: tuple[int, ...] = ()
    """Ids that end an answer, as the model's own files say."""
    adds_bos: bool | None = None
    """Whether a text begins with ``bos_token``; None leaves it to the ``tokenizer.json``."""
    num_rows: int | None = None
    """Of the embedding, as the model's own files say."""


def read_roles(folder: Path) -> tuple[dict[str, Any], Roles]:
    """``tokenizer_config.json`` in ``folder``, empty where there is none, and the roles.

    Raises:
        CorruptError: a file is not JSON.
    """
    config = _object(folder / CONFIG_FILE)
    return config, roles_of(
        config, _object(folder / SPECIAL_MAP_FILE), [_object(folder / name) for name in MODEL_FILES]
    )


def roles_of(
    config: Mapping[str, Any], special_map: Mapping[str, Any] | None = None, models: Iterable[Mapping[str, Any]] = ()
) -> Roles:
    """The roles that these files' contents give."""
    named = {key: value for key, value in {**(special_map or {}), **config}.items() if key.endswith("_token")}
    texts = {key: text for key, value in named.items() if (text := _content(value)) is not None}
    stops: tuple[int, ...] = ()
    num_rows = None
    for model in models:
        stops = stops or _ids(model.get("eos_token_id"))
        num_rows = num_rows or model.get("vocab_size")
    adds_bos = config.get("add_bos_token")
    adds_bos = adds_bos if isinstance(adds_bos, bool) and "bos_token" in texts else None
    return Roles(texts, stops, adds_bos, num_rows if isinstance(num_rows, int) else None)


def document_end(marks: Mapping[str, int], roles: Roles) -> str | None:
    """The token that ends a document; None where the tokenizer has nothing like it."""
    for token in (*DOCUMENT_ENDS, roles.texts.get("eos_token", ""), roles.texts.get("bos_token", "")):
        if token in marks:
            return token
    return None


def _content(value: Any) -> str | None:
    text = value.get("content") if isinstance(value, Mapping) else value
    return text if isinstance(text, str) else None


def _ids(value: Any) -> tuple[int, ...]:
    several = value if isinstance(value, list) else [value]
    return tuple(number for number in several if isinstance(number, int))


def _object(path: Path) -> dict[str, Any]:
    value = read_json(path) if path.is_file() else {}
    return value if isinstance(value, dict) else {}
