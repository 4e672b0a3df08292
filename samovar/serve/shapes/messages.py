"""POST /v1/messages and /v1/messages/count_tokens, in Anthropic's form: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import Body, Shape, StopText, Tokens, TopP
from samovar.serve.shapes.chat import Steps
from samovar.serve.shapes.tools import FunctionName


class TextBlock(Shape):
    """A piece of what is said."""

    type: Literal["text"]
    text: str


class ToolUseBlock(Shape):
    """A call that the assistant made."""

    type: Literal["tool_use"]
    id: str
    name: Annotated[str, Field(min_length=1)]
    input: dict[str, Any]


class ToolResultBlock(Shape):
    """What a call gave."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: str | list[TextBlock] | None = None
    is_error: bool | None = None


class ThoughtBlock(Shape):
    """What the assistant thought before it said what follows."""

    type: Literal["thinking"]
    thinking: str
    signature: str | None = None
    """Accepted, without effect."""


class HiddenThoughtBlock(Shape):
    """What another model thought, in cipher: passed over."""

    type: Literal["redacted_thinking"]


Block = Annotated[
    TextBlock | ToolUseBlock | ToolResultBlock | ThoughtBlock | HiddenThoughtBlock, Field(discriminator="type")
]


class InputTurn(Shape):
    """A turn of the conversation."""

    role: Literal["user", "assistant"]
    content: str | list[Block]


class MessageTool(Shape):
    """A tool that the client offers and runs itself."""

    type: Literal["custom"] | None = None
    name: FunctionName
    description: str | None = None
    input_schema: dict[str, Any]
    """JSON schema of the input: whatever the model writes fits it."""


class FreeChoice(Shape):
    """Whether the model may call, or must."""

    type: Literal["auto", "any", "none"]
    disable_parallel_tool_use: bool | None = None


class NamedChoice(Shape):
    """The tool that the model must call."""

    type: Literal["tool"]
    name: FunctionName
    disable_parallel_tool_use: bool | None = None


class MessageMetadata(Shape):
    """Accepted, without effect."""

    user_id: str | None = None


class Thinking(Shape):
    """Whether a model that can think before it answers does so."""

    type: Literal["enabled", "adaptive", "disabled"]
    budget_tokens: Tokens | None = None
    """Longest thought: behind so many tokens it is closed, where the model's tags of thoughts are tokens. By default as
    the server has it."""
    display: Literal["summarized", "omitted"] | None = None
    """Accepted, without effect: thoughts are told whole."""


class JsonOutput(Shape):
    """JSON that is valid against a schema."""

    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(Shape):
    """The form of the answer."""

    format: JsonOutput | None = None


class CountTokensRequest(Body):
    """The body of POST /v1/messages/count_tokens."""

    UNSUPPORTED: ClassVar[frozenset[str]] = frozenset({"mcp_servers", "container"})

    model: str
    messages: Annotated[list[InputTurn], Field(min_length=1)]
    """The conversation. Where the assistant's message is the last, the answer goes on from it, and is told from there
    on."""
    system: str | list[TextBlock] | None = None
    tools: Annotated[list[MessageTool], Field(max_length=128)] | None = None
    """Tools that the client runs itself; with them, the server runs none of its own."""
    tool_choice: Annotated[FreeChoice | NamedChoice, Field(discriminator="type")] | None = None
    output_config: OutputConfig | None = None
    thinking: Thinking | None = None
    """By default as the server has it, or the model's chat template."""
    cache_control: dict[str, Any] | None = None
    """Accepted, without effect: common beginnings of prompts are always found again."""
    container: None = None
    """Not supported."""
    mcp_servers: None = None
    """Not supported."""


class MessagesRequest(CountTokensRequest):
    """The body of POST /v1/messages."""

    max_tokens: Tokens
    """Longest answer, in tokens."""
    temperature: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    top_p: TopP | None = None
    top_k: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    stop_sequences: Annotated[list[StopText], Field(max_length=16)] | None = None
    """Texts that end the answer."""
    stream: bool | None = None
    """Answer as server-sent events."""
    metadata: MessageMetadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    """Accepted, without effect."""


class ToldThought(TypedDict):
    """What the model thought before it said anything."""

    type: Literal["thinking"]
    thinking: str
    signature: str
    """Empty: nothing is signed here."""


class SaidBlock(TypedDict):
    """What is said."""

    type: Literal["text"]
    text: str
    citations: None


class CallBlock(TypedDict):
    """A call that the client is to run."""

    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


class MessageUsage(TypedDict):
    """Tokens read, found in the cache, and written."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int


StopReason = Literal["end_turn", "max_tokens", "stop_sequence", "tool_use"]


class AnthropicMessage(TypedDict):
    """The assistant's turn."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[ToldThought | SaidBlock | CallBlock]
    stop_reason: StopReason | None
    stop_sequence: str | None
    usage: MessageUsage
    samovar: NotRequired[Steps]


class TokenCount(TypedDict):
    """Tokens that the prompt would have."""

    input_tokens: int


class ThoughtPiece(TypedDict):
    """More of a thought."""

    type: Literal["thinking_delta"]
    thinking: str


class TextPiece(TypedDict):
    """More of what is said."""

    type: Literal["text_delta"]
    text: str


class InputPiece(TypedDict):
    """More of a call's input."""

    type: Literal["input_json_delta"]
    partial_json: str


class Ending(TypedDict):
    """How the turn ended; null where it goes on, and something else of the message changed."""

    stop_reason: StopReason | None
    stop_sequence: str | None


class MessageEvent(TypedDict):
    """One event of a stream; what it carries besides depends on its type."""

    type: Literal[
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    message: NotRequired[AnthropicMessage]
    index: NotRequired[int]
    content_block: NotRequired[ToldThought | SaidBlock | CallBlock]
    delta: NotRequired[ThoughtPiece | TextPiece | InputPiece | Ending]
    usage: NotRequired[MessageUsage]
    samovar: NotRequired[Steps]
    """A tool that the server has just run."""
