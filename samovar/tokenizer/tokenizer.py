"""Text to tokens and back, by a tokenizer in Hugging Face's format: byte-level, or such as comes from SentencePiece."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from samovar.core.errors import ConfigError, CorruptError, MissingError, ResourceError
from samovar.core.files import naming_os_errors, write_atomic, write_json
from samovar.tokenizer.beginnings import Prefixed, prefixed, without_prefix
from samovar.tokenizer.decoding import read_decoding
from samovar.tokenizer.marks import forgeable, forgotten, is_mark, is_read, unreadable, vocabulary
from samovar.tokenizer.roles import CONFIG_FILE, Roles, document_end, read_roles, roles_of
from samovar.tokenizer.special import DOCUMENT_END, TURN_END
from samovar.tokenizer.template import TEMPLATE_FILE, read_template

TOKENIZER_FILE = "tokenizer.json"
WORTH_THREADS = 2048
"""Letters from which it pays to wake other threads: the four short texts of a question take 53 us alone, 260 with their
help, and 12 ms where other work has the cores."""


class Tokenizer:
    """Encodes and decodes; special tokens written out in a text stay text unless they are allowed.

    ``decode(encode(text))`` is ``text`` in the tokenizer's normal form: of our own tokenizers, NFC with the 'qwen2'
    split and unchanged with 'llama3'. Lone surrogates, which are not Unicode text, become U+FFFD.
    """

    def __init__(
        self,
        tokenizer_json: str,
        chat_template: str,
        config: Mapping[str, Any] | None = None,
        roles: Roles | None = None,
    ) -> None:
        """Make it of the text of a ``tokenizer.json``.

        Args:
            tokenizer_json: the text.
            chat_template: a Jinja template; empty where there is none.
            config: what ``tokenizer_config.json`` is to hold; by default, of our own special tokens.
            roles: which special tokens begin and end what; by default as ``config`` says.
        Raises:
            ValueError: it is not a tokenizer of a kind that is known here.
        """
        parts = json.loads(tokenizer_json)
        self._decoding = read_decoding(parts.get("decoder"))
        self.chat_template = chat_template
        self.config = dict(_own_config(parts) if config is None else config)
        self.roles = roles_of(self.config) if roles is None else roles
        words = vocabulary(parts)
        named, left = forgotten(parts, words, self.roles), unreadable(parts, self.roles, chat_template)
        if named or left:
            kept = [token for token in parts.get("added_tokens", []) if token["content"] not in left]
            parts["added_tokens"] = [*kept, *named]
            tokenizer_json = json.dumps(parts, ensure_ascii=False)
        self._json = tokenizer_json
        added = parts.get("added_tokens", [])
        marks = [token for token in added if is_mark(token)]
        self.special_ids: dict[str, int] = {token["content"]: token["id"] for token in marks}
        self._mark_ids = frozenset(self.special_ids.values())
        self.swallows_before = frozenset(token["content"] for token in marks if token.get("lstrip"))
        self.swallows_after = frozenset(token["content"] for token in marks if token.get("rstrip"))
        self._hidden = frozenset(token["id"] for token in added if token["special"] and not is_read(token["content"]))
        self._words_of_id = {token["id"]: token["content"] for token in added}
        self._full = _backend(tokenizer_json)
        # The library finds added tokens in any text, so that text which may not forge the marks goes through a twin
        # that has none of them. Other added tokens, as runs of spaces, are words like any other.
        self._twin = {**parts, "added_tokens": [token for token in added if not is_mark(token)]}
        self._plain = _backend(json.dumps(self._twin))
        # It numbers words anew that stand behind marks it does not have.
        self._number_of = _renumbered(self._plain, self._twin["added_tokens"])
        self._forgeable = forgeable(words, self.special_ids, has_bytes=self._decoding.has_byte_tokens)

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
            text = path.read_text(encoding="utf-8")
            config, roles = read_roles(path.parent)
            template = read_template(path.parent, config)
            return cls(text, template, {key: config[key] for key in config if key != "chat_template"}, roles)
        except FileNotFoundError as error:
            raise MissingError(
                f"{path} does not exist",
                hint="make the tokenizer with `samovar tokenizer` or `samovar brew`; of another's model, "
                "`samovar import` takes or converts it",
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

    def to_json(self) -> str:
        """The text of its ``tokenizer.json``."""
        return self._json

    def save(self, folder: Path) -> None:
        """Write the files that transformers' ``AutoTokenizer`` reads."""
        folder = Path(folder)
        with naming_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / TOKENIZER_FILE, self._json)
        if self.chat_template:
            write_atomic(folder / TEMPLATE_FILE, self.chat_template)
        write_json(folder / CONFIG_FILE, {**self.roles.texts, **self.config})

    @cached_property
    def vocab_size(self) -> int:
        """The highest id and one: the rows an embedding needs."""
        return max(self._full.get_vocab(with_added_tokens=True).values()) + 1

    @cached_property
    def eos_id(self) -> int:
        """Ends a turn of a conversation, and with it generation: the first of what the model's files name."""
        eos = self.roles.texts.get("eos_token")
        if eos in self.special_ids:
            return self.special_ids[eos]
        return self._said_stops[0] if self._said_stops else self.document_end_id

    @cached_property
    def document_end_id(self) -> int:
        """Separates documents; also fills what is empty.

        Raises:
            ConfigError: the tokenizer has no token for it.
        """
        token = document_end(self.special_ids, self.roles)
        return self.token_id(token or DOCUMENT_END)

    @cached_property
    def pad_id(self) -> int:
        """Fills what is empty."""
        return self.special_ids.get(self.roles.texts.get("pad_token", ""), self.document_end_id)

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """Every id that ends an answer."""
        return frozenset((self.eos_id, self.document_end_id, *self._said_stops))

    @property
    def _said_stops(self) -> list[int]:
        """Of those that the model's files name, the marks: a word among them is of another tokenizer."""
        return [number for number in self.roles.stop_ids if number in self._mark_ids]

    @cached_property
    def begin_ids(self) -> tuple[int, ...]:
        """What stands before a text that begins anew: the beginning-of-text token, in families that have learnt it.

        Chat templates write it themselves.
        """
        if self.roles.adds_bos is not None:
            bos = self.special_ids.get(self.roles.texts["bos_token"])
            return (bos,) if self.roles.adds_bos and bos is not None else ()
        bare = self._full.encode("a", add_special_tokens=False).ids
        whole = self._full.encode("a").ids
        places = range(len(whole) - len(bare) + 1)
        start = next((place for place in places if whole[place : place + len(bare)] == bare), 0)
        return tuple(whole[:start])

    def is_mark(self, number: int) -> bool:
        """Whether an id is that of a mark, and not of text."""
        return number in self._mark_ids

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

    @cached_property
    def prefixed(self) -> Prefixed:
        """Which stretches of a text get a space in front."""
        return prefixed(self._twin)

    @cached_property
    def _going_on(self) -> tokenizers.Tokenizer:
        return self._plain if self.prefixed == "never" else _backend(json.dumps(without_prefix(self._twin)))

    def encode(self, text: str, *, allow_special: bool = False, goes_on: bool = False) -> list[int]:
        """The ids of ``text``; nothing is added at its ends.

        ``goes_on``: other text stands before it, so that no space is put in front where the tokenizer does that.
        """
        text = whole_unicode(text)
        if allow_special:
            return self._full.encode(text, add_special_tokens=False).ids
        first, *others = self._unforged(text)
        ids = self._backend_of(goes_on).encode(first, add_special_tokens=False).ids
        for other in others:
            ids += self._going_on.encode(other, add_special_tokens=False).ids
        return [self._number_of.get(number, number) for number in ids] if self._number_of else ids

    def encode_batch(
        self, texts: Sequence[str], *, allow_special: bool = False, goes_on: bool = False
    ) -> list[list[int]]:
        """The ids of each text; of many letters on all cores."""
        if sum(map(len, texts)) < WORTH_THREADS:
            return [self.encode(text, allow_special=allow_special, goes_on=goes_on) for text in texts]
        backend = self._full if allow_special else self._backend_of(goes_on)
        clean = [whole_unicode(text) for text in texts]
        ids = [one.ids for one in backend.encode_batch_fast(clean, add_special_tokens=False)]
        if self._number_of and not allow_special:
            ids = [[self._number_of.get(number, number) for number in one] for one in ids]
        if self._forgeable is not None and not allow_special:
            for place, text in enumerate(clean):
                if self._forgeable.search(text):
                    ids[place] = self.encode(text, goes_on=goes_on)
        return ids

    def _backend_of(self, goes_on: bool) -> tokenizers.Tokenizer:
        return self._going_on if goes_on else self._plain

    def _unforged(self, text: str) -> list[str]:
        """``text`` cut inside whatever would become a mark, although it is but written."""
        if self._forgeable is None:
            return [text]
        cuts = [found.start() + 1 for found in self._forgeable.finditer(text)]
        return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    def decode(self, ids: Sequence[int], *, skip_special: bool = True, goes_on: bool = False) -> str:
        """The text of ``ids``; ids beyond the vocabulary are nothing, broken UTF-8 becomes U+FFFD.

        ``skip_special`` leaves out the marks of turns and documents, but not those of tools and thoughts. ``goes_on``:
        other text stands before it, so that a space at its beginning is one.
        """
        stream = TextStream(self, skip_special=skip_special, goes_on=goes_on)
        return stream.push(ids) + stream.finish()

    def decode_bytes(self, ids: Iterable[int], *, skip_special: bool = True) -> bytes:
        """The bytes of ``ids``, whether they are whole UTF-8 or not; a space that encoding put in front is kept."""
        known, hidden = self._bytes_of_id, self._hidden if skip_special else frozenset()
        return b"".join(known.get(number, b"") for number in ids if number not in hidden)

    @property
    def is_byte_level(self) -> bool:
        """Whether every byte is a token, so that every text comes back."""
        return self._decoding.is_byte_level

    @property
    def can_be_forged(self) -> bool:
        """Whether marks are among the model's own words, so that text that looks like one has to be cut."""
        return self._forgeable is not None

    @property
    def leading_spaces(self) -> int:
        """Spaces that encoding puts before a text, and decoding takes away."""
        return self._decoding.leading_spaces

    @cached_property
    def _bytes_of_id(self) -> dict[int, bytes]:
        vocabulary = self._full.get_vocab(with_added_tokens=True)
        found = {number: self._decoding.bytes_of(token) for token, number in vocabulary.items()}
        # Added tokens stand for themselves where others are in the letters of bytes; Gemma's runs of spaces do not.
        added = self._words_of_id if self.is_byte_level else {}
        return found | {number: content.encode() for number, content in added.items()}


class TextStream:
    """Decodes ids as they come; a character whose bytes are not all there yet is held back."""

    def __init__(self, tokenizer: Tokenizer, *, skip_special: bool = True, goes_on: bool = False) -> None:
        self._tokenizer = tokenizer
        self._skip_special = skip_special
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._spaces = 0 if goes_on else tokenizer.leading_spaces
        """Spaces that may still have to be taken away."""

    def push(self, ids: Iterable[int]) -> str:
        """The text that ``ids`` complete."""
        return self._begun(self._decoder.decode(self._tokenizer.decode_bytes(ids, skip_special=self._skip_special)))

    def finish(self) -> str:
        """What was held back: U+FFFD for a character that never became whole, or nothing."""
        return self._begun(self._decoder.decode(b"", final=True))

    def _begun(self, text: str) -> str:
        while self._spaces and text:
            if not text.startswith(" "):
                self._spaces = 0
            else:
                text = text[1:]
                self._spaces -= 1
        return text


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


def _renumbered(backend: tokenizers.Tokenizer, added: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """Id that ``backend`` gives -> id that the file gives, of those added tokens where the two differ."""
    given = {backend.token_to_id(token["content"]): token["id"] for token in added}
    return {given_id: number for given_id, number in given.items() if given_id is not None and given_id != number}


def _own_config(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The class takes tokenizer.json as it is: Qwen2Tokenizer would build its own split over it."""
    added = {token["content"] for token in parts.get("added_tokens", [])}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": TURN_END if TURN_END in added else None,
        "pad_token": DOCUMENT_END if DOCUMENT_END in added else None,
        "bos_token": None,
        "unk_token": None,
        "clean_up_tokenization_spaces": False,
    }
