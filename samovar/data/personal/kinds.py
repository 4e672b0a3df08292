"""The kinds of personal and confidential data that are looked for."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal[
    "email",
    "phone",
    "ip",
    "card",
    "iban",
    "passport",
    "inn",
    "snils",
    "ogrn",
    "kpp",
    "bik",
    "account",
    "ssn",
    "plate",
    "secret",
    "address",
    "birth_date",
    "person",
]
"""ogrn: numbers of organisations and of sole traders; account: of a bank in Russia; ssn: of the USA's social security;
plate: of a Russian vehicle; secret: keys, tokens and passwords."""

KINDS: tuple[Kind, ...] = get_args(Kind)

OWN = "own"
"""The user's words and patterns."""

BY_LANGUAGE: frozenset[Kind] = frozenset({"address", "birth_date", "person"})
"""Told by words and not by shape or checksum: less certain, and kept unless asked for."""
