"""Encoders as reward models: they read what transformers' tokenizers make of a pair, and score as its models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from samovar.chat.conversation import Conversation, Message
from samovar.chat.preferences import Steps
from samovar.cli.main import exit_code
from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.evals.reward import held_out_quality
from samovar.model.encoder_checkpoint import load_encoder
from samovar.tokenizer.pair_tokenizer import PairTokenizer
from samovar.train.encoder_reader import EncoderReader, two_texts
from samovar.train.preference_settings import RewardSettings
from samovar.train.reward import encoder_tokens, reward
from samovar.train.scoring import RewardModel
from tests.train.tiny_encoders import SHAPES, make_encoder
from tests.train.tiny_preferences import pairs, write_rows

LOOP = {
    "batch_tokens": 512, "micro_batch_tokens": 256, "validations": 1, "compile": "off", "epochs": 3.0,
    "learning_rate": 3e-3, "adamw_learning_rate": 3e-3, "head_learning_rate": 1e-2,
}  # fmt: skip


@pytest.fixture(scope="module", params=["bert", "roberta"])
def judge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    base = make_encoder(folder / "base", request.param)
    file = write_rows(folder / "pairs.jsonl", pairs(400))
    (folder / "judge").mkdir()
    reward(RewardSettings.model_validate(LOOP), base=base, out=folder / "judge", preferences=[file])
    return folder / "judge"


LARGE = {"initializer_range": 0.3}
"""Weights that tell one text from another before they have learnt to."""


def asked(prompt: str, answer: str) -> Conversation:
    return Conversation(messages=[Message(role="user", content=prompt), Message(role="assistant", content=answer)])


TALKS = [
    asked("How do I ask for the cup?", "Pass the cup please."),
    asked("Ask [SEP] </s> for the lid?", "Now, fool."),
    asked("How?", "Kindly pass the jar and the pot and the tray please."),
]


# A mark that a user wrote is no mark: transformers takes it for one, so that it is left out to compare with that.
PLAIN = [asked("How do I ask for the cup?", "Pass the cup please."), asked("Ask for the lid?", "Now, fool."), TALKS[2]]


def their_scores(folder: Path, talks: list[Conversation]) -> np.ndarray:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    assert model.config.num_labels == 1
    prompts, answers = zip(*map(two_texts, talks), strict=True)
    batch = AutoTokenizer.from_pretrained(folder)(list(prompts), list(answers), padding=True, return_tensors="pt")
    with torch.no_grad():
        found: np.ndarray = model(**batch).logits[:, 0].numpy()
    return found


def test_it_tells_held_out_pairs_apart(judge: Path) -> None:
    quality = held_out_quality(judge, [judge.parent / "pairs.jsonl"], RewardSettings.model_validate(LOOP))
    assert quality.pairs >= 18
    assert quality.accuracy >= 0.95


@pytest.mark.parametrize("family", SHAPES)
def test_transformers_scores_alike_what_was_trained(
    family: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from transformers import AutoTokenizer

    base = make_encoder(tmp_path / "base", family, **LARGE)
    file = write_rows(tmp_path / "pairs.jsonl", pairs(40))
    judge = tmp_path / "judge"
    judge.mkdir()
    before = load_encoder(base).layers[0].self_attn.q_proj.weight.clone()
    reward(RewardSettings.model_validate(LOOP | {"epochs": 1.0}), base=base, out=judge, preferences=[file])
    after = load_encoder(judge).layers[0].self_attn.q_proj.weight
    assert not torch.allclose(before, after.float(), atol=1e-3), "it has learnt"
    model = RewardModel.load(judge)
    expected = their_scores(judge, PLAIN)
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(model.score(PLAIN), expected, atol=1e-5)
    assert isinstance(model.tokenizer, EncoderReader)
    rows = [fork.ends[0] for fork in model.tokenizer.alone(PLAIN)]
    prompts, answers = zip(*(two_texts(talk) for talk in PLAIN), strict=True)
    assert rows == AutoTokenizer.from_pretrained(judge)(list(prompts), list(answers))["input_ids"]
    # Beside others in a row a conversation scores as alone.
    np.testing.assert_allclose(model.score(PLAIN)[1], model.score(PLAIN[1:2])[0], atol=1e-5)
    assert exit_code(["reward", "score", str(judge), str(write_rows(tmp_path / "rows.jsonl", pairs(3)))]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    alone = model.score([asked(found[0]["prompt"], found[0]["chosen"])])[0]
    np.testing.assert_allclose(found[0]["chosen_score"], alone, atol=1e-4)


@pytest.mark.parametrize("family", SHAPES)
def test_reward_models_of_others_score_as_in_transformers(family: str, tmp_path: Path) -> None:
    folder = make_encoder(tmp_path, family, "ForSequenceClassification", num_labels=1, **LARGE)
    expected = their_scores(folder, PLAIN)
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(RewardModel.load(folder).score(PLAIN), expected, atol=1e-5)


def test_what_reads_thousands_of_tokens_learns_from_a_thousand(tmp_path: Path) -> None:
    base = make_encoder(tmp_path, "modernbert", max_position_embeddings=8192)
    assert encoder_tokens(base, RewardSettings()) == 1024
    assert encoder_tokens(base, RewardSettings(context=2048)) == 2048
    file = write_rows(tmp_path / "pairs.jsonl", pairs(20))
    settings = RewardSettings.model_validate(
        LOOP | {"epochs": 0.1} | {"batch_tokens": 8192, "micro_batch_tokens": 8192}
    )
    (tmp_path / "out").mkdir()
    reward(settings, base=base, out=tmp_path / "out", preferences=[file])
    model = RewardModel.load(tmp_path / "out")
    assert np.isfinite(model.score([asked("ask for the cup " * 300, "please")])).all()
    assert not model.words(), "nothing was cut"


def test_marks_in_a_text_are_no_marks(judge: Path) -> None:
    tokenizer = PairTokenizer.load(judge)
    (ids,) = tokenizer.encode(["ask [SEP] <s> </s> for [CLS]"])
    marks = {*tokenizer.first_ids, *tokenizer.middle_ids, *tokenizer.last_ids}
    assert not marks & set(ids)


def test_what_is_too_long_is_cut_and_said(judge: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizer = PairTokenizer.load(judge)
    extra = len(tokenizer.first_ids) + len(tokenizer.middle_ids) + len(tokenizer.last_ids)
    # The prompt gives way down to a quarter of the room, by its beginning; then the answer, by its end.
    assert tokenizer.join(range(10, 18), [4, 5], extra + 6) == (
        [*tokenizer.first_ids, 14, 15, 16, 17, *tokenizer.middle_ids, 4, 5, *tokenizer.last_ids],
        True,
    )
    ids, is_cut = tokenizer.join([4, 5, 6], range(10, 30), extra + 8)
    assert is_cut
    assert ids[len(tokenizer.first_ids) :][:2] == [5, 6]
    assert len(ids) == extra + 8
    assert tokenizer.join([4], [5], extra + 2)[1] is False
    model = RewardModel.load(judge)
    long = asked("ask for the cup " * 20, "please")
    assert np.isfinite(model.score([long])).all()
    assert isinstance(model.tokenizer, EncoderReader)
    assert "1 of 1 answers with their prompts are longer than the" in model.tokenizer.words()[0]


def test_the_commands(judge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = pairs(6, seed=4)
    file = write_rows(tmp_path / "rows.jsonl", [*rows, {"messages": [
        {"role": "user", "content": "how?"}, {"role": "assistant", "content": "Please."}]}])  # fmt: skip
    assert exit_code(["reward", "score", str(judge), str(file)]) == 0
    captured = capsys.readouterr()
    found = [json.loads(line) for line in captured.out.splitlines()]
    assert all(one["chosen_score"] > one["rejected_score"] for one in found[:6])
    assert "6 pairs: 100.0% told apart rightly" in captured.err
    small = [word for key, value in LOOP.items() for word in ("--set", f"reward.{key}={json.dumps(value)}")]
    own = ["--preferences", str(judge.parent / "pairs.jsonl"), "--set", "reward.epochs=0.5"]
    own += ["--set", "reward.adapter={rank: 4}", "--set", "reward.activation_checkpointing=true"]
    assert exit_code(["reward", str(judge.parent / "base"), *own, *small, "--out", str(tmp_path / "made")]) == 0
    assert RewardModel.load(tmp_path / "made").score(TALKS).shape == (3,)


def test_what_an_encoder_cannot_do_is_refused(judge: Path, tmp_path: Path) -> None:
    base, file = judge.parent / "base", judge.parent / "pairs.jsonl"
    for change, words in (
        ({"kind": "steps"}, "sees the steps that follow"),
        ({"adapter": {"base_bits": 4}}, "kept in 16 bits"),
        ({"parallel": {"shard": 2}}, "every process trains a whole reward model"),
    ):
        with pytest.raises(ConfigError, match=words):
            reward(RewardSettings.model_validate(LOOP | change), base=base, out=tmp_path, preferences=[file])
    with pytest.raises(ConfigError, match="sees the steps that follow"):
        RewardModel.load(judge).score_steps([Steps((), ("One.",), (True,))])
    with pytest.raises(MissingError, match=r"tokenizer\.json does not exist"):
        PairTokenizer.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(CorruptError, match="cannot be used"):
        PairTokenizer.load(tmp_path)


def test_a_classifier_of_several_classes_is_a_base_and_no_judge(tmp_path: Path) -> None:
    base = make_encoder(tmp_path / "sorts", "bert", "ForSequenceClassification", num_labels=3)
    with pytest.raises(ConfigError, match="3 classes"):
        RewardModel.load(base)
    file = write_rows(tmp_path / "pairs.jsonl", pairs(40))
    (tmp_path / "out").mkdir()
    settings = RewardSettings.model_validate(LOOP | {"epochs": 1.0, "dropout": 0.1})
    reward(settings, base=base, out=tmp_path / "out", preferences=[file])
    assert RewardModel.load(tmp_path / "out").score(TALKS).shape == (3,)


def test_several_turns_say_who_speaks() -> None:
    talk = Conversation(messages=[
        Message(role="system", content="Be kind."), Message(role="user", content="Hi"),
        Message(role="assistant", content="Hello"), Message(role="user", content="Cup?"),
        Message(role="assistant", content="Here."),
    ])  # fmt: skip
    assert two_texts(talk) == ("system: Be kind.\n\nuser: Hi\n\nassistant: Hello\n\nuser: Cup?", "Here.")
