"""`samovar chat`: talk to the assistant in the terminal."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, say, show_error
from samovar.core.errors import RequestError

if TYPE_CHECKING:
    from samovar.agent.agent import Agent
    from samovar.agent.events import Event, Finished
    from samovar.chat.conversation import Message
    from samovar.engine.request import Sampling

EXAMPLE = 'samovar chat quickstart -m "How much is 17*24?"'

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="A project, or a model's folder.", show_default=False)]
Text = Annotated[
    str | None, typer.Option("-m", "--message", help="Ask this, print the answer alone, and end.", show_default=False)
]
Temperature = Annotated[
    float | None,
    typer.Option("--temperature", min=0, max=2, help="0 takes the likeliest word each time.", show_default=False),
]
Seed = Annotated[int | None, typer.Option("--seed", help="The same seed gives the same answer.", show_default=False)]
MaxTokens = Annotated[
    int | None, typer.Option("--max-tokens", min=1, help="Longest answer, in tokens.", show_default=False)
]
Adapter = Annotated[
    Path | None,
    typer.Option("--adapter", metavar="DIR", help="Put this adapter on the model first.", show_default=False),
]

Thinking = Annotated[
    bool | None,
    typer.Option(
        "--think/--no-think",
        help="Whether a reasoning model thinks before it answers; else as the recipe or the model has it.",
        show_default=False,
    ),
]

_HELP = "a line is a message; /new starts a new chat, /help says this, Ctrl-C stops an answer, /quit or Ctrl-D ends"


def run(
    folder: Folder,
    message: Text = None,
    temperature: Temperature = None,
    seed: Seed = None,
    max_tokens: MaxTokens = None,
    adapter: Adapter = None,
    thinking: Thinking = None,
    as_json: AsJson = False,
) -> None:
    """Talk to the assistant; its calls of tools are run, and shown on stderr."""
    if message is not None and not message.strip():
        raise typer.BadParameter("the message is empty", param_hint="-m")
    from samovar.cli.assistant_choice import assistant_of

    assistant = assistant_of(folder)
    from samovar.agent.agent import Agent
    from samovar.brew.habits import habits_of
    from samovar.engine.engine import Engine
    from samovar.engine.request import Sampling

    serve = assistant.recipe.serve
    habits = habits_of(assistant.recipe)
    habits = habits if thinking is None else habits._replace(thinking=thinking)
    agent = Agent.of(Engine.load(assistant.model, max_batch=1, adapter=adapter), habits)
    sampling = Sampling(
        temperature=serve.temperature if temperature is None else temperature,
        top_p=serve.top_p,
        seed=seed,
        max_tokens=max_tokens or serve.max_tokens,
        verbatim_quotes=serve.verbatim_quotes,
    )
    if message is not None:
        _ask_once(agent, sampling, message, as_json=as_json)
    else:
        _converse(agent, sampling, assistant.recipe.name, as_json=as_json)


def _ask_once(agent: Agent, sampling: Sampling, text: str, *, as_json: bool) -> None:
    from samovar.chat.conversation import Message

    finished = _answer(agent, sampling, [Message(role="user", content=text)], streams=False)
    print(json.dumps(_as_json(finished), ensure_ascii=False) if as_json else _said(finished))
    _tell_if_cut(finished)


def _converse(agent: Agent, sampling: Sampling, name: str, *, as_json: bool) -> None:
    from samovar.chat.conversation import Message

    history: list[Message] = []
    for text in _lines():
        if text == "/new":
            history = []
            say("a new chat")
            continue
        if text in {"/quit", "/exit", "exit"}:
            return
        if re.fullmatch(r"/\w+", text):  # a word behind a slash is no message; a path has more of them
            say(_HELP)
            continue
        turn = Message(role="user", content=text)
        if sys.stdin.isatty() and not as_json:
            print(f"{name}: ", end="", flush=True)
        try:
            told, finished = _go_on(agent, sampling, history, turn, streams=not as_json)
        except RequestError as error:
            show_error(error)
            continue
        except KeyboardInterrupt:
            say("\nstopped: this answer is not kept")
            continue
        print(json.dumps(_as_json(finished), ensure_ascii=False) if as_json else "", flush=True)
        _tell_if_cut(finished)
        if len(told) < len(history):
            say("[the conversation is long: answered without its beginning]")
        history = [*told, turn, *finished.messages]


def _lines() -> Iterator[str]:
    """What the person types, until Ctrl-D, or Ctrl-C at the prompt."""
    is_terminal = sys.stdin.isatty()
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # what is piped may be in another encoding
    if is_terminal:
        import readline  # noqa: F401 (gives `input` editing and history)

        say(_HELP)
    while True:
        try:
            line = input("You: ") if is_terminal else input()
        except (EOFError, KeyboardInterrupt):
            say()
            return
        if line.strip():
            yield line.strip()


def _go_on(
    agent: Agent, sampling: Sampling, history: list[Message], turn: Message, *, streams: bool
) -> tuple[list[Message], Finished]:
    """What of ``history`` the model was told, and its answer to ``turn``.

    Of a history that leaves the answer less than a quarter of the context, or than it may have, the older half is left
    out.
    """
    enough = min(sampling.max_tokens, agent.engine.max_context // 4)
    told = history
    while told and agent.room([*told, turn]) < enough:
        later = (told[start:] for start, one in enumerate(told) if one.role == "user" and start >= len(told) / 2)
        told = next(later, [])
    return told, _answer(agent, sampling, [*told, turn], streams=streams)


def _answer(agent: Agent, sampling: Sampling, conversation: list[Message], *, streams: bool) -> Finished:
    """Make the answer; text goes to stdout as it comes when ``streams``, thoughts and tools' steps to stderr."""
    from samovar.agent.events import Finished, TextDelta, ThoughtDelta

    is_thinking = False
    for event in agent.stream(conversation, sampling):
        if isinstance(event, ThoughtDelta):
            is_thinking = _show_thought(event.text, goes_on=is_thinking)
            continue
        if is_thinking:
            is_thinking = False
            _show_thought("]\n", goes_on=True)
        if isinstance(event, Finished):
            return event
        if isinstance(event, TextDelta):
            if streams:
                print(event.text, end="", flush=True)
        else:
            _show_step(event)
    raise RuntimeError("the agent ended without an answer")


def _tell_if_cut(finished: Finished) -> None:
    if finished.has_spent_rounds:
        say("[no answer: it has called tools as often as it may before one (serve.max_rounds)]")
    elif finished.finish_reason == "length":
        say("[the answer is cut short: it may not be longer, or the context is full]")


def _show_thought(text: str, *, goes_on: bool) -> bool:
    """The next piece of a thought, told apart from what is said; now there is one to go on with."""
    typer.secho(text if goes_on else f"[{text}", err=True, nl=False, dim=True)
    return True


def _show_step(event: Event) -> None:
    from samovar.agent.events import ToolReturned

    if isinstance(event, ToolReturned):
        arguments = ", ".join(f"{name}: {value}" for name, value in event.call.arguments.items())
        say(f"[{event.call.name}  {arguments}  =  {event.result.content}]")


def _said(finished: Finished) -> str:
    """The assistant's last words: behind them a tool's may stand, where there was no room to go on."""
    return next((one.content for one in reversed(finished.messages) if one.role == "assistant"), "")


def _as_json(finished: Finished) -> dict[str, Any]:
    return {
        "answer": _said(finished),
        "messages": [message.to_openai() for message in finished.messages],
        "finish_reason": finished.finish_reason,
        "prompt_tokens": finished.num_prompt_tokens,
        "completion_tokens": finished.num_completion_tokens,
    }
