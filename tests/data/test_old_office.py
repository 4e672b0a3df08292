"""Office documents of before 2007, made byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.data.reading import read, read_one


def ole_bytes(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3 with sectors of 512 bytes, after [MS-CFB]; every stream padded to 4096 bytes."""
    chains, content = [], b""
    for data in streams.values():
        data = data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0")
        chains.append((len(content) // 512, len(data)))
        content += data

    def entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
        encoded = (name + "\0").encode("utf-16-le")
        return struct.pack(
            "<64sHBBIII16xI8x8xIQ", encoded, len(encoded), kind, 1, 0xFFFFFFFF, right, child, 0, start, size
        )

    num_content = len(content) // 512
    directory = entry("Root Entry", 5, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0)
    for number, (name, (start, size)) in enumerate(zip(streams, chains, strict=True), 1):
        right = number + 1 if number < len(streams) else 0xFFFFFFFF
        directory += entry(name, 2, 0xFFFFFFFF, right, start, size)
    directory = directory.ljust(-(-len(directory) // 512) * 512, b"\0")
    num_directory = len(directory) // 512
    links = []
    for start, size in [*chains, (num_content, len(directory))]:
        last = start + size // 512 - 1
        links += [*range(start + 1, last + 1), 0xFFFFFFFE]
    links.append(0xFFFFFFFD)
    assert len(links) <= 128
    fat = struct.pack("<128I", *links, *[0xFFFFFFFF] * (128 - len(links)))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, 1,
        num_content, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0,
    )  # fmt: skip
    header += struct.pack("<109I", num_content + num_directory, *[0xFFFFFFFF] * 108)
    return header + content + directory + fat


def word_bytes(flags: int = 0) -> bytes:
    first = 'Договор\rПункт \x13 HYPERLINK "x" \x14первый\x15\r'
    second = "a\x07b\x07\x07c\x07d\x07\x07caf\xe9\r"
    document = bytearray(2048)
    struct.pack_into("<HH", document, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", document, 0x0A, flags)
    struct.pack_into("<I", document, 0x4C, len(first) + len(second))
    document[1024:] = first.encode("utf-16-le")
    place = len(document)
    document += second.encode("cp1252")
    pieces = struct.pack("<III", 0, len(first), len(first) + len(second))
    pieces += struct.pack("<HIH", 0, 1024, 0) + struct.pack("<HIH", 0, 0x40000000 | 2 * place, 0)
    table = b"\x01\x02\x00xx\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", document, 0x1A2, 0, len(table))
    return ole_bytes({"WordDocument": bytes(document), "0Table": table})


def test_word_97(tmp_path: Path) -> None:
    path = tmp_path / "old.doc"
    path.write_bytes(word_bytes())
    document = read_one(path)
    assert document.text == "Договор\n\nПункт первый\n\na | b\nc | d\n\ncafé"


def test_what_is_locked_or_too_old_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content, reason in (
        (word_bytes(flags=0x0100), "protected with a password"),
        (ole_bytes({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), "protected with a password"),
        (
            ole_bytes({"PowerPoint Document": b"x"}),
            "an old PowerPoint document, which no reader here opens: save it as pptx",
        ),
        (ole_bytes({"Contents": b"x"}), "an OLE container, which no reader here opens"),
    ):
        path.write_bytes(content)
        assert read(path)[1].reason == reason
