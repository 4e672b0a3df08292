"""What every request's body has in common: how it is read, and how it is refused by name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from samovar.chat.conversation import load_strict_json
from samovar.core.errors import RequestError
from samovar.core.excerpts import shortened

MOST_CHOICES = 16
MOST_TOP_LOGPROBS = 20


class Shape(BaseModel):
    """A part of a body: nothing is taken for what it is not, and keys that we have no use for are left."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)


class Body(BaseModel):
    """A whole body: unknown parameters are refused, as they would go unheeded.

    ``UNSUPPORTED`` are parameters that are known, and taken with the values only that ask for nothing.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)

    UNSUPPORTED: ClassVar[frozenset[str]] = frozenset()


class Billing(Body):
    """Parameters that are bookkeeping at OpenAI, and change nothing in an answer: accepted and passed over."""

    metadata: dict[str, str] | None = None
    """Accepted, without effect."""
    prompt_cache_key: str | None = None
    """Accepted, without effect: common beginnings of prompts are always found again."""
    prompt_cache_retention: str | None = None
    """Accepted, without effect."""
    safety_identifier: str | None = None
    """Accepted, without effect."""
    service_tier: str | None = None
    """Accepted, without effect."""
    store: bool | None = None
    """Accepted, without effect, but for responses: nothing else is kept."""
    user: str | None = None
    """Accepted, without effect."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _integer_keys(value: Any) -> Any:
    """JSON's keys are texts; ``strict`` would not take them for numbers."""
    if not isinstance(value, dict):
        return value
    return {int(key) if isinstance(key, str) and re.fullmatch("[0-9]{1,18}", key) else key: value[key] for key in value}


def whole(text: str) -> str:
    """``text``, if the store takes it."""
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("it has half of a surrogate pair")
    return text


WholeText = Annotated[str, AfterValidator(whole)]
"""Text that the store takes: halves of surrogate pairs are none, and UTF-8 has no place for them."""
StopText = Annotated[str, Field(min_length=1, max_length=256)]
StopTexts = Annotated[
    list[StopText],
    Field(max_length=16),
    BeforeValidator(_as_list, json_schema_input_type=StopText | Annotated[list[StopText], Field(max_length=16)]),
]
Bias = Annotated[float, Field(ge=-100, le=100)]
LogitBias = Annotated[
    dict[Annotated[int, Field(ge=0)], Bias],
    BeforeValidator(_integer_keys),
    WithJsonSchema(
        {
            "type": "object",
            "patternProperties": {"^[0-9]{1,18}$": {"type": "number", "minimum": -100, "maximum": 100}},
            "additionalProperties": False,
        }
    ),
]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]
TopP = Annotated[float, Field(ge=0, le=1)]
Tokens = Annotated[int, Field(ge=1, lt=2**31)]


class StructuredOutputs(Shape):
    """A language that the whole answer is a text of: one of these. JSON is asked for by response_format."""

    regex: Annotated[str, Field(min_length=1)] | None = None
    """A regular expression in Rust's syntax."""
    grammar: Annotated[str, Field(min_length=1)] | None = None
    """A grammar in llguidance's form of Lark."""
    choice: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=1024)] | None = None
    """Texts, one of which is the answer."""


class Drawing(Body):
    """How tokens are drawn: OpenAI's parameters, and those of other open servers by their common names."""

    temperature: Temperature | None = None
    """0 takes the likeliest token; the server's habit where it is left out."""
    top_p: TopP | None = None
    """Only the likeliest tokens that together have this probability."""
    top_k: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Only this many likeliest tokens; 0 keeps all."""
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Only tokens at least this many times as likely as the likeliest."""
    repetition_penalty: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] | None = None
    """Makes tokens of the prompt and the answer less likely, above 1."""
    frequency_penalty: Penalty | None = None
    """Makes a token less likely for each time that the answer has it."""
    presence_penalty: Penalty | None = None
    """Makes tokens less likely that the answer has."""
    logit_bias: LogitBias | None = None
    """Token id to what is added to its logit."""
    seed: Seed | None = None
    """The same seed gives the same answer; further choices count it up."""
    stop: StopTexts | None = None
    """Texts that end the answer."""
    stop_token_ids: Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=64)] | None = None
    """Tokens that end the answer, besides the model's own."""
    min_tokens: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """Shortest answer, in tokens."""
    ignore_eos: bool | None = None
    """Draw the model's ends of turn like any other token: for measuring speed."""
    structured_outputs: StructuredOutputs | None = None
    """A language that the answer is kept in, as vLLM names it."""


B = TypeVar("B", bound=Body)
S = TypeVar("S", bound=Shape)


def read_json(content: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        RequestError: it is none.
    """
    try:
        value = load_strict_json(content.decode("utf-8"), parse_float=_number)
    except ValueError as error:  # of which UnicodeDecodeError is one
        raise RequestError(f"the body is not valid JSON: {error}", code="invalid_json") from error
    if not isinstance(value, dict):
        raise RequestError("the body is not a JSON object", hint="send {…}", code="invalid_type")
    return value


def read_as(kind: type[B], content: bytes) -> B:
    """Read and check the body of a request.

    Raises:
        RequestError: it is not JSON, of another shape, or asks for what the server cannot do.
    """
    value = read_json(content)
    if (name := next((name for name in value if name not in kind.model_fields), None)) is not None:
        near = difflib.get_close_matches(name, kind.model_fields, n=1, cutoff=0.75)
        hint = f"did you mean {near[0]}?" if near else "leave it out"
        raise RequestError(f"unknown parameter: {short(name)}", hint=hint, code="unknown_parameter", param=short(name))
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise _refusal(error, kind, value) from error


def read_query(kind: type[S], params: Mapping[str, str]) -> S:
    """Read and check what stands in an address after a question mark; what is unknown there is passed over.

    Raises:
        RequestError: a value is of another kind, or out of its range.
    """
    try:
        return kind.model_validate_strings(dict(params))
    except ValidationError as error:
        issue = error.errors(include_url=False)[0]
        name = str(issue["loc"][0])
        told = f"{name} = {short(issue['input'])}: {issue['msg'][0].lower()}{issue['msg'][1:]}"
        raise RequestError(told, code="invalid_value", param=name) from error


def _number(text: str) -> int | float:
    """In JSON, 5.0 and 5 are one number, and where a whole one is asked for 5.0 is one."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _refusal(error: ValidationError, kind: type[Body], value: Any) -> RequestError:
    """The first thing that is wrong, with its path as JSON writes it: tools[0].function.name."""
    issue, names, field = _first_issue(error, value)
    path, param = path_of(names), path_of(field)
    if names and names[0] in kind.UNSUPPORTED:
        told = f"{path} = {short(issue['input'])} is not supported"
        return RequestError(told, hint="leave it out", code="unsupported_value", param=param)
    if issue["type"] == "missing":
        code = "missing_required_parameter"
        return RequestError(f"{path} is missing", hint="every request needs it", code=code, param=param)
    code = "invalid_type" if issue["type"].endswith("_type") else "invalid_value"
    is_of_part = "content" in names and issue["type"] in {"literal_error", "union_tag_invalid"}
    hint = "send a string or parts of text: pictures, sounds and files are not read" if is_of_part else None
    return RequestError(f"{path} = {short(issue['input'])}: {_reason(issue)}", hint=hint, code=code, param=param)


def _reason(issue: Any) -> str:
    match issue["type"]:
        case "model_type" | "model_attributes_type":
            return "it must be an object"
        case "union_tag_not_found":
            return "it has no type"
        case "union_tag_invalid":
            return f"its type must be one of {issue['ctx']['expected_tags']}"
    return str(issue["msg"][0].lower() + issue["msg"][1:])


def _first_issue(error: ValidationError, value: Any) -> tuple[Any, list[int | str], list[int | str]]:
    """What is wrong first, where exactly, and in which field.

    Of a field that may be of several kinds each tells what it finds wrong: that which takes the value's type was meant,
    or that which looked the deepest into it.
    """
    issues = [
        (issue, _place(issue["loc"], value, is_missing=issue["type"] == "missing"))
        for issue in error.errors(include_url=False)
    ]
    first = issues[0][1]
    same = [(issue, place) for issue, place in issues if place[: len(first)] == first]
    deepest = max(same, key=lambda one: len(one[1]))
    meant = next((one for one in same if not _is_of_another_type(one[0])), deepest)
    return *meant, first


def _is_of_another_type(issue: Any) -> bool:
    """Whether the value is of a type that this kind never has: all literals are texts."""
    is_no_literal = issue["type"] == "literal_error" and not isinstance(issue["input"], str)
    return bool(issue["type"].endswith("_type")) or is_no_literal


def _place(location: Iterable[int | str], value: Any, *, is_missing: bool) -> list[int | str]:
    """Where in ``value`` something is wrong: ``location`` without the kinds of unions that pydantic names in it."""
    *way, last = location
    place: list[int | str] = []
    for part in [*way, *(() if is_missing else (last,))]:
        if isinstance(value, dict) and str(part) in value:
            value = value[str(part)]
            place.append(str(part))
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
            place.append(part)
    return [*place, last] if is_missing else place


def path_of(parts: list[int | str]) -> str:
    """A place in a body as JSON writes it."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def short(value: Any) -> str:
    """A value that fits into a message."""
    text = value if isinstance(value, str) else repr(value)
    return shortened(text, 80)
