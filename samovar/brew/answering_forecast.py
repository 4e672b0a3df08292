"""What it takes here to have a model answer and read, by the speed at which this machine trains it."""

from __future__ import annotations

from samovar.brew.forecast import Outlook
from samovar.brew.recipe import Recipe
from samovar.core.devices import can_compile, has_gpu

TOKENS_OF_AN_ANSWER = 60
PROMPT_TOKENS = 60
ANSWER_SHARE = 0.5
"""Of the longest answer that answers which are learnt from take; in learning by reward with what is asked again for
want of useful ones."""
BYTES_PER_TOKEN = 3.0
"""Of documents."""


def decoded_share_of_training_speed() -> float:
    """Decoded tokens a second of a full batch, as a share of trained tokens a second.

    Measured on two cores: the quick start answers the 1,400 questions of its evaluation in 16 seconds, all else of that
    stage included, by the native engine, which wants a C++ compiler; by torch it is a tenth.
    """
    return 1.0 if can_compile() and not has_gpu() else 0.1


def answering_seconds(recipe: Recipe, examples: int, speed: float) -> float:
    """What answering ``examples`` questions of each task and language takes.

    Args:
        recipe: says how many tasks and languages there are.
        examples: questions.
        speed: tokens a second that are trained.
    """
    questions = examples * len(recipe.sft.tasks) * len(recipe.languages)
    return questions * TOKENS_OF_AN_ANSWER / (speed * decoded_share_of_training_speed())


def held_out_tokens(recipe: Recipe, text_bytes: int, outlook: Outlook) -> float:
    """Tokens of the held-out text that is read: of ``text_bytes``, or of less where there is no more."""
    held_out = outlook.quantity("data", "characters") * recipe.data.validation_share
    return min(text_bytes, held_out) / BYTES_PER_TOKEN
