"""A reward model: it finds the truth, others open it, ensembles and steps, and what its numbers are worth."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from samovar.chat.conversation import Conversation, Message
from samovar.chat.preferences import Steps
from samovar.cli.main import exit_code
from samovar.core.artifact import SCRATCH
from samovar.core.errors import ConfigError, DataError
from samovar.evals.reward import calibration_error, held_out_quality, pair_quality, reward_changes
from samovar.model.reward import load_reward
from samovar.train.preference_settings import RewardSettings
from samovar.train.reward import MEMBER, reward
from samovar.train.scoring import RewardModel
from tests.train.tiny_preferences import pairs, tiny_model, write_rows

LOOP = {
    "context": 128, "batch_tokens": 512, "micro_batch_tokens": 512, "validations": 1, "compile": "off",
    "learning_rate": 5e-3, "adamw_learning_rate": 5e-3, "head_learning_rate": 2e-2,
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reward")
    write_rows(folder / "pairs.jsonl", pairs(400))
    return tiny_model(folder / "base")


@pytest.fixture(scope="module")
def judge(base: Path) -> Path:
    out = base.parent / "judge"
    out.mkdir()
    settings = RewardSettings.model_validate(LOOP | {"epochs": 1.5, "num_models": 2})
    reward(settings, base=base, out=out, preferences=[base.parent / "pairs.jsonl"])
    return out


def test_it_tells_held_out_pairs_apart_where_the_truth_is_known(base: Path, judge: Path) -> None:
    settings = RewardSettings.model_validate(LOOP)
    quality = held_out_quality(judge, [base.parent / "pairs.jsonl"], settings)
    assert quality.pairs >= 18
    assert quality.accuracy >= 0.95
    assert quality.low > 0.75
    fresh = held_out_quality(judge, [write_rows(base.parent / "fresh.jsonl", pairs(400, seed=9))], settings)
    assert fresh.accuracy >= 0.95


def talk(text: str) -> Conversation:
    return Conversation(
        messages=[Message(role="user", content="How?"), Message(role="assistant", content=text)],
    )


def test_transformers_opens_it_and_gives_the_same_scores(judge: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    from samovar.chat.rows import render_row

    theirs = AutoModelForSequenceClassification.from_pretrained(judge, dtype=torch.float32)
    assert theirs.config.num_labels == 1
    model = RewardModel.load(judge)
    model.models = model.models[:1]
    talks = [talk("Pass the cup please."), talk("Now, fool."), talk("Kindly.")]
    ids = [render_row(one, model.tokenizer).ids for one in talks]
    longest = max(map(len, ids))
    padded = torch.tensor([one + [theirs.config.pad_token_id] * (longest - len(one)) for one in ids])
    mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in ids])
    with torch.no_grad():
        expected = theirs(padded, attention_mask=mask).logits[:, 0].numpy()
    np.testing.assert_allclose(model.score(talks), expected, atol=1e-4)


def test_an_ensemble_is_the_mean_and_its_models_differ(judge: Path) -> None:
    model = RewardModel.load(judge)
    assert len(model.models) == 2
    talks = [talk("Pass the jar please."), talk("Pass the jar now.")]
    alone = [RewardModel([one], model.tokenizer).score(talks) for one in model.models]
    np.testing.assert_allclose(model.score(talks), np.mean(alone, axis=0), atol=1e-5)
    np.testing.assert_allclose(model.score_by_each(talks), alone, atol=1e-5)
    assert (model.score_by_each(talks).std(axis=0) > 1e-3).all()
    # Beside others in a row a conversation scores as alone.
    np.testing.assert_allclose(model.score(talks)[1], model.score(talks[1:])[0], atol=1e-4)


def test_an_interrupted_ensemble_goes_on_with_what_is_missing(base: Path, tmp_path: Path) -> None:
    settings = RewardSettings.model_validate(LOOP | {"epochs": 0.1, "num_models": 2})
    files = [base.parent / "pairs.jsonl"]
    told = reward(settings, base=base, out=tmp_path, preferences=files)
    second = tmp_path / MEMBER.format(number=2)
    assert not (second / SCRATCH).exists()  # its checkpoints
    for is_missing in (True, False):
        if is_missing:
            (second / "config.json").unlink()
        assert reward(settings, base=base, out=tmp_path, preferences=files) == told
        assert (second / "config.json").is_file()


@pytest.mark.parametrize("changes", [{"adapter": {"rank": 4, "learning_rate": 1e-2}}, {"centring": 1.0}])
def test_an_adapter_and_centring(base: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    settings = RewardSettings.model_validate(LOOP | {"epochs": 1.5} | changes)
    reward(settings, base=base, out=tmp_path, preferences=[base.parent / "pairs.jsonl"])
    quality = held_out_quality(tmp_path, [base.parent / "pairs.jsonl"], settings)
    assert quality.accuracy >= 0.9
    load_reward(tmp_path)


def solutions(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Steps that name a thing; those that hurry are wrong."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        labels = [draw.random() < 0.5 for _ in range(draw.randint(1, 4))]
        steps = [f"Pass the {draw.choice(('cup', 'lid', 'pot'))} {'please' if one else 'now'}." for one in labels]
        rows.append({"prompt": "How?", "completions": steps, "labels": labels})
    return rows


def test_a_reward_of_steps(base: Path, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "steps.jsonl", solutions(300))
    settings = RewardSettings.model_validate(LOOP | {"epochs": 3.0, "kind": "steps"})
    (tmp_path / "out").mkdir()
    reward(settings, base=base, out=tmp_path / "out", preferences=[path])
    assert held_out_quality(tmp_path / "out", [path], settings).accuracy >= 0.95
    model = RewardModel.load(tmp_path / "out")
    one, two = model.score_steps(
        [
            Steps(
                (Message(role="user", content="How?"),), ("Pass the cup please.", "Pass the lid now."), (True, False)
            ),
            Steps((Message(role="user", content="How?"),), ("Pass the pot now.",), (False,)),
        ]
    )
    assert one[0] > 0.5 > one[1]
    assert two[0] < 0.5


def test_the_commands(base: Path, judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pairs(6, seed=4)
    file = write_rows(tmp_path / "rows.jsonl", [*rows, {"messages": [{"role": "assistant", "content": "Please."}]}])
    assert exit_code(["reward", "score", str(judge), str(file)]) == 0
    captured = capsys.readouterr()
    found = [json.loads(line) for line in captured.out.splitlines()]
    assert [one.get("prompt") for one in found[:6]] == [row["prompt"] for row in rows]
    assert all(one["chosen_score"] > one["rejected_score"] for one in found[:6])
    assert isinstance(found[6]["score"], float)
    assert "6 pairs: 100.0% told apart rightly" in captured.err
    assert exit_code(["reward", "score", str(judge), str(write_rows(tmp_path / "none.jsonl", []))]) == 0
    assert "none.jsonl has no rows" in capsys.readouterr().err
    small = [word for key, value in LOOP.items() for word in ("--set", f"reward.{key}={json.dumps(value)}")]
    own = ["--preferences", str(base.parent / "pairs.jsonl"), "--set", "reward.epochs=0.5"]
    assert exit_code(["reward", str(base), *own, *small, "--out", str(tmp_path / "made")]) == 0
    manifest = json.loads((tmp_path / "made" / "manifest.json").read_text())
    assert manifest["metrics"]["quality"]["pairs"] >= 18
    assert exit_code(["reward", "score", str(base), str(file)]) == 1
    assert "holds no reward model" in capsys.readouterr().err


def test_votes_are_scored_and_what_is_too_long_is_counted(
    judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = talk("Pass the jar please."), talk("Pass the jar now.")
    asked, *answers = (
        [one.to_openai() for one in part] for part in (good.messages[:1], *(t.messages[1:] for t in (good, bad)))
    )
    vote = {"messages": asked, "left": answers[1], "right": answers[0]}
    rows = [
        {**vote, "vote": "right"},
        {**vote, "vote": "both_bad"},
        {**vote, "vote": "tie"},
        {**talk("Kindly.").to_openai(), "label": True},
        talk("tea " * 400).to_openai(),
        {**vote, "vote": "left", "left": "tea " * 400},
        {"prompt": "How?", "completions": ["tea " * 400], "labels": [True]},
    ]
    path = write_rows(tmp_path / "rows.jsonl", rows)
    assert exit_code(["reward", "score", str(judge), str(path)]) == 0
    captured = capsys.readouterr()
    better, both, tie, one, long, half, steps = (json.loads(line) for line in captured.out.splitlines())
    assert better["chosen_score"] > better["rejected_score"]
    assert (both["right_score"], both["left_score"]) == (better["chosen_score"], better["rejected_score"])
    assert min(better["chosen_spread"], both["left_spread"], one["spread"]) > 0, "the two models of the ensemble differ"
    assert tie == rows[2]
    assert isinstance(one["score"], float)
    assert long["score"] is half["chosen_score"] is steps["step_scores"] is None
    assert isinstance(half["rejected_score"], float)
    assert "3 of 7 rows are longer than the reward model reads" in captured.err
    assert "1 pair: 100.0% told apart rightly" in captured.err


def test_the_better_of_two_reward_models_is_kept(
    base: Path, judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = [word for key, value in LOOP.items() for word in ("--set", f"reward.{key}={json.dumps(value)}")]
    own = ["--preferences", str(base.parent / "pairs.jsonl"), *small]

    def make(name: str, epochs: float, previous: Path) -> dict[str, Any]:
        command = ["reward", str(base), *own, "--set", f"reward.epochs={epochs}", "--previous", str(previous)]
        assert exit_code([*command, "--out", str(tmp_path / name)]) == 0
        found: dict[str, Any] = json.loads((tmp_path / name / "manifest.json").read_text())["metrics"]
        return found

    # One step tells little: the earlier ensemble stays, both of its models.
    found = make("hasty", 0.01, judge)
    assert not found["promoted"]
    assert found["compared_with"] == judge.name
    assert found["quality"]["accuracy"] >= 0.95
    what = f"accuracy on {found['quality']['pairs']} held-out pairs"
    assert f"too much worse: {what}" in (told := capsys.readouterr().err)
    assert "The old model stays." in told
    talks = [talk("Pass the cup please."), talk("Now, fool.")]
    kept = RewardModel.load(tmp_path / "hasty")
    np.testing.assert_array_equal(kept.score(talks), RewardModel.load(judge).score(talks))
    refused = RewardModel.load(tmp_path / "hasty" / "refused")
    assert len(refused.models) == 1
    # A good one takes the place of a hasty one.
    found = make("good", 1.5, tmp_path / "hasty" / "refused")
    assert found["promoted"]
    table = (tmp_path / "good" / "comparison.md").read_text()
    assert [line.split(" | ")[0] for line in table.splitlines()[2:4]] == [
        f"| {what}", "| calibration error",
    ]  # fmt: skip
    assert exit_code(["reward", str(base), *own, "--previous", "nowhere", "--out", str(tmp_path / "no")]) == 1
    assert "reward.previous" in capsys.readouterr().err


def test_without_an_earlier_one_accuracy_stands_beside_chance() -> None:
    quality = pair_quality(np.array([[2.0, 0.0]] * 9 + [[0.0, 1.0]]))
    (change,) = reward_changes(None, quality, max_fall=0.0)
    assert (change.before, change.after, change.verdict) == (0.5, 0.9, "better")
    other = quality._replace(accuracy=0.92)
    assert [one.is_too_bad for one in reward_changes(other, quality, max_fall=0.01)] == [True, False]
    assert [one.is_too_bad for one in reward_changes(other, quality, max_fall=0.02)] == [False, False]
    # Of ten pairs all drawn alike nothing varies; of these some draws have two wrong ones, and some none.
    assert quality.calibration_low < quality.calibration_error < quality.calibration_high


def test_a_family_of_which_transformers_has_no_classifier_is_opened_here(base: Path, tmp_path: Path) -> None:
    shape = {"qk_norm": False, "score_scale": 0.25, "embedding_multiplier": 2.0, "logit_divisor": 2.0}
    granite = tiny_model(tmp_path / "granite", family="granite", **shape)
    (tmp_path / "judge").mkdir()
    settings = RewardSettings.model_validate(LOOP | {"epochs": 1.5})
    reward(settings, base=granite, out=tmp_path / "judge", preferences=[base.parent / "pairs.jsonl"])
    quality = held_out_quality(tmp_path / "judge", [base.parent / "pairs.jsonl"], settings)
    assert quality.accuracy >= 0.9


def test_what_cannot_be_scored_is_said(base: Path, judge: Path) -> None:
    model = RewardModel.load(judge)
    with pytest.raises(DataError, match="reads 128"):
        model.score([talk("tea " * 400)])
    assert np.isnan(model.score_what_fits([talk("tea " * 400), talk("tea")])).tolist() == [True, False]
    with pytest.raises(ConfigError, match="holds no reward model"):
        RewardModel.load(base)
    model.models[0].score.weight.fill_(torch.nan)
    with pytest.raises(DataError, match="scores that are no numbers"):
        model.score([talk("tea")])


def test_calibration_and_accuracy_by_hand() -> None:
    quality = pair_quality(np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 3.0], [5.0, -5.0]]))
    assert quality.accuracy == pytest.approx((1 + 0 + 0.5 + 1) / 4)
    # A model that says 0.9 and is right 9 times of 10 is calibrated; one that is right by half is off by 0.4.
    confidence = np.full(10, 0.9)
    assert calibration_error(confidence, np.array([1.0] * 9 + [0.0])) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(confidence, np.array([1.0] * 5 + [0.0] * 5)) == pytest.approx(0.4)
