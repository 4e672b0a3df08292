"""Every error that a client can meet, in OpenAI's shape. The one place where kinds of errors become statuses."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from samovar.core.errors import BusyError, DataError, RequestError, ResourceError, SamovarError
from samovar.serve.context import current_call
from samovar.serve.shapes.errors import AnthropicErrorReply, OpenAIErrorReply

_RETRY_AFTER_S = 1
_STATUS_OF_CODE = {
    "invalid_api_key": 401,
    "host_not_allowed": 403,
    "insufficient_scope": 403,
    "chat_not_found": 404,
    "model_not_found": 404,
    "response_not_found": 404,
    "stream_not_found": 404,
    "vote_not_found": 404,
    "body_too_slow": 408,
    "stream_gone": 410,
    "body_too_large": 413,
    "content_type_not_json": 415,
    "server_stopping": 503,
    "request_timeout": 504,
}
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_log = logging.getLogger(__name__)


class LimitError(BusyError):
    """There is no room for this request now; ``retry_after_s`` says when to come again."""

    def __init__(
        self, what: str, *, hint: str | None = None, retry_after_s: int, code: str = "rate_limit_exceeded"
    ) -> None:
        super().__init__(what, hint=hint)
        self.retry_after_s = max(1, retry_after_s)
        self.code = code


class ApiError(NamedTuple):
    """One error as the client sees it."""

    status: int
    message: str
    code: str | None = None
    param: str | None = None
    retry_after_s: int = _RETRY_AFTER_S

    @property
    def type(self) -> str:
        """OpenAI's word for the family of the error."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return "rate_limit_error"
        return "server_error" if self.status >= 500 else "invalid_request_error"

    def to_json(self) -> str:
        """``{"error": {…}}``; to clients of Anthropic's endpoint in Anthropic's shape.

        In ASCII: what the client sent and is quoted may not be whole Unicode.
        """
        if _is_anthropic():
            kind = _ANTHROPIC_TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "api_error")
            told: AnthropicErrorReply = {"type": "error", "error": {"type": kind, "message": self.message}}
            return json.dumps(told)
        reply: OpenAIErrorReply = {
            "error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        }
        return json.dumps(reply)

    def to_event(self) -> str:
        """The event that tells of it within a stream."""
        name = "event: error\n" if _is_anthropic() else ""
        return f"{name}data: {self.to_json()}\n\n"

    def to_response(self) -> Response:
        """The HTTP response."""
        headers = {}
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        if self.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            headers["Connection"] = "close"  # uvicorn closes it now: unsaid, the next request is lost
        return Response(self.to_json(), self.status, headers, "application/json")


def describe_error(error: Exception) -> ApiError:
    """What the client is told about ``error``; nothing of what we did not foresee."""
    match error:
        case RequestError():
            return ApiError(_STATUS_OF_CODE.get(error.code, 400), _with_hint(error), error.code, error.param)
        case DataError():
            return ApiError(400, _with_hint(error), "invalid_value")
        case LimitError():
            return ApiError(429, _with_hint(error), error.code, retry_after_s=error.retry_after_s)
        case BusyError():
            return ApiError(429, _with_hint(error), "queue_full")
        case ResourceError():
            return ApiError(503, _with_hint(error), "out_of_resources")
        case HTTPException(status_code=404):
            return ApiError(404, "there is nothing at this address; the API is at /v1", "not_found")
        case HTTPException(status_code=405):
            return ApiError(405, "this address does not take this method", "method_not_allowed")
        case HTTPException():
            return ApiError(error.status_code, error.detail, "invalid_request")
    return ApiError(500, "the server failed; its log says where", "internal_error")


def note_error(error: Exception) -> ApiError:
    """What the client is told about ``error``, whose code the call is logged with."""
    described = describe_error(error)
    current_call().error_code = described.code
    return described


async def send_error(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with ``error``: for those who stand before the routes."""
    await note_error(error).to_response()(scope, receive, send)


def error_event(error: Exception) -> str:
    """The event that ends a stream which cannot go on."""
    log_failure(error)
    return note_error(error).to_event()


async def respond_to_error(request: Request, error: Exception) -> Response:
    """Starlette's handler of every exception."""
    if isinstance(error, SamovarError):  # the rest is logged by the server itself
        log_failure(error)
    response = note_error(error).to_response()
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)  # Allow, with 405
    return response


async def respond_to_nobody(request: Request, error: Exception) -> Response:
    """The client has left: nobody reads this, and it is no failure of ours."""
    return Response(status_code=499)


def log_failure(error: Exception) -> None:
    """Log an error that was not foreseen, and where; never what was asked."""
    if describe_error(error).status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("a request failed", exc_info=error)


HANDLERS = {
    SamovarError: respond_to_error,
    HTTPException: respond_to_error,
    ClientDisconnect: respond_to_nobody,
    Exception: respond_to_error,
}


def _is_anthropic() -> bool:
    return current_call().path.startswith("/v1/messages")


def _with_hint(error: SamovarError) -> str:
    return f"{error.what} ({error.hint})" if error.hint else error.what
