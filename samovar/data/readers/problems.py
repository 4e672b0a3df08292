"""Why a file gives no (more) documents."""

from __future__ import annotations


class UnreadableError(Exception):
    """The file gives no (more) documents, for the reason that the message says."""


class BombError(UnreadableError):
    """It unpacks to more than an honest file does: all of what it lies in is left."""
