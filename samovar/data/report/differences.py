"""Two versions of a passage with what differs marked, for people to see at a glance."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

_PIECE = re.compile(r"\s|\w+|[^\w\s]")
_MASK = re.compile(r"\[[a-z_]{2,12}\]")
_CUT = "…"
_VISIBLE = {"\n": "↵\n", "\t": "→\t", "\r": "␍", " ": "\u00b7"}


class MarkedPair(NamedTuple):
    """HTML of both sides; what went is in ``del``, what came in ``ins``."""

    before: Markup
    after: Markup


def marked_pair(before: str, after: str) -> MarkedPair:
    """Both passages with their differences marked; blanks and invisible characters are made visible where they differ.

    Where both were cut, what stands at the end of just one of them is the work of the cut, and is not marked.
    """
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    operations = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    is_cut = before.endswith(_CUT) or after.endswith(_CUT)
    left, right = [], []
    for number, (kind, i, j, k, m) in enumerate(operations):
        gone, come = "".join(old[i:j]), "".join(new[k:m])
        if kind == "equal" or (is_cut and _is_tail(operations[number:], gone, come)):
            left.append(escape(gone))
            right.append(escape(come))
            continue
        if gone:
            left.append(Markup("<del>{}</del>").format(visible(gone)))
        if come:
            right.append(Markup("<ins>{}</ins>").format(visible(come)))
    return MarkedPair(Markup("").join(left), Markup("").join(right))


def marked_masks(text: str) -> Markup:
    """``text`` with every mask, such as ``[email]``, marked."""
    parts, at = [], 0
    for match in _MASK.finditer(text):
        parts += [escape(text[at : match.start()]), Markup("<ins>{}</ins>").format(match.group())]
        at = match.end()
    return Markup("").join([*parts, escape(text[at:])])


def visible(text: str) -> str:
    """``text`` with signs for line ends, tabs and lonely blanks, and codes for what has no shape."""
    if not text.strip():
        return "".join(_VISIBLE.get(one, _shape(one)) for one in text)
    return "".join("␍" if one == "\r" else _shape(one) for one in text)


def _shape(character: str) -> str:
    if character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cf", "Co", "Cn", "Cs"}:
        return f"⟨U+{ord(character):04X}⟩"
    return character


def _is_tail(operations: Sequence[tuple[str, int, int, int, int]], gone: str, come: str) -> bool:
    """Whether nothing is left but one change, and the sign of the cut perhaps, in which one side goes on further."""
    if len(operations) > 2 or (len(operations) == 2 and operations[1][2] - operations[1][1] > 1):
        return False
    gone, come = gone.rstrip(_CUT), come.rstrip(_CUT)
    return gone.startswith(come) or come.startswith(gone)
