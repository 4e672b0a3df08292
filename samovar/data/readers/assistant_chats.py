"""Exports of conversations with assistants (ChatGPT's and Claude's conversations.json): a document a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samovar.data.document import Document
from samovar.data.readers.facts import iso_time
from samovar.data.readers.input_file import InputFile
from samovar.data.readers.json_stream import json_items
from samovar.data.readers.jsonl import without_surrogates

SUFFIXES = ()

_SPEAKERS = {"user": "User", "human": "User", "assistant": "Assistant"}
_MAX_MESSAGES = 100_000


def recognises(head: str) -> bool:
    """Whether it begins as an array of such conversations."""
    if not head.startswith("["):
        return False
    is_chatgpt = '"mapping"' in head and '"create_time"' in head
    return is_chatgpt or ('"chat_messages"' in head and '"uuid"' in head)


def read(file: InputFile) -> Iterator[Document]:
    """Each conversation as it was last shown: answers that were asked for anew are left out."""
    for number, conversation in enumerate(json_items(file, "item"), 1):
        if not isinstance(conversation, dict):
            continue
        turns = list(_chatgpt_turns(conversation) if "mapping" in conversation else _claude_turns(conversation))
        if not turns:
            file.account.note("a conversation without words", f"conversation {number}")
            continue
        text = "\n\n".join(f"{speaker}: {words}" for speaker, words in turns)
        meta = {"conversation": str(number), "num_messages": str(len(turns))} | _meta(conversation)
        yield from file.documents(iter([without_surrogates(text)]), place=str(number), meta=meta)


def _meta(conversation: dict[str, Any]) -> dict[str, str]:
    meta = {}
    title = conversation.get("title") or conversation.get("name")
    if isinstance(title, str):
        meta["title"] = without_surrogates(title)[:500]
    created = conversation.get("create_time") or conversation.get("created_at")
    if isinstance(created, int | float):
        meta["date"] = iso_time(created)
    elif isinstance(created, str):
        meta["date"] = created[:40]
    return {name: value for name, value in meta.items() if value}


def _chatgpt_turns(conversation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The branch that ends with the current node of the tree of messages."""
    nodes = conversation.get("mapping")
    nodes = nodes if isinstance(nodes, dict) else {}
    name = conversation.get("current_node")
    branch: list[Any] = []
    while isinstance(name, str) and isinstance(node := nodes.get(name), dict) and len(branch) < _MAX_MESSAGES:
        branch.append(node.get("message"))
        name = node.get("parent")
    for message in reversed(branch):
        if not isinstance(message, dict):
            continue
        author, content = message.get("author"), message.get("content")
        role = author.get("role") if isinstance(author, dict) else None
        parts = content.get("parts") if isinstance(content, dict) else None
        if role in _SPEAKERS and isinstance(parts, list):
            words = "\n\n".join(part for part in parts if isinstance(part, str)).strip()
            if words:
                yield _SPEAKERS[role], words


def _claude_turns(conversation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    messages = conversation.get("chat_messages")
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict) or message.get("sender") not in _SPEAKERS:
            continue
        words = message["text"].strip() if isinstance(message.get("text"), str) else ""
        if words:
            yield _SPEAKERS[message["sender"]], words
