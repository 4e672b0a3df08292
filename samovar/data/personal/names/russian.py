"""Finds Russian names: surname, first name, patronymic and initials in the orders in which people write them.

The words are told by a morphological dictionary, must agree in case, and of one word alone the context decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from samovar.data.personal.finding import Finding, Page
from samovar.data.personal.names.morphology import Reading, Word, look_up
from samovar.data.personal.names.part import NamePart, Role

_ROLES: dict[str, Role] = {"S": "surname", "F": "first", "P": "patronymic"}
# I is an initial. The longest and most certain first.
_TEMPLATES = ("SFP", "FPS", "SII", "IIS", "FIS", "FP", "SF", "FS", "SI", "IS", "F", "S", "P")
_CERTAINTY = {"SFP": 0.99, "FPS": 0.99, "SII": 0.97, "IIS": 0.97, "FIS": 0.95, "FP": 0.95, "SF": 0.9, "FS": 0.9}
_MOST_WORDS = 3
_BARE_FIRST, _BARE_SURNAME = 0.35, 0.5
_GAP = re.compile(r"[ \u00a0]{1,2}\Z")


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w-])(?:[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?|[А-ЯЁ]{2,}(?:-[А-ЯЁ]{2,})?)(?![\w]|-[а-яё])|"
        r"(?<![\w-])[А-ЯЁ]\.(?!\w{2,}\.)"
    )


@cache
def _place_before() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:\b(?:ул|пр|пр-т|пер|пл|наб|ш|б-р|бул|г|гор|с|д|дер|пос|пгт|ст|обл|р-н|мкр|им|оз|р|о|о-в)\.|"
        r"\b(?:улиц\w+|проспект\w*|переул\w+|площад\w+|набережн\w+|шоссе|бульвар\w*|город\w*|сел[оеа]|деревн\w+|"
        r"посёл\w+|посел\w+|"
        r"станци\w+|станиц\w+|метро|район\w*|област\w+|имени|остров\w*|гор[аыеу]|рек[аиеу]|озер\w+|музе\w+|театр\w*|"
        r"премия|премии|"
        r"завод\w*|фабрик\w+|ООО|АО|ОАО|ЗАО|ПАО|ИП «))[ \u00a0]?[«\"]?\Z"
    )


@cache
def _title_before() -> re.Pattern[str]:
    return re.compile(
        r"(?i)\b(?:г-н\w*|г-ж\w*|гр\.|гр-н\w*|гр-к\w*|господин\w*|госпож\w+|гражданин\w*|гражданк\w+|товарищ\w*|"
        r"тов\.|мистер\w*|"
        r"директор\w*|бухгалтер\w*|менеджер\w*|доктор\w*|профессор\w*|инженер\w*|юрист\w*|адвокат\w*|судь[яиеёй]\w*|"
        r"нотариус\w*|"
        r"капитан\w*|майор\w*|полковник\w*|лейтенант\w*|врач\w*|учител\w+|уважаем\w+|дорог\w+|ИП)[ \u00a0]\Z"
    )


class _Token(NamedTuple):
    start: int
    end: int
    written: str
    is_initial: bool


class _Match(NamedTuple):
    template: str
    readings: tuple[Reading | None, ...]


def find_russian(page: Page) -> Iterator[Finding]:
    """The Russian names of a page. A surname met in a full name is known where it stands alone, in any case."""
    runs = list(_runs(page.text))
    known: set[str] = set()
    alone: list[_Token] = []
    for run in runs:
        at = 0
        while at < len(run):
            match = _match(page, run[at : at + _MOST_WORDS], known) if len(run) - at > 1 or run[at].is_initial else None
            if match is None:
                alone.append(run[at])
                at += 1
                continue
            tokens = run[at : at + len(match.template)]
            known |= {reading.lemma for reading in match.readings if reading and reading.role == "surname"}
            yield _finding(tokens, match)
            at += len(tokens)
    for token in alone:
        single = None if token.is_initial else _match_alone(page, token, known)
        if single:
            yield _finding([token], single)


def _runs(text: str) -> Iterator[list[_Token]]:
    """Capitalised words and initials that stand side by side."""
    run: list[_Token] = []
    for match in _token().finditer(text):
        token = _Token(*match.span(), match.group(), match.group().endswith("."))
        if run and not _is_beside(text, run[-1], token):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _is_beside(text: str, left: _Token, right: _Token) -> bool:
    between = text[left.end : right.start]
    return (not between and left.is_initial) or _GAP.match(between) is not None


def _match(page: Page, tokens: Sequence[_Token], known: set[str]) -> _Match | None:
    for template in _TEMPLATES:
        if len(template) < 2 or len(template) > len(tokens):
            continue
        part = tokens[: len(template)]
        if any((mark == "I") != token.is_initial for mark, token in zip(template, part, strict=True)):
            continue
        match = _fit(page, template, part, known)
        if match:
            return match
    return None


def _fit(page: Page, template: str, tokens: Sequence[_Token], known: set[str]) -> _Match | None:
    is_strong = "P" in template or "II" in template
    choices: list[tuple[Reading | None, ...]] = []
    for mark, token in zip(template, tokens, strict=True):
        if mark == "I":
            choices.append((None,))
            continue
        readings = _readings(page, token, mark, is_strong=is_strong)
        if not readings:
            return None
        choices.append(readings)
    if len({token.written.isupper() for token in tokens if not token.is_initial}) > 1 and not is_strong:
        return None  # ООО Иванов
    best = max(product(*choices), key=_agreement)
    agreement = _agreement(best)
    if agreement <= 0 and template in ("SF", "FS", "FP"):
        return None
    if template in ("SI", "IS") and not _is_surname(look_up(tokens[template.index("S")].written), best, known):
        return None
    if _place_before().search(page.text[max(0, tokens[0].start - 24) : tokens[0].start]):
        return None
    return _Match(template, best)


def _is_surname(word: Word, readings: Sequence[Reading | None], known: set[str]) -> bool:
    """Whether a word beside a single initial is more likely a surname than whatever else ends in 'А.'."""
    return word.share("surname") >= _BARE_SURNAME or any(one and one.lemma in known for one in readings)


def _readings(page: Page, token: _Token, mark: str, *, is_strong: bool) -> tuple[Reading, ...]:
    word = look_up(token.written)
    readings = word.of(_ROLES[mark])
    if readings or mark != "S":
        return readings
    is_common = word.is_known and not (
        is_strong and (word.is_noun or word.is_surname_shaped) and token.written.lower() not in page.lower_words
    )
    if is_common or _NO_SURNAME.match(token.written.lower()):
        return ()
    if not (is_strong or word.is_surname_shaped):
        return ()
    # A surname that the dictionary lacks: as written, in a case that fits any.
    return (Reading("surname", token.written.lower().replace("ё", "е"), "", "", True, 0.1),)


_NO_SURNAME = re.compile(
    r"(?:приложени|рисун|таблиц|пункт|стать|глав|раздел|част|том|лист|график|форм|схем|групп|класс|категори|вариант|"
    r"институт|"
    r"университет|договор|акт|приказ|заказчик|исполнител|директор|ул\Z|улиц|сторон|подпис|гражданин|гражданк|"
    r"господин|госпож|имени)"
)


def _agreement(readings: Sequence[Reading | None]) -> float:
    """How likely the readings are together; 0 where they contradict each other in case or gender."""
    likely, case, gender = 1.0, "", ""
    for reading in readings:
        if reading is None:
            continue
        if (case and reading.case and reading.case != case) or (
            gender
            and reading.gender
            and reading.gender != gender
            and not (reading.is_fixed and reading.gender == "masc")
        ):
            return 0.0
        case, gender = case or reading.case, gender or reading.gender
        likely *= reading.share + 1e-6
    return likely


def _match_alone(page: Page, token: _Token, known: set[str]) -> _Match | None:
    if token.written.isupper():
        return None
    word = look_up(token.written)
    if not word.readings:
        return None
    before = page.text[max(0, token.start - 24) : token.start]
    if _place_before().search(before):
        return None
    best = max(word.readings, key=lambda reading: (reading.lemma in known, reading.share))
    if best.role == "surname" and best.lemma in known:
        return _Match("S", (best,))
    if _title_before().search(before) and best.share > 0.1:
        return _Match(_mark(best), (best,))
    if token.written.lower() in page.lower_words:
        return None
    is_plain = not _is_sentence_start(before)
    share = word.share(best.role)
    if best.role == "surname":
        is_name = (share > _BARE_SURNAME and is_plain) or share > 0.9
    else:
        is_name = share > (0.2 if is_plain else _BARE_FIRST) and word.place_share < 0.3
    return _Match(_mark(best), (best,)) if is_name and word.is_known else None


def _mark(reading: Reading) -> str:
    return {"surname": "S", "first": "F", "patronymic": "P", "initial": "I"}[reading.role]


def _is_sentence_start(before: str) -> bool:
    stripped = before.rstrip(' \u00a0\t«"“(—–-')
    return not stripped or stripped[-1] in ".!?…\n:;*|>#"


def _finding(tokens: Sequence[_Token], match: _Match) -> Finding:
    told = [reading for reading in match.readings if reading]
    # A word that says nothing of case or gender has those of its neighbours.
    case = next((one.case for one in told if one.case and not one.is_fixed), next((one.case for one in told), ""))
    gender = next(
        (one.gender for one in told if one.gender and not one.is_fixed), next((one.gender for one in told), "")
    )
    parts = tuple(
        NamePart(token.start, token.end, "initial", token.written[0].lower(), gender=gender)
        if reading is None
        else NamePart(
            token.start, token.end, reading.role, reading.lemma, "ru", reading.gender or gender, case, reading.is_fixed
        )
        for token, reading in zip(tokens, match.readings, strict=True)
    )
    certainty = _CERTAINTY.get(match.template, 0.8 if len(tokens) > 1 else 0.6)
    canonical = " ".join(f"{part.role}:{part.lemma}" for part in sorted(parts, key=lambda part: part.role))
    return Finding(tokens[0].start, tokens[-1].end, "person", certainty, canonical, parts)
