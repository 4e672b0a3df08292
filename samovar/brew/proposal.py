"""A budget turned into a recipe: the largest model whose whole brew fits, and what could be had instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from samovar.brew.budget import Budget
from samovar.brew.compute_optimal import CHOICES, OPTIMAL
from samovar.brew.recipe import Recipe
from samovar.core.errors import ConfigError
from samovar.core.price import Price, show_money
from samovar.core.progress import short_bytes, short_duration, short_number

LARGEST = 80
PROPOSED = "compute-optimal"
SMALLEST_MICRO_BATCH = 2048
_SHAPE_KEYS = ("hidden_size", "num_heads", "num_kv_heads", "intermediate_size")


@dataclass(frozen=True, slots=True)
class Cost:
    """What making a recipe's assistant takes from where the project stands."""

    seconds: float
    memory_bytes: float
    joules: float
    money: float | None = None
    currency: str | None = None


Costing = Callable[[Recipe], Cost]


@dataclass(frozen=True, slots=True)
class Option:
    """One way to spend a budget."""

    name: str
    recipe: Recipe
    parameters: int
    cost: Cost
    is_proposed: bool = False

    @property
    def tokens(self) -> int:
        """Of what the budget is spent on: of pretraining, or of teaching a base."""
        return self.recipe.pretrain.tokens if self.recipe.base is None else self.recipe.sft.tokens

    @property
    def tokens_per_parameter(self) -> float:
        """How long it is trained for its size."""
        return self.tokens / self.parameters


def propose(recipe: Recipe, budget: Budget, costing: Costing, *, price: Price | None) -> list[Option]:
    """Ways to spend ``budget`` on a model of one's own, from the smallest to the largest; one of them is proposed.

    Raises:
        ConfigError: not even the smallest model fits, or the budget is money and there is no price in its currency.
    """
    check_price(budget, price)
    found = _for_memory(recipe, budget, costing) if budget.kind == "memory" else _for_spending(recipe, budget, costing)
    if not any(option.is_proposed for option in found):
        raise _too_small(recipe, budget, costing)
    return sorted(_distinct(found), key=lambda option: option.parameters)


def check_price(budget: Budget, price: Price | None) -> None:
    """A budget of money needs a price in its currency.

    Raises:
        ConfigError: there is none.
    """
    if budget.kind == "money" and price is None:
        raise ConfigError(
            f"the budget of {budget} needs a price", hint="add --price '2.50 USD/h', or --price '0.30 EUR/kWh'"
        )
    if budget.kind == "money" and price is not None and price.currency != budget.currency:
        raise ConfigError(
            f"the budget is in {budget.currency} and the price in {price.currency}", hint="name both in one currency"
        )


def changes_of(recipe: Recipe, option: Option) -> dict[str, Any]:
    """Keys of the recipe that the option wants otherwise, with their values; None: left out."""
    wanted: dict[str, Any] = {"model.size": option.recipe.model.size}
    wanted |= {f"model.{key}": None for key in _SHAPE_KEYS if getattr(recipe.model, key) is not None}
    wanted["pretrain.tokens"] = option.recipe.pretrain.tokens
    if option.recipe.pretrain.micro_batch_tokens != recipe.pretrain.micro_batch_tokens:
        wanted["pretrain.micro_batch_tokens"] = option.recipe.pretrain.micro_batch_tokens
        wanted["sft.micro_batch_tokens"] = option.recipe.sft.micro_batch_tokens
    return wanted


def varied(recipe: Recipe, size: int, tokens_per_parameter: float, *, micro_batch_tokens: int | None = None) -> Recipe:
    """The recipe with another size and tokens in proportion to its parameters; a shape set by hand gives way."""
    model = recipe.model.model_copy(update={"size": size} | dict.fromkeys(_SHAPE_KEYS))
    parameters = model.decoder(recipe.tokenizer.vocab_size).num_parameters
    tokens = rounded(tokens_per_parameter * parameters)
    smaller: Mapping[str, Any] = {} if micro_batch_tokens is None else {"micro_batch_tokens": micro_batch_tokens}
    return recipe.model_copy(
        update={
            "model": model,
            "pretrain": recipe.pretrain.model_copy(update={"tokens": tokens, **smaller}),
            "sft": recipe.sft.model_copy(update=dict(smaller)),
        }
    )


def _for_spending(recipe: Recipe, budget: Budget, costing: Costing) -> list[Option]:
    found = []
    for choice in CHOICES:
        size = largest(lambda size, choice=choice: fits(costing(varied(recipe, size, choice[1])), budget))  # type: ignore[misc]
        if size:
            found.append(_option(choice.name, varied(recipe, size, choice.tokens_per_parameter), costing))
    return found


def _for_memory(recipe: Recipe, budget: Budget, costing: Costing) -> list[Option]:
    most = largest(lambda size: fits(costing(varied(recipe, size, OPTIMAL)), budget))
    if not most:
        return []
    whole = _option(PROPOSED, varied(recipe, most, OPTIMAL), costing)
    found = [whole]
    for name, share, ratio in (("over-trained", 0.25, 5 * OPTIMAL), ("longer", 0.5, 2 * OPTIMAL)):
        size = largest(lambda size, share=share: _parameters(recipe, size) <= share * whole.parameters)  # type: ignore[misc]
        if size:
            found.append(_option(name, varied(recipe, size, ratio), costing))
    # Where rows are shorter, a smaller micro-batch leaves room for a larger model.
    micro = max(recipe.model.context, SMALLEST_MICRO_BATCH)
    if micro < recipe.pretrain.micro_batch_tokens:
        smaller = largest(lambda size: fits(costing(varied(recipe, size, OPTIMAL, micro_batch_tokens=micro)), budget))
        found.append(
            _option(
                f"larger, micro-batches of {micro:,}",
                varied(recipe, smaller, OPTIMAL, micro_batch_tokens=micro),
                costing,
            )
        )
    return found


def fits(cost: Cost, budget: Budget) -> bool:
    """Whether ``cost`` is within ``budget``."""
    spent = {"time": cost.seconds, "memory": cost.memory_bytes, "energy": cost.joules, "money": cost.money}[budget.kind]
    return spent is not None and spent <= budget.amount


def largest(is_within: Callable[[int], bool], most: int = LARGEST) -> int:
    """The largest number up to ``most`` that is within, as each smaller one then is; 0 when none is."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_within(middle) else (low, middle - 1)
    return low


def _option(name: str, recipe: Recipe, costing: Costing) -> Option:
    parameters = recipe.model.decoder(recipe.tokenizer.vocab_size).num_parameters
    return Option(name, recipe, parameters, costing(recipe), is_proposed=name == PROPOSED)


def _parameters(recipe: Recipe, size: int) -> int:
    return varied(recipe, size, OPTIMAL).model.decoder(recipe.tokenizer.vocab_size).num_parameters


def _distinct(found: list[Option]) -> list[Option]:
    """One option a size; the proposal stays."""
    by_size: dict[int, Option] = {}
    for option in sorted(found, key=lambda option: option.is_proposed):
        by_size[option.recipe.model.size] = option
    return list(by_size.values())


def in_words(cost: Cost, budget: Budget) -> str:
    """What of ``cost`` the budget limits."""
    return {
        "time": short_duration(cost.seconds),
        "memory": short_bytes(cost.memory_bytes),
        "energy": f"{cost.joules / 3.6e6:.3g} kWh",
        "money": show_money(cost.money or 0.0, cost.currency or ""),
    }[budget.kind]


def _too_small(recipe: Recipe, budget: Budget, costing: Costing) -> ConfigError:
    smallest = costing(varied(recipe, 1, OPTIMAL))
    what = f"no model fits in {budget}: the smallest takes {in_words(smallest, budget)}"
    if budget.kind == "memory":
        return ConfigError(what, hint="lower pretrain.micro_batch_tokens, sft.micro_batch_tokens or model.context")
    tokens = short_number(recipe.sft.tokens)
    return ConfigError(what, hint=f"raise the budget, or lower sft.tokens, which is {tokens}")


def rounded(tokens: float) -> int:
    """Two figures are as exact as the rule is."""
    digits = max(0, len(str(int(tokens))) - 2)
    return max(1, int(round(tokens, -digits)))
