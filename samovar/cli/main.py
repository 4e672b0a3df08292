"""The `samovar` command: finds the commands, and turns every failure into words and an exit code."""

from __future__ import annotations

import errno
import functools
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from samovar import __version__
from samovar.cli.terminal import show_error
from samovar.core.errors import ResourceError, SamovarError
from samovar.train.parallel.world import number_of_processes

COMMANDS = {
    "The road, in one project folder": ("new", "plan", "brew", "watch", "status"),
    "Talk": ("chat", "serve", "keys", "chats", "votes", "bench"),
    "Models from others, and for others": ("import", "export"),
    "Stages by themselves, on files": (
        "data",
        "trace",
        "tokenizer",
        "pretrain",
        "sft",
        "rlaif",
        "judge",
        "reward",
        "dpo",
        "improve",
        "grpo",
        "ppo",
        "distill",
        "merge",
        "quantize",
        "eval",
    ),
}
"""Each is a file in this folder that defines ``run`` and ``EXAMPLE``; one with sub-commands also names ``COMMANDS``."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

Version = Annotated[bool, typer.Option("--version", help="Print the version.")]


def make_app() -> typer.Typer:
    """The whole command line. Imports no stage's library: each command does so when it runs."""
    app = typer.Typer(
        cls=_InOrder, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )  # fmt: skip
    app.callback(invoke_without_command=True, help=_HELP)(_version)
    for panel, names in COMMANDS.items():
        for name in names:
            module = importlib.import_module(f"samovar.cli.{name}")
            if hasattr(module, "COMMANDS"):
                _add_group(app, name, module, panel)
            else:
                _add(app, name, module, panel)
    config = typer.Typer(no_args_is_help=True, help="The recipe's keys.")
    _add(config, "schema", importlib.import_module("samovar.cli.config_schema"), None)
    app.add_typer(config, name="config", rich_help_panel="The road, in one project folder")
    return app


class _InOrder(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        """As ``COMMANDS`` has them; typer by itself puts those with sub-commands last."""
        return [*(name for names in COMMANDS.values() for name in names), "config"]


_HELP = """Example: samovar new assistant && samovar brew assistant

Brew your own assistant from your own documents, on your own hardware."""


def _version(version: Version = False) -> None:
    if version:
        print(__version__)
        raise typer.Exit


def _add(app: typer.Typer, name: str, module: Any, panel: str | None) -> None:
    about = module.run.__doc__
    app.command(
        name, help=f"Example: {module.EXAMPLE}\n\n{about}", short_help=about.splitlines()[0], rich_help_panel=panel
    )(_interruptible(module.run))


def _add_group(app: typer.Typer, name: str, module: Any, panel: str) -> None:
    """A command with sub-commands, the first of which may be left out: ``data X`` is ``data make X``."""
    own, *others = module.COMMANDS

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if args and args[0] not in {"--help", *self.commands}:
                args = [own, *args]
            return super().parse_args(ctx, args)

    group = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode="rich")
    _add(group, own, module, None)
    for other in others:
        _add(group, other, importlib.import_module(f"samovar.cli.{name}_{other}"), None)
    about = f"Example: {module.EXAMPLE}\n\n{module.ABOUT}"
    app.add_typer(group, name=name, help=about, short_help=module.ABOUT.splitlines()[0], rich_help_panel=panel)


def _interruptible(run: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(run)
    def wrapped(*args: Any, **options: Any) -> None:
        try:
            run(*args, **options)
        except KeyboardInterrupt:
            print("stopped", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None

    return wrapped


def main() -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C."""
    if number_of_processes() == 1:
        sys.exit(exit_code(sys.argv[1:]))
    from samovar.brew.together import follow, lead

    is_first = os.environ["RANK"] == "0"
    sys.exit(lead(lambda: exit_code(sys.argv[1:])) if is_first else _exit_code(follow))


def exit_code(arguments: list[str]) -> int:
    """Run one command line; every failure is told on stderr and becomes a code."""
    return _exit_code(lambda: make_app()(args=arguments, prog_name="samovar"))


def _exit_code(run: Callable[[], object]) -> int:
    try:
        run()
        return 0
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except SamovarError as error:
        show_error(error)
    except MemoryError:
        show_error(
            ResourceError("memory ran out", hint="close other programs, or lower model.size and pretrain.batch_tokens")
        )
    except BrokenPipeError:  # the reader of our output left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # of stdout, or of a file that names itself
            what = f"{error.filename} cannot be written" if error.filename else "the output cannot be written"
            show_error(ResourceError(f"{what}: the disk is full", hint="free some space and run it again"))
        else:
            _show_unexpected(error)
    return 1


def _show_unexpected(error: Exception) -> None:
    """One line, and the trace in a file: a trace on the screen helps nobody who did not write the code."""
    import tempfile
    import time
    import traceback

    file = Path(tempfile.gettempdir()) / f"samovar-error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    arguments = " ".join(sys.argv[1:])
    try:
        file.write_text(f"samovar {__version__}: samovar {arguments}\n\n{traceback.format_exc()}", encoding="utf-8")
    except OSError:  # no place to write: then the screen is the only place
        traceback.print_exc()
        return
    summary = str(error).strip().splitlines()[0] if str(error).strip() else ""
    print(f"error: unexpected {type(error).__name__}: {summary}", file=sys.stderr)
    print(f"hint: this is a defect of Samovar; the full trace is in {file}", file=sys.stderr)
