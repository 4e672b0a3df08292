"""The same model as a judge in this process and behind our own server: the same letters, and the same odds."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.chat.conversation import Message
from samovar.engine.engine import Engine
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.endpoint import Endpoint
from samovar.train.feedback.own_model import OwnModel
from samovar.train.feedback.settings import AdviserSettings
from tests.serve.conftest import serving
from tests.train.tiny_preferences import THINGS, asks, tiny_model


def test_a_served_judge_and_one_of_ones_own_are_one(tmp_path: Path) -> None:
    pytest.importorskip("llguidance")
    folder = tiny_model(tmp_path / "judge", positions=96)
    asked = [Ask((Message(role="user", content=asks(thing)),), is_choice=True) for thing in THINGS]
    asked += [one._replace(is_choice=False, max_tokens=6) for one in asked]
    asked.append(Ask((Message(role="user", content="cup " * 200),), is_choice=True))
    own: dict[int, Reply] = {}
    OwnModel.load(folder, "own").ask(asked, own.__setitem__)
    engine = Engine.load(folder, max_batch=4)
    served: dict[int, Reply] = {}
    with EngineRunner(engine) as runner, serving(create_app(runner, engine.tokenizer, model_id="tiny")) as url:
        endpoint = Endpoint(AdviserSettings(url=f"{url}/v1", timeout_s=30, tries=2, at_once=4))
        assert endpoint.name.endswith(" tiny")
        endpoint.ask(asked, served.__setitem__)
    assert own.keys() == served.keys() == set(range(len(asked)))
    for number, ask in enumerate(asked[:-1]):
        if not ask.is_choice:
            assert served[number] == own[number]
            continue
        assert served[number].letter == own[number].letter
        mine, theirs = own[number].log_odds, served[number].log_odds
        assert mine is not None
        assert theirs is not None
        # Of a letter that is not among the twenty likeliest the server tells but how likely it is at most.
        assert theirs == pytest.approx(mine, abs=1e-4) or abs(theirs) < abs(mine)
    assert own[len(asked) - 1].problem == served[len(asked) - 1].problem == "too_long"
