"""The benchmark of personal data counts as it says, and its made-up values are what they claim to be."""

from __future__ import annotations

import re

from benchmarks.personal_data import Score, of_presidio, score, score_lines
from benchmarks.personal_documents import Document, russian_documents, secret_lines
from samovar.data.personal import checksums


def test_score_by_hand() -> None:
    documents = [Document("0123456789", ((0, 3, "email"), (5, 8, "phone"))), Document("01234", ((0, 2, "email"),))]
    found = [[(2, 4, "email"), (5, 6, "email")], [(3, 5, "email")]]
    scores = score(documents, found, ("email", "phone", "card"))
    assert scores == {"email": Score(2, 1, 3, 1), "phone": Score(1, 0, 0, 0)}
    assert scores["email"].row() == {"places": 2, "found": 3, "precision": 0.3333, "recall": 0.5}
    assert scores["phone"].row() == {"places": 1, "found": 0, "precision": None, "recall": 0.0}


def test_presidio_counts_from_its_usual_score_on() -> None:
    assert of_presidio([[(0, 3, "IP_ADDRESS", 0.6), (4, 9, "PHONE_NUMBER", 0.39)]]) == [[(0, 3, "ip")]]


def test_lines_by_hand() -> None:
    row = score_lines([True, True, False, False], [True, False, True, False])
    assert row == {"places": 2, "found": 2, "precision": 0.5, "recall": 0.5}


def test_made_up_values_have_right_check_digits() -> None:
    holds = {
        "inn": checksums.inn_holds,
        "ogrn": checksums.ogrn_holds,
        "snils": checksums.snils_holds,
        "card": checksums.luhn_holds,
    }
    seen = dict.fromkeys(holds, 0)
    for document in russian_documents(200, seed=2):
        for start, end, kind in document.spans:
            if kind in holds:
                seen[kind] += 1
                assert holds[kind](re.sub(r"\D", "", document.text[start:end])), document.text[start:end]
    assert all(count > 20 for count in seen.values())


def test_a_seed_gives_the_same_again() -> None:
    assert russian_documents(5, seed=1) == russian_documents(5, seed=1) != russian_documents(5, seed=2)
    lines = secret_lines(200, seed=1)
    assert lines == secret_lines(200, seed=1)
    assert 60 < sum(is_secret for _, is_secret in lines) < 140
