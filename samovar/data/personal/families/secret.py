"""Keys, tokens and passwords: by the prefixes of their services, by their form, or where a program assigns them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.finding import Detector, Finding, Page

# Each from the issuing service's own documentation of its token format.
_TOKENS = (
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # Amazon
    r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255}",  # GitHub
    r"gl(?:pat|ptt|dt|rt|cbt|soat)-[A-Za-z0-9_-]{20,64}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-[0-9]-[A-Za-z0-9-]{20,250}",  # Slack
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,128}|whsec_[A-Za-z0-9+/=]{24,128}",  # Stripe
    r"sk-(?:proj-|svcacct-|ant-[a-z0-9]{3,8}-|or-v1-)?[A-Za-z0-9_-]{20,200}",  # OpenAI, Anthropic, OpenRouter
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,255}|GOCSPX-[A-Za-z0-9_-]{28}",  # Google
    r"hf_[A-Za-z0-9]{30,64}",  # Hugging Face
    r"npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{50,255}",  # package registries
    r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",  # SendGrid
    r"(?:AC|SK)[0-9a-f]{32}|key-[0-9a-f]{32}",  # Twilio, Mailgun
    r"do[opr]_v1_[0-9a-f]{64}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|dckr_pat_[A-Za-z0-9_-]{20,64}",
    r"AQVN[A-Za-z0-9_-]{35,45}|t1\.[A-Za-z0-9_=-]{60,255}|y[0-6]_[A-Za-z0-9_-]{50,70}|vk1\.a\.[A-Za-z0-9_-]{60,255}",
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",  # Telegram's bots
    r"eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,4000}",  # JSON web tokens, RFC 7519
)
_GATE = (
    "AKIA|ASIA|ABIA|ACCA|gh[pousr]_|github_pat_|gl[a-z]{2,4}-|xox[a-z]-|xapp-|[a-z]k_live_|[a-z]k_test_|whsec_|sk-|"
    r"AIza|ya29\.|GOCSPX-|hf_|npm_|pypi-|SG\.|AC[0-9a-f]{32}|SK[0-9a-f]{32}|key-|do[a-z]_v1_|shp[a-z]{2}_|dckr_pat_|"
    r"AQVN|t1\.|y[0-6]_|vk1\.a\.|[0-9]{8}:AA|eyJ"
)

# Limits of detect-secrets' plugins for high entropy, in bits a character.
_BASE64_BITS, _HEX_BITS = 4.5, 3.0
_PASSWORD_BITS = 2.5
_LONG_VALUE = 20


@cache
def _token() -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_TOKENS)})(?![A-Za-z0-9_])")


def _find_tokens(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _token().finditer(page.text, start, end):
        # sk-learn-contrib-something is a name: a key mixes digits with letters of both cases.
        if any(character.isdigit() for character in match.group()) and _bits(match.group()) > _HEX_BITS:
            yield Finding(*match.span(), "secret", 0.97)


@cache
def _key_block() -> re.Pattern[str]:
    return re.compile(
        r"-----BEGIN ((?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?)-----[^-]{20,20000}(?:-----END \1-----)?"
        r"|PuTTY-User-Key-File-[0-9]:[^\n]*\n(?:[^\n]{1,200}\n){3,200}?Private-MAC: [0-9a-f]+"
    )


def _find_key_blocks(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _key_block().finditer(page.text, start, end):
        yield Finding(*match.span(), "secret", 0.99)


@cache
def _url_password() -> re.Pattern[str]:
    return re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"<>]{0,64}:([^\s@'\"<>/]{3,128})@[\w.-]{1,255}")


@cache
def _header() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\b(?:authorization['\"]?[ ]?[:=][ ]?['\"]?)(?:bearer|basic|token|api-key|oauth) +([\w.~+/=-]{12,4000})"
    )


@cache
def _assignment() -> re.Pattern[str]:
    name = (
        r"(?:passw(?:or)?d|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|"
        r"private[_-]?key|account[_-]?key|credential|client[_-]?secret|парол[ья]\w{0,2}|токен|"
        r"секретный ключ)(?:[_.-][\w.-]{0,20}|s|[0-9]{1,3})?"
    )
    value = r"(?:\"([^\"\s]{6,512})\"|'([^'\s]{6,512})'|([^\s'\"<>{}()\[\],;]{6,512})(?![(\[{<]))"
    return re.compile(rf"(?i){name}[\"'\]]{{0,2}}[ \t]*(?::=|=>|==?|:)[ \t]*[bfru]?{value}")


@cache
def _placeholder() -> re.Pattern[str]:
    return re.compile(
        r"(?i)x{3,}|\*{3,}|\.{3}|…|^[$%{<]|\$\{|\{\{|%[sd(]|your|example|change|placeholder|dummy|sample|insert|"
        r"redacted"
        r"|^(?:pass|none|null|true|false|undefined|string|required|optional|password|secret|token|секрет|пароль)|environ|"
        r"getenv|"
        r"^(?:self|os|settings|config|request|process|props|this|data|args)\.|://|\[[a-z]+(?: [a-z0-9]+)?\]"
    )


def _find_assignments(page: Page, start: int, end: int) -> Iterator[Finding]:
    for pattern in (_url_password(), _header()):
        for match in pattern.finditer(page.text, start, end):
            if not _placeholder().search(match.group(1)):
                yield Finding(*match.span(1), "secret", 0.9)
    for match in _assignment().finditer(page.text, start, end):
        group = next(number for number in (1, 2, 3) if match.group(number) is not None)
        value = match.group(group).rstrip(".") if group == 3 else match.group(group)
        if _is_secret(value, is_quoted=group < 3):
            yield Finding(match.start(group), match.start(group) + len(value), "secret", 0.85)


def _is_secret(value: str, *, is_quoted: bool) -> bool:
    """Whether what was assigned looks random, or, in quotes, like a password that someone chose."""
    if len(value) < 6 or _placeholder().search(value) or not value.isprintable():
        return False
    classes = sum(
        any(test(character) for character in value) for test in (str.isdigit, str.islower, str.isupper, _is_mark)
    )
    if re.fullmatch("[0-9a-fA-F]+", value) and len(value) >= _LONG_VALUE:
        return _bits(value) > _HEX_BITS
    if re.fullmatch(r"[\w+/=.~-]+", value) and len(value) >= _LONG_VALUE and classes >= 3:
        return _bits(value) > _BASE64_BITS or (_bits(value) > _PASSWORD_BITS + 1 and classes >= 3)
    # A word or a dotted name is how programs speak of the password, not the password.
    has_digit_or_mark = any(character.isdigit() or character in "!@#$%^&*?+" for character in value)
    return has_digit_or_mark and classes >= (2 if is_quoted else 3) and _bits(value) > _PASSWORD_BITS


def _is_mark(character: str) -> bool:
    return not character.isalnum()


def _bits(value: str) -> float:
    """Shannon's entropy of the characters of ``value``, in bits a character."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values())


DETECTORS = [
    Detector(("secret",), _GATE, _find_tokens),
    Detector(("secret",), "PRIVATE KEY|PuTTY-User-Key", _find_key_blocks, is_within_line=False),
    Detector(
        ("secret",),
        "://[^@\n]*@|(?i:authorization|pass|pwd|secret|token|key|credential|парол|токен|секретный ключ)",
        _find_assignments,
    ),
]
