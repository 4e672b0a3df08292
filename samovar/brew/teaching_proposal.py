"""A budget for teaching a pretrained model: how many tokens of conversations fit, by each way of training it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from samovar.brew.budget import Budget
from samovar.brew.proposal import Costing, Option, check_price, fits, in_words, largest
from samovar.brew.recipe import Recipe
from samovar.core.errors import ConfigError
from samovar.core.price import Price
from samovar.model.adapters.settings import AdapterSettings

MOST_TOKENS = 10**12


def propose_teaching(
    recipe: Recipe, budget: Budget, costing: Costing, *, parameters: int, price: Price | None
) -> list[Option]:
    """Ways to spend ``budget`` on the recipe's pretrained model: all weights, or adapters beside 16 or 4 bits.

    Of time, energy and money the recipe's own way is proposed, with as many tokens as fit; of memory the first way that
    fits, as what trains more weights learns more.

    Args:
        recipe: that starts from a base.
        budget: what may be spent.
        costing: what a changed recipe takes.
        parameters: of the base.
        price: that a budget of money needs.
    Raises:
        ConfigError: nothing fits, or the budget is money and there is no price in its currency.
    """
    check_price(budget, price)
    ways = _ways(recipe)
    grown = {name: (_for_memory if budget.kind == "memory" else _for_spending)(way, budget, costing)
             for name, way in ways.items()}  # fmt: skip
    found = [Option(name, way, parameters, costing(way)) for name, way in grown.items() if way is not None]
    if not found:
        raise _too_small(recipe, ways.values(), budget, costing)
    own = next((option for option in found if ways[option.name].sft.adapter == recipe.sft.adapter), found[0])
    proposed = found[0] if budget.kind == "memory" else own
    return [replace(option, is_proposed=option is proposed) for option in found]


def teaching_changes(recipe: Recipe, option: Option) -> dict[str, Any]:
    """Keys of the recipe that the option wants otherwise, with their values; None: left out."""
    before, after = recipe.sft, option.recipe.sft
    wanted: dict[str, Any] = {"sft.tokens": after.tokens}
    if after.micro_batch_tokens != before.micro_batch_tokens:
        wanted["sft.micro_batch_tokens"] = after.micro_batch_tokens
    if after.adapter != before.adapter:
        adapter = after.adapter
        wanted["sft.adapter"] = None if adapter is None else adapter.model_dump(mode="json", exclude_defaults=True)
    return wanted


def _ways(recipe: Recipe) -> dict[str, Recipe]:
    """By name, from what trains most to what needs the least memory."""
    adapter = recipe.sft.adapter or AdapterSettings()
    of_16, of_4 = (adapter.model_copy(update={"base_bits": bits}) for bits in (16, 4))
    return {
        "all weights": _with(recipe, adapter=None),
        f"LoRA, rank {adapter.rank}": _with(recipe, adapter=of_16),
        f"QLoRA, rank {adapter.rank}": _with(recipe, adapter=of_4),
    }


def _with(recipe: Recipe, **changes: Any) -> Recipe:
    return recipe.model_copy(update={"sft": recipe.sft.model_copy(update=changes)})


def _for_spending(way: Recipe, budget: Budget, costing: Costing) -> Recipe | None:
    """With as many tokens as fit, to two figures."""
    tokens = largest(lambda tokens: fits(costing(_with(way, tokens=tokens)), budget), MOST_TOKENS)
    unit = 10 ** max(0, len(str(tokens)) - 2)
    return _with(way, tokens=tokens // unit * unit) if tokens else None


def _for_memory(way: Recipe, budget: Budget, costing: Costing) -> Recipe | None:
    """With the largest micro-batch that fits, halved from the recipe's as long as it holds a row."""
    micro = way.sft.micro_batch_tokens
    while micro >= (way.sft.context or way.model.context):
        smaller = _with(way, micro_batch_tokens=micro)
        if fits(costing(smaller), budget):
            return smaller
        micro //= 2
    return None


def _too_small(recipe: Recipe, ways: Iterable[Recipe], budget: Budget, costing: Costing) -> ConfigError:
    smallest = {"tokens": 1, "micro_batch_tokens": recipe.sft.context or recipe.model.context}
    least = [in_words(costing(_with(way, **smallest)), budget) for way in ways][-1]
    hint = "lower model.context" if budget.kind == "memory" else "raise the budget, or cheapen the other stages"
    return ConfigError(f"no way of teaching {recipe.base} fits in {budget}: the least takes {least}", hint=hint)
