"""Archives: their members are read as files, and the hostile ones end with a reason."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from samovar.data.account import ReadingAccount
from samovar.data.readers import members
from tests.data.reading import read

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


def zip_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 2, 3, 4, 6)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def tar_bytes(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), 1_700_000_000
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def test_members_of_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "archive.dat"
    inner = zip_bytes({"rows.jsonl": b'{"text": "one"}\n{"text": "two"}\n'})
    path.write_bytes(zip_bytes({"a/text.txt": "Привет.".encode("cp1251"), "inner.zip": inner, "__MACOSX/._a": b"x"}))
    documents, account = read(path)
    assert [(document.id, document.text) for document in documents] == [
        ("archive.dat!/a/text.txt", "Привет."),
        ("archive.dat!/inner.zip!/rows.jsonl:1", "one"),
        ("archive.dat!/inner.zip!/rows.jsonl:2", "two"),
    ]
    assert documents[0].meta == {"member": "a/text.txt"}  # and the time, which `read` takes away
    assert [(row.file, row.documents, row.reason) for row in account.members] == [
        ("archive.dat!/a/text.txt", 1, ""),
        ("archive.dat!/inner.zip", 2, ""),
        ("archive.dat!/__MACOSX/._a", 0, "hidden"),
    ]
    assert account.members[0].encoding == "cp1251"
    total = ReadingAccount()
    total.close_file(account)
    assert (total.num_files, total.documents, dict(total.reasons)) == (5, 3, {"hidden": 1})


@pytest.mark.parametrize("packing", sorted(PACKERS))
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_a_tar_however_packed(tmp_path: Path, packing: str, form: int) -> None:
    path = tmp_path / "archive"
    long_name = f"{'folder/' * 18}имя.txt"
    files = {"a.txt": b"first", long_name: "второй".encode(), "b.md": b"# last"}
    path.write_bytes(PACKERS[packing](tar_bytes(files, form)))
    documents, account = read(path)
    assert [(document.id, document.text) for document in documents] == [
        (f"archive!/{name}", data.decode()) for name, data in files.items()
    ]
    assert account.format == "tar_archive"


def test_no_two_members_have_one_name(tmp_path: Path) -> None:
    path = tmp_path / "grown.tar"
    files = [("in/a.txt", b"old"), ("in/(2) a.txt", b"other"), ("in/a.txt", b"new"), ("in/a.txt", b"newest")]
    blocks = [tar_bytes({name: data})[:1024] for name, data in files]
    path.write_bytes(b"".join(blocks) + bytes(1024))
    documents, account = read(path)
    expected = ["in/a.txt", "in/(2) a.txt", "in/(2) (2) a.txt", "in/(3) a.txt"]
    assert [document.id for document in documents] == [f"grown.tar!/{name}" for name in expected]
    assert [document.text for document in documents] == ["old", "other", "new", "newest"]
    assert [row.file for row in account.members] == [document.id for document in documents]


@pytest.mark.parametrize("packing", sorted(PACKERS))
def test_a_packed_file_is_read_under_its_own_name(tmp_path: Path, packing: str) -> None:
    path = tmp_path / f"rows.csv.{packing}"
    pack = PACKERS[packing]
    path.write_bytes(pack(b"text,title\none,") + pack(b"T\ntwo,U\n"))  # packed files may be joined
    documents, _ = read(path)
    assert [(document.id, document.text, document.meta["title"]) for document in documents] == [
        (f"rows.csv.{packing}:2", "one", "T"),
        (f"rows.csv.{packing}:3", "two", "U"),
    ]


def test_names_of_russian_windows(tmp_path: Path) -> None:
    data = zip_bytes({"xxxxxxx.txt": b"words"}).replace(b"xxxxxxx.txt", "Договор.txt".encode("cp866"))
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert [document.id for document in read(path)[0]] == ["a.zip!/Договор.txt"]


@pytest.mark.parametrize("suffix", [".txt", ".html"])
def test_a_name_that_is_not_utf8_can_be_stored_in_meta(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "a.tar"
    name = os.fsdecode("Договор".encode("cp1251") + suffix.encode())
    path.write_bytes(tar_bytes({name: b"<p>words"}, tarfile.GNU_FORMAT))
    (document,), _ = read(path)
    assert document.meta == {"member": "\ufffd" * len("Договор") + suffix}


def test_names_that_lead_out_and_links_are_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    path = tmp_path / "a.tar"
    buffer = io.BytesIO(tar_bytes({"../out.txt": b"x", "/etc/out.txt": b"x", "C:\\out.txt": b"x", "in.txt": b"words"}))
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"special{kind!r}")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    path.write_bytes(buffer.getvalue())
    documents, account = read(path)
    assert [document.text for document in documents] == ["words"]
    assert [row.reason for row in account.members] == [
        *["a name that leads out of the archive"] * 3,
        "",
        *["a link, which is not followed"] * 2,
        "not a regular file",
    ]
    assert sorted(tmp_path.iterdir()) == [path, scratch]
    assert not list(scratch.iterdir())
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive_of_zip:
        archive_of_zip.writestr(link, "/etc/passwd")
        archive_of_zip.writestr("../../out.txt", "x")
    documents, account = read(path)
    assert not documents
    assert [row.reason for row in account.members] == [
        "a link, which is not followed",
        "a name that leads out of the archive",
    ]


def test_encrypted_and_damaged_members_are_named(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"locked.txt": b"secret " * 50, "broken.txt": b"words " * 50, "good.txt": b"good"}))
    first, second = data.index(b"PK\x01\x02"), data.index(b"broken.txt")
    struct.pack_into("<H", data, first + 8, 1)  # the flag of encryption, in the list
    data[second + 12] ^= 0xFF
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(data))
    documents, account = read(path)
    assert [document.text for document in documents] == ["good"]
    assert [row.reason for row in account.members] == [
        "protected with a password",
        "damaged in its zip container",
        "",
    ]


def test_patterns_of_skip_hold_for_members(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_bytes({"drafts/a.txt": b"a", "b.log": b"b", "c.txt": b"c"}))
    documents, account = read(path, skip=("drafts/*", "*.log"))
    assert [document.text for document in documents] == ["c"]
    assert [row.reason for row in account.members] == ["left out by data.skip"] * 2 + [""]


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.data.readers.compression.FREE_BYTES", 1 << 20)


@pytest.mark.usefixtures("low_limits")
def test_bombs_are_stopped(tmp_path: Path) -> None:
    zeros = bytes(8 << 20)
    for number, data in enumerate((zip_bytes({"a": zeros, "b": b"x"}), gzip.compress(tar_bytes({"a": zeros})))):
        path = tmp_path / f"{number}"
        path.write_bytes(data)
        documents, account = read(path)
        assert not documents
        assert account.reason.startswith("unpacks to over")
        assert account.reason.endswith("more than 200 times its size, as a zip bomb does")
        assert [row.reason for row in account.members] == [account.reason]
    for packing, pack in PACKERS.items():
        path = tmp_path / packing
        path.write_bytes(pack(b"word " * (8 << 18)))
        assert "as a zip bomb does" in read(path)[1].reason


@pytest.mark.usefixtures("low_limits")
def test_a_bomb_inside_archives_counts_for_the_outermost(tmp_path: Path) -> None:
    layer = zip_bytes({f"{number}.txt": b"a" * 400_000 for number in range(4)})
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_bytes({"1.zip": layer, "2.zip": layer}))
    documents, account = read(path)
    assert len(documents) < 8
    assert any("as a zip bomb does" in note for note in account.notes)


def test_archives_in_archives_end(tmp_path: Path) -> None:
    data = b"deep words"
    for level in range(members.MAX_DEPTH + 1):
        data = zip_bytes({f"{level}.zip" if level else "a.txt": data})
    path = tmp_path / "deep.zip"
    path.write_bytes(data)
    documents, account = read(path)
    assert not documents
    reasons = []
    while account.members:
        (account,) = account.members
        reasons.append(account.reason)
    assert reasons[-1] == "an archive inside 3 archives, which is as deep as is read"


def test_a_list_of_members_that_fills_the_memory_is_refused(tmp_path: Path) -> None:
    data = bytearray(zip_bytes({"a.txt": b"a"}))
    struct.pack_into("<I", data, data.index(b"PK\x05\x06") + 12, 1 << 30)
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(data))
    assert read(path)[1].reason == "a zip container whose list of members has over 64.0 MiB"


def test_a_tar_whose_header_fills_the_memory_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 40
    path = tmp_path / "a.tar"
    path.write_bytes(header.tobuf(tarfile.GNU_FORMAT).ljust(2048, b"1"))
    assert read(path)[1].reason == "a tar archive with a header of over a megabyte"


def test_an_archive_that_breaks_off_keeps_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    data = gzip.compress(tar_bytes({"a.txt": b"first", "b.txt": bytes(range(256)) * 4000}), 0)
    path.write_bytes(data[: len(data) // 2])
    documents, account = read(path)
    assert [document.text for document in documents] == ["first"]
    assert "damaged gzip data" in account.notes
    path.write_bytes(tar_bytes({"a.txt": b"first", "b.txt": b"x" * 5000})[:3000])
    documents, account = read(path)
    assert [document.text for document in documents] == ["first"]
    assert [row.reason for row in account.members] == ["", "a tar archive that breaks off"]


def test_a_full_scratch_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.zip"
    path.write_bytes(zip_bytes({"a.txt": b"a"}))
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert read(path)[1].reason == "cannot be read: no space left on device"


def test_packed_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(gzip.compress(b"words")))
    assert read(path)[1].reason == "packed twice"
