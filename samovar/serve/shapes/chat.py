"""POST /v1/chat/completions: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from samovar.agent.events import FinishReason
from samovar.serve.shapes.body import MOST_CHOICES, MOST_TOP_LOGPROBS, Billing, Drawing, Shape, Tokens, WholeText
from samovar.serve.shapes.tools import ClientTool, ToolChoice


class TextPart(Shape):
    """A piece of what is said."""

    type: Literal["text"]
    text: str


class CalledFunction(Shape):
    """Which function was called, and with what."""

    name: Annotated[str, Field(min_length=1)]
    arguments: str | dict[str, Any] = ""
    """A JSON object, or its text."""


class MessageToolCall(Shape):
    """A call in the conversation so far."""

    id: str | None = None
    type: Literal["function"] | None = None
    function: CalledFunction


class ChatMessage(Shape):
    """One turn of the conversation; the keys of answers that clients send back are passed over."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    reasoning_content: str | None = None
    """What the assistant thought before it said so."""
    reasoning: str | None = None
    """Another name for it."""
    tool_calls: list[MessageToolCall] | None = None
    tool_call_id: str | None = None
    name: str | None = None


class JsonSchema(Shape):
    """A schema, as OpenAI wraps it."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    # ``schema`` is a name of pydantic's own.
    schema_: Annotated[dict[str, Any], Field(alias="schema")] = {}
    strict: bool | None = None
    """Accepted, without effect: the answer always fits the schema."""


class TextFormat(Shape):
    """Plain words."""

    type: Literal["text"]


class JsonObjectFormat(Shape):
    """Any JSON object."""

    type: Literal["json_object"]


class JsonSchemaFormat(Shape):
    """JSON that is valid against a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")]


class StreamOptions(Shape):
    """What a stream carries besides the text."""

    include_usage: bool | None = None
    """End with a chunk that counts the tokens."""
    include_obfuscation: bool | None = None
    """Accepted, without effect: chunks are never padded."""


Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]


class ChatPlace(Shape):
    """Where an answer belongs among the chats that the server keeps."""

    chat: WholeText
    """The id of a chat of the caller's."""
    place: Annotated[int, Field(ge=0, lt=2**31)]
    """The answer's place among the messages of the chat, from 0 on; it replaces what stands there."""


class ChatRequest(Billing, Drawing):
    """The body of POST /v1/chat/completions."""

    UNSUPPORTED: ClassVar[frozenset[str]] = frozenset(
        {"audio", "function_call", "functions", "modalities", "verbosity", "web_search_options"}
    )

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1)]
    stream: bool | None = None
    """Answer as server-sent events."""
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    """Longest answer, in tokens; ``max_completion_tokens`` goes before it."""
    max_completion_tokens: Tokens | None = None
    n: Annotated[int, Field(ge=1, le=MOST_CHOICES)] | None = None
    """Answers to give."""
    logprobs: bool | None = None
    """Tell how likely each token was."""
    top_logprobs: Annotated[int, Field(ge=0, le=MOST_TOP_LOGPROBS)] | None = None
    """Tell this many of the likeliest tokens at each place; needs ``logprobs``."""
    tools: Annotated[list[ClientTool], Field(max_length=128)] | None = None
    """Tools that the client runs itself; with them, the server runs none of its own."""
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    """Whether an answer may have several calls."""
    response_format: ResponseFormat | None = None
    continue_final_message: bool | None = None
    """Go on from the last message, the assistant's, as if it were not ended; only what is new is told."""
    add_generation_prompt: bool | None = None
    """The opposite of it, which vLLM's clients say beside it."""
    reasoning_effort: Effort | None = None
    """Whether a model that can think before it answers does so (all but ``none``); how long is up to its template."""
    chat_template_kwargs: dict[str, Any] | None = None
    """Variables of the model's chat template, as vLLM's clients send them: ``{"enable_thinking": false}``."""
    verbatim_quotes: bool | None = None
    """Whether lines that begin with > say nothing but what the conversation says."""
    samovar: ChatPlace | None = None
    """Write the answer (of several the first) into a chat that the server keeps, as far as it was made when it ends,
    whether anybody waits for it or not; but not where the chat has changed since it was asked for."""
    prediction: dict[str, Any] | None = None
    """Accepted, without effect."""
    audio: None = None
    """Not supported."""
    function_call: None = None
    """Not supported: use ``tool_choice``."""
    functions: None = None
    """Not supported: use ``tools``."""
    modalities: list[Literal["text"]] | None = None
    """Words are all that there is."""
    verbosity: Literal["medium"] | None = None
    """Not supported."""
    web_search_options: None = None
    """Not supported."""


class TopLogprob(TypedDict):
    """A token that might have stood here, and its log-probability."""

    token: str
    logprob: float
    bytes: list[int]


class TokenLogprob(TypedDict):
    """A token of the answer, and its log-probability."""

    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: list[TopLogprob]


class Logprobs(TypedDict):
    """Of every token of what is said."""

    content: list[TokenLogprob]
    refusal: None


class FunctionCall(TypedDict):
    """Name and arguments, as JSON text, of a call."""

    name: str
    arguments: str


class Call(TypedDict):
    """A call that the client is to run."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class CallDelta(TypedDict):
    """A piece of a call: first its id and name, then its arguments."""

    index: int
    id: NotRequired[str]
    type: NotRequired[Literal["function"]]
    function: FunctionDelta


class FunctionDelta(TypedDict):
    """A piece of a call's function."""

    name: NotRequired[str]
    arguments: str


class Step(TypedDict):
    """A tool that the server ran itself."""

    name: str
    arguments: dict[str, Any]
    result: str


CutBy = Literal["context", "rounds"]
"""The context is full; or tools were called as often as they may be in one answer (``serve.max_rounds``)."""


class Steps(TypedDict):
    """What the server did to answer; a field of our own, which other clients pass over."""

    steps: list[Step]
    cut_by: NotRequired[CutBy]
    """Why the answer ended with ``length``, where it is not as long as it may be."""


class ChatAnswer(TypedDict):
    """The assistant's turn."""

    role: Literal["assistant"]
    content: str | None
    reasoning_content: NotRequired[str]
    """What it thought before; open servers have this name for it, and OpenAI's clients pass it on."""
    refusal: None
    tool_calls: NotRequired[list[Call]]
    samovar: NotRequired[Steps]


class Choice(TypedDict):
    """One answer."""

    index: int
    message: ChatAnswer
    logprobs: Logprobs | None
    finish_reason: FinishReason


class CachedTokens(TypedDict):
    """Tokens of the prompt that did not have to be read."""

    cached_tokens: int


class ThoughtTokens(TypedDict):
    """Tokens of thoughts, among those that were written."""

    reasoning_tokens: int


class Usage(TypedDict):
    """Tokens read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens
    completion_tokens_details: NotRequired[ThoughtTokens]


class ChatCompletion(TypedDict):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    system_fingerprint: str | None


class ChoiceDelta(TypedDict):
    """What is new."""

    role: NotRequired[Literal["assistant"]]
    content: NotRequired[str]
    reasoning_content: NotRequired[str]
    refusal: NotRequired[None]
    tool_calls: NotRequired[list[CallDelta]]
    samovar: NotRequired[Steps]


class ChunkChoice(TypedDict):
    """What is new in one answer."""

    index: int
    delta: ChoiceDelta
    logprobs: Logprobs | None
    finish_reason: FinishReason | None


class ChatChunk(TypedDict):
    """One event of a stream."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    system_fingerprint: str | None
    usage: NotRequired[Usage | None]
