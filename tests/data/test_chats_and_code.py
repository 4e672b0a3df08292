"""Exports of chats, notebooks, source code, subtitles, pages of the web."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.data.reading import read, read_one


def chat_node(role: str, words: Any, parent: str | None) -> dict[str, Any]:
    return {"message": {"author": {"role": role}, "content": {"parts": [words]}}, "parent": parent}


def test_chatgpt_export_is_the_branch_that_was_shown(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    mapping = {
        "root": {"message": None, "parent": None},
        "s": chat_node("system", "be kind", "root"),
        "a": chat_node("user", "Привет", "s"),
        "b": chat_node("assistant", "first try", "a"),
        "c": chat_node("assistant", "Здравствуйте!", "a"),
        "d": chat_node("user", {"image": 1}, "c"),
    }
    conversation = {"title": "Чай", "create_time": 1700000000.5, "mapping": mapping, "current_node": "d"}
    empty = {"title": "", "create_time": None, "mapping": {}, "current_node": "x"}
    path.write_text(json.dumps([conversation, empty]))
    (document,), account = read(path)
    assert document.text == "User: Привет\n\nAssistant: Здравствуйте!"
    assert document.meta == {"conversation": "1", "num_messages": "2", "title": "Чай", "date": "2023-11-14T22:13:20Z"}
    assert account.notes == {"a conversation without words": (1, "conversation 2")}


def telegram_message(number: int, date: str, speaker: str, text: Any, kind: str = "message") -> dict[str, Any]:
    return {
        "id": number,
        "type": kind,
        "date": date,
        "date_unixtime": "1",
        "from": speaker,
        "from_id": "u",
        "text": text,
    }


def test_telegram_talks_end_with_a_long_silence(tmp_path: Path) -> None:
    messages = [
        telegram_message(1, "2024-01-01T09:00:00", "Аня", "", "service"),
        telegram_message(2, "2024-01-01T10:00:00", "Аня", "Привет"),
        telegram_message(3, "2024-01-01T10:01:00", "Я", ["Смотри ", {"type": "link", "text": "x.ru"}]),
        telegram_message(4, "2024-01-02T10:01:00", "Я", "Утро"),
    ]
    chat = {"name": "Аня", "type": "personal_chat", "id": 5, "messages": messages}
    one, all_chats = tmp_path / "result.json", tmp_path / "all.json"
    one.write_text(json.dumps(chat, ensure_ascii=False), encoding="utf-8")
    all_chats.write_text(
        json.dumps({"about": "Telegram export", "chats": {"list": [chat, {**chat, "name": "Б", "id": 6}]}})
    )
    first, second = read(one)[0]
    assert (first.id, first.text) == ("result.json:5/2", "Аня: Привет\nЯ: Смотри x.ru")
    assert first.meta == {"messages": "2-3", "date": "2024-01-01T10:00:00", "title": "Аня"}
    assert second.text == "Я: Утро"
    assert [document.meta["title"] for document in read(all_chats)[0]] == ["Аня", "Аня", "Б", "Б"]


def test_telegram_chats_that_were_left_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    chats = [
        {"name": name, "type": "private_group", "id": number,
         "messages": [telegram_message(1, "2024-01-01T10:00:00", "Аня", f"Привет, {name}")]}
        for number, name in enumerate(("дача", "класс"))
    ]  # fmt: skip
    export = {"about": "Telegram export", "chats": {"list": chats[:1]}, "left_chats": {"list": chats[1:]}}
    path.write_text(json.dumps(export))
    assert [(document.id, document.text, document.meta["title"]) for document in read(path)[0]] == [
        ("result.json:0/1", "Аня: Привет, дача", "дача"),
        ("result.json:1/1", "Аня: Привет, класс", "класс"),
    ]


def test_notebook_by_content(tmp_path: Path) -> None:
    path = tmp_path / "work.json"
    cells = [
        {"cell_type": "markdown", "source": ["# Tea\n", "Hot."]},
        {"cell_type": "code", "source": "print(1)", "outputs": [{"text": ["1"]}]},
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4}))
    document = read_one(path)
    assert document.text == "# Tea\nHot.\n\n```python\nprint(1)\n```"
    assert document.meta == {"programming_language": "python", "cells": "2"}


@pytest.mark.parametrize(
    ("name", "text", "meta"),
    [
        ("a.rs", "// SPDX-License-Identifier: MIT\nfn main() {}\n", {"licence": "MIT", "programming_language": "Rust"}),
        ("run", "#!/usr/bin/env python3\nprint(1)\n", {"programming_language": "Python"}),
        ("page.php", "<html><?php echo 1; ?></html>\n", {"programming_language": "PHP"}),
    ],
)  # fmt: skip
def test_source_code_stays_as_it_is(tmp_path: Path, name: str, text: str, meta: dict[str, str]) -> None:
    path = tmp_path / name
    path.write_text(text)
    document = read_one(path)
    assert (document.text, document.meta) == (text, meta)


def test_subtitles(tmp_path: Path) -> None:
    path = tmp_path / "film.txt"
    path.write_text(
        "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i> there\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\nHello there\n{\\an8}General\n\n"
        "3\n00:01:02,000 --> 00:01:03,000\nMuch &amp; later\n"
    )
    assert read_one(path).text == "Hello there\nGeneral\n\nMuch & later\n"
    path.write_text(
        "WEBVTT - x\n\nNOTE a comment\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Anna>Hi <00:01.500>you\n"
    )
    assert read_one(path).text == "Anna: Hi you\n"


PROSE = "The council met on Tuesday to decide what to do about the old bridge, closed to lorries since the flood. "
NEWS = f"""<!doctype html><html lang=en><head><title>Bridge | News</title><meta name=author content="A. Smith">
<link rel=license href=https://creativecommons.org/licenses/by/4.0/></head><body>
<div class="site-header"><a href=/>News</a><ul class=menu><li><a href=/a>Home</a><li><a href=/b>Sport</a></ul></div>
<div class="cookie-banner">We use cookies. <button>Accept</button></div><div class=wrapper><div class=content>
<h1>The bridge</h1><p>{PROSE * 3}</p><table><tr><th>Work<th>Price<tr><td>Arch<td>3 million</table>
<ul><li>First the arch</li><li>Then the road</li></ul><pre>x = 1
  y = 2</pre></div><div class=sidebar><h3>Related</h3><a href=1>Ten recipes</a></div></div>
<p><a href=1>Page 1</a> <a href=2>Page 2</a> <a href=3>Page 3</a></p><div id=footer>(c) 2024</div></body></html>"""


def test_html_is_its_main_text(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_text(NEWS)
    document = read_one(path)
    assert document.text == (
        f"# The bridge\n\n{(PROSE * 3).strip()}\n\nWork | Price\nArch | 3 million\n\n"
        "- First the arch\n- Then the road\n\nx = 1\n  y = 2"
    )
    assert document.meta == {
        "title": "Bridge | News",
        "author": "A. Smith",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "language": "en",
    }


def test_html_of_an_old_page_in_tables(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<html><body><table><tr><td colspan=2><a href=/>Главная</a> | <a href=/n>Новости</a> | "
        "<a href=/k>Контакты</a></td>"
        f"</tr><tr><td><b>Меню</b><br><a href=1>О нас</a><br><a href=2>Услуги</a><br><a href=3>Цены</a></td>"
        f"<td><p>{PROSE}"
        "</p></td></tr></table></body></html>"
    )
    assert read_one(path).text == PROSE.strip()


def test_a_page_of_links_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<html><body><ul>" + "".join(f"<li><a href={n}>Link {n}</a>" for n in range(5)) + "</ul></body></html>"
    )
    assert read_one(path).text == "\n".join(f"- Link {n}" for n in range(5))
