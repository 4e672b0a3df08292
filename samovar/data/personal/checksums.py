"""Check digits of cards, accounts and registration numbers. Every function takes digits alone."""

from __future__ import annotations

_SNILS_UNCHECKED = 1_001_998


def luhn_holds(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban_holds(iban: str) -> bool:
    """Whether the letters and digits of ``iban`` are 1 modulo 97 (ISO 13616, ISO/IEC 7064)."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def inn_holds(digits: str) -> bool:
    """Whether a Russian taxpayer's number of 10 (organisation) or 12 digits (person) has its check digits.

    Source: order of the Federal Tax Service of 29.06.2012 N ММВ-7-6/435@, section I.
    """
    if len(digits) == 10:
        return _weighted(digits, (2, 4, 10, 3, 5, 9, 4, 6, 8)) == int(digits[9])
    if len(digits) == 12:
        first = _weighted(digits, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
        second = _weighted(digits, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
        return first == int(digits[10]) and second == int(digits[11])
    return False


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % 11 % 10


def snils_holds(digits: str) -> bool:
    """Whether the last two of 11 digits check a number of the Russian pension insurance above 001-001-998.

    Source: order of the Pension Fund of 31.07.2006 N 192п, on the account number.
    """
    if len(digits) != 11 or int(digits[:9]) <= _SNILS_UNCHECKED:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(range(9, 0, -1), digits[:9], strict=True))
    return total % 101 % 100 == int(digits[9:])


def ogrn_holds(digits: str) -> bool:
    """Whether 13 digits (organisation) or 15 (sole trader) end in the rest of the others by 11 or 13.

    Source: order of the Ministry of Finance of 30.10.2017 N 165н, on the structure of the number.
    """
    if len(digits) not in (13, 15):
        return False
    return int(digits[:-1]) % (len(digits) - 2) % 10 == int(digits[-1])


def account_holds(account: str, bik: str) -> bool:
    """Whether the control key of a Russian account of 20 digits holds in the bank with ``bik``, of 9 digits.

    A correspondent account is checked with '0' and the bank's 5th and 6th digits, any other with its last three.
    Source: Bank of Russia, order of calculating the control key, 08.09.1997 N 515.
    """
    is_correspondent = account.startswith("301") and account[17:] == bik[6:]
    head = "0" + bik[4:6] if is_correspondent else bik[6:]
    weights = (7, 1, 3) * 8
    return sum(weight * int(digit) for weight, digit in zip(weights, head + account, strict=False)) % 10 == 0
