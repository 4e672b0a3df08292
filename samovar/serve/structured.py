"""Languages that a request wants its answer kept in, in the engine's terms."""

from __future__ import annotations

from importlib.util import find_spec

from samovar.core.errors import RequestError
from samovar.engine.constraint import Constraint
from samovar.serve.shapes.body import StructuredOutputs

LIBRARY = "llguidance"
FIELD = "structured_outputs"


def can_follow() -> bool:
    """Whether answers can be kept in a language here."""
    return find_spec(LIBRARY) is not None


def demand_constraints(param: str) -> None:
    """Refuse ``param``, which wants an answer kept in a language, where that cannot be done.

    Raises:
        RequestError: llguidance is not installed.
    """
    if not can_follow():
        raise RequestError(
            f"what an answer must be cannot be demanded here: the server has no {LIBRARY}",
            hint="install samovar[constraints] on it, or leave the demand out",
            code="unsupported_value",
            param=param,
        )


def asked_constraint(asked: StructuredOutputs) -> Constraint:
    """The language that ``structured_outputs`` names.

    Raises:
        RequestError: it names none or several, or the server cannot keep answers in any.
    """
    given = [name for name in StructuredOutputs.model_fields if getattr(asked, name) is not None]
    if len(given) != 1:
        raise RequestError(
            f"structured_outputs has {' and '.join(given) or 'nothing'}: it must have one of regex, grammar and choice",
            hint="JSON is asked for by response_format",
            param=FIELD,
        )
    demand_constraints(FIELD)
    if asked.choice is not None:
        return Constraint.choice(asked.choice, asked_as=FIELD)
    if asked.regex is not None:
        return Constraint("regex", asked.regex, FIELD)
    return Constraint("lark", asked.grammar or "", FIELD)
