"""Dumps of MediaWiki, such as Wikipedia's: a document an article, streamed, packed or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.wikitext import plain_wikitext

SUFFIXES = ()
IS_ISOLATED = True
READS_PACKED = ("gzip", "bzip2", "xz", "zstd")

_MAX_ARTICLE_CHARACTERS = 16_000_000
# Text of Wikipedia and its sisters is under this licence (Wikimedia, Terms of Use, section 7).
_WIKIMEDIA_LICENCE = "CC-BY-SA-4.0"
_WIKIMEDIA = ("wikipedia.org", "wiktionary.org", "wikibooks.org", "wikisource.org", "wikivoyage.org", "wikiversity.org")


def recognises(head: str) -> bool:
    """Whether it begins as an export of MediaWiki."""
    return "<mediawiki" in head[:500] and head.startswith("<")


def read(file: InputFile) -> Iterator[Document]:
    """The articles; redirects and pages of discussion, help and the like are counted."""
    with file.open() as stream:
        try:
            yield from _articles(file, stream)
        except ElementTree.ParseError as error:
            raise UnreadableError(f"not valid XML: {error}") from error


def _articles(file: InputFile, stream: BinaryIO) -> Iterator[Document]:
    facts: dict[str, str] = {}
    page: dict[str, str] = {}
    root = None
    for event, element in ElementTree.iterparse(stream, events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            root = element if root is None else root
            if tag == "mediawiki":
                language = element.get("{http://www.w3.org/XML/1998/namespace}lang")
                facts |= {"language": language} if language else {}
            elif tag == "page":
                page = {}
            continue
        if tag == "base" and any(site in (element.text or "") for site in _WIKIMEDIA):
            facts["licence"] = _WIKIMEDIA_LICENCE
        elif tag in {"title", "ns", "id", "timestamp", "text"}:
            # Of the ids the page's comes first, the revision's after it; of several revisions the last one counts.
            if tag != "id" or "id" not in page:
                page[tag] = element.text or ""
        elif tag == "redirect":
            page["redirect"] = "1"
        elif tag == "page" and root is not None:
            yield from _article(file, page, facts)
            root.clear()


def _article(file: InputFile, page: dict[str, str], facts: dict[str, str]) -> Iterator[Document]:
    title = page.get("title", "")
    if "redirect" in page:
        file.account.note("a redirect, left out", title)
    elif page.get("ns", "0") != "0":
        file.account.note("a page outside the articles, left out", title)
    elif len(page.get("text", "")) > _MAX_ARTICLE_CHARACTERS:
        file.account.note("an article over 16 million characters, left out", title)
    else:
        text = plain_wikitext(page.get("text", ""))
        meta = facts | {"title": title, "page_id": page.get("id", ""), "date": page.get("timestamp", "")}
        if text:
            yield from file.documents(iter([f"# {title}\n\n{text}"]), place=page.get("id") or title, meta=meta)
