"""A model of one's own as a judge: its odds are those of a plain forward pass."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.own_model import OwnModel
from tests.train.tiny_preferences import THINGS, asks, tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("judge"), positions=96)


def asking(text: str, **how: object) -> Ask:
    return Ask((Message(role="user", content=text),), **how)  # type: ignore[arg-type]


def replies(model: OwnModel, *asked: Ask) -> list[Reply]:
    found: dict[int, Reply] = {}
    model.ask(asked, found.__setitem__)
    return [found[number] for number in range(len(asked))]


def test_the_odds_are_those_of_the_logits(folder: Path) -> None:
    questions = [asking(asks(thing), is_choice=True) for thing in THINGS] * 5
    found = replies(OwnModel.load(folder, "own"), *questions)
    decoder, tokenizer = load_model(folder, dtype=torch.float32), Tokenizer.load(folder)
    for ask, reply in zip(questions, found, strict=True):
        ids = torch.tensor([prompt_ids(ask.messages, tokenizer)])
        with torch.inference_mode():
            last_V = decoder(ids)[0, -1]
        (first,), (second,) = tokenizer.encode("A"), tokenizer.encode("B")
        assert reply.log_odds == pytest.approx(float(last_V[first] - last_V[second]), abs=1e-4)
        assert reply.letter == ("A" if last_V[first] >= last_V[second] else "B")


def test_words_are_those_of_the_engine(folder: Path) -> None:
    drawn = [asking(asks(thing), temperature=0.8, seed=seed, max_tokens=12) for seed, thing in enumerate(THINGS)]
    mixed = [one for ask in drawn for one in (ask, ask._replace(is_choice=True))]
    found = replies(OwnModel.load(folder, "own"), *mixed)[::2]
    engine = Engine.load(folder)
    for ask, reply in zip(drawn, found, strict=True):
        ids = prompt_ids(ask.messages, engine.tokenizer)
        (alone,) = engine.generate([ids], Sampling(temperature=0.8, seed=ask.seed, max_tokens=12))
        assert reply == Reply(alone.text.strip())


def test_what_is_too_long_is_left_alone_and_the_rest_answered(folder: Path) -> None:
    long, short = "cup " * 200, asks("cup")
    asked = [asking(text, is_choice=is_choice, max_tokens=4) for is_choice in (False, True) for text in (long, short)]
    found = replies(OwnModel.load(folder, "own"), *asked)
    assert [one.problem for one in found] == ["too_long", "", "too_long", ""]
