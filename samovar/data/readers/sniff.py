"""What a file is: by its first bytes, the names inside a zip container, its first characters, and last by its name."""

from __future__ import annotations

from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.registry import Format, all_formats, format_named, formats
from samovar.data.readers.zip_container import ZipContainer

_SNIFFED_BYTES = 32_768  # what servers put before a letter's own headers is long
_SNIFFED_CHARACTERS = 4096
# Text by its bytes, but of no use as plain text.
_WITHOUT_READER = {".svg": "an image", ".xml": "XML", ".css": "a style sheet", ".map": "a source map"}


def choose_format(file: InputFile) -> Format:
    """The reader for ``file``; finds out its encoding where it is text.

    Raises:
        UnreadableError: it is nothing that a reader here opens.
    """
    head = file.first_bytes(_SNIFFED_BYTES)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _format_in_zip(file)
    for format_ in all_formats():
        if format_.has_magic is not None and format_.has_magic(head):
            return format_
    file.find_encoding()
    return choose_text_format(file.head(_SNIFFED_CHARACTERS), file.suffix)


def choose_text_format(head: str, suffix: str) -> Format:
    """The reader for a text that begins with ``head``.

    Raises:
        UnreadableError: it is text for programs.
    """
    named = formats().get(suffix)
    if named is not None and not named.is_text:
        named = None
    # A program is what its name says, even where it begins as a page or a table does.
    if named is not None and named.name == "source_code":
        return named
    head = head.lstrip("\ufeff \t\r\n")
    likely = [format_ for format_ in all_formats() if format_.recognises is not None and format_.recognises(head)]
    likely = [format_ for format_ in likely if not format_.is_general] or likely
    if named in likely or (not likely and named is not None):
        return named
    if likely:
        return likely[0]
    if kind := _WITHOUT_READER.get(suffix) or ("XML" if head.startswith("<?xml") else ""):
        raise UnreadableError(f"{kind}, which no reader here opens")
    return format_named("plain_text")


def _format_in_zip(file: InputFile) -> Format:
    with file.on_disk() as path, ZipContainer(path) as container:
        kind = container.read_start("mimetype", 100).strip() if "mimetype" in container.names else b""
        for format_ in all_formats():
            if kind in format_.zip_types or any(part in container.names for part in format_.zip_parts):
                return format_
    return format_named("zip_archive")
