"""Settings of feedback by a constitution: who advises, and what is asked."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from samovar.core.settings import Settings


class AdviserSettings(Settings):
    """A model that criticises, revises or judges: in a folder, or behind an address."""

    model: str | None = Field(None, min_length=1)
    """Folder of a model, relative to the project; with `url`, its name there. By default the assistant itself, or the
    first model that the server lists."""
    url: str | None = None
    """Address of a server that speaks OpenAI's chat completions, up to `/v1`: http://127.0.0.1:8000/v1 of `samovar
    serve`, or another's."""
    leaves_machine: bool = False
    """Say true where the address is of another computer: prompts and answers are then sent to it."""
    key_from: str | None = Field(None, min_length=1)
    """Name of the environment variable that holds the server's key; the key itself is never written down."""
    reasons: bool = False
    """Have a judge say in words what speaks for each answer before it decides."""
    max_tokens: int = Field(256, ge=1)
    """Longest criticism, revision or reasoning, in tokens."""
    timeout_s: float = Field(120.0, gt=0)
    """How long an answer of the server is waited for."""
    tries: int = Field(6, ge=1)
    """How often a question is asked in all when the server fails, is busy, or makes no sense."""
    backoff_s: float = Field(1.0, ge=0)
    """Pause before the second try, in seconds; it doubles from try to try, up to a minute."""
    at_once: int = Field(8, ge=1, le=256)
    """Questions that the server is asked side by side."""

    @model_validator(mode="after")
    def _check_address(self) -> AdviserSettings:
        if self.url is None:
            return self
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url is {self.url!r}: write it as http://127.0.0.1:8000/v1")
        if parts.username or parts.password:
            raise ValueError("url has a password in it: put the key into a variable, and name that in key_from")
        if self.is_elsewhere and not self.leaves_machine:
            raise ValueError(
                f"{parts.hostname} is another computer: prompts and answers would leave this one. If that is meant, "
                "say leaves_machine: true"
            )
        return self

    @property
    def is_elsewhere(self) -> bool:
        """Whether the address is of another computer."""
        host = urlsplit(self.url or "").hostname or "localhost"
        try:
            return not ip_address(host).is_loopback
        except ValueError:  # a name
            return host != "localhost"

    def what_counts(self) -> dict[str, Any]:
        """What determines the answers: how patiently they are waited for does not."""
        patience = {"timeout_s", "tries", "backoff_s", "at_once", "key_from", "leaves_machine"}
        return self.model_dump(mode="json", exclude=patience)


class JudgingSettings(Settings):
    """Which of two answers keeps a constitution's rules better: who says so, and when it counts."""

    constitution: str = "constitution.md"
    """Text file of rules, one a list item, in English or Russian; relative to the project."""
    rules: int | None = Field(None, ge=1)
    """Rules that the judge sees with a pair, drawn by the seed; by default all that are in the prompt's language."""
    flips: Literal["tie", "mean"] = "tie"
    """What becomes of a pair whose verdict turns with the order of the answers: nobody wins, or the mean of both
    verdicts decides (of judges that tell probabilities)."""
    min_margin: float = Field(0.0, ge=0)
    """Mean log-odds, in nats, that a verdict must have to count, where the judge tells probabilities."""
    judge: AdviserSettings = AdviserSettings()
    """Who judges; by default the assistant itself."""

    def what_counts(self) -> dict[str, Any]:
        """What determines the verdicts, and whatever else is made by these settings."""
        advisers = {name for name in type(self).model_fields if isinstance(getattr(self, name), AdviserSettings)}
        plain = self.model_dump(mode="json", exclude=advisers)
        return plain | {name: getattr(self, name).what_counts() for name in sorted(advisers)}


class RlaifSettings(JudgingSettings):
    """Rows to learn from, made by a constitution instead of by people."""

    prompts: list[str] = []
    """Files whose prompts are answered, or folders of them: conversations or preferences in any form, or rows with
    `prompt`. By default the questions of the recipe's tasks."""
    num_prompts: int | None = Field(None, ge=1)
    """Prompts, at most, drawn by the seed; by default all of the files, of tasks 200."""
    answers: int = Field(2, ge=1)
    """Answers that the assistant draws to each prompt."""
    revisions: int = Field(1, ge=0)
    """How often the first of them is criticised and revised, each time by a rule that the seed draws."""
    pairs: int = Field(3, ge=0)
    """Pairs among the answers and the revision that are judged for each prompt, at most; 0 judges nothing."""
    temperature: float = Field(1.0, gt=0)
    """Of the assistant's answers."""
    max_tokens: int = Field(256, ge=1)
    """Longest answer of the assistant, in tokens."""
    reviser: AdviserSettings = AdviserSettings()
    """Who criticises and revises; by default the assistant itself."""
    seed: int = 0
    """Of every draw."""
