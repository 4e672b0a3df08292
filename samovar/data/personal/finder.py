"""Finds everything of the chosen kinds in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from samovar.data.personal.families import all_detectors
from samovar.data.personal.finding import Detector, Finding, Page, without_overlaps
from samovar.data.personal.gate import Gate

_BLOCK_CHARACTERS = 4096


class PersonalFinder:
    """Runs the detectors of ``kinds`` and ``extra`` ones over texts, each where its gate lets it."""

    def __init__(self, kinds: Iterable[str], extra: Iterable[Detector] = (), *, uses_re2: bool = True) -> None:
        self._kinds = frozenset(kinds)
        chosen = [one for one in all_detectors() if self._kinds.intersection(one.kinds)]
        self._detectors = chosen + list(extra)
        self._kinds |= {kind for one in extra for kind in one.kinds}
        self._gate = Gate([one.gate for one in self._detectors], uses_re2=uses_re2)

    def find(self, text: str) -> list[Finding]:
        """What is in ``text``, in order of place, without overlaps."""
        page = Page(text)
        found = without_overlaps(one for one in self._candidates(page) if one.kind in self._kinds)
        return _new_only(text, found) if found else []

    def _candidates(self, page: Page) -> Iterator[Finding]:
        whole: set[int] = set()
        for start, end in _blocks(page.text):
            for number in self._gate.passes(page.text[start:end]):
                detector = self._detectors[number]
                if detector.is_within_line:
                    yield from detector.find(page, start, end)
                else:
                    whole.add(number)
        for number in sorted(whole):
            yield from self._detectors[number].find(page, 0, len(page.text))


def _new_only(text: str, findings: list[Finding]) -> list[Finding]:
    """Those that are no stand-ins of an earlier run."""
    from samovar.data.personal.pseudonyms import stand_ins

    made = [match.span() for match in stand_ins().finditer(text)]
    if not made:
        return findings
    # Both are in order and free of overlaps.
    kept, at = [], 0
    for finding in findings:
        while at < len(made) and made[at][1] <= finding.start:
            at += 1
        if at == len(made) or made[at][0] >= finding.end:
            kept.append(finding)
    return kept


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Parts of some thousands of characters, cut after a newline: a hit makes slow only what is around it."""
    start = 0
    while start < len(text):
        cut = text.find("\n", start + _BLOCK_CHARACTERS - 1)
        end = len(text) if cut < 0 else cut + 1
        yield start, end
        start = end
