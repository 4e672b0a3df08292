"""`samovar brew` in processes that may be killed.

They are forked from one that has imported everything: to start each anew takes several times as long as a tiny brew.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import torch

from samovar.brew.project import Project


class Brews:
    """Begins brews, one after another."""

    def __init__(self, asks: IO[str], tells: IO[str]) -> None:
        self._asks, self._tells = asks, tells

    def begin(self, project: Project, stderr: Path = Path(os.devnull)) -> int:
        """Begin to brew; gives the process's id."""
        self._asks.write(f"{project.root}\t{stderr}\n")
        self._asks.flush()
        return int(self._tells.readline())

    def exit_code(self) -> int:
        """Wait for the end of the brew that was begun; a signal is a negative code."""
        self._asks.write("\n")
        self._asks.flush()
        return int(self._tells.readline())


@contextmanager
def killable_brews() -> Iterator[Brews]:
    """A process that begins them, with as many threads as are here: more or fewer would round otherwise."""
    environment = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    with subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Brews(process.stdin, process.stdout)
        process.stdin.close()


def main() -> None:
    import samovar.data.corpus
    import samovar.engine.engine
    import samovar.evals.report
    import samovar.train.sft  # noqa: F401
    from samovar.cli.main import exit_code

    signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs tests in the background lets them ignore it
    gc.freeze()  # each checkpoint ends with a full collection
    while line := sys.stdin.readline():
        root, stderr = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            with open(stderr, "w") as file:
                for number in (1, 2):
                    os.dup2(file.fileno(), number)
            os._exit(exit_code(["brew", root]))
        print(pid, flush=True)
        sys.stdin.readline()  # before that nobody else gets its id, and it can be killed though it has ended
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
