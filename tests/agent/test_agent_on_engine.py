"""The agent over the real engine and a tiny model with random weights."""

from __future__ import annotations

import pytest

from samovar.agent.agent import Agent
from samovar.agent.events import Finished, TextDelta
from samovar.agent.tools.calculator import Calculator
from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.tiny_model import CONTEXT, save_tiny_model

CONVERSATIONS = [[Message(role="user", content=f"Say {number}" * (1 + number % 5))] for number in range(21)]
SAMPLING = Sampling(temperature=1, seed=3, max_tokens=12)


@pytest.fixture(scope="module")
def agent(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Agent:
    engine = Engine.load(save_tiny_model(tmp_path_factory.mktemp("model"), tokenizer), max_batch=4)
    return Agent(engine, tokenizer, [Calculator()])


def test_a_batch_is_answered_as_each_alone(agent: Agent) -> None:
    together = agent.complete_batch(CONVERSATIONS, SAMPLING)
    for number in (0, 7, 20):
        seed = Sampling(temperature=1, seed=3 + number, max_tokens=12)
        assert agent.complete_batch([CONVERSATIONS[number]], seed) == [together[number]]
    assert len({messages[0].content for messages in together}) > 10
    assert not agent.engine.has_work


def test_a_stream_is_the_same_answer(agent: Agent) -> None:
    events = list(agent.stream(CONVERSATIONS[0], SAMPLING))
    (messages,) = agent.complete_batch([CONVERSATIONS[0]], SAMPLING)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == messages[0].content
    assert isinstance(events[-1], Finished)
    assert list(events[-1].messages) == messages
    assert events[-1].num_completion_tokens <= 12


def test_leaving_frees_the_engine(agent: Agent) -> None:
    events = agent.stream(CONVERSATIONS[0], Sampling(temperature=1, seed=1, max_tokens=CONTEXT))
    next(events)
    assert agent.engine.num_running == 1
    events.close()
    assert agent.engine.num_running == 0


def test_too_long(agent: Agent) -> None:
    with pytest.raises(RequestError) as caught:
        agent.complete_batch([CONVERSATIONS[0], [Message(role="user", content="word " * CONTEXT)]], SAMPLING)
    assert caught.value.code == "context_length_exceeded"
    assert agent.engine.num_running == agent.engine.num_waiting == 0
