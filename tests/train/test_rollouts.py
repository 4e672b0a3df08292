"""Rollouts: the engine draws by the weights of the moment, and what training holds of it is what the engine held."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from samovar.agent.answer import Round
from samovar.agent.habits import Habits
from samovar.engine.engine import Engine
from samovar.engine.native.abi import LIBRARY
from samovar.model.adapters.attach import attach
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.objectives.contract import Objective, measured
from samovar.train.objectives.grpo import Grpo
from samovar.train.rl.engines import Engines
from samovar.train.rl.mismatch import FirstLook, Mismatch
from samovar.train.rl.rollouts import Player, Rollout, from_json, graded_by, rewarded, to_json
from samovar.train.rl.rows import RolloutRows, joined_context, row_context
from samovar.train.rl.terms import Terms
from tests.train.rl_tasks import WordOf
from tests.train.tiny_preferences import tiny_model

HABITS = Habits(tools=())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


def opened(folder: Path, *, adapter: bool = False) -> Decoder:
    """A model in training, in float32."""
    model = load_model(folder, dtype=torch.float32)
    if adapter:
        attach(model, AdapterSettings(rank=4), seed=0)
        return model
    return model.requires_grad_(True)


@torch.no_grad()
def moved(model: Decoder) -> None:
    """As by training."""
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))


def drawn(player: Player, *, seed: int = 3) -> list[list[Rollout]]:
    examples = list(WordOf().examples("train", 3))
    return rewarded(player.play(examples, times=4, seed=seed), graded_by({"word_of": WordOf()}))


def held(model: Decoder, rows: RolloutRows) -> Tensor:
    log_prob_N, _ = rows.look(model, most=2 * rows.context)
    return log_prob_N


@pytest.mark.parametrize("adapter", [False, True])
def test_what_is_drawn_is_of_the_weights_as_they_are(folder: Path, adapter: bool) -> None:
    model, tokenizer = opened(folder, adapter=adapter), Tokenizer.load(folder)
    player = Player(model, tokenizer, HABITS, max_tokens=8)
    before = player.now()
    moved(model)
    new, old = (RolloutRows(drawn(one), 128, pad_id=tokenizer.document_end_id) for one in (player, before))
    torch.testing.assert_close(held(model, new), new.drawn_N, atol=2e-4, rtol=1e-4)
    assert (held(model, old) - old.drawn_N).abs().max() > 0.01, "drawn by the weights from before"
    torch.testing.assert_close(held(before.model, old), old.drawn_N, atol=2e-4, rtol=1e-4)


def test_the_native_engine_draws_where_it_can(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(opened(folder), Tokenizer.load(folder), HABITS, max_tokens=8)
    native = drawn(player)
    assert engine_of(player).is_native == (not LIBRARY.reason())
    monkeypatch.setattr("samovar.core.native.build.NativeLibrary.reason", lambda _: "there is no compiler")
    player = Player(opened(folder), Tokenizer.load(folder), HABITS, max_tokens=8)
    eager = drawn(player)
    assert not engine_of(player).is_native
    assert [[one.completion for one in group] for group in native] == [[o.completion for o in g] for g in eager]


def engine_of(player: Player) -> Engine:
    """The engine that waits for the next play: there was one at a time."""
    (idle,) = player._engines._idle
    return idle.engine


def test_a_player_that_plays_on_gives_what_a_fresh_one_does(folder: Path) -> None:
    player = Player(opened(folder), Tokenizer.load(folder), HABITS, max_tokens=8)
    fixed = player.now()
    drawn(fixed, seed=9)
    assert drawn(fixed) == drawn(Player(opened(folder), Tokenizer.load(folder), HABITS, max_tokens=8))


@pytest.mark.parametrize("is_native", [True, False])
def test_one_engine_draws_by_the_weights_of_whoever_plays(
    folder: Path, is_native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_native:
        monkeypatch.setattr("samovar.core.native.build.NativeLibrary.reason", lambda _: "there is no compiler")
    model = opened(folder)
    player = Player(model, Tokenizer.load(folder), HABITS, max_tokens=8)
    before, old = player.now(), drawn(player)
    engine = engine_of(player)
    moved(model)
    new = drawn(player)
    assert [drawn(before), drawn(player), drawn(before)] == [old, new, old]
    assert new != old
    assert engine_of(player) is engine
    assert new == drawn(Player(model, Tokenizer.load(folder), HABITS, max_tokens=8)), "nothing is left of the old keys"
    engine.check_blocks()


def test_two_that_play_at_once_have_an_engine_each_and_room_grows(folder: Path) -> None:
    model, engines = opened(folder), Engines(Tokenizer.load(folder))
    with engines.lent(model, [40, 40]) as one, engines.lent(model, [40, 40]) as other:
        assert one is not other
    with engines.lent(model, [30]) as again:
        assert again in (one, other)
    with engines.lent(model, [60] * 3) as wider:
        assert wider not in (one, other)
    with engines.lent(model, [100]) as longer:
        assert longer is wider, "three short answers take more room than a long one"


def test_an_engine_that_failed_is_not_used_again(folder: Path) -> None:
    model, engines = opened(folder), Engines(Tokenizer.load(folder))
    with pytest.raises(ZeroDivisionError), engines.lent(model, [30]) as failed:
        raise ZeroDivisionError
    with engines.lent(model, [30]) as other:
        assert other is not failed


def test_nobody_asked_answers_nothing(folder: Path) -> None:
    player = Player(opened(folder), Tokenizer.load(folder), HABITS, max_tokens=8)
    assert player.play([]) == player.complete([]) == []


def test_rollouts_come_back_from_json_as_they_were(folder: Path) -> None:
    groups = drawn(Player(opened(folder), Tokenizer.load(folder), HABITS, max_tokens=8))
    for one in (one for group in groups for one in group):
        assert from_json(json.loads(json.dumps(to_json(one)))) == one


def test_a_first_look_that_is_the_step_gives_its_gradient(folder: Path) -> None:
    """One pass less, and the same loss, gradient and mismatch as with a look before the step."""
    model, tokenizer = opened(folder), Tokenizer.load(folder)
    rows = RolloutRows(
        drawn(Player(model, tokenizer, HABITS, max_tokens=8)), 128, pad_id=tokenizer.document_end_id
    )  # fmt: skip
    # As if another had drawn them: some are much likelier now than they were.
    rows.drawn_N = rows.drawn_N - 2 * torch.rand(len(rows.drawn_N), generator=torch.Generator().manual_seed(2))
    advantage = torch.rand(len(rows.drawn_N), generator=torch.Generator().manual_seed(3)) - 0.5
    nothing, old = torch.zeros_like(advantage), held(model, rows)
    policy = Grpo(0.2, 0.3, 0.0, "tokens", "token", 8, divides_by_deviation=False)
    looked, first = Mismatch(2.0), Mismatch(2.0)

    def step(objective: Objective) -> tuple[Tensor, Tensor]:
        model.zero_grad()
        batch = rows.batch(np.arange(len(rows)))
        hidden = model.hidden(batch.tokens_BT, document_BT=batch.document_BT, branches=batch.branches)
        found = measured(objective.loss_sum(model, batch, hidden))
        found.loss.backward()
        gradient = model.embed_tokens.weight.grad
        assert gradient is not None
        return found.loss.detach(), gradient.clone()

    rows.terms = Terms(old, None, advantage * looked.weigh(old, rows.drawn_N), nothing, nothing)
    apart = step(policy)
    rows.terms = Terms(rows.drawn_N, None, advantage, nothing, nothing)
    only = FirstLook(policy, first, samples_reference=False)
    together = step(only)
    torch.testing.assert_close(together, apart)
    assert first.numbers() == pytest.approx(looked.numbers(), rel=1e-4)
    assert first.numbers()["capped_share"] > 0.3
    assert only.numbers() == {}
    reference = old - 0.5
    reference[::2] = torch.nan
    rows.terms = rows.terms._replace(reference_N=reference)
    some = FirstLook(policy, Mismatch(2.0), samples_reference=True)
    torch.testing.assert_close(step(some), apart)
    assert some.numbers()["kl"] == pytest.approx(0.5 + math.exp(-0.5) - 1, rel=1e-4)


def test_rows_are_as_short_as_the_longest_answer_lets_them(folder: Path) -> None:
    (group, *_) = drawn(Player(opened(folder), Tokenizer.load(folder), HABITS, max_tokens=8))
    assert row_context([group], 2048) == 512
    long = group[0]._replace(rounds=(Round([1] * 600, [2] * 10, [-1.0] * 10),))
    assert row_context([group, [long]], 2048) == 1024
    assert row_context([group, [long]], 640) == 640
    assert row_context([group], 128) == 128
    assert joined_context([group, [long]], 2048, together=512) == 610
    assert joined_context([group, [long]], 256, together=512) == joined_context([group], 2048, together=512) == 512


def test_tokens_of_wrong_probability_are_weighed_by_hand() -> None:
    mismatch = Mismatch(1.5)
    weight = mismatch.weigh(torch.tensor([-1.0, -2.0, -1.0]), torch.tensor([-1.0, -1.0, -3.0]))
    assert weight.tolist() == pytest.approx([1.0, float(torch.tensor(-1.0).exp()), 1.5])
    numbers = mismatch.numbers()
    assert numbers["mismatch"] == pytest.approx(1.0)
    assert numbers["mismatch_max"] == 2.0
    assert numbers["capped_share"] == pytest.approx(1 / 3)
    e = float(torch.tensor(1.0).exp())
    assert numbers["mismatch_kl"] == pytest.approx(((1 / e - 1 + 1) + (e**2 - 1 - 2)) / 3)
    assert Mismatch(None).weigh(torch.tensor([-1.0]), torch.tensor([-3.0])).tolist() == [1.0]


def test_a_row_by_itself_is_as_long_as_it_must_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = opened(folder), Tokenizer.load(folder)
    rows = RolloutRows(drawn(Player(model, tokenizer, HABITS, max_tokens=8)), 96, pad_id=tokenizer.document_end_id)
    monkeypatch.setattr("samovar.train.rl.rows._COLUMNS", 96)
    whole_N = held(model, rows)
    monkeypatch.setattr("samovar.train.rl.rows._COLUMNS", 8)
    tokens = rows.tokens_of(np.arange(len(rows)))
    emptiest = np.array([tokens.argmin()])
    length = rows.batch(emptiest).tokens_BT.shape[1]
    assert tokens.min() <= length < tokens.min() + 8 < 96
    torch.testing.assert_close(rows.look(model, most=96, numbers=emptiest)[0], whole_N[rows.places(emptiest)])


def test_questions_behind_each_other_are_held_as_rows_hold_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of all that is drawn, longer than the model's context, and next to no padding."""
    model, tokenizer = opened(folder), Tokenizer.load(folder)
    monkeypatch.setattr("samovar.train.rl.rows._COLUMNS", 8)
    groups = drawn(Player(model, tokenizer, HABITS, max_tokens=8)) * 3
    limit, pad_id = model.settings.max_positions, tokenizer.document_end_id
    assert model.attends_forks
    apart = RolloutRows(groups, 96, pad_id=pad_id)
    joined = RolloutRows(groups, 4 * limit, pad_id=pad_id, are_joined=True)
    assert len(joined) == len(groups)
    every = np.arange(len(joined))
    tokens_BT = joined.batch(every).tokens_BT
    assert tokens_BT.shape[0] == 1
    assert limit < joined.room.sum() <= tokens_BT.shape[1] < joined.room.sum() + 8
    as_drawn = [rows.look(model, most=most)[0][rows._as_drawn_N] for rows, most in ((apart, 192), (joined, 4 * limit))]
    torch.testing.assert_close(as_drawn[1], as_drawn[0])
    torch.testing.assert_close(joined.look(model, most=1)[0], joined.look(model, most=4 * limit)[0])
