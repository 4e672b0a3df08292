"""What the pages say holds: links lead somewhere, commands are understood as they stand, recipes in them load."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from samovar.brew.recipe import Recipe
from samovar.cli.main import make_app

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks/README.md"])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)) if not link.startswith("http")]
    dead = []
    for link in links:
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        headings = re.findall(r"^#+ (.*)$", text_of(target), re.MULTILINE) if place and target.is_file() else []
        if not target.exists() or (place and place not in map(anchor, headings)):
            dead.append(link)
    assert dead == []


def commands(text: str) -> Iterator[list[str]]:
    """The words behind `samovar` in the blocks of a page."""
    for _, block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            line = re.sub(r"\s(#|  +\w).*$", "", line)
            found = re.match(r"(?:\$ )?(?:torchrun .* -m |\S*/)?samovar ([a-z].*)$", line.strip())
            if found:
                yield shlex.split(found[1])


@cache
def command_line() -> Any:
    return typer.main.get_command(make_app())


def read(words: list[str]) -> None:
    """Have the command line read the words, and run nothing; it raises where it does not take them."""
    command, words = command_line().commands[words[0]], words[1:]
    while hasattr(command, "commands"):
        if words[0] not in command.commands:  # the first of a group may be left out
            words = [next(iter(command.commands)), *words]
        command, words = command.commands[words[0]], words[1:]
    command.make_context("samovar", list(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_understood(page: Path) -> None:
    for words in commands(text_of(page)):
        try:
            read(words)
        except Exception as error:
            pytest.fail(f"samovar {shlex.join(words)}: {error}")


def test_what_is_wrong_is_noticed() -> None:
    assert len(list(commands(text_of(ROOT / "README.md")))) > 30
    for line in ("brw mine", "pretrain corpus --out base", "plan mine --bugdet 1h", "data why --corpus corpus"):
        [words] = commands(f"```sh\nsamovar {line}\n```\n")
        with pytest.raises(Exception, match=r"brw|[Mm]issing|[Nn]o such option"):
            read(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_recipe_in_a_page_loads(page: Path) -> None:
    for language, block in BLOCK.findall(text_of(page)):
        found = yaml.safe_load(block) if language == "yaml" else None
        if isinstance(found, dict) and "apiVersion" not in found:
            Recipe.model_validate(found)


def told(page: Path) -> dict[str, Counter[str]]:
    """What a page says that does not depend on its language."""
    text = text_of(page)
    blocks = [block for _, block in BLOCK.findall(text)]
    prose = BLOCK.sub("", text)
    lines = [re.sub(r"\s+#.*$", "", line) for block in blocks for line in block.splitlines()]
    return {
        "headings": Counter(re.findall(r"^#+", text, re.MULTILINE)),
        "items": Counter(re.findall(r"^(?:-|\d+\.) ", text, re.MULTILINE)),
        "lines of blocks": Counter(re.sub(r'"[^"]*"', "", line) for line in lines),
        "links": Counter(re.findall(r"\]\(([^)\s]+)\)", re.sub(r"README(\.ru)?\.md", "", text))),
        "code": Counter(re.sub(r"<.*>", "", code) for code in re.findall(r"`([^`\n]+)`", prose)),
        "numbers": Counter(number.replace(",", ".") for number in re.findall(r"\d+(?:[.,]\d+)?", prose)),
    }


def test_both_readmes_say_the_same() -> None:
    english, russian = told(ROOT / "README.md"), told(ROOT / "README.ru.md")
    for what, counts in english.items():
        differing = {one: (counts[one], russian[what][one]) for one in counts | russian[what]}
        assert {one: both for one, both in differing.items() if both[0] != both[1]} == {}, what
