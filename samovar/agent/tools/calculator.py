"""Exact arithmetic over a few operators. Nothing is executed: the expression is parsed, and only numbers are walked.

Work is bounded before it is done: by the length of the text, and by the bits of every number on the way.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, ClassVar

from samovar.agent.tool import Tool

_MAX_CHARACTERS = 200
_MAX_BITS = 1024  # about 300 digits; an answer longer than that helps nobody, and would fill a small context
_SIGNIFICANT_DIGITS = 12
_DECIMALS = 10

_SPELLINGS = str.maketrans(
    {"×": "*", "·": "*", "⋅": "*", "÷": "/", ":": "/", "−": "-", "–": "-", "^": "**", "\u00a0": " ", "\u202f": " "}
)
# Letters never reach Python's parser, so that it has no name, call or keyword to find.
_ALLOWED = re.compile(r"[0-9.+\-*/%() \t]*")
_LEADING_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")

_BINARY: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction | int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class CalculationError(ValueError):
    """An expression has no answer that we would give; the message says why."""


class Calculator(Tool):
    """Answers ``{"expression": "17*24"}`` with ``408``."""

    name: ClassVar[str] = "calculator"

    @property
    def schema(self) -> dict[str, Any]:
        """The OpenAI function schema."""
        expression = {"type": "string", "description": "Arithmetic with + - * / // % ** and parentheses: 17*24"}
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": "Calculates an arithmetic expression exactly.",
                "parameters": {"type": "object", "properties": {"expression": expression}, "required": ["expression"]},
            },
        }

    def run(self, arguments: Mapping[str, Any]) -> str:
        """The value as text, or ``error: …``."""
        expression = arguments.get("expression")
        if isinstance(expression, int | float) and not isinstance(expression, bool):
            expression = str(expression)
        if not isinstance(expression, str):
            return "error: 'expression' must be text like 17*24"
        try:
            return calculate(expression)
        except CalculationError as error:
            return f"error: {error}"


def calculate(expression: str) -> str:
    """The value of ``expression``: exact where it has ten decimals at most, else to 12 significant digits.

    Raises:
        CalculationError: it is not arithmetic, too large, or has no value.
    """
    if len(expression) > _MAX_CHARACTERS:
        raise CalculationError(f"the expression is longer than {_MAX_CHARACTERS} characters")
    text = _LEADING_ZEROS.sub("", expression.translate(_SPELLINGS)).strip()
    if not _ALLOWED.fullmatch(text):
        raise CalculationError("only numbers, + - * / // % ** and parentheses are understood")
    try:
        value = _value(ast.parse(text, mode="eval").body, text)
    except ZeroDivisionError as error:
        raise CalculationError("division by zero") from error
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise CalculationError("this is not an arithmetic expression") from error
    return _as_text(value)


def _value(node: ast.expr, text: str) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):  # and not the ellipsis, whose dots are allowed
            # The figures as written, which are ASCII here: 0.1 is a tenth, and not the double nearest to it.
            return _bounded(Fraction(text[node.col_offset : node.end_col_offset]))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, text)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _bounded(_power(_value(left, text), _value(right, text)))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _bounded(Fraction(_BINARY[type(sign)](_value(left, text), _value(right, text))))
    raise CalculationError("only numbers, + - * / // % ** and parentheses are understood")


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator == 1:
        # The size of the answer is known before it is made: 9**9**9 costs nothing.
        if abs(exponent) * (_num_bits(base) - 1) > _MAX_BITS:
            raise CalculationError("the number is too large")
        return base ** int(exponent)
    if base < 0:
        raise CalculationError("a negative number has no real root here")
    if base == 0 and exponent < 0:
        raise CalculationError("division by zero")
    try:
        return Fraction(repr(float(base) ** float(exponent)))
    except (OverflowError, ValueError) as error:
        raise CalculationError("the number is too large") from error


def _bounded(value: Fraction) -> Fraction:
    if _num_bits(value) > _MAX_BITS:
        raise CalculationError("the number is too large")
    return value


def _num_bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _as_text(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    is_short = (value * 10**_DECIMALS).denominator == 1
    context = Context(prec=_MAX_BITS if is_short else _SIGNIFICANT_DIGITS)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator)).normalize(context)
    return f"{quotient:f}" if -20 <= quotient.adjusted() < 30 else f"{quotient:e}"
