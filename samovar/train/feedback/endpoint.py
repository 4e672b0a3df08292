"""An adviser behind an address: any server that speaks OpenAI's chat completions.

It is asked again, with growing pauses, when it fails; nothing goes anywhere but to that address.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

import httpx2 as httpx

from samovar.chat.conversation import Message
from samovar.core.errors import ConfigError, ResourceError
from samovar.core.excerpts import beginning
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.constitution import language_of
from samovar.train.feedback.letters import read_choice
from samovar.train.feedback.settings import AdviserSettings
from samovar.train.feedback.wording import LETTERS, WORDINGS

_LONGEST_PAUSE_S = 60.0
_LETTER_TOKENS = 16
"""Room for a letter and the words that some put around it."""
_TOP = 20
"""Likeliest tokens told with each: the most that OpenAI allows."""
_TOLD_CHARACTERS = 200
_REFUSED = (400, 422)
_BUSY = (408, 429)
_TOO_LONG = ("context_length_exceeded", "maximum context length", "context window")
_OPTIONAL: Mapping[str, str] = {
    "structured_outputs": "", "top_logprobs": "", "logprobs": "", "seed": "", "temperature": "",
    "max_tokens": "max_completion_tokens",
}  # fmt: skip
"""Fields that some servers refuse -> what takes their place there."""


class Endpoint:
    """A model on a server."""

    def __init__(self, settings: AdviserSettings) -> None:
        """Ask the server at ``settings.url``: now for its first model, where none is named.

        Raises:
            ConfigError: the variable that is to hold the key is not set, or the server refuses us.
            ResourceError: it does not answer.
        """
        assert settings.url is not None
        self.leaves_machine = settings.is_elsewhere
        self._settings = settings
        self._url = settings.url.rstrip("/")
        self._headers = _headers(settings)
        self._dropped: set[str] = set()
        self._lock = threading.Lock()
        self._model = settings.model or ""
        if not self._model:
            with self._connect() as client:
                self._model = self._first_model(client)
        self.name = f"{self._url} {self._model}"

    def ask(self, asks: Sequence[Ask], on_reply: Callable[[int, Reply], None]) -> None:
        """Ask all, several at once; the first failure ends it, and what was answered until then has been told."""
        stop = threading.Event()
        client = self._connect()
        failures: list[BaseException] = []

        def one(number: int) -> None:
            if stop.is_set():
                return
            try:
                on_reply(number, self._answer(client, asks[number], stop))
            except BaseException as error:
                failures.append(error)  # those after the first one may have been broken off by it
                stop.set()
                raise

        with client, ThreadPoolExecutor(self._settings.at_once) as pool:
            try:
                futures = [pool.submit(one, number) for number in range(len(asks))]
                wait(futures, return_when=FIRST_EXCEPTION)
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)
        if failures:
            raise failures[0]

    def _connect(self) -> httpx.Client:
        # What the environment says of proxies is no business of an address on this machine.
        settings = self._settings
        return httpx.Client(timeout=settings.timeout_s, headers=self._headers, trust_env=settings.is_elsewhere)

    def _answer(self, client: httpx.Client, ask: Ask, stop: threading.Event) -> Reply:
        """The answer; one that makes no sense is asked for again."""
        messages = list(ask.messages)
        reply = Reply(problem="unreadable")
        for _ in range(self._settings.tries):
            choice = self._complete(client, messages, ask, stop)
            if choice is None:
                return Reply(problem="too_long")
            reply = read_choice(choice, is_letter=ask.is_choice)
            if not reply.problem or stop.is_set():
                break
            if ask.is_choice:
                insisting = WORDINGS[language_of(ask.messages[-1].content)].insist
                messages = [*ask.messages, Message(role="assistant", content=reply.text or "…")]
                messages.append(Message(role="user", content=insisting))
        return reply

    def _complete(
        self, client: httpx.Client, messages: Sequence[Message], ask: Ask, stop: threading.Event
    ) -> Mapping[str, Any] | None:
        """The first choice that the server gives, empty where its answer is of no known shape; None: too long for it.

        Raises:
            ResourceError: it did not answer, however often it was asked.
            ConfigError: it refuses us, or the question.
        """
        response = self._persist(lambda: self._post(client, messages, ask), stop)
        if response.status_code in _REFUSED and _is_too_long(response.text):
            return None
        self._check(response)
        return _first_choice(response)

    def _persist(self, send: Callable[[], httpx.Response], stop: threading.Event) -> httpx.Response:
        """What comes of ``send``, tried again while the server is away, busy or broken.

        Raises:
            ResourceError: it still is.
        """
        started, pause_s, problem = time.monotonic(), 0.0, ""
        for number in range(self._settings.tries):
            if number and stop.wait(min(pause_s, _LONGEST_PAUSE_S)):
                break
            pause_s = self._settings.backoff_s * 2**number
            try:
                response = send()
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                continue
            if response.status_code not in _BUSY and response.status_code < 500:
                return response
            problem = f"status {response.status_code}: {beginning(response.text, _TOLD_CHARACTERS)}"
            pause_s = max(pause_s, _retry_after_s(response))
        raise ResourceError(
            f"{self._url} does not answer: {problem} ({self._settings.tries} tries in "
            f"{time.monotonic() - started:.0f} s)",
            hint="see that it runs, and run the same command again: what it has answered is kept",
        )

    def _post(self, client: httpx.Client, messages: Sequence[Message], ask: Ask) -> httpx.Response:
        """One request; fields that the server refuses by name are left out from then on."""
        while True:
            dropped = frozenset(self._dropped)
            response = client.post(f"{self._url}/chat/completions", json=self._body(messages, ask, dropped))
            refused = _refused_field(response) if response.status_code in _REFUSED else None
            if refused is None or refused in dropped:
                return response
            with self._lock:
                self._dropped.add(refused)

    def _body(self, messages: Sequence[Message], ask: Ask, dropped: frozenset[str]) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._model, "messages": [one.to_openai() for one in messages]}
        body |= {"temperature": ask.temperature, "seed": ask.seed, "max_tokens": ask.max_tokens}
        if ask.is_choice:
            # Samovar's and vLLM's servers keep the answer to the letters; others refuse the field, or pass over it.
            body |= {"max_tokens": _LETTER_TOKENS, "logprobs": True, "top_logprobs": _TOP}
            body |= {"structured_outputs": {"choice": list(LETTERS)}}
        for field in dropped & body.keys():
            value = body.pop(field)
            if _OPTIONAL[field]:
                body[_OPTIONAL[field]] = value
        return body

    def _first_model(self, client: httpx.Client) -> str:
        """The first model that the server lists.

        Raises:
            ResourceError: it does not answer.
            ConfigError: it lists none.
        """
        response = self._persist(lambda: client.get(f"{self._url}/models"), threading.Event())
        self._check(response)
        try:
            return str(response.json()["data"][0]["id"])
        except (ValueError, LookupError, TypeError) as error:
            raise ConfigError(f"{self._url} lists no model", hint="name one") from error

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        hints = {401: "name the variable that holds its key in key_from", 403: "see what the key may do",
                 404: "see that the address ends in /v1, and that the model's name is right"}  # fmt: skip
        raise ConfigError(
            f"{self._url} refuses with status {status}: {beginning(response.text, _TOLD_CHARACTERS)}",
            hint=hints.get(status, "see what the server says"),
        )


def _headers(settings: AdviserSettings) -> dict[str, str]:
    if settings.key_from is None:
        return {}
    key = os.environ.get(settings.key_from, "").strip()
    if not key:
        raise ConfigError(
            f"{settings.key_from} is to hold the key of {settings.url}, and it is not set",
            hint=f"export {settings.key_from}=…",
        )
    return {"Authorization": f"Bearer {key}"}


def _first_choice(response: httpx.Response) -> Mapping[str, Any]:
    try:
        choice = response.json()["choices"][0]
    except (ValueError, LookupError, TypeError):
        return {}
    return choice if isinstance(choice, Mapping) else {}


def _refused_field(response: httpx.Response) -> str | None:
    """The field that the server's error is about, of those that can be done without."""
    text = response.text
    if _is_too_long(text):
        return None
    return next((field for field in _OPTIONAL if field in text), None)


def _is_too_long(text: str) -> bool:
    return any(words in text for words in _TOO_LONG)


def _retry_after_s(response: httpx.Response) -> float:
    """What the server asks to wait; dates are passed over."""
    told = response.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() else 0.0
