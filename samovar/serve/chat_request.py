"""A request for a chat completion: read, checked, and in our terms. What cannot be honoured is refused by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from samovar.chat.conversation import Message, load_strict_json
from samovar.core.errors import DataError, RequestError
from samovar.engine.request import Sampling
from samovar.serve.settings import ServeSettings

# Parameters that change nothing in the answer: bookkeeping, caching, billing.
_HARMLESS = frozenset({"metadata", "prediction", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"}) | {
    "service_tier",
    "store",
    "user",
}
# Parameters that we do not have yet, with the values that ask for nothing.
_NOT_YET: dict[str, tuple[Any, ...]] = {
    "audio": (None,),
    "frequency_penalty": (None, 0),
    "function_call": (None,),
    "functions": (None,),
    "logit_bias": (None, {}),
    "logprobs": (None, False),
    "modalities": (None, ["text"]),
    "n": (None, 1),
    "parallel_tool_calls": (None, True),
    "presence_penalty": (None, 0),
    "reasoning_effort": (None, "none"),
    "response_format": (None, {"type": "text"}),
    "top_logprobs": (None, 0),
    "verbosity": (None,),
    "web_search_options": (None,),
}

StopText = Annotated[str, Field(min_length=1, max_length=256)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Function(_Strict):
    """A function that the client offers to the model."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: Literal[False] | None = None


class ClientTool(_Strict):
    """A tool that the client offers and runs itself."""

    type: Literal["function"]
    function: Function


class StreamOptions(_Strict):
    """What a stream carries besides the text."""

    include_usage: bool | None = None


class ChatRequest(_Strict):
    """The body of POST /v1/chat/completions."""

    model: str
    messages: Annotated[list[Any], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=0, le=2**31)] | None = None
    verbatim_quotes: bool | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Annotated[list[StopText], Field(max_length=4), BeforeValidator(_as_list)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    tools: Annotated[list[ClientTool], Field(max_length=128)] | None = None
    tool_choice: Literal["auto", "none"] | None = None

    def offered_tools(self) -> list[dict[str, Any]]:
        """The client's tools as the chat template lists them."""
        if self.tool_choice == "none":
            return []
        return [tool.model_dump(exclude_none=True) for tool in self.tools or ()]

    def conversation(self) -> list[Message]:
        """The messages in our terms.

        Raises:
            RequestError: one of them is malformed; ``param`` says which.
        """
        return [_read_message(index, value) for index, value in enumerate(self.messages)]

    def sampling(self, settings: ServeSettings) -> Sampling:
        """How to sample: what the request says, and the server's habits where it is silent."""
        return Sampling(
            temperature=settings.temperature if self.temperature is None else self.temperature,
            top_p=settings.top_p if self.top_p is None else self.top_p,
            top_k=self.top_k or 0,
            seed=self.seed,
            max_tokens=self.max_completion_tokens or self.max_tokens or settings.max_tokens,
            stop=tuple(self.stop or ()),
            verbatim_quotes=settings.verbatim_quotes if self.verbatim_quotes is None else self.verbatim_quotes,
        )


def read_chat_request(body: bytes) -> ChatRequest:
    """Read and check the body of a request.

    Raises:
        RequestError: it is not JSON, of another shape, or asks for what the server cannot do.
    """
    try:
        value = load_strict_json(body.decode("utf-8"))
    except ValueError as error:  # of which UnicodeDecodeError is one
        raise RequestError(f"the body is not valid JSON: {error}", code="invalid_json") from error
    if not isinstance(value, dict):
        raise RequestError("the body is not a JSON object", hint="send {…}", code="invalid_type")
    try:
        request = ChatRequest.model_validate(_without_extras(value))
    except ValidationError as error:
        raise _refusal(error) from error
    if request.stream_options is not None and not request.stream:
        raise RequestError("stream_options is given without stream", hint="set stream to true", param="stream_options")
    return request


def _without_extras(value: Mapping[str, Any]) -> dict[str, Any]:
    """What ``ChatRequest`` reads, when the rest may be left out without changing the answer."""
    known = ChatRequest.model_fields
    for name in value.keys() - known - _HARMLESS:
        if name not in _NOT_YET:
            near = difflib.get_close_matches(name, [*known, *_NOT_YET, *_HARMLESS], n=1, cutoff=0.75)
            hint = f"did you mean {near[0]}?" if near else "leave it out"
            raise RequestError(
                f"unknown parameter: {_short(name)}", hint=hint, code="unknown_parameter", param=_short(name)
            )
        if value[name] not in _NOT_YET[name]:
            neutral = _NOT_YET[name][-1]
            hint = "leave it out" if neutral is None else f"leave it out or set it to {neutral}"
            raise RequestError(
                f"{name} = {_short(value[name])} is not supported yet", hint=hint, code="unsupported_value", param=name
            )
    return {name: value[name] for name in value.keys() & known}


def _read_message(index: int, value: Any) -> Message:
    try:
        return Message.from_openai(value)
    except DataError as error:
        raise RequestError(f"messages[{index}]: {error.what}", hint=error.hint, param=f"messages[{index}]") from error


_CODE_OF_ISSUE = {"missing": "missing_required_parameter"}


def _refusal(error: ValidationError) -> RequestError:
    """The first thing that is wrong, with its path as JSON writes it: tools[0].function.name."""
    issue = error.errors()[0]
    path = _path(issue["loc"])
    code = _CODE_OF_ISSUE.get(issue["type"]) or ("invalid_type" if issue["type"].endswith("_type") else "invalid_value")
    if issue["type"] == "missing":
        return RequestError(f"{path} is missing", hint="every request needs it", code=code, param=path)
    reason = issue["msg"][0].lower() + issue["msg"][1:]
    if path == "tool_choice" or path.endswith("function.strict"):
        reason = "not supported yet"
    return RequestError(f"{path} = {_short(issue['input'])}: {reason}", code=code, param=path)


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
