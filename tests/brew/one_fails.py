"""The command line under torchrun, in which the process whose number FAILS names runs out of disk in its third step."""

import os

from samovar.brew import together
from samovar.cli.main import main
from samovar.core.errors import ResourceError
from samovar.train import loop
from samovar.train.step import TrainStep


class FailingStep(TrainStep):
    """A step that fails in one process only: the others wait for its gradient."""

    def __call__(self, step: int) -> dict[str, float]:
        if step == 2 and os.environ["RANK"] == os.environ["FAILS"]:
            raise ResourceError("the disk is full", hint="free some space")
        return super().__call__(step)


if __name__ == "__main__":
    together.GRACE_S = 1.0
    loop.TrainStep = FailingStep  # type: ignore[misc]
    main()
