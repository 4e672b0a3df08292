"""Three stages that take no time, in the shape of the real road: text, then its words, then their count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, in_order


class TextStage(Stage):
    name = "text"

    def config(self, recipe: Recipe) -> dict[str, Any]:
        return {"seed": recipe.data.seed}

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        return {"text": (root / "documents" / "a.txt").read_text()}

    def run(self, context: StageContext) -> dict[str, Any]:
        text = (context.root / "documents" / "a.txt").read_text()
        (context.out / "text").write_text(f"{text} {context.recipe.data.seed}")
        return {"characters": len(text)}

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        return Forecast(1.0, 2.0, 3.0, {"characters": 10.0})


class WordsStage(Stage):
    """Writes word by word and can be interrupted after ``on_word``; goes on from what it finds."""

    name = "words"
    needs = ("text",)
    resumes = True
    on_word: Callable[[int], None] = staticmethod(lambda number: None)

    def config(self, recipe: Recipe) -> dict[str, Any]:
        return {"seed": recipe.pretrain.seed}

    def run(self, context: StageContext) -> dict[str, Any]:
        words = (context.inputs["text"] / "text").read_text().split()
        path = context.out / "words"
        done = path.read_text().split() if path.is_file() else []
        for number in range(len(done), len(words)):
            type(self).on_word(number)
            with path.open("a") as file:
                file.write(words[number] + "\n")
        return {"words": len(words), "resumed_at": len(done)}

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        return Forecast(outlook.quantity("text", "characters"), 2.0, 3.0)


class CountStage(Stage):
    name = "count"
    needs = ("words", "text")

    def config(self, recipe: Recipe) -> dict[str, Any]:
        return {"seed": recipe.eval.seed}

    def run(self, context: StageContext) -> dict[str, Any]:
        words = (context.inputs["words"] / "words").read_text().split()
        (context.out / "count").write_text(str(len(words)))
        return {"count": len(words), "expected": dict(context.account["words"])}

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        return Forecast(1.0, 2.0, 3.0)


def small_stages() -> dict[str, Stage]:
    return in_order([CountStage(), WordsStage(), TextStage()])
