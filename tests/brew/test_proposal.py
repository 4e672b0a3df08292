"""A budget turned into a recipe: under any costing the proposal fits and the next larger one does not."""

from __future__ import annotations

import pytest

from samovar.brew.budget import Budget
from samovar.brew.compute_optimal import optimal_tokens
from samovar.brew.costing import plan_training, rent_of, rented_costing
from samovar.brew.forecast import Machine, Outlook
from samovar.brew.hardware import parse_hardware
from samovar.brew.proposal import Cost, Option, changes_of, propose, varied
from samovar.brew.recipe import Recipe, compose_recipe
from samovar.brew.recipe_edit import set_values
from samovar.brew.teaching_proposal import propose_teaching, teaching_changes
from samovar.cli.plan_budget import _micro_batch
from samovar.core.errors import ConfigError
from samovar.core.price import Price, parse_price
from samovar.model.adapters.settings import AdapterSettings
from samovar.train.memory_model import Adapter

FLOPS_PER_SECOND = 1e12


def costing(recipe: Recipe) -> Cost:
    """A machine of a teraflop a second and 100 W, where memory is 16 bytes a parameter and a kilobyte a token."""
    shape = recipe.model.decoder(recipe.tokenizer.vocab_size)
    tokens = recipe.pretrain.tokens + recipe.sft.tokens
    seconds = tokens * shape.flops_per_token(recipe.model.context) / FLOPS_PER_SECOND
    memory = 16 * shape.num_parameters + 1000 * recipe.pretrain.micro_batch_tokens * recipe.model.size
    return Cost(seconds, memory, 100 * seconds, seconds / 3600, "USD")


def proposed(options: list[Option]) -> Option:
    return next(option for option in options if option.is_proposed)


@pytest.mark.parametrize(
    "budget",
    [Budget("time", 86_400), Budget("money", 20, "USD"), Budget("energy", 3.6e6), Budget("memory", 2e9)],
    ids=lambda budget: budget.kind,
)
def test_the_proposal_is_the_largest_that_fits(budget: Budget) -> None:
    recipe = Recipe()
    options = propose(recipe, budget, costing, price=parse_price("1 USD/h"))
    best = proposed(options)
    spent = {"time": "seconds", "money": "money", "energy": "joules", "memory": "memory_bytes"}[budget.kind]
    assert getattr(best.cost, spent) <= budget.amount
    larger = costing(varied(recipe, best.recipe.model.size + 1, 20))
    assert getattr(larger, spent) > budget.amount
    assert best.tokens_per_parameter == pytest.approx(20, rel=0.05)
    sizes = [option.recipe.model.size for option in options]
    assert sizes == sorted(sizes)
    assert len(options) == 4
    if budget.kind != "memory":
        ratios = [round(option.tokens_per_parameter, -1) for option in options]
        assert ratios == [100, 40, 20, 10], "the smaller, the more tokens a parameter"
    assert all(getattr(option.cost, spent) <= budget.amount for option in options)


def test_smaller_micro_batches_make_room_for_a_larger_model() -> None:
    options = propose(Recipe(), Budget("memory", 2e9), costing, price=None)
    changes = changes_of(Recipe(), options[-1])
    assert changes["pretrain.micro_batch_tokens"] == changes["sft.micro_batch_tokens"] == 2048
    assert "micro_batch" not in " ".join(changes_of(Recipe(), proposed(options)))


def test_a_budget_too_small_says_what_the_least_takes() -> None:
    with pytest.raises(ConfigError, match="the smallest takes") as caught:
        propose(Recipe(), Budget("time", 1.0), costing, price=None)
    assert "sft.tokens" in (caught.value.hint or "")


def test_money_needs_a_price_in_its_currency() -> None:
    with pytest.raises(ConfigError, match="needs a price"):
        propose(Recipe(), Budget("money", 5, "USD"), costing, price=None)
    with pytest.raises(ConfigError, match="EUR"):
        propose(Recipe(), Budget("money", 5, "EUR"), costing, price=Price(1, "USD", "h"))


def test_a_shape_set_by_hand_gives_way_to_the_dial() -> None:
    recipe = compose_recipe(None, {"model": {"size": 8, "hidden_size": 320, "num_heads": 5}})
    changes = changes_of(recipe, proposed(propose(recipe, Budget("time", 86_400), costing, price=None)))
    assert changes["model.hidden_size"] is None
    assert changes["model.num_heads"] is None


def test_chinchilla_by_its_own_numbers() -> None:
    assert optimal_tokens(70e9) == 1.4e12


def test_eight_h100_by_hand(tmp_path: object) -> None:
    """6 N D and the attention, over 8 x 989.4 TFLOP/s at 40 %: seconds, energy and rent."""
    recipe = compose_recipe(None, {"model": {"size": 18}, "pretrain": {"tokens": 2_000_000_000}})
    shape = recipe.model.decoder(recipe.tokenizer.vocab_size)
    machines = parse_hardware("8xH100")
    outlook = Outlook(None, Machine())  # type: ignore[arg-type]
    pretrain, sft = plan_training(recipe, outlook, machines, mfu=0.4)
    flops = 2e9 * (
        6 * (shape.num_matrix_parameters + shape.vocab_size * shape.hidden_size)
        + 12 * 18 * 512 * shape.num_heads * shape.head_dim
    )
    assert pretrain.flops == pytest.approx(flops)
    assert pretrain.seconds == pytest.approx(flops / (8 * 989.4e12 * 0.4))
    assert pretrain.joules == pytest.approx(pretrain.seconds * 5600)
    rent = rent_of(machines)
    assert rent is not None
    assert [price.amount for price in rent] == pytest.approx([8 * 2.69, 8 * 4.76])
    alone = plan_training(recipe, outlook, parse_hardware("H100"), mfu=0.4)[0]
    assert alone.seconds == pytest.approx(8 * pretrain.seconds)
    assert alone.memory.gradients == pytest.approx(8 * pretrain.memory.gradients)
    cost = rented_costing(outlook, machines, rent[1], mfu=0.4)(recipe)
    assert cost.seconds == pretrain.seconds + sft.seconds
    assert cost.money == pytest.approx(cost.seconds / 3600 * 8 * 4.76)


def test_rented_time_is_less_where_the_base_is_frozen() -> None:
    """By the FLOPs: 6 D for all weights, 4 D and 6 of its own beside an adapter; the attention is the same."""
    recipe = compose_recipe(None, {"model": {"size": 18}})
    shape = recipe.model.decoder(recipe.tokenizer.vocab_size)
    beside = recipe.model_copy(update={"sft": recipe.sft.model_copy(update={"adapter": AdapterSettings(rank=8)})})
    machines, outlook = parse_hardware("8xH100"), Outlook(None, Machine())  # type: ignore[arg-type]
    whole, frozen = (plan_training(one, outlook, machines, mfu=0.4)[1] for one in (recipe, beside))
    weights = shape.num_matrix_parameters + shape.vocab_size * shape.hidden_size
    saved = recipe.sft.tokens * (2.0 * weights - 6.0 * Adapter(8).num_parameters(shape))
    assert whole.flops - frozen.flops == pytest.approx(saved)
    assert frozen.seconds / whole.seconds == pytest.approx(frozen.flops / whole.flops)


def costing_of_teaching(recipe: Recipe) -> Cost:
    """A thousand tokens a second, an hour for the rest; adapters take less memory, and of 4 bits less still."""
    seconds = 3600 + recipe.sft.tokens / 1000
    weights = {None: 16e9, 16: 3e9, 4: 1.5e9}[recipe.sft.adapter and recipe.sft.adapter.base_bits]
    return Cost(seconds, weights + 1e6 * recipe.sft.micro_batch_tokens, 100 * seconds, seconds / 3600, "USD")


BASE = Recipe.model_validate(
    {
        "base": "some/model",
        "model": {"context": 1024},
        "sft": {"tokens": 8_000_000, "adapter": {"rank": 8}, "micro_batch_tokens": 4096},
    }
)


def test_a_budget_for_teaching_a_base_is_spent_on_its_tokens() -> None:
    options = propose_teaching(BASE, Budget("time", 5 * 3600), costing_of_teaching, parameters=10**9, price=None)
    assert [option.name for option in options] == ["all weights", "LoRA, rank 8", "QLoRA, rank 8"]
    best = proposed(options)
    assert best.name == "LoRA, rank 8", "the recipe's own way"
    assert best.tokens == best.recipe.sft.tokens == 14_000_000, "four hours, to two figures, and no more than fits"
    assert teaching_changes(BASE, best) == {"sft.tokens": 14_000_000}
    with pytest.raises(ConfigError, match="the least takes 1h 00m"):
        propose_teaching(BASE, Budget("time", 60), costing_of_teaching, parameters=10**9, price=None)
    with pytest.raises(ConfigError, match="needs a price"):
        propose_teaching(BASE, Budget("money", 5, "USD"), costing_of_teaching, parameters=10**9, price=None)


def test_a_budget_of_memory_takes_the_way_that_trains_most_of_a_base() -> None:
    options = propose_teaching(BASE, Budget("memory", 5.2e9), costing_of_teaching, parameters=10**9, price=None)
    best = proposed(options)
    assert [option.name for option in options] == ["LoRA, rank 8", "QLoRA, rank 8"]
    assert best.name == "LoRA, rank 8"
    assert teaching_changes(BASE, best) == {"sft.tokens": BASE.sft.tokens, "sft.micro_batch_tokens": 2048}
    four = teaching_changes(BASE, options[1])
    assert four["sft.adapter"] == {"rank": 8, "base_bits": 4}
    with pytest.raises(ConfigError, match="the least takes"):
        propose_teaching(BASE, Budget("memory", 1e9), costing_of_teaching, parameters=10**9, price=None)


def test_a_group_is_set_and_taken_away_with_the_rest_as_it_was() -> None:
    text = "sft:\n  adapter:   # low rank\n    rank: 8\n  # after it\n  tokens: 5\n"
    changed = set_values(text, {"sft.adapter": {"rank": 8, "base_bits": 4}})
    assert changed == "sft:\n  adapter: {base_bits: 4, rank: 8}\n  # after it\n  tokens: 5\n"
    assert set_values(changed, {"sft.adapter": None}) == "sft:\n  # after it\n  tokens: 5\n"


def test_a_micro_batch_that_is_told_is_no_larger_than_a_step() -> None:
    small = BASE.model_copy(update={"sft": BASE.sft.model_copy(update={"batch_tokens": 1024})})
    assert (_micro_batch(BASE), _micro_batch(small)) == (4096, 1024)
