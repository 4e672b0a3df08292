"""POST /v1/responses: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NotRequired

from pydantic import Discriminator, Field, Tag
from typing_extensions import TypedDict

from samovar.serve.shapes.body import MOST_TOP_LOGPROBS, Billing, Drawing, Shape, Tokens, WholeText
from samovar.serve.shapes.chat import Effort, Steps, TokenLogprob
from samovar.serve.shapes.tools import FunctionName


class InputText(Shape):
    """A piece of what was said."""

    type: Literal["input_text", "output_text", "text"]
    text: str


class InputMessage(Shape):
    """A turn of the conversation."""

    type: Literal["message"] | None = None
    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[InputText]


class InputCall(Shape):
    """A call that the assistant made."""

    type: Literal["function_call"]
    call_id: str
    name: Annotated[str, Field(min_length=1)]
    arguments: str


class InputResult(Shape):
    """What a call gave."""

    type: Literal["function_call_output"]
    call_id: str
    output: str | list[InputText]


def _kind_of_item(value: Any) -> Any:
    """A message may leave its type out."""
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind or "message"


class ReasoningText(Shape):
    """A piece of a thought."""

    type: Literal["reasoning_text", "summary_text"]
    text: str


class InputThought(Shape):
    """What the assistant thought before it said, or called, what follows."""

    type: Literal["reasoning"]
    id: str | None = None
    summary: list[ReasoningText] = []
    """Read where there is no content."""
    content: list[ReasoningText] | None = None
    encrypted_content: str | None = None
    """Accepted, without effect."""
    status: Literal["in_progress", "completed", "incomplete"] | None = None


InputItem = Annotated[
    Annotated[InputMessage, Tag("message")]
    | Annotated[InputThought, Tag("reasoning")]
    | Annotated[InputCall, Tag("function_call")]
    | Annotated[InputResult, Tag("function_call_output")],
    Discriminator(_kind_of_item),
]


class ResponseTool(Shape):
    """A function that the client offers and runs itself."""

    type: Literal["function"]
    name: FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """JSON schema of the arguments: whatever the model writes fits it."""
    strict: bool | None = None
    """Refuse a schema that cannot be followed as a whole; else what cannot goes unheeded."""


class NamedResponseTool(Shape):
    """The tool that the model must call."""

    type: Literal["function"]
    name: FunctionName


class PlainFormat(Shape):
    """Plain words."""

    type: Literal["text"]


class AnyJsonFormat(Shape):
    """Any JSON object."""

    type: Literal["json_object"]


class SchemaFormat(Shape):
    """JSON that is valid against a schema."""

    type: Literal["json_schema"]
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    description: str | None = None
    strict: bool | None = None


class TextSettings(Shape):
    """The form of the answer."""

    format: Annotated[PlainFormat | AnyJsonFormat | SchemaFormat, Field(discriminator="type")] | None = None
    verbosity: Literal["medium"] | None = None


class ReasoningSettings(Shape):
    """How hard a model that can think before it answers does so."""

    effort: Effort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    """Accepted, without effect: thoughts are told whole."""


class ResponseStreamOptions(Shape):
    """What a stream carries besides its events."""

    include_obfuscation: bool | None = None
    """Accepted, without effect: events are never padded."""


class ResponseRequest(Billing, Drawing):
    """The body of POST /v1/responses."""

    UNSUPPORTED: ClassVar[frozenset[str]] = frozenset(
        {"background", "conversation", "max_tool_calls", "prompt", "truncation"}
    )

    model: str
    input: str | Annotated[list[InputItem], Field(min_length=1)]
    """A question, or the conversation so far."""
    instructions: str | None = None
    """Stands before the conversation as what the system says."""
    max_output_tokens: Tokens | None = None
    """Longest answer, in tokens."""
    stream: bool | None = None
    """Answer as server-sent events."""
    stream_options: ResponseStreamOptions | None = None
    tools: Annotated[list[ResponseTool], Field(max_length=128)] | None = None
    """Tools that the client runs itself; with them, the server runs none of its own."""
    tool_choice: Literal["auto", "none", "required"] | NamedResponseTool | None = None
    parallel_tool_calls: bool | None = None
    """Whether an answer may have several calls."""
    text: TextSettings | None = None
    include: list[Literal["message.output_text.logprobs"]] | None = None
    """Ask for the tokens' log-probabilities."""
    top_logprobs: Annotated[int, Field(ge=0, le=MOST_TOP_LOGPROBS)] | None = None
    """Tell this many of the likeliest tokens at each place."""
    background: Literal[False] | None = None
    """Not supported."""
    conversation: None = None
    """Not supported: send the conversation as ``input``."""
    max_tool_calls: None = None
    """Not supported."""
    previous_response_id: WholeText | None = None
    """Go on from this response, which was asked for with ``store``; its instructions are not carried over."""
    prompt: None = None
    """Not supported."""
    reasoning: ReasoningSettings | None = None
    store: bool | None = None
    """Keep the response and what was asked, so that it can be gone on from or read again; by default it is not kept."""
    truncation: Literal["disabled"] | None = None
    """A prompt beyond the context is refused."""


class ThoughtText(TypedDict):
    """What was thought."""

    type: Literal["reasoning_text"]
    text: str


class OutputThought(TypedDict):
    """A thought before what is said."""

    type: Literal["reasoning"]
    id: str
    summary: list[Any]
    content: list[ThoughtText]
    status: Literal["in_progress", "completed", "incomplete"]


class OutputText(TypedDict):
    """A piece of what is said."""

    type: Literal["output_text"]
    text: str
    annotations: list[Any]
    logprobs: list[TokenLogprob]


class OutputMessage(TypedDict):
    """What is said."""

    type: Literal["message"]
    id: str
    role: Literal["assistant"]
    status: Literal["in_progress", "completed", "incomplete"]
    content: list[OutputText]


class OutputCall(TypedDict):
    """A call that the client is to run."""

    type: Literal["function_call"]
    id: str
    call_id: str
    name: str
    arguments: str
    status: Literal["in_progress", "completed", "incomplete"]


class InputDetails(TypedDict):
    """Tokens of the prompt that did not have to be read."""

    cached_tokens: int
    cache_write_tokens: int


class OutputDetails(TypedDict):
    """Tokens of thoughts."""

    reasoning_tokens: int


class ResponseUsage(TypedDict):
    """Tokens read and written."""

    input_tokens: int
    input_tokens_details: InputDetails
    output_tokens: int
    output_tokens_details: OutputDetails
    total_tokens: int


class Incomplete(TypedDict):
    """Why the answer is not whole."""

    reason: Literal["max_output_tokens"]


class ResponseFailure(TypedDict):
    """What went wrong while the answer was made."""

    code: str
    message: str


class ResponseObject(TypedDict):
    """An answer, whole or in the making."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["in_progress", "completed", "incomplete", "failed"]
    model: str
    output: list[OutputThought | OutputMessage | OutputCall]
    error: ResponseFailure | None
    incomplete_details: Incomplete | None
    usage: ResponseUsage | None
    instructions: str | None
    max_output_tokens: int | None
    metadata: dict[str, str]
    parallel_tool_calls: bool
    previous_response_id: str | None
    store: bool
    temperature: float
    text: dict[str, Any]
    tool_choice: str | dict[str, Any]
    tools: list[dict[str, Any]]
    top_logprobs: int
    top_p: float
    truncation: Literal["disabled"]
    user: str | None
    samovar: NotRequired[Steps]


class GoneResponse(TypedDict):
    """What is left of a deleted response."""

    id: str
    object: Literal["response"]
    deleted: Literal[True]


class ResponseEvent(TypedDict):
    """One event of a stream; what it carries besides depends on its type."""

    type: Literal[
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
        "response.incomplete",
        "response.failed",
    ]
    sequence_number: int
    response: NotRequired[ResponseObject]
    output_index: NotRequired[int]
    content_index: NotRequired[int]
    item_id: NotRequired[str]
    item: NotRequired[OutputThought | OutputMessage | OutputCall]
    part: NotRequired[ThoughtText | OutputText]
    delta: NotRequired[str]
    text: NotRequired[str]
    arguments: NotRequired[str]
    name: NotRequired[str]
    logprobs: NotRequired[list[TokenLogprob]]
