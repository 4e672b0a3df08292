"""The library is built once, whole, and never in the way."""

from __future__ import annotations

import os
import platform
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from samovar.core.native import build as builder
from samovar.core.native.build import FLAGS, NativeLibrary, cache_folder
from samovar.engine.native.abi import LIBRARY

SOURCE = 'extern "C" int answer() { return 42; }\n'
PRINT = "from samovar.engine.native.abi import LIBRARY; print(LIBRARY.library() is not None, '|', LIBRARY.reason())"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Small sources in place of ours, so that compiling takes no time."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "answer.cpp").write_text(SOURCE)
    return folder


def ask(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRINT], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_name_follows_sources_and_flags(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = NativeLibrary(sources).build
    first = build(tmp_path / "cache")
    made = first.stat().st_mtime_ns
    assert build(tmp_path / "cache") == first
    assert first.stat().st_mtime_ns == made
    (sources / "answer.cpp").write_text(SOURCE.replace("42", "43"))
    second = build(tmp_path / "cache")
    third = NativeLibrary(sources, ("-DOTHER",)).build(tmp_path / "cache")
    monkeypatch.setattr(builder, "FLAGS", (*FLAGS, "-DANOTHER"))
    assert len({first, second, third, build(tmp_path / "cache")}) == 4


def test_nothing_is_left_beside_the_library(sources: Path, tmp_path: Path) -> None:
    path = NativeLibrary(sources).build(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == [path]
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_a_source_that_does_not_compile_is_told_in_one_line(sources: Path, tmp_path: Path) -> None:
    (sources / "broken.cpp").write_text("int f() { return nothing_of_this_name; }\n")
    with pytest.raises(builder._NotBuiltError, match="nothing_of_this_name") as caught:
        NativeLibrary(sources).build(tmp_path / "cache")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_switch_and_a_missing_compiler_give_a_reason(tmp_path: Path) -> None:
    assert ask(SAMOVAR_NATIVE="off") == "False | native code is switched off (SAMOVAR_NATIVE=off)"
    empty = {"XDG_CACHE_HOME": str(tmp_path)}
    assert "not compiled yet" in ask(SAMOVAR_NATIVE="cached", **empty)
    assert "no C++ compiler (no-such-compiler) is installed" in ask(CXX="no-such-compiler", **empty)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "samovar").write_text("a file where a folder should be")
    assert ask(XDG_CACHE_HOME=str(tmp_path)).startswith("False | ")


def test_what_this_session_compiled_is_found_again() -> None:
    LIBRARY.library()
    assert ask(SAMOVAR_NATIVE="cached") == "True |"
    assert any(cache_folder().glob("samovar-*.so"))


@pytest.mark.slow
@pytest.mark.parametrize("narrower", ["-march=x86-64-v3", "-march=x86-64"])
@pytest.mark.skipif(platform.machine() != "x86_64", reason="flags of x86")
def test_processors_without_avx512_compute_the_same(narrower: str, tmp_path: Path) -> None:
    run = (
        "import sys, pytest, samovar.core.native.build as b; b.FOR_THIS_PROCESSOR = (sys.argv[1],); "
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', *sys.argv[2:]]))"
    )
    tests = ["tests/engine/native/test_native_decoder.py", "tests/engine/native/test_native_weights.py"]
    tests += ["tests/model/test_document_attention.py"]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", run, narrower, *tests], env=environment, cwd=root, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()[-2000:]
