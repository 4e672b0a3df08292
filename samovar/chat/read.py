"""Conversations from JSONL files, one a line, in the shape of the OpenAI API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from samovar.chat.conversation import Conversation, load_strict_json
from samovar.core.errors import DataError, MissingError, ResourceError

_SHAPE = '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}'
# No conversation is that long: it is another kind of file, and would not fit in memory.
_MAX_LINE_BYTES = 64 * 2**20


def read_conversations(path: Path) -> Iterator[Conversation]:
    """Each line of ``path`` as a conversation, as a stream; blank lines are passed over.

    Raises:
        MissingError: there is no such file.
        ResourceError: it may not be read.
        DataError: a line is not a conversation (named by its number), or there is none at all.
    """
    path = Path(path)
    is_empty = True
    for number, line in _lines(path):
        if line.strip():
            is_empty = False
            yield _conversation(line, where=f"{path}:{number}")
    if is_empty:
        raise DataError(f"{path} has no conversations: the file is empty", hint=f"write one a line: {_SHAPE}")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            number = 1
            while line := file.readline(_MAX_LINE_BYTES + 1):
                if len(line) > _MAX_LINE_BYTES:
                    raise DataError(
                        f"{path}:{number} is longer than {_MAX_LINE_BYTES // 2**20} MiB: not a conversation",
                        hint="write one conversation a line",
                    )
                yield number, line
                number += 1
    except FileNotFoundError as error:
        raise MissingError(f"{path} does not exist", hint=f"make it, with one conversation a line: {_SHAPE}") from error
    except OSError as error:
        raise ResourceError(
            f"{path} cannot be read: {error.strerror}", hint="check what it is and who owns it"
        ) from error


def _conversation(line: bytes, *, where: str) -> Conversation:
    try:
        return Conversation.from_openai(load_strict_json(line.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{where} is not UTF-8: byte {error.start + 1} of the line is 0x{line[error.start]:02x}",
            hint="save the file as UTF-8",
        ) from error
    except DataError as error:
        raise DataError(f"{where}: {error}", hint=error.hint) from error
    except ValueError as error:
        raise DataError(f"{where} is not JSON: {error}", hint=f"write one conversation a line: {_SHAPE}") from error
