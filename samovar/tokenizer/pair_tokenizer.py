"""Two texts as one row of ids, as an encoder was pretrained to read a pair: BERT's ``[CLS] one [SEP] two [SEP]``.

Which special tokens stand where is read out of the ``tokenizer.json`` itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tokenizers

from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import naming_os_errors
from samovar.tokenizer.tokenizer import TOKENIZER_FILE

_LEAST_PROMPT = 4
"""One part in so many of the room is left to the first text, however long the second is."""


class PairTokenizer:
    """Encodes pairs of texts; special tokens written out in a text stay text."""

    def __init__(self, tokenizer_json: str) -> None:
        """Make it of the text of a ``tokenizer.json``.

        Raises:
            ValueError: it has no way of joining two texts.
        """
        full = tokenizers.Tokenizer.from_str(tokenizer_json)
        full.no_truncation()
        full.no_padding()
        parts = json.loads(tokenizer_json)
        added = [token for token in parts.get("added_tokens", []) if token["special"]]
        unknown = _unknown(parts["model"])
        self._marks = frozenset(token["id"] for token in added if token["content"] != unknown)
        plain = [token for token in parts.get("added_tokens", []) if not token["special"]]
        self._plain = tokenizers.Tokenizer.from_str(json.dumps({**parts, "added_tokens": plain}))
        self._plain.no_truncation()
        self._plain.no_padding()
        self.vocab_size = 1 + max(full.get_vocab(with_added_tokens=True).values())
        """The highest id and one: the rows an embedding needs."""
        joined = full.encode("a", "b")
        sides = list(zip(joined.ids, joined.sequence_ids, strict=True))
        places = [place for place, (_, side) in enumerate(sides) if side is not None]
        middle = [place for place in range(places[0], places[-1]) if sides[place][1] is None]
        if not middle or not places[0]:
            raise ValueError("it joins two texts without marks, as an encoder's does not")
        self.first_ids = joined.ids[: places[0]]
        self.middle_ids = [joined.ids[place] for place in middle]
        self.last_ids = joined.ids[places[-1] + 1 :]

    @classmethod
    def load(cls, folder: Path) -> PairTokenizer:
        """Read the tokenizer in ``folder``.

        Raises:
            MissingError: there is none.
            CorruptError: it is damaged, or none of an encoder's.
        """
        path = Path(folder) / TOKENIZER_FILE
        if not path.is_file():
            raise MissingError(
                f"{path} does not exist",
                hint="an encoder's vocab.txt or spm.model alone is not read: save it once more with transformers' "
                "AutoTokenizer",
            )
        with naming_os_errors(path):
            text = path.read_text(encoding="utf-8")
        try:
            return cls(text)
        # The library reports whatever it cannot parse as a plain Exception.
        except Exception as error:
            raise CorruptError(f"{path} cannot be used: {error}", hint="fetch the encoder's folder again") from error

    @property
    def separator_id(self) -> int:
        """Ends either text."""
        return self.middle_ids[0]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text alone, without marks; a mark that a text spells out is left away."""
        found = self._plain.encode_batch(list(texts), add_special_tokens=False)
        return [[one for one in encoding.ids if one not in self._marks] for encoding in found]

    def join(self, one: Sequence[int], two: Sequence[int], limit: int) -> tuple[list[int], bool]:
        """Both with the marks between them, in ``limit`` tokens at most, and whether something had to be left away.

        The first loses its beginning, down to a quarter of the room; then the second loses its end.
        """
        room = limit - len(self.first_ids) - len(self.middle_ids) - len(self.last_ids)
        kept = min(len(two), room - min(len(one), room // _LEAST_PROMPT))
        start = max(0, len(one) - (room - kept))
        ids = [*self.first_ids, *one[start:], *self.middle_ids, *two[:kept], *self.last_ids]
        return ids, start > 0 or kept < len(two)


def _unknown(model: dict[str, Any]) -> str | None:
    """The token that stands for what the vocabulary has no other for: no mark, though it is special."""
    if model.get("unk_id") is not None:  # Unigram, of XLM-RoBERTa and DeBERTa
        piece: str = model["vocab"][model["unk_id"]][0]
        return piece
    unknown: str | None = model.get("unk_token")
    return unknown
