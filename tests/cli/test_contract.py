"""What every command keeps to: examples, exit codes, no traces, nothing heavy before it is needed."""

from __future__ import annotations

import errno
import importlib
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from samovar.cli import main
from samovar.core.errors import MissingError
from tests.cli.conftest import Samovar

NAMES = [name for names in main.COMMANDS.values() for name in names]


@pytest.mark.parametrize("name", NAMES)
def test_help_opens_with_an_example_of_the_command(samovar: Samovar, name: str) -> None:
    example = importlib.import_module(f"samovar.cli.{name}").EXAMPLE
    ran = samovar(name, "--help")
    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert text.index("Example: samovar " + name) < text.index("--help")
    assert shlex.split(example)[:2] == ["samovar", name]


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_right_usage(
    samovar: Samovar, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty folder it either works or misses its input; it never is wrong usage or a defect."""
    monkeypatch.chdir(tmp_path)
    ran = samovar(*shlex.split(importlib.import_module(f"samovar.cli.{name}").EXAMPLE)[1:])
    assert ran.code in {0, 1}, ran.err
    assert "unexpected" not in ran.err
    assert ran.code == 0 or "hint:" in ran.err


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; from samovar.cli.main import exit_code; assert exit_code(['--help']) == 0\n"
        "heavy = {'torch', 'pydantic', 'pyarrow', 'numpy', 'tokenizers', 'yaml'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = [words[1] for line in done.stdout.splitlines() if len(words := line.split()) > 2 and words[0] == "│"]
    assert [name for name in listed if name in NAMES] == NAMES


def test_help_says_all_that_was_written() -> None:
    """To rich, words in square brackets are markup, which does not show."""

    def texts(command: Any) -> Iterator[str | None]:
        yield from (command.help, *(getattr(one, "help", None) for one in command.params))
        for inner in getattr(command, "commands", {}).values():
            yield from texts(inner)

    assert not [text for text in texts(typer.main.get_command(main.make_app())) if text and "[" in text]


@pytest.mark.parametrize(
    "words",
    [
        ["bre"],
        ["brew"],
        ["chat", "p", "--temperature", "9"],
        ["serve", "p", "--port", "x"],
        ["plan", "p", "--mfu", "0.5"],
        ["plan", "p", "--students", "--price", "1 USD/h"],
        ["merge", "one", "other", "--base-bits", "4", "--out", "both"],
    ],
)
def test_wrong_usage_exits_with_2(samovar: Samovar, words: list[str]) -> None:
    ran = samovar(*words)
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize("option", ["--method=ties", "--method=linear", "--base=b", "--shares=1,2", "--density=1"])
def test_merging_an_adapter_takes_no_option_of_models(samovar: Samovar, tmp_path: Path, option: str) -> None:
    (tmp_path / "adapter_config.json").touch()
    ran = samovar("merge", "base", tmp_path, "--out", tmp_path / "both", option)
    assert (ran.code, ran.out) == (2, "")
    told = " ".join(ran.err.replace("│", "").split())
    assert f"Invalid value for {option.partition('=')[0]}" in told
    assert "leave it out" in told


def test_an_error_is_two_lines_on_stderr(samovar: Samovar, tmp_path: Path) -> None:
    ran = samovar("brew", tmp_path / "nowhere")
    assert ran.code == 1
    assert ran.out == ""
    first, second = ran.err.splitlines()
    assert first.startswith("error: ")
    assert second.startswith("hint: ")
    assert "samovar new" in second


def test_a_wrong_recipe_is_an_error_with_the_nearest_key(samovar: Samovar, tmp_path: Path) -> None:
    (tmp_path / "samovar.yaml").write_text("pretrain: {tokns: 5}")
    for command in ("brew", "plan", "status", "chat"):
        ran = samovar(command, tmp_path)
        assert ran.code == 1
        assert "did you mean 'tokens'" in ran.err


def test_what_nobody_expected_is_one_line_and_a_file(
    samovar: Samovar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(root: Path) -> None:
        raise ZeroDivisionError("the sugar is out")

    monkeypatch.setattr("samovar.brew.project.open_project", fail)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    ran = samovar("brew", "p")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert "the sugar is out" in ran.err
    (trace,) = tmp_path.glob("samovar-error-*.txt")
    assert str(trace) in ran.err
    assert "ZeroDivisionError" in trace.read_text()


@pytest.mark.parametrize("failure", [MemoryError(), KeyboardInterrupt(), MissingError("no tea", hint="buy some")])
def test_other_ends_have_their_codes(samovar: Samovar, monkeypatch: pytest.MonkeyPatch, failure: BaseException) -> None:
    def fail(root: Path) -> None:
        raise failure

    monkeypatch.setattr("samovar.brew.project.open_project", fail)
    ran = samovar("status", "p")
    assert ran.code == (130 if isinstance(failure, KeyboardInterrupt) else 1)
    assert "Traceback" not in ran.err
    assert ran.err


def test_ctrl_c_while_the_program_still_loads_is_as_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"samovar": "samovar.__main__:main"}
    monkeypatch.setitem(sys.modules, "samovar.cli.main", Interrupted("samovar.cli.main"))
    with pytest.raises(SystemExit) as ended:
        importlib.import_module("samovar.__main__").main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "stopped\n"


def test_a_full_disk_is_no_defect(samovar: Samovar, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(main, "make_app", lambda: full)
    ran = samovar("status", "p")
    assert ran.code == 1
    assert "error: the output cannot be written: the disk is full" in ran.err
    assert "defect" not in ran.err


def test_version(samovar: Samovar) -> None:
    from samovar import __version__

    assert samovar("--version") == (0, f"{__version__}\n", "")


def test_a_table_shows_its_words_as_they_are(capsys):
    from samovar.cli.terminal import print_table

    print_table(("what",), [("From: Anna <[email]>",)])
    assert "From: Anna <[email]>" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cells", "is_right"),
    [
        (("1", "22"), True),
        (("1,024", "-3.5%", "+0.00%", "about +1.20%"), True),
        (("1.5 GiB", "", "980 B"), True),
        (("1h 02m", "4.5s", "—"), True),
        (("0.012 USD", "1,203.00 USD"), True),
        (("989 TFLOP/s", "2.5 USD/h", "±0.3", "~1e-05", "≤ 5", "125M"), True),
        (("1", "off"), False),
        (("one", "two"), False),
        (("2026-11-27", "2026-11-28"), False),
        (("5 letters were written", "7"), False),
        (("gguf Q4_K", "int8"), False),
        (("60/min, 1,000 tokens", "no limits"), False),
        (("", "—"), False),
    ],
)
def test_a_column_of_figures_stands_at_the_right(
    capsys: pytest.CaptureFixture[str], cells: tuple[str, ...], is_right: bool
) -> None:
    from samovar.cli.terminal import print_table

    headings = ("first", "a heading wider than all cells", "last")
    print_table(headings, [("|", cell, "|") for cell in cells])
    head, _, *lines = (line for line in capsys.readouterr().out.splitlines() if line.strip())
    start = head.index(headings[1])
    shown = [line[start : start + len(headings[1])] for line in lines]
    assert shown == [f"{cell:{'>' if is_right else '<'}{len(headings[1])}}" for cell in cells]
