"""T5 and its like: an encoder reads, a decoder answers. transformers runs them; the extra ``t5`` brings it.

Source: Raffel et al. 2020, arXiv:1910.10683.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from samovar.core.errors import ConfigError, MissingError
from samovar.core.extras import require
from samovar.model.checkpoint import read_config
from samovar.model.shards import weight_files

FAMILIES = ("t5", "mt5", "umt5")


class Seq2Seq:
    """Texts in, texts out, greedily."""

    def __init__(self, model: Any, tokenizer: Tokenizer) -> None:
        self._model, self._tokenizer = model, tokenizer

    @classmethod
    def load(cls, folder: Path, *, dtype: torch.dtype = torch.float32) -> Seq2Seq:
        """Open the model and the tokenizer in ``folder``.

        Raises:
            MissingError: a file is not there, or transformers is not installed.
            ConfigError: it is no such model, or its weights are pickles.
        """
        kind = read_config(folder).get("model_type")
        if kind not in FAMILIES:
            raise ConfigError(
                f"{folder} is of the family {kind!r}, which is no encoder-decoder that is known here",
                hint=f"known ones: {', '.join(FAMILIES)}",
            )
        weight_files(folder)
        if not (folder / "tokenizer.json").is_file():
            raise MissingError(f"{folder} holds no tokenizer.json", hint="copy it from where the model is from")
        transformers = require("transformers", extra="t5")
        model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, use_safetensors=True
        )
        return cls(model.eval(), Tokenizer.from_file(str(folder / "tokenizer.json")))

    @torch.inference_mode()
    def answer(self, texts: Sequence[str], *, max_tokens: int = 128) -> list[str]:
        """The most likely answer to every text, of at most ``max_tokens`` tokens."""
        if not texts:
            return []
        rows = [encoded.ids for encoded in self._tokenizer.encode_batch(list(texts))]
        length = max(map(len, rows))
        pad = self._model.config.pad_token_id or 0
        tokens_BT = torch.tensor([row + [pad] * (length - len(row)) for row in rows])
        mask_BT = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
        answers = self._model.generate(
            input_ids=tokens_BT, attention_mask=mask_BT, max_new_tokens=max_tokens, do_sample=False, num_beams=1
        )
        return self._tokenizer.decode_batch(answers.tolist(), skip_special_tokens=True)
