"""Learning rates of single parameters, by patterns of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from samovar.core.errors import ConfigError


def rate_factors(names: Iterable[str], patterns: Mapping[str, float]) -> dict[str, float]:
    """What each parameter's rate is multiplied by: the factor of the first pattern that its name fits, else 1.

    Args:
        names: of parameters, such as ``layers.0.mlp.up_proj.weight``.
        patterns: as a shell's, with ``*`` for anything.
    Raises:
        ConfigError: a pattern decides for no parameter.
    """
    factors, used = {}, set()
    for name in names:
        pattern = next((pattern for pattern in patterns if fnmatchcase(name, pattern)), None)
        factors[name] = 1.0 if pattern is None else patterns[pattern]
        used.add(pattern)
    for pattern in patterns:
        if pattern not in used:
            kinds = sorted({re.sub(r"\.\d+\.", ".*.", name) for name in factors})
            raise ConfigError(
                f"rate_factors has {pattern!r}, which decides for no parameter: it fits none, or earlier patterns fit "
                "all that it fits",
                hint=f"the parameters are {', '.join(kinds)}",
            )
    return factors
