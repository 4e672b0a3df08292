"""Personal data are found in the shapes people write, and numbers that are none are left alone."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.data.personal import luhn_holds, mask_personal

SHARED = Path(os.environ.get("SAMOVAR_DATA", Path(__file__).parents[3] / "shared" / "data"))

# Test numbers that payment systems publish.
CARDS = [
    "4111 1111 1111 1111",
    "4012-8888-8888-1881",
    "5555555555554444",
    "3782 822463 10005",
    "371449635398431",
    "30569309025904",
    "6011 1111 1111 1117",
    "3530111333300000",
    "2223 0031 2200 3222",
]
PHONES = [
    "+7 (495) 123-45-67",
    "+7 495 123 45 67",
    "+74951234567",
    "8 (800) 555-35-35",
    "8-800-555-35-35",
    "8 916 123 45 67",
    "89161234567",
    "8(4852)12-34-56",
    "(495) 123-45-67",
    "+375 29 123-45-67",
    "+44 20 7946 0958",
    "+1-212-555-0123",
    "+1.212.555.0123",
    "(212) 555-0123",
    "212-555-0123 x42",
    "+49 (0)30 901820",
    "00 33 1 23 45 67 89",
    "8 916 123–45–67",
]
EMAILS = [
    "ivan@example.org",
    "a.b+c@mail.example.co.uk",
    "иван@пример.рф",
    "x_1@sub-domain.example.com",
    "%x@example.org",
]
NEITHER = [
    "3.14159265358979",
    "+3.14159265358979",
    "2023-10-21 12:30:45",
    "21.10.2023",
    "192.168.100.200",
    "Python 3.11.7, 3.12.0",
    "978-3-16-148410-0",
    "0x1234567890",
    "1234567890",
    "1,234,567,890,123",
    "4111 1111 1111 1112",
    "10000000000000000",
    "99999999999",
    "9007199254740993",
    "1e-1000000000",
    "123456789012345678901234567890",
    "0.4111111111111111",
    "UTC+03:00 2024",
    "@property",
    "a @ b",
    "name@localhost",
    "query@key.transpose(0, 1)",
    "q@k.view(a.size(0), -1)",
    "ИНН 7707083893, ОГРН 1027700132195",
    "счёт 40702810500000012345",
    "f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "512 640 128 1024 2048 4096 77",
    "8 128 256 512 640",
    "3530 1113 3330 1200 15",
    "2**1000000000",
]


@pytest.mark.parametrize(("kind", "value"), [("card", v) for v in CARDS] + [("phone", v) for v in PHONES])
def test_numbers_are_masked(kind: str, value: str) -> None:
    assert mask_personal(f"Here: {value}, and on.") == (f"Here: [{kind}], and on.", Counter({kind: 1}))


@pytest.mark.parametrize("value", EMAILS)
def test_addresses_are_masked(value: str) -> None:
    assert mask_personal(f"<{value}>.") == ("<[email]>.", Counter({"email": 1}))


@pytest.mark.parametrize("value", NEITHER)
def test_other_numbers_are_left_alone(value: str) -> None:
    assert mask_personal(f"({value}) and so on") == (f"({value}) and so on", Counter())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("4111 1111 1111 1111 12/27", "[card] 12/27"),
        ("4111 1111 1111 1111 12-27", "[card] 12-27"),
        ("4111 1111 1111 1111 123", "[card] 123"),
        ("371449635398431 12/2027", "[card] 12/2027"),
        ("card:5555555555554444 0127", "card:[card] 0127"),
        ("8 (800) 555-35-35 24/7", "[phone] 24/7"),
        ("8 916 123-45-67 12", "[phone] 12"),
        ("(495) 123-45-67 9-18", "[phone] 9-18"),
        ("8 916 123-45-67 01.05.2024", "[phone] 01.05.2024"),
        ("тел.89161234567", "тел.[phone]"),
        ("тел.+7 916 123-45-67", "тел.[phone]"),
        ("tel:+1-212-555-0123", "tel:[phone]"),
        ("ivan@example.org(личный)", "[email](личный)"),
        ("ivan@example.org(", "[email]("),
    ],
)
def test_what_stands_beside_a_value_hides_nothing(text: str, masked: str) -> None:
    assert mask_personal(text)[0] == masked


def test_luhn_by_hand() -> None:
    assert luhn_holds("79927398713")  # the worked example of the standard's annex
    assert not luhn_holds("79927398710")


@given(st.text("0123456789 +-().@ab", max_size=60))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once, _ = mask_personal(text)
    assert mask_personal(once)[0] == once


def test_long_runs_take_linear_time() -> None:
    for text in ("a" * 2_000_000, "1" * 2_000_000, "1 " * 1_000_000, "a." * 1_000_000 + "@", "@" * 1_000_000):
        assert mask_personal(text)[0] == text
    assert mask_personal("a@b.cd(" * 100_000)[0] == "[email](" * 100_000


def test_generated_sentences_with_known_values() -> None:
    folder = SHARED / "presidio_pii"
    if not folder.is_dir():
        pytest.skip("no shared data here")
    with pa.input_stream(folder / "synth_dataset_v2.json.zst", compression="zstd") as stream:
        rows = json.loads(stream.read())
    found, wanted = Counter[str](), Counter[str]()
    for row in rows:
        masked, counts = mask_personal(row["full_text"])
        for span in row["spans"]:
            kind = {"EMAIL_ADDRESS": "email", "CREDIT_CARD": "card"}.get(span["entity_type"])
            if kind:
                wanted[kind] += 1
                found[kind] += span["entity_value"] not in masked
        assert not counts or row["spans"]
    assert found["email"] == wanted["email"]
    assert found["card"] > 0.8 * wanted["card"]
