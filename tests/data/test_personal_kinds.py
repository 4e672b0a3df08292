"""Each kind is found with its checksum and its words, look-alikes are left, and RE2 changes nothing but the speed."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.personal_documents import russian_documents
from samovar.data.personal import checksums
from samovar.data.personal.families import all_detectors
from samovar.data.personal.finder import PersonalFinder
from samovar.data.personal.finding import Finding, Page, without_overlaps
from samovar.data.personal.gate import Gate
from samovar.data.personal.kinds import KINDS

# Published by the organisations themselves: Sberbank's requisites; the example of ISO 13616; of the SNILS order.
SBERBANK = "ИНН 7707083893, КПП 773601001, ОГРН 1027700132195, БИК 044525225, к/с 30101810400000000225"


def found(text: str, kind: str) -> list[str]:
    return [text[one.start : one.end] for one in PersonalFinder([kind]).find(text)]


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        ("inn", SBERBANK, ["7707083893"]),
        ("kpp", SBERBANK, ["773601001"]),
        ("ogrn", SBERBANK, ["1027700132195"]),
        ("bik", SBERBANK, ["044525225"]),
        ("account", SBERBANK, ["30101810400000000225"]),
        ("kpp", "ИНН/КПП 7707083893/773601001", ["773601001"]),
        ("inn", "ИНН физического лица 500100732259.", ["500100732259"]),
        ("snils", "СНИЛС 112-233-445 95", ["112-233-445 95"]),
        ("snils", "СНИЛС: 11223344595", ["11223344595"]),
        ("iban", "IBAN GB82 WEST 1234 5698 7654 32 please", ["GB82 WEST 1234 5698 7654 32"]),
        ("iban", "to gb82west12345698765432.", ["gb82west12345698765432"]),
        ("passport", "паспорт серии 45 04 № 123456 выдан", ["45 04 № 123456"]),
        ("passport", "Загранпаспорт 71 № 1234567", ["71 № 1234567"]),
        ("passport", "код подразделения 770-001", ["770-001"]),
        ("passport", "Passport No: AB1234567", ["AB1234567"]),
        ("ip", "blocked address 93.184.216.34, and", ["93.184.216.34"]),
        ("ip", "host 2606:2800:220:1:248:1893:25c8:1946 is up", ["2606:2800:220:1:248:1893:25c8:1946"]),
        ("ssn", "her number 078-05-1120.", ["078-05-1120"]),
        ("plate", "видели А123ВС 77 у дома", ["А123ВС 77"]),
        ("plate", "госномер a123bc777", ["a123bc777"]),
        ("birth_date", "Иванов, 12.03.1980 г.р., житель", ["12.03.1980"]),
        ("birth_date", "She was born on May 5, 1990 in Leeds", ["May 5, 1990"]),
        ("card", "number 6304 2737 3398", []),
        ("card", "my card 630427373398", ["630427373398"]),
        ("card", "4012 8888 8888 1881 12/27", ["4012 8888 8888 1881"]),
        ("card", "card:4012888888881881 123", ["4012888888881881"]),
        ("phone", "value 785 8949 or", []),
        ("phone", "8 (495) 123-45-67 24/7", ["8 (495) 123-45-67"]),
        ("phone", "8 (495) 123-45-67 9-18", ["8 (495) 123-45-67"]),
        ("phone", "тел.+7 916 123-45-67, доб", ["+7 916 123-45-67"]),
        ("email", "ivan@example.org(личный)", ["ivan@example.org"]),
        ("phone", "call me at 020 7946 0958 now", ["020 7946 0958"]),
        ("address", "Адрес: 119021, г. Москва, ул. Льва Толстого, д. 16, кв. 3.", ["119021, г. Москва, ул. Льва "
                                                                                   "Толстого, д. 16, кв. 3"]),
        ("address", "на Невском проспекте, 28 открыт", ["Невском проспекте, 28"]),
        ("address", "Невский проспект, 28, оф. 5 открыт", ["Невский проспект, 28, оф. 5"]),
        ("address", "lives at 221 Baker Street, London now", ["221 Baker Street"]),
        ("address", "Hauptstraße 12 in Ulm", ["Hauptstraße 12"]),
        ("secret", "key AKIAIOSFODNN7EXAMPLE here", ["AKIAIOSFODNN7EXAMPLE"]),
        ("secret", 'password = "hunter2!x"', ["hunter2!x"]),
        ("secret", "postgres://bob:s3cr3tPw9@db/x", ["s3cr3tPw9"]),
        ("secret", "Authorization: Basic dXNlcjpwYXNzd29yZA==", ["dXNlcjpwYXNzd29yZA=="]),
    ],
)  # fmt: skip
def test_found(kind: str, text: str, values: list[str]) -> None:
    assert found(text, kind) == values


@pytest.mark.parametrize(
    "text",
    [
        "ИНН 7707083894",  # the check digit is wrong
        "заказ 7707083893",  # right, and not called an INN
        "КПП и артикул 1234567890123, код 770701001",  # another number stands between
        "версия 12.34.56.78",
        "п. 1.2.3.4 договора",
        "127.0.0.1, 10.0.0.1, 192.168.1.1, 0.0.0.0, 255.255.255.0",
        "Chrome/91.0.4472.124",
        "12:30:45 и std::max",
        "000-12-3456, 666-12-3456, 900-12-3456",
        "счёт на 4070281050000001235 рублей",
        "дата 12.03.2020, родители пришли",
        "password = os.environ['PASSWORD'], token = get_token(), secret: ${SECRET}",
        "tokenizer = GPT2Tokenizer.from_pretrained('gpt2')",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "GB82 WEST 1234 5698 7654 33",
        "улица Ленина, площадь Революции",
        "risk-free, task-oriented-programming-language-2000",
        "scores = q@k.transpose(0, 1)",
        "512 640 128 1024 2048 4096 77",
        "8 128 256 512 640",
        "3530 1113 3330 1200 15",
    ],
)
def test_left_alone(text: str) -> None:
    kinds = [kind for kind in KINDS if kind != "person"]
    assert [(one.kind, text[one.start : one.end]) for one in PersonalFinder(kinds).find(text)] == []


def test_private_key_is_found_whole() -> None:
    block = "-----BEGIN RSA PRIVATE KEY-----\n" + "QUJD" * 40 + "\n-----END RSA PRIVATE KEY-----"
    assert found(f"see\n{block}\nend", "secret") == [block]


@pytest.mark.parametrize("digits", ["7707083893", "7830002293", "500100732259"])
def test_a_changed_digit_breaks_an_inn(digits: str) -> None:
    assert checksums.inn_holds(digits)
    for at in range(len(digits)):
        for other in "0123456789":
            # Weights 4 and so on leave some changes of modulus 11 unseen only where the rest is 10, taken for 0.
            changed = digits[:at] + other + digits[at + 1 :]
            if checksums.inn_holds(changed) and changed != digits:
                assert _inn_rest_is_ten(digits) or _inn_rest_is_ten(changed)


def _inn_rest_is_ten(digits: str) -> bool:
    tables = {
        10: [(2, 4, 10, 3, 5, 9, 4, 6, 8)],
        12: [(7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)],
    }
    return any(sum(w * int(d) for w, d in zip(t, digits, strict=False)) % 11 == 10 for t in tables[len(digits)])


def test_account_key_by_hand() -> None:
    assert checksums.account_holds("40702810900000002453", "044030653") is (
        _by_hand("653", "40702810900000002453") == 0
    )
    assert checksums.account_holds("30101810400000000225", "044525225")
    assert not checksums.account_holds("30101810500000000225", "044525225")


def _by_hand(head: str, account: str) -> int:
    total = 0
    for at, digit in enumerate(head + account):
        total += int(digit) * [7, 1, 3][at % 3] % 10
    return total % 10


def test_the_longest_wins_and_nothing_overlaps() -> None:
    short, long, sure = Finding(0, 4, "a", 0.9), Finding(2, 9, "b", 0.5), Finding(2, 9, "c", 0.8)
    assert without_overlaps([short, long, sure, Finding(9, 10, "d", 0.1)]) == [sure, Finding(9, 10, "d", 0.1)]


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9), st.sampled_from("ab")), max_size=20))
def test_overlaps_are_settled_for_any_places(places: list[tuple[int, int, str]]) -> None:
    kept = without_overlaps(Finding(start, start + size, kind, 0.5) for start, size, kind in places)
    assert all(left.end <= right.start for left, right in pairwise(kept))
    covered = {at for one in kept for at in range(one.start, one.end)}
    for start, size, _ in places:
        assert size == 0 or covered.intersection(range(start, start + size))


PIECES = [document.text for document in russian_documents(40, seed=7)] + [
    "a@b.cd", "+7 916 123-45-67", "٠١٢٣٤٥٦٧٨٩٠١٢", "\ud800", "\U0001f600", "AKIAIOSFODNN7EXAMPLE", "\n", "1 ",
    "ул. ", "GB82",
]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=8))
def test_re2_changes_nothing(pieces: list[str]) -> None:
    pytest.importorskip("re2")
    text = "".join(pieces)
    assert FAST.find(text) == SLOW.find(text)


FAST, SLOW = PersonalFinder(KINDS), PersonalFinder(KINDS, uses_re2=False)


@pytest.mark.parametrize("detector", all_detectors(), ids=lambda one: "-".join(one.kinds))
def test_blocks_change_nothing(detector) -> None:  # type: ignore[no-untyped-def]
    long = "\n".join("слово " * 150 + text for text in PIECES[:25])
    finder = PersonalFinder(detector.kinds)
    whole = without_overlaps(one for other in all_detectors() if set(other.kinds) & set(detector.kinds)
                             for one in other.find(Page(long), 0, len(long)) if one.kind in detector.kinds)  # fmt: skip
    assert finder.find(long) == whole


def test_a_gate_without_re2_asks_everybody() -> None:
    assert Gate(["a", "b"], uses_re2=False).passes("") == (0, 1)


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_gives_places_within_it(text: str) -> None:
    for one in FAST.find(text):
        assert 0 <= one.start < one.end <= len(text)


def test_places_count_characters_whatever_stands_before() -> None:
    text = "😀𝔘ё\u0301 ivan@example.org ИНН 7707083893"
    assert [text[one.start : one.end] for one in FAST.find(text)] == ["ivan@example.org", "7707083893"]


def test_linear_time() -> None:
    finder = PersonalFinder(KINDS)
    for unit in (
        "a",
        "1",
        "1 ",
        "А",
        "А ",
        "Аб ",
        "a.",
        "://a:",
        "=",
        "token=",
        "ул. А ",
        "12 Abc ",
        "И.",
        "\n",
        "д. 1 ",
    ):
        finder.find(unit * (100_000 // len(unit)))


def test_generated_russian_documents() -> None:
    finder = PersonalFinder(KINDS)
    right, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    for document in russian_documents(150, seed=3):
        places = [(one.start, one.end, one.kind) for one in finder.find(document.text)]
        for span in document.spans:
            (right if any(map(partial(meet, span), places)) else missed)[span[2]] += 1
        for place in places:
            wrong[place[2]] += not any(map(partial(meet, place), document.spans))
    assert set(right) == set(KINDS) - {"iban", "ssn"}
    for kind in right:
        assert missed[kind] <= 0.03 * right[kind], kind
        assert wrong[kind] <= (0.25 if kind == "person" else 0.02) * right[kind], kind


def meet(left: tuple[int, int, str], right: tuple[int, int, str]) -> bool:
    return left[2] == right[2] and left[0] < right[1] and right[0] < left[1]
