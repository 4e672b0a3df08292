"""HTML: the readable text of the page, a line a block, with marks for headings, lists and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SUFFIXES = (".html", ".htm", ".xhtml")

_NOT_TEXT = (
    "script, style, noscript, template, svg, math, iframe, object, canvas, form, button, select, nav, header, footer, "
    "aside, dialog, [hidden], [aria-hidden=true], .headerlink"
)
_PARAGRAPHS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote"))
_LINES = (
    "address",
    "article",
    "body",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
)
_BLOCKS = _PARAGRAPHS | {*_LINES, "hr", "li", "main", "section", "summary", "tr"}
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_WHITE = re.compile(r"\s+")
_CHARSET = re.compile(r"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one; its title goes into the document's meta."""
    if charset := _CHARSET.search(file.head(2048)):
        file.declare_encoding(charset.group(1))
    title, text = page_text(file.whole())
    return file.documents(iter([text]), meta={"title": title} if title else {})


def page_text(html: str) -> tuple[str, str]:
    """The title and the text of a page: that of <main> or a single <article> where there is one."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    title_node = tree.css_first("title")
    title = " ".join(title_node.text().split()) if title_node else ""
    body = _main_part(tree)
    if body is None:
        return title, ""
    return title, _laid_out(body)


def _main_part(tree: LexborHTMLParser) -> LexborNode | None:
    # A header or a form may hold the whole page; what is not text is taken away only where something remains.
    for node in tree.css("script, style, noscript, template, svg, head"):
        node.decompose()
    for candidates in (tree.css("main, [role=main]"), tree.css("article")):
        if len(candidates) == 1 and len(candidates[0].text(strip=True)) > 200:
            _strip_chrome(candidates[0])
            return candidates[0]
    if tree.body is not None:
        _strip_chrome(tree.body)
    return tree.body


def _strip_chrome(body: LexborNode) -> None:
    total = len(body.text(strip=True))
    for node in body.css(_NOT_TEXT):
        if len(node.text(strip=True)) < 0.5 * total:
            node.decompose()


class _Page:
    """Text as it is laid out: blank lines between paragraphs, white space collapsed but in <pre>."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._num_newlines = 2
        self._mark = ""

    def break_line(self, num_newlines: int) -> None:
        """See that at least so many newlines stand here."""
        missing = num_newlines - self._num_newlines
        if missing > 0:
            self.pieces.append("\n" * missing)
            self._num_newlines = num_newlines

    def begin_with(self, mark: str) -> None:
        """Put ``mark`` before the next text, if there is one before the block ends."""
        self._mark = mark

    def write(self, text: str, *, is_preformatted: bool) -> None:
        """Add text in the line that stands open."""
        if not is_preformatted:
            text = _WHITE.sub(" ", text)
            if self._num_newlines:
                text = text.lstrip(" ")
        if text:
            self.pieces += [self._mark, text]
            self._mark = ""
            self._num_newlines = 0

    def text(self) -> str:
        """All of it, tidied."""
        text = re.sub(r"(?: \|)*[ \t]+$", "", "".join(self.pieces), flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _laid_out(body: LexborNode) -> str:
    """Walks the tree with a stack of its own: pages are nested deeper than Python's."""
    page = _Page()
    stack: list[tuple[LexborNode, bool]] = [(body, True)]
    depth_of_pre = 0
    while stack:
        node, is_opening = stack.pop()
        tag = node.tag or ""
        if tag == "-text":
            page.write(node.text_content or "", is_preformatted=depth_of_pre > 0)
        elif tag == "br":
            page.write("\n", is_preformatted=True)
        elif is_opening:
            depth_of_pre += tag == "pre"
            _open(page, tag)
            stack.append((node, False))
            stack.extend((child, True) for child in reversed(list(node.iter(include_text=True))))
        else:
            depth_of_pre -= tag == "pre"
            _close(page, tag)
    return page.text()


def _open(page: _Page, tag: str) -> None:
    if tag in _BLOCKS:
        page.break_line(2 if tag in _PARAGRAPHS else 1)
    if tag in _HEADINGS:
        page.begin_with("#" * int(tag[1]) + " ")
    elif tag == "li":
        page.begin_with("- ")


def _close(page: _Page, tag: str) -> None:
    if tag in {"td", "th"}:
        page.write(" | ", is_preformatted=True)
    elif tag in _BLOCKS:
        page.begin_with("")
        page.break_line(2 if tag in _PARAGRAPHS else 1)
