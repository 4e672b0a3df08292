from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar.chat import read
from samovar.chat.conversation import Conversation
from samovar.chat.read import read_conversations
from samovar.core.errors import DataError, MissingError, ResourceError, SamovarError


def test_each_line_is_a_conversation(conversation: Conversation, tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    line = json.dumps(conversation.to_openai(), ensure_ascii=False)
    path.write_text(f"\ufeff{line}\n\n  \r\n{line}", encoding="utf-8")
    assert list(read_conversations(path)) == [conversation, conversation]


GOOD = b'{"messages": [{"role": "user", "content": "x"}]}\n'


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"{", "is not JSON"),
        (b"hello", "is not JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"messages": [{"role": "boss", "content": "x"}]}', "unknown role 'boss'"),
        (b'{"messages": [{"role": "user"}]}', "has no content"),
        (b'{"messages": []}', "no list of messages"),
        (b'{"prompt": "x"}', "no list of messages"),
        (b"\xff\xfe", "is not UTF-8: byte 1 of the line is 0xff"),
        (b"\x00\x01\x02", "is not JSON"),
    ],
)
def test_a_bad_line_is_named_by_its_number(tmp_path: Path, line: bytes, what: str) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_bytes(GOOD + b"\n" + line + b"\n" + GOOD)
    several = read_conversations(path)
    next(several)
    with pytest.raises(DataError) as caught:
        next(several)
    assert f"{path}:3" in caught.value.what
    assert what in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "seeds.jsonl").write_bytes(content)
    with pytest.raises(DataError, match="no conversations"):
        list(read_conversations(tmp_path / "seeds.jsonl"))


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="does not exist"):
        list(read_conversations(tmp_path / "none.jsonl"))
    with pytest.raises(ResourceError, match="cannot be read"):
        list(read_conversations(tmp_path))


def test_a_packed_file_that_is_damaged_is_named(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": str(number**7)}]} for number in range(200)]
    whole = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(whole[:10] + b"\xff" + whole[11:])  # the first byte of its body: no such kind of block
    with pytest.raises(ResourceError, match=r"x\.jsonl\.gz cannot be read"):
        list(read_conversations(path))
    for place in range(10, len(whole), 37):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(SamovarError):
            list(read_conversations(path))


def test_a_line_too_long_is_refused_before_it_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_MAX_LINE_BYTES", 1000)
    (tmp_path / "x.jsonl").write_bytes(GOOD + b"x" * 5000)
    with pytest.raises(DataError, match=r"x\.jsonl:2 is longer than"):
        list(read_conversations(tmp_path / "x.jsonl"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60))
def test_any_bytes_are_conversations_or_an_error_of_ours(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(SamovarError):
        list(read_conversations(tmp_path / "x.jsonl"))
