"""Thresholds of the rules by language, as published.

English: Gopher (Rae et al. 2021, arXiv:2112.11446, appendix A.1 and table A1) and FineWeb (Penedo et al. 2024,
arXiv:2406.17557, section 3.6). The others: FineWeb-2 (Penedo et al. 2025, arXiv:2506.20920), its published
configurations rus_Cyrl, ukr_Cyrl, bel_Cyrl and kaz_Cyrl, which fit the same rules to each language: they have no rules
on short lines and on characters in repeated lines and paragraphs, and allow a tenth of repeated characters in lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

Bounds = dict[str, float | None]

_TOP = ("top_2_words", "top_3_words", "top_4_words")
_REPEATED = tuple(f"repeated_{n}_words" for n in (5, 6, 7, 8, 9, 10))


class Profile(NamedTuple):
    """The bounds of a language by the names of settings, and the words that any text in it has."""

    bounds: Bounds
    stop_words: frozenset[str]


def _fineweb_2(
    *,
    lines: float,
    top: tuple[float, ...],
    repeated: tuple[float, ...],
    punctuated: float,
    line_ends: float,
    longest: float,
    with_letters: float,
    stop_words: str,
) -> Profile:
    changed: Bounds = {
        "repeated_lines": lines,
        "repeated_line_characters": None,
        "repeated_paragraphs": None,
        "repeated_paragraph_characters": None,
        "max_mean_word_characters": longest,
        "min_words_with_letters": with_letters,
        "min_punctuated_lines": punctuated,
        "max_short_lines": None,
        "max_repeated_characters": 0.1,
        "max_line_ends_a_word": line_ends,
    }
    changed |= dict(zip(_TOP, top, strict=True)) | dict(zip(_REPEATED, repeated, strict=True))
    return Profile(_ENGLISH.bounds | changed, frozenset(stop_words.split()))


_ENGLISH = Profile(
    {
        "repeated_lines": 0.30,
        "repeated_line_characters": 0.20,
        "repeated_paragraphs": 0.30,
        "repeated_paragraph_characters": 0.20,
        **dict(zip(_TOP, (0.20, 0.18, 0.16), strict=True)),
        **dict(zip(_REPEATED, (0.15, 0.14, 0.13, 0.12, 0.11, 0.10), strict=True)),
        "min_words": 50,
        "max_words": 100_000,
        "min_mean_word_characters": 3,
        "max_mean_word_characters": 10,
        "max_hashes_a_word": 0.1,
        "max_ellipses_a_word": 0.1,
        "max_bullet_lines": 0.9,
        "max_ellipsis_lines": 0.3,
        "min_words_with_letters": 0.8,
        "min_stop_words": 2,
        "min_punctuated_lines": 0.12,
        "max_short_lines": 0.67,
        "max_repeated_characters": 0.01,
        "max_line_ends_a_word": 0.3,
    },
    frozenset({"the", "be", "to", "of", "and", "that", "have", "with"}),
)

PROFILES: Mapping[str, Profile] = {
    "en": _ENGLISH,
    "ru": _fineweb_2(
        lines=0.322,
        top=(0.184, 0.164, 0.146),
        repeated=(0.168, 0.156, 0.145, 0.133, 0.121, 0.109),
        punctuated=0.231,
        line_ends=0.139,
        longest=11,
        with_letters=0.713,
        stop_words="в и на с года по году из был к не от что за для его как а он также до после",
    ),
    "uk": _fineweb_2(
        lines=0.3,
        top=(0.189, 0.172, 0.153),
        repeated=(0.16, 0.148, 0.136, 0.124, 0.113, 0.102),
        punctuated=0.167,
        line_ends=0.175,
        longest=11,
        with_letters=0.694,
        stop_words="у в на і з та до року за що",
    ),
    "be": _fineweb_2(
        lines=0.261,
        top=(0.196, 0.153, 0.135),
        repeated=(0.124, 0.116, 0.103, 0.094, 0.084, 0.075),
        punctuated=0.143,
        line_ends=0.216,
        longest=11,
        with_letters=0.72,
        stop_words="і у ў з на года да годзе па ад за быў не што г. для таксама а яго як вобласці пасля",
    ),
    "kk": _fineweb_2(
        lines=0.304,
        top=(0.172, 0.147, 0.127),
        repeated=(0.159, 0.148, 0.136, 0.126, 0.115, 0.104),
        punctuated=0.176,
        line_ends=0.186,
        longest=12,
        with_letters=0.694,
        stop_words="және су бойынша мен жылы коды өзен орналасқан мәліметтер жер бұл саны тұрғындарының адамды оның "
        "болып алып мемлекеттік құрайды жаңа ол гз бар жатқан",
    ),
}

_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_SCRIPT_SAMPLE_CHARACTERS = 256


def language_of(meta: Mapping[str, str], text: str) -> str:
    """The language whose profile suits: the one the language step found, else by script, ru for Cyrillic and else en.

    A language without a profile gives "", so that rules which need to know it can pass.
    """
    if language := meta.get("language"):
        return language if language in PROFILES else ""
    middle = max(0, len(text) // 2 - _SCRIPT_SAMPLE_CHARACTERS // 2)
    sample = text[:_SCRIPT_SAMPLE_CHARACTERS] + text[middle : middle + _SCRIPT_SAMPLE_CHARACTERS]
    return "ru" if len(_CYRILLIC.findall(sample)) > len(_LATIN.findall(sample)) else "en"


def bounds_for(language: str, settings: Any) -> Bounds:
    """The bounds for a language: those that ``settings`` set, else the profile's.

    A language without a profile gets English's, without the rule on stop words.
    """
    bounds = PROFILES[language].bounds if language else _ENGLISH.bounds | {"min_stop_words": None}
    return {name: bound if (own := getattr(settings, name, None)) is None else own for name, bound in bounds.items()}
