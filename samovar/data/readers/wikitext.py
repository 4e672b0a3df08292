"""Plain text out of the markup of MediaWiki, in time that grows with its length."""

from __future__ import annotations

import html
import re

# Templates, links and tables stand in each other; deeper ones are left as they are, then removed.
_MAX_NESTING = 12
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_REFERENCE = re.compile(r"<ref\b[^<>]*/>|<ref\b[^<>/]*(?:/[^<>/]+)*>(?:(?!<ref\b).)*?</ref\s*>", re.DOTALL | re.I)
_UNREADABLE = "math|gallery|timeline|score|imagemap|templatestyles|hiero|chem|graph|mapframe|indicator"
_ELEMENT = re.compile(rf"<({_UNREADABLE})\b[^<>]*(?:/>|>(?:(?!<\1\b).)*?</\1\s*>)", re.DOTALL | re.I)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_BREAK = re.compile(r"<br\s*/?>|</p>|</div>", re.I)
_TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")
_TABLE = re.compile(r"\{\|(?:(?!\{\||\|\}).)*\|\}", re.DOTALL)
_LINK = re.compile(r"\[\[([^\[\]]*)\]\]")
_EXTERNAL = re.compile(r"\[(?:https?:|ftp:)?//[^\s\[\]]+(?:[ \t]+([^\[\]\n]*))?\]")
_QUOTES = re.compile(r"'{2,5}")
_HEADING = re.compile(r"^(={2,6})[ \t]*(.+?)[ \t]*\1[ \t]*$")
_SWITCH = re.compile(r"__[A-ZА-ЯЁ_]{3,30}__")
# Templates of layout, whose last plain parameter is text that a reader sees.
_TRANSPARENT = re.compile(
    r"(?:nowrap|nobr|lang(?:-[\w-]+)?|lang-\w+|s|е|small|big|unicode|transl|iw|нп\d?|не переведено)$", re.I
)
_FILES = ("file:", "image:", "media:", "файл:", "изображение:", "медиа:", "category:", "категория:")
_INTERWIKI = re.compile(r":?[a-z]{2,3}(?:-[a-z]+)?:")
# Sections that hold lists of links and sources.
_APPENDICES = {
    "see also", "references", "notes", "external links", "further reading", "bibliography", "sources", "footnotes",
    "примечания", "литература", "ссылки", "см. также", "источники", "библиография", "сноски",
    "примітки", "література", "посилання", "див. також", "джерела",
}  # fmt: skip


def plain_wikitext(text: str) -> str:
    """The prose of an article: without templates, tables, references, pictures and lists of sources."""
    text = _COMMENT.sub("", text)
    text = _ELEMENT.sub("", _REFERENCE.sub("", text))
    text = _BREAK.sub("\n", text)
    text = _innermost_first(_TEMPLATE, _template, text)
    text = _innermost_first(_TABLE, lambda _: "", text)
    text = _innermost_first(_LINK, _link, text)
    text = _EXTERNAL.sub(lambda found: found[1] or "", text)
    text = html.unescape(_TAG.sub("", _SWITCH.sub("", _QUOTES.sub("", text))))
    text = "\n".join(_lines(text))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _innermost_first(pattern: re.Pattern[str], instead: object, text: str) -> str:
    for _ in range(_MAX_NESTING):
        text, count = pattern.subn(instead, text)  # type: ignore[call-overload]
        if not count:
            break
    return text


def _template(found: re.Match[str]) -> str:
    name, *parameters = (part.strip() for part in found[1].split("|"))
    plain = [parameter for parameter in parameters if "=" not in parameter]
    return plain[-1] if plain and _TRANSPARENT.match(name) else ""


def _link(found: re.Match[str]) -> str:
    target, _, shown = found[1].partition("|")
    target = target.strip()
    if target.lower().startswith(_FILES) or _INTERWIKI.match(target):
        return ""
    return shown.rpartition("|")[2] if shown else target.lstrip(":")


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    level_left_out = 0
    for line in text.split("\n"):
        line = line.rstrip()
        if heading := _HEADING.match(line):
            level = len(heading[1])
            if level_left_out and level > level_left_out:
                continue
            level_left_out = level if heading[2].strip().lower().rstrip(".") in _APPENDICES else 0
            if not level_left_out:
                _end_section(lines, level)
                lines += ["", f"{'#' * level} {heading[2]}", ""]
        elif not level_left_out and not line.startswith(("|", "!", "{|", "}}")):
            lines.append(_item(line))
    _end_section(lines, 0)
    return lines


def _end_section(lines: list[str], level: int) -> None:
    """Take away headings with nothing under them."""
    while lines:
        last = next((number for number in range(len(lines) - 1, -1, -1) if lines[number]), -1)
        if last < 0 or not lines[last].startswith("#"):
            return
        own_level = len(lines[last]) - len(lines[last].lstrip("#"))
        if own_level < level:
            return
        del lines[last:]


def _item(line: str) -> str:
    text = line.lstrip("*#:;")
    marks = line[: len(line) - len(text)]
    text = text.strip()
    return f"- {text}" if text and marks[-1:] in {"*", "#"} else text
