"""HTML: the main text of the page, a line a block, with marks for headings, lists and tables.

What surrounds it goes: by element (nav, aside), by the names that makers of pages give (`class="sidebar"`), and by how
much of a block is links. Lists, tables and code of the text stay as they are laid out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

SUFFIXES = (".html", ".htm", ".xhtml")
IS_ISOLATED = True
READS_PACKED = ("gzip", "bzip2", "xz", "zstd")

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
_EMPTY_TAG = re.compile(r"<(title|script|style|iframe|textarea|noscript)\b([^<>]*)/>", re.IGNORECASE)
_PAGE_HEAD = re.compile(
    r"(?:<\?xml[^>]{0,200}>\s*|<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.I | re.DOTALL
)
_STATED = {
    "author": "author",
    "article:author": "author",
    "dc.creator": "author",
    "dc.rights": "licence",
    "article:published_time": "date",
    "dc.date": "date",
}
_LINKED = (
    ("link[rel=license]", "href", "licence"),
    ("a[rel=license]", "href", "licence"),
    ("link[rel=canonical]", "href", "url"),
    ("html[lang]", "lang", "language"),
)
_CHARSET = re.compile(r"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)


# Words by which makers of pages name what is not the text; a whole name, or a part of one between hyphens.
_CHROME_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|topmenu|submenu|sidebar|breadcrumbs?|cookies?|footer|pagination|pager|"
    r"share|sharing|social|related|recommended|also|advert|adverts|ads|advertisement|banner|promo|newsletter|subscribe|"
    r"popup|modal|toolbar|skip-link|login|cart|toc)(?:$|[\s_-])|"
    r"(?:^|\s)(?:header|site-header|page-header|masthead|top|topbar)(?:$|\s)",
    re.IGNORECASE,
)
_NAMED_BLOCKS = frozenset(("div", "section", "ul", "ol", "table", "td", "p", "span", "dl", "center"))
# A block of so many links that make up so much of it leads elsewhere ...
_LINKED_BLOCKS = frozenset(("div", "section", "ul", "ol", "td", "tr", "p", "dl", "center", "table"))
_MIN_LINKS = 3
_LINK_SHARE = 0.6
# ... unless the page would lose more than this share of its text: then it is a list of links, and these are its text.
_MOST_LOST = 0.5


class Page(NamedTuple):
    """The text of a page, and what it says of itself."""

    text: str
    meta: dict[str, str]


def recognises(head: str) -> bool:
    """Whether it begins as a page does."""
    return _PAGE_HEAD.match(head) is not None


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one."""
    if charset := declared_charset(file.head(2048)):
        file.declare_encoding(charset)
    page = read_page(file.whole())
    return file.documents(iter([page.text]), meta=page.meta)


def declared_charset(head: str) -> str:
    """The encoding that a page states in its head, or ''."""
    found = _CHARSET.search(head)
    return found[1] if found else ""


def read_page(html: str, *, is_web: bool = True) -> Page:
    """The main text of a page of the web; all of the text of one that is a letter or a chapter."""
    from selectolax.lexbor import LexborHTMLParser

    # To HTML an empty tag of XML is open, and all behind it the page's title or script.
    tree = LexborHTMLParser(html if is_web else _EMPTY_TAG.sub(r"<\1\2></\1>", html))
    meta = _stated(tree)
    if not is_web:
        for node in tree.css("script, style, noscript, template, svg, head"):
            node.decompose()
        return Page(_laid_out(tree.body, is_web=False).text() if tree.body is not None else "", meta)
    body = _main_part(tree)
    if body is None:
        return Page("", meta)
    laid_out = _laid_out(body, is_web=True)
    if laid_out.num_lost > _MOST_LOST * (laid_out.num_characters + laid_out.num_lost):
        laid_out = _laid_out(body, is_web=False)
    return Page(laid_out.text(), meta)


def _stated(tree: LexborHTMLParser) -> dict[str, str]:
    """What the head of the page says of it."""
    meta: dict[str, str] = {}
    if (title := tree.css_first("title")) is not None:
        meta["title"] = title.text()
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        key = (attributes.get("name") or attributes.get("property") or "").lower()
        if key in _STATED:
            meta.setdefault(_STATED[key], attributes.get("content") or "")
    for selector, attribute, name in _LINKED:
        if (found := tree.css_first(selector)) is not None:
            meta.setdefault(name, found.attributes.get(attribute) or "")
    tidy = {name: " ".join(value.split())[:500] for name, value in meta.items()}
    return {name: value for name, value in tidy.items() if value}


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
        self.num_characters = self.num_linked = self.num_links = self.num_lost = 0
        self.depth_of_links = 0
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
            num_characters = len(text.strip())
            self.num_characters += num_characters
            if self.depth_of_links:
                self.num_linked += num_characters
            self.pieces += [self._mark, text]
            self._mark = ""
            self._num_newlines = 0

    def place(self) -> _Place:
        """Where the text stands now."""
        return _Place(len(self.pieces), self.num_characters, self.num_linked, self.num_links, self._num_newlines)

    def drop_if_linked(self, since: _Place) -> None:
        """Take back what was written ``since`` a place, where it is mostly links."""
        num_characters = self.num_characters - since.num_characters
        num_linked = self.num_linked - since.num_linked
        if self.num_links - since.num_links >= _MIN_LINKS and num_linked > _LINK_SHARE * num_characters:
            del self.pieces[since.num_pieces :]
            self.num_lost += num_characters
            _, self.num_characters, self.num_linked, self.num_links, self._num_newlines = since
            self._mark = ""

    def text(self) -> str:
        """All of it, tidied."""
        text = re.sub(r"(?: \|)*[ \t]+$", "", "".join(self.pieces), flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


class _Place(NamedTuple):
    num_pieces: int
    num_characters: int
    num_linked: int
    num_links: int
    num_newlines: int


def _laid_out(body: LexborNode, *, is_web: bool) -> _Page:
    """Walks the tree with a stack of its own: pages are nested deeper than Python's."""
    page = _Page()
    size = len(body.text(strip=True)) if is_web else 0
    stack: list[tuple[LexborNode, _Place | None]] = [(body, None)]
    depth_of_pre = 0
    while stack:
        node, opened = stack.pop()
        tag = node.tag or ""
        if tag == "-text":
            page.write(node.text_content or "", is_preformatted=depth_of_pre > 0)
        elif tag == "br":
            page.write("\n", is_preformatted=True)
        elif opened is None:
            if is_web and tag in _NAMED_BLOCKS and (num_lost := _size_of_chrome(node, size)):
                page.num_lost += num_lost
                continue
            depth_of_pre += tag == "pre"
            _open(page, tag)
            stack.append((node, page.place()))
            stack.extend((child, None) for child in reversed(list(node.iter(include_text=True))))
        else:
            depth_of_pre -= tag == "pre"
            _close(page, tag)
            if is_web and tag in _LINKED_BLOCKS and node is not body:
                page.drop_if_linked(opened)
    return page


def _size_of_chrome(node: LexborNode, size_of_page: int) -> int:
    """The characters of a block that its maker named as something beside the text; 0 where it is most of the page."""
    attributes = node.attributes
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if len(names) < 3 or not _CHROME_NAMES.search(names):
        return 0
    size = len(node.text(strip=True))
    return size if size < 0.5 * size_of_page else 0


def _open(page: _Page, tag: str) -> None:
    if tag in _BLOCKS:
        page.break_line(2 if tag in _PARAGRAPHS else 1)
    if tag in _HEADINGS:
        page.begin_with("#" * int(tag[1]) + " ")
    elif tag == "li":
        page.begin_with("- ")
    elif tag == "a":
        page.num_links += 1
        page.depth_of_links += 1


def _close(page: _Page, tag: str) -> None:
    if tag == "a":
        page.depth_of_links -= 1
    elif tag in {"td", "th"}:
        page.write(" | ", is_preformatted=True)
    elif tag in _BLOCKS:
        page.begin_with("")
        page.break_line(2 if tag in _PARAGRAPHS else 1)
