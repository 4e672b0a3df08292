"""The chat page keeps its chats on the server: its own scripts, in a browser without a window where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.serve.chats import Chats, Said
from samovar.serve.store import Store
from samovar.serve.votes import Votes
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import ScriptedEngine
from tests.chat.thinking import MAY_THINK, thinking
from tests.serve.browser import Drive, needs_browser
from tests.serve.conftest import MODEL, ScriptedRunner


@pytest.fixture
def drive(tokenizer: Tokenizer, tmp_path: Path) -> Drive:
    return Drive(tokenizer, tmp_path)


@needs_browser
def test_a_chat_from_its_first_word_to_its_end(drive: Drive, store: Store) -> None:
    told = drive(
        """
        await say("How much is 17*24?");
        await until(() => answers().some((one) => one.includes("It is 408.")), "an answer");
        await until(() => titles().join() === "How much is 17*24?", "a chat in the list");
        const first = address();
        await say("Hi");
        await until(() => answers().some((one) => one.includes("Hello there")), "a second answer");
        byId("new-chat").click();
        await until(() => answers().length === 0 && address() === "", "an empty page");
        await say("Привет");
        await until(() => titles().length === 2 && byId("stop").hidden, "two chats");
        const order = titles();
        document.querySelectorAll(".chat a")[1].click();
        await until(() => answers().length === 2, "the first chat again");
        const again = { answers: answers(), steps: texts(".step summary"), same: address() === first };
        type(byId("search"), "прив");
        await until(() => titles().join() === "Привет", "what was sought");
        const excerpt = texts(".chat small");
        type(byId("search"), "");
        await until(() => titles().length === 2, "all again");
        document.querySelector(".chat:has([aria-current]) button").click();
        const field = await until(() => document.querySelector("#chats input"), "a field for the title");
        field.value = "Sums";
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
        await until(() => titles().includes("Sums"), "the new title");
        const deleting = [...document.querySelectorAll(".chat")].find((one) => one.textContent.includes("Привет"));
        deleting.querySelectorAll("button")[1].click();
        await until(() => byId("delete-dialog").open, "a question");
        byId("delete-yes").click();
        await until(() => titles().join() === "Sums", "one chat less");
        return { order, again, excerpt, left: titles(), kept: localStorage.getItem("samovar.conversation") };
        """,
        store,
    )
    assert told["order"] == ["Привет", "How much is 17*24?"]
    assert told["again"]["same"] is True
    assert ["It is 408." in told["again"]["answers"][0], "Hello there" in told["again"]["answers"][1]] == [True, True]
    assert any("17*24" in step for step in told["again"]["steps"])
    assert told["excerpt"] == ["Привет"]
    assert (told["left"], told["kept"]) == (["Sums"], None)
    (outline,) = Chats(store).listed("")
    _, messages = Chats(store).read("", outline.id)
    assert [one.role for one in messages] == ["user", "assistant"] * 2
    assert messages[1].more["steps"][0]["result"] == "408"


@needs_browser
def test_a_chat_named_in_the_address_is_gone_on_with(drive: Drive, store: Store) -> None:
    made = Chats(store).create("", [Said("user", "How much is 17*24?", {}), Said("assistant", "It is 408.", {})])
    told = drive(
        """
        await until(() => answers().join().includes("It is 408."), "the chat");
        await say("Hi");
        await until(() => answers().length === 2 && byId("stop").hidden, "an answer");
        document.querySelectorAll(".message.assistant:last-child .actions button")[1].click();
        await until(() => !byId("stop").hidden || byId("announcer").textContent, "once more");
        await until(() => byId("stop").hidden, "another answer");
        await say("Hi");
        await until(() => answers().length === 3 && byId("stop").hidden, "a third answer");
        return { said: texts(".message.user .body") };
        """,
        store,
        f"#{made.id}",
    )
    assert told["said"] == ["How much is 17*24?", "Hi", "Hi"]
    _, messages = Chats(store).read("", made.id)
    assert [one.role for one in messages][:5] == ["user", "assistant"] * 2 + ["user"]


@needs_browser
def test_of_two_chats_that_are_opened_the_later_is_shown(drive: Drive, store: Store) -> None:
    slow, fast = (
        Chats(store).create("", [Said("user", "Hi", {}), Said("assistant", said, {})]).id for said in ("Slow.", "Fast.")
    )
    told = drive(
        f"""
        const plainFetch = window.fetch;
        window.fetch = async (path, options) => {{
          const response = await plainFetch(path, options);
          if (path.endsWith("{slow}")) await new Promise((resolve) => setTimeout(resolve, 500));
          return response;
        }};
        await until(() => titles().length === 2, "both");
        for (const id of ["{slow}", "{fast}"]) document.querySelector(`.chat a[href="#${{id}}"]`).click();
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return [answers().length, answers()[0], address()];
        """,
        store,
    )
    assert (told[0], told[2]) == (1, f"#{fast}")
    assert "Fast." in told[1]


@needs_browser
def test_copied_is_said_where_it_was(drive: Drive) -> None:
    told = drive(
        """
        await say("Hi");
        const button = await until(() => document.querySelector(".actions button"), "a whole answer");
        navigator.clipboard.writeText = () => Promise.reject(new Error("not on plain http"));
        const selected = [];
        const copy = async (works) => {
          byId("announcer").textContent = "";
          document.execCommand = () => selected.push(String(document.activeElement.value)) && works;
          button.click();
          await new Promise((resolve) => setTimeout(resolve, 200));
          return byId("announcer").textContent;
        };
        return { failed: await copy(false), copied: await copy(true), selected };
        """,
        None,
    )
    assert (told["failed"], told["copied"]) == ("", "Copied")
    assert [one.strip() for one in told["selected"]] == ["Hello there, friend."] * 2


@needs_browser
def test_an_answer_goes_on_while_its_page_is_opened_again(drive: Drive, store: Store, tokenizer: Tokenizer) -> None:
    text = "A cat sat on the mat and looked at the river. " * 8 + "Then it ran."
    runner = ScriptedRunner(ScriptedEngine(tokenizer, lambda _: text), pause_s=0.02)
    told = drive(
        """
        if (!sessionStorage.getItem("again")) {
          await say("Tell me of a cat");
          const half = await until(() => answers().find((one) => one.includes("river")), "half an answer");
          sessionStorage.setItem("again", half);
          location.reload();
          await new Promise(() => {});
        }
        await until(() => answers().some((one) => one.includes("Then it ran.")), "the rest of it");
        await until(() => byId("stop").hidden, "its end");
        return { half: sessionStorage.getItem("again"), whole: answers()[0] };
        """,
        store,
        runner=runner,
    )
    assert "ran" not in told["half"]
    assert told["whole"].strip() == text
    assert len(runner.engine.prompts) == 1  # it was not asked again
    (outline,) = Chats(store).listed("")
    _, messages = Chats(store).read("", outline.id)
    assert [(one.role, one.content, one.more) for one in messages] == [
        ("user", "Tell me of a cat", {}),
        ("assistant", text, {"model": MODEL}),
    ]


@needs_browser
def test_without_a_store_the_browser_keeps_the_one_chat(drive: Drive) -> None:
    told = drive(
        """
        await say("Hi");
        await until(() => answers().some((one) => one.includes("Hello there")), "an answer");
        const kept = await until(() => JSON.parse(localStorage.getItem("samovar.conversation") ?? "[]")[1], "kept");
        return { kept: kept.content, menu: byId("menu").hidden, address: address() };
        """,
        None,
    )
    assert "Hello there" in told["kept"]
    assert (told["menu"], told["address"]) == (True, "")


@needs_browser
def test_without_a_store_the_browser_keeps_half_an_answer(drive: Drive, tokenizer: Tokenizer) -> None:
    runner = ScriptedRunner(ScriptedEngine(tokenizer, lambda _: "A cat sat on the mat. " * 60), pause_s=0.02)
    told = drive(
        """
        if (!sessionStorage.getItem("again")) {
          await say("Tell me of a cat");
          await until(() => answers().some((one) => one.includes("mat. A cat")), "half an answer");
          sessionStorage.setItem("again", "1");
          location.reload();
          await new Promise(() => {});
        }
        return await until(() => answers().find((one) => one.includes("mat. A cat")), "the half again");
        """,
        None,
        runner=runner,
    )
    assert told.startswith("A cat sat on the mat. A cat")
    assert "Stopped." in told


@needs_browser
def test_votes_on_the_page(drive: Drive, store: Store, tokenizer: Tokenizer) -> None:
    said = iter(["It is cold.", "It is warm.", "It is warm."])
    told = drive(
        """
        const buttons = (name) => [...document.querySelectorAll(`.message.assistant:last-child button`)]
          .find((one) => one.title === name || one.textContent === name);
        const ready = (name) => buttons(name)?.disabled === false;
        const press = async (name) => (await until(() => ready(name) && buttons(name), name)).click();
        await say("How is it?");
        await press("Good answer");
        await until(() => buttons("Good answer")?.getAttribute("aria-pressed") === "true", "a thumb");
        await press("Bad answer");
        await until(() => buttons("Bad answer")?.getAttribute("aria-pressed") === "true", "another");
        await press("Bad answer");
        await until(() => buttons("Bad answer")?.getAttribute("aria-pressed") === "false", "none");
        await press("Compare with another answer");
        await until(() => texts(".side").length === 2 && !buttons("1 is better").disabled, "two answers");
        const warm = texts(".side").findIndex((one) => one.includes("warm"));
        await press(warm === 0 ? "1 is better" : "2 is better");
        await until(() => !document.querySelector(".side") && answers()[0].includes("warm"), "the better one");
        await press("Compare with another answer");
        await until(() => byId("alarm").textContent.includes("the same"), "the same again");
        await press("Good answer");
        await until(() => answers()[0].includes("Thank you"), "thanks");
        return { pairs: document.querySelectorAll(".side").length, warm };
        """,
        store,
        runner=ScriptedRunner(ScriptedEngine(tokenizer, lambda _: next(said))),
    )
    assert told["pairs"] == 0
    choice, good = Votes(store).each()
    assert (choice.verdict, choice.answers[told["warm"]]) == (("left", "right")[told["warm"]], "It is warm.")
    assert sorted(choice.answers) == ["It is cold.", "It is warm."]
    assert choice.row["sampling"][choice.verdict]["temperature"] == 1
    assert (good.verdict, good.answers) == ("good", ["It is warm."])
    assert good.row["sampling"]["temperature"] == 1, "as it was drawn"
    (outline,) = Chats(store).listed("")
    assert Chats(store).read("", outline.id)[1][1].content == "It is warm."


@needs_browser
def test_a_thought_is_folded_above_the_answer_and_kept(drive: Drive, store: Store, tokenizer: Tokenizer) -> None:
    thinker = thinking(tokenizer, MAY_THINK)
    runner = ScriptedRunner(ScriptedEngine(thinker, lambda _: "<think>\nHm, a cat.\n\nYes.\n</think>\n\nA cat sat."))
    script = """
        await say("Tell me");
        await until(() => document.querySelector(".message.assistant button[title='Good answer']"), "kept");
        const [thought] = document.querySelectorAll(".thought");
        const before = { words: texts(".thoughts p"), isOpen: thought.open, title: texts(".thought summary") };
        thought.querySelector("summary").click();
        return { ...before, isOpenNow: thought.open, said: texts(".message.assistant .body > p") };
        """
    told = Drive(thinker, drive.folder)(script, store, runner=runner)
    assert told == {
        "words": ["Hm, a cat.", "Yes."], "title": ["Thoughts"], "isOpen": False, "isOpenNow": True,
        "said": ["A cat sat."],
    }  # fmt: skip
    (chat,) = Chats(store).listed("")
    _, (_, answer) = Chats(store).read("", chat.id)
    assert (answer.content, answer.more["reasoning_content"]) == ("A cat sat.", "Hm, a cat.\n\nYes.")
