"""Learn the vocabulary from the corpus and from the conversations, so that both are written in few tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.reading import reading_characters, tasks_reading
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext

if TYPE_CHECKING:
    from samovar.chat.conversation import Conversation
    from samovar.tasks.task import Split

CORPUS_CHARACTERS = 20_000_000
"""More text changes hardly a merge of a vocabulary of some thousand tokens."""
NUM_CONVERSATIONS = 40_000
FERTILITY_TEXTS = 400


class TokenizerStage(Stage):
    """Byte-level BPE, with the chat template inside.

    It sees which tasks there are and not their shares, nor the user's conversations, nor the assistant's name: a
    change of those must not make the base model again.
    """

    name = "tokenizer"
    version = 2
    needs = ("data",)

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the model is one's own from the start: another's brings its own."""
        return recipe.base is None

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """Its settings, and the tasks and languages whose words it also learns."""
        return {
            "tokenizer": recipe.tokenizer.model_dump(mode="json"),
            "tasks": sorted(recipe.sft.tasks),
            "languages": list(recipe.languages),
        }

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, save, and measure tokens a word."""
        from samovar.tokenizer.fertility import fertility
        from samovar.tokenizer.train import train_tokenizer

        tokenizer = train_tokenizer(_texts(context), context.recipe.tokenizer)
        tokenizer.save(context.out)
        measured = fertility(tokenizer, _texts_by_language(context))
        return {"vocab_size": tokenizer.vocab_size, "fertility": measured}

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Linear in the text that is read, measured: about 4 MB a second, and the tasks' conversations."""
        characters = min(CORPUS_CHARACTERS, outlook.quantity("data", "characters")) + reading_characters(recipe)
        size_bytes = 200.0 * recipe.tokenizer.vocab_size
        return Forecast(2.0 + characters / 4e6 + NUM_CONVERSATIONS / 1e4, PROCESS_BYTES + 150 * MIB, size_bytes)


def _texts(context: StageContext) -> Iterator[str]:
    from samovar.data.corpus_reader import read_corpus

    left = CORPUS_CHARACTERS
    for document in read_corpus(context.inputs["data"]):
        yield document.text[:left]
        left -= len(document.text)
        if left <= 0:
            break
    yield from (document.text for document in tasks_reading(context.recipe))
    for conversation in _conversations(context.recipe, "train", NUM_CONVERSATIONS):
        yield from (message.role for message in conversation.messages)
        yield from _turns(conversation)


def _conversations(recipe: Recipe, split: Split, count: int) -> Iterator[Conversation]:
    """About ``count`` conversations, the same number of each task."""
    from samovar.tasks.registry import load_task

    names = sorted(recipe.sft.tasks)
    for name in names:
        for example in load_task(name, languages=recipe.languages).examples(split, -(-count // len(names))):
            yield example.conversation()


def _turns(conversation: Conversation) -> Iterator[str]:
    """What is said, and the tools' calls as the model will write them."""
    import json

    for message in conversation.messages:
        if message.content:
            yield message.content
        for call in message.tool_calls:
            yield json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)


def _texts_by_language(context: StageContext) -> dict[str, Iterator[str]]:
    from samovar.data.corpus_reader import read_corpus

    found: dict[str, Iterator[str]] = {
        "documents": (document.text for document in islice(read_corpus(context.inputs["data"]), FERTILITY_TEXTS))
    }
    for language in context.recipe.languages:
        recipe = context.recipe.model_copy(update={"languages": [language]})
        found[language] = (
            text for conversation in _conversations(recipe, "test", FERTILITY_TEXTS) for text in _turns(conversation)
        )
    return found
