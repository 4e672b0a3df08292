"""The chat page where an answer is cut, and where a chat no longer fits into the model's context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from samovar.engine.request import Sampling
from samovar.serve.chats import Chats, Said
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import Playing, ScriptedEngine, calculating, call_text
from tests.serve.browser import Drive, needs_browser
from tests.serve.conftest import ScriptedRunner

TALE = "A cat sat on the mat and looked at the river for 1234 seconds. Then it ran."
EARLIER = [Said("user", "Hello there, friend, how are you?", {}), Said("assistant", "Hello there, friend.", {})]
CLICK = """
const press = async (name) => {
  const found = () => [...document.querySelectorAll(".actions button")].find((one) => one.textContent === name);
  (await until(found, name)).click();
};
const isKept = () => document.querySelector(".message:last-child button[title='Good answer']");
const done = () => until(() => byId("stop").hidden && isKept(), "an answer that is kept");
"""


@pytest.fixture
def drive(tokenizer: Tokenizer, tmp_path: Path) -> Drive:
    return Drive(tokenizer, tmp_path)


@dataclass
class TightEngine(ScriptedEngine):
    """Ends an answer where the context is full, as engines do."""

    num_asked: int = 0

    def start(self, prompt_ids: Sequence[int], sampling: Sampling) -> Playing:
        self.num_asked += 1
        playing = super().start(prompt_ids, sampling)
        room = self.max_context - len(prompt_ids)
        lengths = [len(self.tokenizer.encode(piece)) for piece in playing.pieces]
        while sum(lengths) > room:
            playing.pieces.pop()
            lengths.pop()
            playing.finish_reason = "length"
        return playing


def telling(prompt: str) -> str:
    """Goes on with the tale from what of it is said."""
    return TALE.removeprefix(prompt.rpartition("assistant\n")[2].rstrip("\n"))


def num_tokens(tokenizer: Tokenizer, prompt: str) -> int:
    return len(tokenizer.encode(prompt, allow_special=True))


@needs_browser
def test_an_answer_at_the_edge_goes_on_without_the_oldest_turns(
    drive: Drive, store: Store, tokenizer: Tokenizer
) -> None:
    made = Chats(store).create("", EARLIER * 4)
    script = f"""{CLICK}
        await until(() => answers().length === 4, "the chat");
        await say("Tell me of a cat");
        await done();
        return answers()[4];
        """
    engine = TightEngine(tokenizer, telling)
    drive(script, store, f"#{made.id}", ScriptedRunner(engine))
    (whole,) = engine.prompts
    Chats(store).write("", made.id, EARLIER * 4, place=0)
    edge = TightEngine(tokenizer, telling, max_context=num_tokens(tokenizer, whole) + 20)
    told = drive(script, store, f"#{made.id}", ScriptedRunner(edge))
    assert told == f"The conversation is long: its beginning was left out.{TALE}"
    first, second = edge.prompts
    assert first == whole
    said = second.rpartition("assistant\n")[2]
    assert 0 < len(said) < len(TALE)
    assert TALE.startswith(said)
    assert num_tokens(tokenizer, second.removesuffix(said)) < 0.7 * num_tokens(tokenizer, whole)
    answer = Chats(store).read("", made.id)[1][-1]
    assert (answer.content, answer.more["notes"], answer.more["told"]) == (TALE, ["forgot"], 3)


@needs_browser
def test_a_chat_beyond_the_context_goes_on_and_is_not_refused_anew(
    drive: Drive, store: Store, tokenizer: Tokenizer
) -> None:
    made = Chats(store).create("", EARLIER * 12)
    engine = TightEngine(tokenizer, calculating, max_context=200)
    told = drive(
        f"""{CLICK}
        await until(() => answers().length === 12, "the chat");
        await say("Hi");
        await done();
        await say("Hi again");
        await done();
        return answers().slice(12);
        """,
        store,
        f"#{made.id}",
        ScriptedRunner(engine),
    )
    assert ["its beginning was left out" in one and "Hello there, friend." in one for one in told] == [True, True]
    first, second = engine.prompts
    assert num_tokens(tokenizer, first) < 0.8 * engine.max_context
    assert second.startswith(first)  # so that the cache has it, and nothing is refused again
    assert engine.num_asked == 4  # the whole, a half, a quarter, and the next question at once
    messages = Chats(store).read("", made.id)[1]
    assert messages[-1].more["told"] == messages[-3].more["told"] + 2


@needs_browser
def test_an_answer_that_was_cut_is_marked_and_gone_on_with(drive: Drive, store: Store, tokenizer: Tokenizer) -> None:
    told = drive(
        f"""{CLICK}
        if (!sessionStorage.getItem("cut")) {{
          await say("Tell me of a cat");
          await done();
          sessionStorage.setItem("cut", answers()[0]);
          location.reload();
          await new Promise(() => {{}});
        }}
        await press("Continue");
        await until(() => answers()[0].includes("Then it ran."), "the rest");
        await done();
        return {{ cut: sessionStorage.getItem("cut"), whole: answers()[0] }};
        """,
        store,
        runner=ScriptedRunner(TightEngine(tokenizer, telling)),
        settings=ServeSettings(max_tokens=15),
    )
    assert told["cut"].startswith("A cat sat on the mat")
    assert "reached its length limit" in told["cut"]
    assert told["whole"] == TALE
    (outline,) = Chats(store).listed("")
    answer = Chats(store).read("", outline.id)[1][1]
    assert (answer.content, "notes" in answer.more) == (TALE, False)


@needs_browser
def test_a_question_and_answer_that_fill_the_context_lead_to_a_new_chat(
    drive: Drive, store: Store, tokenizer: Tokenizer
) -> None:
    told = drive(
        f"""{CLICK}
        await say("Tell me of a cat");
        await done();
        const full = answers()[0];
        byId("language").click();
        const russian = answers()[0];
        await press("Новый чат");
        await until(() => answers().length === 0, "an empty page");
        return {{ full, russian }};
        """,
        store,
        runner=ScriptedRunner(TightEngine(tokenizer, telling, max_context=60)),
    )
    assert "The conversation is full" in told["full"]
    assert "Continue" not in told["full"]
    assert "Беседа заполнена" in told["russian"]


@needs_browser
def test_the_page_says_that_no_tools_were_left(drive: Drive, store: Store, tokenizer: Tokenizer) -> None:
    told = drive(
        f"""{CLICK}
        await say("Hi");
        await until(() => texts(".step").length === 2, "steps");
        await until(() => byId("stop").hidden && address(), "its end");
        return {{ steps: texts(".step"), answer: answers()[0] }};
        """,
        store,
        runner=ScriptedRunner(ScriptedEngine(tokenizer, lambda _: call_text("1+1"))),
        settings=ServeSettings(max_rounds=2),
    )
    assert "Calculator: 1+1 = 2" in told["steps"][0]
    assert "as often as they may" in told["steps"][1]
    assert "length limit" not in told["answer"]
    assert "Continue" not in told["answer"]
    assert "nothing to say" not in told["answer"]
