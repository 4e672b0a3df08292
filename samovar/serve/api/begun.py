"""An answer that is begun: the request ends with the assistant's words, and the answer goes on from them."""

from __future__ import annotations

from samovar.core.errors import RequestError


def check_begun(begun: str, *, param: str, has_calls: bool, has_format: bool) -> None:
    """Refuse what an answer cannot go on from.

    Args:
        begun: what the assistant's last message says.
        param: which message that is.
        has_calls: whether it calls tools.
        has_format: whether the answer is to be of a form.
    Raises:
        RequestError: it cannot.
    """
    if has_calls:
        what, hint = "the last message has calls without results", "give each a result, in a message after it"
    elif begun != begun.rstrip():
        what, hint = "the last message, which the answer goes on from, ends with white space", "leave it out"
    elif has_format:
        what, hint = "an answer of a form cannot be begun", "end with a message of the user, or ask for no form"
    else:
        return
    raise RequestError(what, hint=hint, code="invalid_value", param=param)
