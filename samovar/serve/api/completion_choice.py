"""One answer of /v1/completions: its text with or without the prompt, and its tokens with their probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samovar.engine.request import Delta, TokenLogprobs
from samovar.serve.api.token_text import LOWEST, token_text
from samovar.serve.shapes.completions import CompletionChoice, CompletionLogprobs
from samovar.tokenizer.tokenizer import Tokenizer


class ChoiceText:
    """Grows with the engine's deltas."""

    def __init__(
        self, tokenizer: Tokenizer, echoed: Sequence[int], *, has_logprobs: bool, is_only_prompt: bool
    ) -> None:
        """Make it empty.

        Args:
            tokenizer: the model's.
            echoed: ids of the prompt, where the answer begins with it.
            has_logprobs: whether tokens are told with their probabilities.
            is_only_prompt: whether what the engine drew is left out, as no token was asked for.
        """
        self._tokenizer = tokenizer
        self._echoed = list(echoed)
        self._has_logprobs, self._is_only_prompt = has_logprobs, is_only_prompt
        self._pieces: list[CompletionChoice] = []
        self._offset = 0
        """Letters of the tokens so far."""
        self.num_tokens = self.num_cached = 0
        self._sum, self._num_scored = 0.0, 0

    @property
    def score(self) -> float:
        """Mean log-probability of the drawn tokens."""
        return self._sum / max(1, self._num_scored)

    def take(self, delta: Delta) -> CompletionChoice:
        """Note what is new, and give it."""
        text, tokens = "", list[TokenLogprobs | int]()
        if not self._pieces and self._echoed:
            text = self._tokenizer.decode(self._echoed, skip_special=False)
            tokens += [self._echoed[0], *(one for one in delta.prompt_logprobs[1:] if one is not None)]
        if not self._is_only_prompt:
            text += delta.text
            tokens += delta.logprobs
            self.num_tokens += len(delta.ids)
        self.num_cached += delta.num_cached
        self._sum += sum(one.logprob for one in delta.logprobs)
        self._num_scored += len(delta.logprobs)
        piece: CompletionChoice = {
            "index": 0,
            "text": text,
            "logprobs": self._logprobs(tokens) if self._has_logprobs else None,
            "finish_reason": "length" if delta.finish_reason and self._is_only_prompt else delta.finish_reason,
        }
        self._pieces.append(piece)
        return piece

    def whole(self) -> CompletionChoice:
        """All of it; after the last delta."""
        logprobs: CompletionLogprobs | None = None
        if self._has_logprobs:
            logprobs = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
            for piece in self._pieces:
                if (some := piece["logprobs"]) is not None:
                    logprobs["tokens"] += some["tokens"]
                    logprobs["token_logprobs"] += some["token_logprobs"]
                    logprobs["top_logprobs"] += some["top_logprobs"]
                    logprobs["text_offset"] += some["text_offset"]
        return {
            "index": 0,
            "text": "".join(piece["text"] for piece in self._pieces),
            "logprobs": logprobs,
            "finish_reason": self._pieces[-1]["finish_reason"],
        }

    def _logprobs(self, tokens: Iterable[TokenLogprobs | int]) -> CompletionLogprobs:
        """Of each token, in order; a bare id is the first of a prompt, which nothing foretells."""
        told: CompletionLogprobs = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
        for one in tokens:
            number = one if isinstance(one, int) else one.token
            text = token_text(self._tokenizer, number)
            told["tokens"].append(text)
            told["text_offset"].append(self._offset)
            self._offset += len(text)
            if isinstance(one, int):
                told["token_logprobs"].append(None)
                told["top_logprobs"].append(None)
                continue
            told["token_logprobs"].append(max(one.logprob, LOWEST))
            likely = {**dict(one.top), number: one.logprob}
            told["top_logprobs"].append(
                {token_text(self._tokenizer, token): max(likely[token], LOWEST) for token in likely}
            )
        return told
