"""A reward model at work: how good conversations are, in its own units."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from samovar.chat.conversation import Conversation
from samovar.chat.preferences import Pair, Steps, answered
from samovar.chat.rows import render_rows
from samovar.core.devices import pick_device
from samovar.core.errors import ConfigError, DataError
from samovar.model.reward import RewardDecoder, load_reward
from samovar.model.reward_encoder import RewardEncoder, is_encoder, load_reward_encoder
from samovar.tokenizer.pair_tokenizer import PairTokenizer
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.answer_rows import AnswerRows
from samovar.train.answers import GOOD
from samovar.train.batches import hidden_of
from samovar.train.encoder_reader import EncoderReader
from samovar.train.forks import Fork
from samovar.train.objectives.scores import answer_scores
from samovar.train.solutions import render_steps

NO_STEPS = "an encoder sees the steps that follow, so that it cannot judge them one by one"
_ROW_TOKENS = 1024
"""Conversations shorter than this share rows."""


class RewardModel:
    """One reward model, or the mean of an ensemble."""

    def __init__(
        self, models: Sequence[RewardDecoder] | Sequence[RewardEncoder], tokenizer: Tokenizer | EncoderReader
    ) -> None:
        self.models: list[RewardDecoder | RewardEncoder] = list(models)
        self.tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path) -> RewardModel:
        """The reward model in ``folder``, with the further ones of an ensemble.

        Raises:
            MissingError: there is none.
            ConfigError: it is a model of another kind.
        """
        members = [folder, *sorted(folder.glob("model-*/"))]
        if not is_encoder(folder):
            models = [load_reward(member, dtype=torch.float32).to(pick_device()) for member in members]
            return cls(models, Tokenizer.load(folder))
        tokenizer = PairTokenizer.load(folder)
        encoders = [
            load_reward_encoder(member, separator_id=tokenizer.separator_id, dtype=torch.float32).to(pick_device())
            for member in members
        ]
        return cls(encoders, EncoderReader(tokenizer, encoders[0].settings.max_positions))

    def score(self, conversations: Sequence[Conversation]) -> np.ndarray:
        """The score of each conversation, float32; of an ensemble the mean.

        Raises:
            DataError: one is longer than the model's context, or the template refuses it; an encoder reads a part.
        """
        return self.members_of(self._forks(conversations)).mean(axis=0)

    def score_what_fits(self, conversations: Sequence[Conversation]) -> np.ndarray:
        """As ``score``; NaN for a conversation that is longer than the model's context."""
        return self.score_by_each(conversations).mean(axis=0)

    def score_by_each(self, conversations: Sequence[Conversation]) -> np.ndarray:
        """As ``score_what_fits``, of each model of an ensemble by itself: a row a model."""
        return self._what_fits(self._forks(conversations))

    def score_pairs(self, pairs: Sequence[Pair]) -> np.ndarray:
        """The scores of chosen and rejected, a row a pair."""
        both = [answered(pair.prompt, answer, pair.tools) for pair in pairs for answer in (pair.chosen, pair.rejected)]
        return self.score(both).reshape(-1, 2)

    def score_steps(self, solutions: Sequence[Steps]) -> list[np.ndarray]:
        """Of each solution, the probability that each step is right; NaN where it is longer than the model's context.

        Raises:
            ConfigError: the model is an encoder.
        """
        if not solutions:
            return []
        if isinstance(self.tokenizer, EncoderReader):
            raise ConfigError(NO_STEPS, hint="score whole answers, or train a decoder")
        forks = list(render_steps(solutions, self.tokenizer))
        log_odds = self._what_fits(forks).mean(axis=0)
        ends = np.cumsum([len(fork.judged) for fork in forks])[:-1]
        return np.split(1.0 / (1.0 + np.exp(-log_odds)), ends)

    def words(self) -> list[str]:
        """What of conversations an encoder did not read, for people; nothing where it read all."""
        return self.tokenizer.words() if isinstance(self.tokenizer, EncoderReader) else []

    def _forks(self, conversations: Sequence[Conversation]) -> list[Fork]:
        if isinstance(self.tokenizer, EncoderReader):
            return self.tokenizer.alone(conversations)
        rows = render_rows(conversations, self.tokenizer)
        return [Fork([], [row.ids], [[]], [(0, len(row.ids) - 1)], (GOOD,)) for row in rows]

    def _what_fits(self, forks: Sequence[Fork]) -> np.ndarray:
        """As ``members_of``; NaN for every judged place of what is too long."""
        fits = [self._reads(fork) for fork in forks]
        is_read = np.repeat(fits, [len(fork.judged) for fork in forks]).astype(bool)
        found = np.full((len(self.models), len(is_read)), np.nan, dtype=np.float32)
        found[:, is_read] = self.members_of([fork for fork, does in zip(forks, fits, strict=True) if does])
        return found

    def _reads(self, fork: Fork) -> bool:
        """Whether it is no longer than the model's context. An encoder's reader has cut it."""
        return isinstance(self.tokenizer, EncoderReader) or fork.num_tokens <= self.models[0].settings.max_positions

    @torch.inference_mode()
    def members_of(self, forks: Sequence[Fork]) -> np.ndarray:
        """Every model's score of every judged place, in the order of ``forks``: a row a model."""
        if not forks:
            return np.zeros((len(self.models), 0), dtype=np.float32)
        longest = max(fork.num_tokens for fork in forks)
        limit = self.models[0].settings.max_positions
        if not all(map(self._reads, forks)):
            raise DataError(
                f"a conversation has {longest} tokens, and the reward model reads {limit}", hint="leave it out"
            )
        rows = self._rows(forks, longest, limit)
        number_of = {id(fork): number for number, fork in enumerate(forks)}
        first = np.concatenate([[0], np.cumsum([len(fork.judged) for fork in forks])])
        order = np.concatenate(
            [np.arange(first[n], first[n + 1]) for n in (number_of[id(fork)] for fork in rows.forks)]
        )
        found = np.zeros((len(self.models), int(first[-1])), dtype=np.float32)
        device = next(self.models[0].parameters()).device
        place = 0
        for number in range(len(rows)):
            batch = rows.batch(np.array([number])).to(device)
            assert batch.answers is not None
            there = order[place : place + len(batch.answers.end_A)]
            place += len(there)
            for member, model in enumerate(self.models):
                hidden_BTD = hidden_of(model, batch)
                found[member, there] = answer_scores(model, batch, hidden_BTD).cpu().numpy()
        if not np.isfinite(found).all():
            raise DataError(
                "the reward model gives scores that are no numbers",
                hint="its weights are damaged, or its training went astray: train it anew, at a lower rate",
            )
        return found

    def _rows(self, forks: Sequence[Fork], longest: int, limit: int) -> AnswerRows:
        """Short conversations several to a row; those of an encoder are no longer for that, each being a document."""
        if isinstance(self.tokenizer, EncoderReader):
            return AnswerRows(forks, max(longest, _ROW_TOKENS), pad_id=self.tokenizer.pad_id, shares=False)
        return AnswerRows(forks, min(limit, max(longest, _ROW_TOKENS)), pad_id=self.tokenizer.document_end_id)
