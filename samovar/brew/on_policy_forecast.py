"""What learning from preferences among its own answers will take here: drawn, judged and learnt round by round."""

from __future__ import annotations

from samovar.brew.answering_forecast import (
    ANSWER_SHARE,
    PROMPT_TOKENS,
    TOKENS_OF_AN_ANSWER,
    decoded_share_of_training_speed,
)
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.preference_forecast import forecast_preferences, preference_tokens
from samovar.brew.recipe import Recipe
from samovar.brew.training_forecast import FORWARD_SHARE, probe_training
from samovar.train.preference_settings import DpoSettings, OnPolicySettings

SERVER_SECONDS = 3.0
"""That a server takes for an answer: nobody knows before."""
_BRIEF_TOKENS = 250
"""Of rules and instructions around two answers that are to be compared."""


def on_policy_tokens(settings: DpoSettings, outlook: Outlook) -> float:
    """Tokens that all rounds together train on: of each prompt two of the answers drawn."""
    how = settings.on_policy or OnPolicySettings()
    pair = PROMPT_TOKENS + 2 * ANSWER_SHARE * how.max_tokens
    return max(1.0, how.rounds * _num_prompts(settings, how, outlook) * pair * settings.epochs)


def forecast_on_policy(recipe: Recipe, settings: DpoSettings, outlook: Outlook) -> Forecast:
    """Seconds, memory and disk of all rounds, and the questions of the gate."""
    how = settings.on_policy or OnPolicySettings()
    prompts = _num_prompts(settings, how, outlook)
    speed = probe_training(recipe, settings, outlook)["tokens_per_second"]
    tokens = on_policy_tokens(settings, outlook)
    training = forecast_preferences(recipe, settings, outlook, gate=settings.gate, tokens=tokens)
    answer = ANSWER_SHARE * how.max_tokens
    drawn = (how.rounds + 1) * prompts * how.samples * answer
    seconds = drawn / (speed * decoded_share_of_training_speed())
    # Every two of the answers in both orders, and one of each round beside one of the beginning.
    comparisons = how.rounds * prompts * (how.samples * (how.samples - 1) / 2 + 1)
    if how.feedback is None:
        seconds += FORWARD_SHARE * (drawn + (how.rounds + 1) * prompts * how.samples * PROMPT_TOKENS) / speed
    elif how.feedback.judge.url is None:
        seconds += 2 * comparisons * (PROMPT_TOKENS + 2 * answer + _BRIEF_TOKENS) * FORWARD_SHARE / speed
    else:
        seconds += 2 * comparisons * SERVER_SECONDS / how.feedback.judge.at_once
    return training._replace(seconds=training.seconds + seconds, disk_bytes=(how.rounds + 1) * training.disk_bytes)


def _num_prompts(settings: DpoSettings, how: OnPolicySettings, outlook: Outlook) -> float:
    """By the size of the files, each row of which is a prompt with two answers."""
    there = preference_tokens(settings, outlook) / settings.epochs / (PROMPT_TOKENS + 2 * TOKENS_OF_AN_ANSWER)
    return min(there, how.prompts or there)
