from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest
import torch

from samovar.core.errors import BusyError, RequestError, SamovarError
from samovar.engine.constraint import Constraint
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Sampling
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


def complete(runner: EngineRunner, prompt: list[int]) -> Completion:
    return asyncio.run(runner.complete(prompt, GREEDY))


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


def test_callers_with_event_loops_of_their_own(runner: EngineRunner, make_engine: MakeEngine) -> None:
    prompts = [[number, 5] for number in range(6)]
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        answers[number] = complete(runner, prompts[number])

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
        complete(runner, [1])


def test_an_error_in_a_step_reaches_every_caller_and_the_engine_goes_on(
    runner: EngineRunner, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = complete(runner, [4])

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
    assert complete(runner, [4]) == expected


def test_what_goes_wrong_with_one_request_is_told_to_its_caller_alone(
    runner: EngineRunner, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = complete(runner, [4])

    def broken(*args: object, **options: object) -> int:
        raise RuntimeError("out of luck")

    async def beside_another() -> object:
        running = runner.stream([1, 2], LONG)
        await anext(running)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "add", broken)
            with pytest.raises(SamovarError, match="out of luck"):
                await runner.complete([3], GREEDY)
        return [delta.finish_reason async for delta in running][-1]

    assert asyncio.run(beside_another()) == "length"
    assert complete(runner, [4]) == expected


def test_the_callers_event_loop_goes_on_while_a_constraint_is_made_ready(
    runner: EngineRunner, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, threads = engine._grammars._compiled, list[threading.Thread]()

    def noting(constraint: Constraint) -> Any:
        threads.append(threading.current_thread())
        return compiled(constraint)

    monkeypatch.setattr(engine._grammars, "_compiled", noting)
    asyncio.run(runner.complete([4], Sampling(max_tokens=12, constraint=Constraint("json_object"))))
    assert len(threads) == 1
    assert threads[0] not in {threading.main_thread(), runner._thread}


def test_a_closed_runner_refuses_and_ends_its_callers(engine: Engine) -> None:
    runner = EngineRunner(engine)

    async def go_on_after_its_end() -> None:
        running = runner.stream([1, 2], LONG)
        await anext(running)
        runner.close()
        runner.close()
        async for _ in running:
            pass

    with pytest.raises(BusyError, match="shut down"):
        asyncio.run(go_on_after_its_end())
    with pytest.raises(BusyError, match="shut down"):
        complete(runner, [1])
    assert not engine._sequences


def test_closing_ends_the_thread_even_when_every_step_fails(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = EngineRunner(engine)
    monkeypatch.setattr(engine, "step", lambda: 1 // 0)
    with pytest.raises(SamovarError, match="zero"):
        complete(runner, [1])
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
    assert complete(runner, [4]).finish_reason == "length"
    del abandoned
