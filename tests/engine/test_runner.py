from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing

import pytest
import torch

from samovar.core.errors import BusyError, RequestError, SamovarError
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.engine.runner import EngineRunner

MakeEngine = Callable[..., Engine]
GREEDY = Sampling(temperature=0, max_tokens=12)
LONG = Sampling(temperature=0, max_tokens=90)


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine(max_batch=3)


@pytest.fixture
def runner(engine: Engine) -> Iterator[EngineRunner]:
    with EngineRunner(engine) as running:
        yield running


def wait_until_idle(engine: Engine) -> None:
    for _ in range(500):
        if not engine.has_work and not engine._sequences:
            return
        time.sleep(0.01)
    pytest.fail("the engine still has work")


def test_many_at_once_get_what_each_gets_alone(runner: EngineRunner, make_engine: MakeEngine) -> None:
    prompts = [[3 * number + 1, 7, number] for number in range(8)]

    async def all_of_them() -> list[object]:
        return list(await asyncio.gather(*(runner.complete(prompt, GREEDY) for prompt in prompts)))

    assert asyncio.run(all_of_them()) == make_engine().generate(prompts, GREEDY)


def test_blocking_callers_in_threads(runner: EngineRunner, make_engine: MakeEngine) -> None:
    prompts = [[number, 5] for number in range(6)]
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        answers[number] = runner.complete_blocking(prompts[number], GREEDY)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answers[number] for number in range(6)] == make_engine().generate(prompts, GREEDY)


def test_closing_the_iterator_frees_the_slot(runner: EngineRunner, engine: Engine) -> None:
    async def leave_early() -> None:
        async with aclosing(runner.stream([1, 2], LONG)) as deltas:
            async for _ in deltas:
                break

    asyncio.run(leave_early())
    wait_until_idle(engine)
    assert engine.num_running == 0
    blocking = runner.stream_blocking([1, 2], LONG)
    next(blocking)
    blocking.close()
    wait_until_idle(engine)


def test_a_cancelled_task_frees_the_slot_even_before_its_first_token(runner: EngineRunner, engine: Engine) -> None:
    async def cancel_at_once() -> None:
        tasks = [asyncio.create_task(runner.complete([number], LONG)) for number in range(9)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(cancel_at_once())
    wait_until_idle(engine)


def test_a_refused_prompt_is_the_callers_error(runner: EngineRunner) -> None:
    with pytest.raises(RequestError) as caught:
        asyncio.run(runner.complete([1] * 96, GREEDY))
    assert caught.value.code == "context_length_exceeded"


def test_a_full_queue_is_the_callers_error(make_engine: MakeEngine) -> None:
    engine = make_engine(max_batch=1, max_waiting=0)
    with EngineRunner(engine) as runner, pytest.raises(BusyError, match="waiting"):
        runner.complete_blocking([1], GREEDY)


def test_an_error_in_a_step_reaches_every_caller_and_the_engine_goes_on(
    runner: EngineRunner, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = runner.complete_blocking([4], GREEDY)

    def broken(*args: object, **options: object) -> torch.Tensor:
        raise RuntimeError("out of luck")

    async def three() -> list[object]:
        return list(
            await asyncio.gather(*(runner.complete([number], GREEDY) for number in range(3)), return_exceptions=True)
        )

    with monkeypatch.context() as patch:
        patch.setattr(engine.model, "head", broken)
        errors = asyncio.run(three())
    assert all(isinstance(error, SamovarError) and "out of luck" in str(error) for error in errors)
    assert runner.complete_blocking([4], GREEDY) == expected


def test_a_closed_runner_refuses_and_ends_its_callers(engine: Engine) -> None:
    runner = EngineRunner(engine)
    running = runner.stream_blocking([1, 2], LONG)
    next(running)
    runner.close()
    runner.close()
    with pytest.raises(BusyError, match="shut down"):
        list(running)
    with pytest.raises(BusyError, match="shut down"):
        runner.complete_blocking([1], GREEDY)
    assert not engine._sequences


def test_closing_ends_the_thread_even_when_every_step_fails(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = EngineRunner(engine)
    monkeypatch.setattr(engine, "step", lambda: 1 // 0)
    with pytest.raises(SamovarError, match="zero"):
        runner.complete_blocking([1], GREEDY)
    runner.close()
    assert not runner._thread.is_alive()


def test_a_caller_whose_event_loop_is_gone_is_forgotten(runner: EngineRunner, engine: Engine) -> None:
    async def begin() -> object:
        deltas = runner.stream([1, 2], LONG)
        await anext(deltas)
        return deltas  # neither closed nor read on

    loop = asyncio.new_event_loop()
    abandoned = loop.run_until_complete(begin())
    loop.close()
    wait_until_idle(engine)
    assert runner.complete_blocking([4], GREEDY).finish_reason == "length"
    del abandoned
