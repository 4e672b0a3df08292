"""The command line run in this process: exit code, stdout and stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from samovar.cli.main import exit_code
from tests.brew.conftest import brewed, brewed_copy

__all__ = ["brewed", "brewed_copy"]


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Samovar = Callable[..., Ran]


@pytest.fixture
def samovar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Samovar:
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        words = [str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["samovar", *words])
        code = exit_code(words)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
