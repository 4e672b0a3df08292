"""The adviser that settings name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from samovar.core.errors import ConfigError, MissingError
from samovar.train.feedback.asking import Adviser
from samovar.train.feedback.settings import AdviserSettings


def open_adviser(
    settings: AdviserSettings, *, root: Path, otherwise: Path | None, identify: Callable[[Path], str]
) -> Adviser:
    """Behind an address, in a folder, or the one in ``otherwise``.

    Args:
        settings: which.
        root: what a folder is relative to.
        otherwise: the assistant's folder.
        identify: what tells the weights in a folder from others.
    Raises:
        ConfigError: nobody is named; or the server refuses us.
        MissingError: there is no such folder.
        ResourceError: the server does not answer.
    """
    if settings.url is not None:
        from samovar.train.feedback.endpoint import Endpoint

        return Endpoint(settings)
    from samovar.train.feedback.own_model import OwnModel

    folder = root / settings.model if settings.model is not None else otherwise
    if folder is None:
        raise ConfigError("nobody is named who is to judge", hint="give --judge a model's folder or an address")
    if not folder.is_dir():
        raise MissingError(f"{folder} does not exist: it is to be a model", hint="name a folder, or an address as url")
    return OwnModel.load(folder, identify(folder))
