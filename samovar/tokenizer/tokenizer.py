"""Text to tokens and back, by a byte-level tokenizer in Hugging Face's format."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from samovar.core.errors import ConfigError, CorruptError, MissingError, ResourceError
from samovar.core.files import naming_os_errors, read_json, write_atomic, write_json
from samovar.tokenizer.byte_alphabet import token_bytes
from samovar.tokenizer.special import DOCUMENT_END, TURN_END
from samovar.tokenizer.template import TEMPLATE_FILE

TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "tokenizer_config.json"


class Tokenizer:
    """Encodes and decodes; special tokens written out in a text stay text unless they are allowed.

    ``decode(encode(text))`` is ``text`` in the tokenizer's normal form: NFC with the 'qwen2' split, unchanged with
    'llama3'. Lone surrogates, which are not Unicode text, become U+FFFD.
    """

    def __init__(self, tokenizer_json: str, chat_template: str) -> None:
        """Make it of the text of a ``tokenizer.json``.

        Raises:
            ValueError: it is not a byte-level tokenizer that the tokenizers library reads.
        """
        self.chat_template = chat_template
        self._json = tokenizer_json
        parts = json.loads(tokenizer_json)
        if "ByteLevel" not in json.dumps(parts.get("decoder")):
            raise ValueError("it is not a byte-level tokenizer")
        self._full = _backend(tokenizer_json)
        # The library always finds those added tokens that are not hidden on decoding (<tool_call>), so that text which
        # may not forge them goes through a twin that has none.
        self._plain = _backend(json.dumps({**parts, "added_tokens": []}))
        added = {token["content"]: token for token in parts.get("added_tokens", [])}
        self.special_ids: dict[str, int] = {content: token["id"] for content, token in added.items()}
        self._hidden = frozenset(token["id"] for token in added.values() if token["special"])

    @classmethod
    def load(cls, folder: Path) -> Tokenizer:
        """Read the tokenizer in ``folder``.

        Raises:
            MissingError: there is none.
            ResourceError: it may not be read.
            CorruptError: its files are damaged.
        """
        path = Path(folder) / TOKENIZER_FILE
        try:
            return cls(path.read_text(encoding="utf-8"), _read_template(path.parent))
        except FileNotFoundError as error:
            raise MissingError(
                f"{path} does not exist", hint="make the tokenizer with `samovar tokenizer` or `samovar brew`"
            ) from error
        except OSError as error:
            raise ResourceError(
                f"{path} cannot be read: {error.strerror}", hint="check what it is and who owns it"
            ) from error
        except CorruptError:
            raise
        # The library reports whatever it cannot parse as a plain Exception.
        except Exception as error:
            raise CorruptError(f"{path} cannot be used: {error}", hint="delete it and make it again") from error

    def save(self, folder: Path) -> None:
        """Write the files that transformers' ``AutoTokenizer`` reads."""
        folder = Path(folder)
        with naming_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / TOKENIZER_FILE, self._json)
        write_atomic(folder / TEMPLATE_FILE, self.chat_template)
        write_json(folder / CONFIG_FILE, _transformers_config())

    @cached_property
    def vocab_size(self) -> int:
        """The highest id and one: the rows an embedding needs."""
        return max(self._full.get_vocab(with_added_tokens=True).values()) + 1

    @property
    def eos_id(self) -> int:
        """Ends a turn of a conversation, and with it generation."""
        return self.token_id(TURN_END)

    @property
    def document_end_id(self) -> int:
        """Separates documents; also fills what is empty."""
        return self.token_id(DOCUMENT_END)

    def token_id(self, special: str) -> int:
        """The id of a special token.

        Raises:
            ConfigError: the tokenizer has no such special token.
        """
        if special not in self.special_ids:
            raise ConfigError(
                f"the tokenizer has no special token {special!r}",
                hint=f"it has: {', '.join(self.special_ids) or 'none'}",
            )
        return self.special_ids[special]

    def encode(self, text: str, *, allow_special: bool = False) -> list[int]:
        """The ids of ``text``; nothing is added at its ends."""
        backend = self._full if allow_special else self._plain
        return backend.encode(whole_unicode(text), add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str], *, allow_special: bool = False) -> list[list[int]]:
        """The ids of each text, on all cores."""
        backend = self._full if allow_special else self._plain
        clean = [whole_unicode(text) for text in texts]
        return [one.ids for one in backend.encode_batch_fast(clean, add_special_tokens=False)]

    def decode(self, ids: Sequence[int], *, skip_special: bool = True) -> str:
        """The text of ``ids``; ids beyond the vocabulary are nothing, broken UTF-8 becomes U+FFFD.

        ``skip_special`` leaves out the marks of turns and documents, but not those of tools.
        """
        return self.decode_bytes(ids, skip_special=skip_special).decode("utf-8", "replace")

    def decode_bytes(self, ids: Iterable[int], *, skip_special: bool = True) -> bytes:
        """The bytes of ``ids``, whether they are whole UTF-8 or not."""
        known, hidden = self._bytes_of_id, self._hidden if skip_special else frozenset()
        return b"".join(known.get(number, b"") for number in ids if number not in hidden)

    @cached_property
    def _bytes_of_id(self) -> dict[int, bytes]:
        marks = {number: content.encode() for content, number in self.special_ids.items()}
        found = {}
        for token, number in self._full.get_vocab(with_added_tokens=True).items():
            raw = token_bytes(token)
            found[number] = token.encode() if raw is None else raw
        return found | marks


class TextStream:
    """Decodes ids as they come; a character whose bytes are not all there yet is held back."""

    def __init__(self, tokenizer: Tokenizer, *, skip_special: bool = True) -> None:
        self._tokenizer = tokenizer
        self._skip_special = skip_special
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, ids: Iterable[int]) -> str:
        """The text that ``ids`` complete."""
        return self._decoder.decode(self._tokenizer.decode_bytes(ids, skip_special=self._skip_special))

    def finish(self) -> str:
        """What was held back: U+FFFD for a character that never became whole, or nothing."""
        return self._decoder.decode(b"", final=True)


def whole_unicode(text: str) -> str:
    """``text`` with surrogate pairs joined and lone surrogates, which no encoder takes, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _backend(tokenizer_json: str) -> tokenizers.Tokenizer:
    backend = tokenizers.Tokenizer.from_str(tokenizer_json)
    backend.no_truncation()
    backend.no_padding()
    return backend


def _read_template(folder: Path) -> str:
    """The template beside the tokenizer, or inside its configuration as older folders have it."""
    path = folder / TEMPLATE_FILE
    if path.is_file():
        return path.read_text(encoding="utf-8")
    config = read_json(folder / CONFIG_FILE) if (folder / CONFIG_FILE).is_file() else {}
    template = config.get("chat_template") if isinstance(config, dict) else None
    return template if isinstance(template, str) else ""


def _transformers_config() -> dict[str, Any]:
    """The class takes tokenizer.json as it is: Qwen2Tokenizer would build its own split over it."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": TURN_END,
        "pad_token": DOCUMENT_END,
        "bos_token": None,
        "unk_token": None,
        "clean_up_tokenization_spaces": False,
    }
