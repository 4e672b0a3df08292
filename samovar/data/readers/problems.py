"""Why a file gives no (more) documents."""

from __future__ import annotations

from samovar.core.errors import MissingError


class UnreadableError(Exception):
    """The file gives no (more) documents, for the reason that the message says."""


class BombError(UnreadableError):
    """It unpacks to more than an honest file does: all of what it lies in is left."""


def why_unread(error: BaseException, format_name: str) -> str:
    """What a report says of a file whose reading ended with ``error``."""
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, MissingError):
        return f"{error}: {error.hint}" if error.hint else str(error)
    unlike = f"damaged, or unlike any {format_name} known"
    if isinstance(error, OSError):
        # A parser's own names the temporary copy of the file.
        return no_access(error) if error.errno else unlike
    return f"{unlike}: {type(error).__name__}: {error}"[:200]


def no_access(error: OSError) -> str:
    """What a report says of a file that the system does not give."""
    return f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
