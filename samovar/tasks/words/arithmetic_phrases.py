"""The ways to ask for a sum, a difference, a product or a longer expression.

``{e}`` is an expression, ``{a}`` and ``{b}`` are its numbers; ``{a:genitive}`` puts a Russian numeral into that case.
"""

from __future__ import annotations

from collections.abc import Mapping

FRAMES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "What is {e}?",
        "What is {e}?",
        "What's {e}?",
        "{e}",
        "{e} = ?",
        "{e}=?",
        "{e}=",
        "{e}?",
        "How much is {e}?",
        "How much is {e}?",
        "Calculate {e}",
        "Calculate: {e}",
        "Calculate {e}, please.",
        "Compute {e}",
        "Work out {e}",
        "Please calculate {e}.",
        "Can you calculate {e}?",
        "Could you tell me how much {e} is?",
        "Tell me how much {e} is.",
        "What does {e} equal?",
        "What do you get for {e}?",
        "Solve: {e}",
        "Find the value of {e}.",
        "I need {e}. How much is it?",
        "Help me with {e}, please.",
        "Do you know how much {e} is?",
        "{e} is how much?",
        "Count for me: {e}",
    ),
    "ru": (
        "Сколько будет {e}?",
        "Сколько будет {e}?",
        "Сколько будет {e}?",
        "Чему равно {e}?",
        "{e}",
        "{e} = ?",
        "{e}=?",
        "{e}=",
        "{e}?",
        "Посчитай: {e}",
        "Посчитай {e}",
        "Посчитай, пожалуйста, {e}.",
        "Вычисли {e}",
        "Вычисли: {e}",
        "Сосчитай, сколько будет {e}.",
        "Реши пример: {e}",
        "Реши: {e}",
        "Сколько получится: {e}?",
        "Подскажи, сколько будет {e}?",
        "Скажи, сколько будет {e}.",
        "А сколько будет {e}?",
        "Можешь посчитать {e}?",
        "Помоги решить: {e}",
        "Помогите посчитать {e}, пожалуйста.",
        "Не могу сообразить, сколько будет {e}.",
        "{e} — это сколько?",
        "{e} сколько будет?",
        "Пожалуйста, посчитай {e}.",
        "Посчитайте, пожалуйста: {e}",
        "Чему равен результат: {e}?",
    ),
}
"""Sentences around an expression of any kind."""

SIGNS: Mapping[str, tuple[str, ...]] = {
    "+": ("{a}+{b}", "{a} + {b}"),
    "-": ("{a}-{b}", "{a} - {b}", "{a} − {b}"),
    "*": ("{a}*{b}", "{a} * {b}", "{a} × {b}", "{a}×{b}", "{a}x{b}", "{a} x {b}"),
    "/": ("{a}/{b}", "{a} / {b}", "{a} ÷ {b}", "{a}:{b}", "{a} : {b}"),
}
"""An expression in figures."""

SPOKEN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "+": ("{a} plus {b}",),
        "-": ("{a} minus {b}",),
        "*": ("{a} times {b}", "{a} multiplied by {b}"),
        "/": ("{a} divided by {b}",),
    },
    "ru": {
        "+": ("{a} плюс {b}",),
        "-": ("{a} минус {b}",),
        "*": ("{a} умножить на {b}", "{a} на {b}", "{a} помножить на {b}"),
        "/": ("{a} разделить на {b}", "{a} поделить на {b}"),
    },
}
"""The same said aloud; its numbers may be in figures or in words."""

REQUESTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "+": (
            "Add {a} and {b}.",
            "Add {b} to {a}.",
            "What is the sum of {a} and {b}?",
            "Find the sum of {a} and {b}.",
            "What do you get if you add {a} and {b}?",
            "How much is {a} and {b} together?",
        ),
        "-": (
            "Subtract {b} from {a}.",
            "Take {b} away from {a}.",
            "What is the difference between {a} and {b}?",
            "How much is left if you take {b} from {a}?",
            "What do you get if you subtract {b} from {a}?",
        ),
        "*": (
            "Multiply {a} by {b}.",
            "Multiply {a} and {b}.",
            "What is the product of {a} and {b}?",
            "Find the product of {a} and {b}.",
            "What do you get if you multiply {a} by {b}?",
        ),
        "/": ("Divide {a} by {b}.", "What do you get if you divide {a} by {b}?"),
    },
    "ru": {
        "+": (
            "Сложи {a} и {b}.",
            "Прибавь {b} к {a:dative}.",
            "Найди сумму чисел {a} и {b}.",
            "Чему равна сумма чисел {a} и {b}?",
            "Сколько будет, если к {a:dative} прибавить {b}?",
            "Сколько получится, если сложить {a} и {b}?",
        ),
        "-": (
            "Вычти {b} из {a:genitive}.",
            "Отними {b} от {a:genitive}.",
            "Найди разность чисел {a} и {b}.",
            "Чему равна разность чисел {a} и {b}?",
            "Сколько останется, если из {a:genitive} вычесть {b}?",
            "Сколько будет, если от {a:genitive} отнять {b}?",
        ),
        "*": (
            "Умножь {a} на {b}.",
            "Умножьте {a} на {b}.",
            "Перемножь {a} и {b}.",
            "Найди произведение чисел {a} и {b}.",
            "Чему равно произведение чисел {a} и {b}?",
            "Сколько получится, если умножить {a} на {b}?",
        ),
        "/": ("Раздели {a} на {b}.", "Подели {a} на {b}.", "Сколько получится, если разделить {a} на {b}?"),
    },
}
"""Whole sentences that name the operation."""

PERCENT: Mapping[str, tuple[str, ...]] = {
    "en": ("{b}% of {a}", "{b} percent of {a}"),
    "ru": ("{b}% от {a}", "{b} процентов от {a}"),
}
SQUARE: Mapping[str, tuple[str, ...]] = {
    "en": ("{a} squared", "{a}²", "{a}^2"),
    "ru": ("{a} в квадрате", "{a}²", "{a}^2"),
}
