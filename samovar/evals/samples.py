"""What the assistant says to a stranger's first questions, and how the base model goes on with a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.data.samples import Reservoir
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.evals.tasks import Answerer
from samovar.tokenizer.tokenizer import Tokenizer

_BEGINNING_CHARACTERS = 80
_SHORTEST_CHARACTERS = 240
_CONTINUATION_TOKENS = 64
NAME = "{name}"


class Prompt(NamedTuple):
    """A question, and words of which a right answer holds one; no words where there is no single right answer."""

    text: str
    expects: tuple[str, ...] = ()


FIRST_QUESTIONS = (
    Prompt("What is your name?", (NAME,)),
    Prompt("Как тебя зовут?", (NAME,)),
    Prompt("What is 17*24?", ("408",)),
    Prompt("Сколько будет 17*24?", ("408",)),
    Prompt("Hi! How are you today?"),
    Prompt("Привет! Как дела?"),
    Prompt("Tell me a short story about a cat and a boat."),
    Prompt("Расскажи короткую историю про кота и лодку."),
    Prompt("What is the capital of France?", ("Paris",)),
    Prompt("Назови столицу Франции.", ("Париж",)),
)
"""The last two are in no lesson: they show what the model does where it knows nothing."""
_ADMISSIONS = (
    "don't know",
    "do not know",
    "not sure",
    "not in the text",
    "does not say",
    "can't",
    "cannot",
    "не знаю",
    "в тексте",
    "не могу",
)


class Answered(NamedTuple):
    """A question and the messages that answered it."""

    prompt: str
    completion: tuple[Message, ...]
    is_right: bool | None
    """None where there is no single right answer, or the assistant says that it does not know."""


class Continuation(NamedTuple):
    """The beginning of a held-out document, and what came after it: in the model's words, and in truth."""

    beginning: str
    model: str
    truth: str


def answer_prompts(agent: Answerer, assistant_name: str, sampling: Sampling, own: Sequence[str] = ()) -> list[Answered]:
    """Put the first questions, and those of the recipe, each to a fresh conversation."""
    prompts = [*FIRST_QUESTIONS, *(Prompt(text) for text in own)]
    return [_answer(agent, prompt, assistant_name, sampling) for prompt in prompts]


def _answer(agent: Answerer, prompt: Prompt, assistant_name: str, sampling: Sampling) -> Answered:
    try:
        completion = agent.complete_batch([[Message(role="user", content=prompt.text)]], sampling)[0]
    except RequestError:  # a question of the recipe that is longer than the model's context
        completion = []
    return Answered(prompt.text, tuple(completion), _is_right(prompt, completion, assistant_name))


def _is_right(prompt: Prompt, completion: Sequence[Message], assistant_name: str) -> bool | None:
    if not prompt.expects:
        return None
    said = completion[-1].content.casefold() if completion and completion[-1].role == "assistant" else ""
    if any(admission in said for admission in _ADMISSIONS):
        return None
    words = (re.escape(word.replace(NAME, assistant_name).casefold()) for word in prompt.expects)
    return any(re.search(rf"(?<!\w){word}(?!\d)", said) for word in words)  # a word may have an ending


def continue_documents(
    engine: Engine, tokenizer: Tokenizer, texts: Iterable[str], *, count: int, seed: int = 0
) -> list[Continuation]:
    """Let a base model go on with the beginnings of ``count`` documents, drawn evenly from all of ``texts``."""
    drawn: Reservoir[str] = Reservoir(count, f"continuations {seed}")
    for text in texts:
        if len(text) >= _SHORTEST_CHARACTERS:
            drawn.offer(text, lambda text=text: text)  # type: ignore[misc]
    beginnings = [_beginning(text) for text in drawn.items]
    prompts = [[*tokenizer.begin_ids, *tokenizer.encode(beginning)] for beginning in beginnings]
    sampling = Sampling(temperature=0.7, seed=seed, max_tokens=_CONTINUATION_TOKENS)
    return [
        Continuation(beginning, completion.text, text[len(beginning) : len(beginning) + len(completion.text)])
        for beginning, text, completion in zip(beginnings, drawn.items, engine.generate(prompts, sampling), strict=True)
    ]


def _beginning(text: str) -> str:
    """About eighty characters, up to the end of a word."""
    cut = text.find(" ", _BEGINNING_CHARACTERS)
    return text[: cut if 0 < cut < 2 * _BEGINNING_CHARACTERS else _BEGINNING_CHARACTERS]
