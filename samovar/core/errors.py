"""Every error a user can meet, each with what happened, why, and what to do next.

SamovarError
├── ConfigError     (ValueError)         a recipe or an option is wrong
├── DataError       (ValueError)         a document, conversation or corpus is unusable
├── MissingError    (FileNotFoundError)  something that should exist does not
├── CorruptError    (ValueError)         a file of ours is damaged
├── BusyError       (RuntimeError)       another process holds the project, the port or the queue
├── ResourceError   (OSError)            disk, memory or permission ran out
└── RequestError    (ValueError)         a request to the engine or the server is refused
"""

from __future__ import annotations


class SamovarError(Exception):
    """An error meant for a person: ``what`` (with the value and why) and ``hint`` (what to do)."""

    def __init__(self, what: str, *, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return self.what


class ConfigError(SamovarError, ValueError):
    """A recipe, an option or a combination of settings is wrong."""


class DataError(SamovarError, ValueError):
    """A document, a conversation or a whole corpus cannot be used."""


class MissingError(SamovarError, FileNotFoundError):
    """A file, a folder or an artifact that should exist does not."""


class CorruptError(SamovarError, ValueError):
    """A checkpoint, a shard or a manifest is damaged."""


class BusyError(SamovarError, RuntimeError):
    """Another process holds what this one needs."""


class ResourceError(SamovarError, OSError):
    """The disk is full, memory is short, or a path may not be read or written."""


class RequestError(SamovarError, ValueError):
    """A generation request is refused.

    ``code`` is OpenAI's error code (``context_length_exceeded``, ``invalid_value``); ``param`` the field at fault.
    """

    def __init__(
        self, what: str, *, hint: str | None = None, code: str = "invalid_value", param: str | None = None
    ) -> None:
        super().__init__(what, hint=hint)
        self.code = code
        self.param = param
