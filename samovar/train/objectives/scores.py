"""The scores of answers, where a batch says that they are read."""

from __future__ import annotations

from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.model.decoder import Decoder
from samovar.model.reward import RewardDecoder
from samovar.model.reward_encoder import RewardEncoder
from samovar.train.batches import Batch


def answer_scores(model: Decoder | RewardEncoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
    """Of each answer in ``batch``, or of each of its steps, the score; float32, A.

    Raises:
        ConfigError: the model gives no scores.
    """
    if not isinstance(model, RewardDecoder | RewardEncoder):
        raise ConfigError("this model gives no scores", hint="make it a reward model first")
    assert batch.answers is not None  # the objective is one of answers
    return model.scores(hidden_BTD.flatten(0, 1)[batch.answers.end_A])
