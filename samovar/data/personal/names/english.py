"""Finds names in Latin letters: by lists of names, titles and the words that stand before a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from samovar.data.personal.finding import Finding, Page
from samovar.data.personal.names.gazetteer import (
    NO_NAMES,
    OF_PLACES,
    ORDINARY,
    PLACES,
    THINGS,
    first_names,
    last_names,
)
from samovar.data.personal.names.part import NamePart, Role

_UPPER = "A-ZÀ-ÖØ-ÞŠŽČŁŚŐŰĆĐŇŘŤÚŮÝĚĎ"
_LOWER = "a-zß-öø-ÿšžčłśőűćđňřťůěďąęłńóśźżğışăâîșțœ"
_MOST_WORDS = 5
_LONGEST_RUN = 64
_LEAST = 0.6
_BEFORE, _AFTER = 28, 24


@cache
def _token() -> re.Pattern[str]:
    word = (
        rf"[{_UPPER}]['’][{_UPPER}][{_LOWER}]+|(?:Mc|Mac|De|Di|La|Le|"
        rf"Van)?[{_UPPER}][{_LOWER}]+(?:[-–][{_UPPER}][{_LOWER}]+)?"
    )
    initial = rf"[{_UPPER}]\.|[{_UPPER}](?= [{_UPPER}][{_LOWER}])"
    particle = r"(?:van|von|der|den|de|da|do|dos|del|della|di|du|la|le|bin|ibn|al|el|ter|ten|zu)(?= )"
    return re.compile(
        rf"(?=[{_UPPER}abdeiltvz])(?<![\w@./-])(?<![\w]['’])(?:{word}|{initial}|{particle})(?![\w@]|['’](?!s\b)[\w]|\.[\w])"
    )


@cache
def _title() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?<!\w)(?:mr|mrs|ms|miss|mx|dr|prof|professor|sir|madam|mister|lord|lady|rev|reverend|father|sister|"
        r"brother|sgt|capt|"
        r"captain|lt|col|colonel|gen|hon|judge|senator|president|aunt|uncle|doctor|detective|officer|agent|herr|"
        r"frau|señor|señora|"
        r"monsieur|madame)\.? \Z"
    )


@cache
def _cue() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:\bname(?:'s|’s| is|:| was)|\bi am|\bi'm|\bi’m|\bthis is|\bsigned(?: by)?:?|\bsincerely,|\bregards,|"
        r"\bcheers,|\bdear|"
        r"\bhi|\bhello|\bhey|\battn:?|\bcontact:?|\bcalled|\bnamed|\bmeet|\bfrom:|\bto:|\bauthor:?|\bpatient:?|"
        r"\bclient:?|\bemployee:?|"
        r"\bby)[ \n]{1,2}\Z"
    )


@cache
def _naming() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:\bname(?:'s|’s| is|:)|\bnamed|\bsigned by|\bsigned:|\bpatient:|\bemployee:|\bauthor:) \Z"
    )


@cache
def _place_before() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:\b(?:san|santa|saint|st\.|mount|mt\.|new|fort|port|lake|los|las|el|north|south|east|west|city of|"
        r"town of|university of|"
        r"state of|capital of|[0-9]+[a-z]?) |[0-9] )\Z"
    )


@cache
def _place_after() -> re.Pattern[str]:
    return re.compile(
        r"\A(?:,? (?:Ltd|Inc|LLC|Corp|Co|GmbH|AG|Plc|PLC|Limited|Group|Bank|Company|University|College|Institute|"
        r"School|Hospital|"
        r"Street|St|Avenue|Ave|Road|Rd|Drive|Lane|Ln|Boulevard|Blvd|Court|Place|Square|Terrace|Way|Highway|Park|"
        r"Bridge|Airport|"
        r"Station|County|Island|River|Lake|Valley|Beach|Hall|Hotel|Museum|Church|Cathedral|Foundation|Award|"
        r"Prize)\b|,? (?:[A-Z]{2} )?[0-9])"
    )


class _Token(NamedTuple):
    start: int
    end: int
    written: str

    @property
    def lower(self) -> str:
        return self.written.lower()

    @property
    def is_initial(self) -> bool:
        return len(self.written.rstrip(".")) == 1

    @property
    def is_particle(self) -> bool:
        return self.written[0].islower()

    @property
    def halves(self) -> list[str]:
        return re.split("[-–]", self.lower)


def find_english(page: Page) -> Iterator[Finding]:
    """The names in Latin letters. A surname met in a full name is known where it stands alone."""
    runs = [run for run in _runs(page.text) if not all(token.is_particle for token in run)]
    known: dict[str, Role] = {}
    # The longer first: they tell what a word is that stands alone elsewhere.
    for run in sorted(runs, key=len, reverse=True):
        found = _judge(page, run, known)
        if found:
            finding = _finding(page, found, known)
            known |= {part.lemma: part.role for part in finding.parts if part.role != "initial"}
            yield finding


def _runs(text: str) -> Iterator[list[_Token]]:
    """Words that may belong to one name: side by side on one line."""
    run: list[_Token] = []
    for match in _token().finditer(text):
        token = _Token(*match.span(), match.group())
        if run and (
            len(run) == _LONGEST_RUN
            or text[run[-1].end : token.start] != " "
            or (token.is_particle and run[-1].is_particle and len(run) == 1)
        ):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _judge(page: Page, run: Sequence[_Token], known: Mapping[str, Role]) -> list[_Token]:
    """The words of ``run`` that are a name."""
    tokens = list(run)
    while tokens and (tokens[-1].is_particle or _starts_no_name(page, tokens[0]) or tokens[0].is_particle):
        if tokens[-1].is_particle:
            tokens.pop()
        else:
            tokens.pop(0)
    if not tokens:
        return []
    for at, token in enumerate(tokens[1:], 1):
        if token.lower in NO_NAMES and not token.is_particle:
            # John Smith Street and Smith Group are no persons.
            return [] if token.lower in THINGS else _judge(page, tokens[:at], known)
    if len(tokens) > _MOST_WORDS or tokens[0].lower in OF_PLACES:
        return []
    return tokens if _is_name(page, tokens, known) else []


def _starts_no_name(page: Page, token: _Token) -> bool:
    return token.lower in NO_NAMES and not token.is_initial and not token.is_particle


def _is_name(page: Page, tokens: Sequence[_Token], known: Mapping[str, Role]) -> bool:
    words = [token for token in tokens if not token.is_initial and not token.is_particle]
    if not words:
        return False
    before = page.text[max(0, tokens[0].start - _BEFORE) : tokens[0].start]
    # The words tell more often than what is around, and are looked up faster.
    evidence = sum(_evidence(page, token, known) for token in words)
    is_told = _is_enough(evidence, words, tokens, before)
    is_titled = not is_told and (_title().search(before) or _naming().search(before))
    if not is_told and not is_titled:
        is_expected = evidence > 0.3 or (len(words) >= 2 and evidence >= 0)
        if not is_expected or not _cue().search(before):
            return False
    after = page.text[tokens[-1].end : tokens[-1].end + _AFTER]
    if _place_after().match(after):
        return False
    return bool(is_titled or not _place_before().search(before) or _title().search(before))


def _is_enough(evidence: float, words: Sequence[_Token], tokens: Sequence[_Token], before: str) -> bool:
    """Whether the words are a name whatever stands before them."""
    if len(words) > 1:
        return evidence >= _LEAST
    if len(tokens) > 1:  # J. Smith, John D.
        return evidence >= 0.5 or (len(tokens) > 2 and evidence > 0)
    return evidence >= (1.0 if _is_sentence_start(before) else 0.8)


def _evidence(page: Page, token: _Token, known: Mapping[str, Role]) -> float:
    """How much a word looks like a name; below 0 where it is rather something else."""
    lower = token.lower
    if lower in known:
        return 1.0
    is_first = any(half in first_names() for half in token.halves)
    is_last = any(half in last_names() for half in token.halves)
    if lower in page.lower_words:
        return -0.5
    if lower in ORDINARY:
        return 0.4 if is_first and is_last else 0.2 if is_first or is_last else -0.5
    if lower in PLACES:
        return 0.3
    if is_first or is_last:
        # What one country alone lists is often a word in English: Server, Skip.
        num_lists = max(first_names().get(half, 0) + last_names().get(half, 0) for half in token.halves)
        return (1.0 if is_first else 0.8) if num_lists > 1 else 0.6
    return 0.05


def _is_sentence_start(before: str) -> bool:
    stripped = before.rstrip(" \t\"'“‘(-–—*>")
    return not stripped or stripped[-1] in ".!?…\n:;|"


def _finding(page: Page, tokens: Sequence[_Token], known: Mapping[str, Role]) -> Finding:
    before = page.text[max(0, tokens[0].start - _BEFORE) : tokens[0].start]
    words = [token for token in tokens if not token.is_initial and not token.is_particle]
    parts = []
    for token in tokens:
        lemma = token.lower.rstrip(".")
        if token.is_particle:
            continue
        if token.is_initial:
            parts.append(NamePart(token.start, token.end, "initial", lemma, "en"))
        else:
            role: Role = "surname" if token is words[-1] and len(tokens) > 1 else "first"
            if len(tokens) == 1:
                is_last = lemma in last_names() and (lemma not in first_names() or _title().search(before) is not None)
                role = known.get(lemma, "surname" if is_last or lemma not in first_names() else "first")
            parts.append(NamePart(token.start, token.end, role, lemma, "en"))
    certainty = 0.85 if len(words) > 1 else 0.6
    canonical = " ".join(part.lemma for part in parts)
    return Finding(tokens[0].start, tokens[-1].end, "person", certainty, canonical, tuple(parts))
