"""Questions about a given passage: the sentence that holds the answer, quoted, and a short answer from it.

    Ищу: Анна.
    > Анна приехала в Казань во вторник.
    Ответ: во вторник.

About one question in six has no answer in the passage, and the right reply says so. What is named in the question comes
first, then the quote, because a small model then does in steps what it cannot do at once: of two sentences of one kind,
which is about whom, it hardly ever knows, and copies the name without fail. The engine holds the quote to it where
quotes are verbatim (``engine/quotes.py``). All start with a space, so that their tokens are those of the passage.

Splits: the asked fact with all its values (person, town, day…) belongs to one split by its hash. Half of the test
passages moreover ask about names of people, pets, towns or streets that no training passage of this task has.

Training differs from the test. Half of its passages have made-up names: a short list would be learnt, not
copied. A passage is asked about more than once, and may be of one or two sentences, which gives more to learn from each
token read. A fifth of its questions have no answer, which is the last thing that is learnt. The test asks one question
of a fresh passage.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from samovar.chat.conversation import Message
from samovar.tasks.passages import english, russian
from samovar.tasks.passages.domain import Ask, Domain, Drawer, Drawn, Fact, Names, Pool, fields_of, forms_of
from samovar.tasks.task import Example, Split, Task, assistant, final_text, split_of, user

_UNANSWERABLE_SHARE: Mapping[Split, float] = {"train": 0.2, "test": 0.17}
_NUM_SENTENCES: Mapping[Split, tuple[int, ...]] = {"train": (1, 2, 2, 3, 3, 4, 5, 6), "test": (3, 4, 4, 5, 5, 6, 6, 7)}
_ABSENT_SUBJECT_SHARE = 0.25
_NOVEL_SHARE = 0.5
_INVENTED_SHARE = 0.5
_EARLIER_QUESTIONS = (1, 2, 3, 4)
_RIVAL_SHARE = 0.75
_LINES_SHARE = 0.15
_MAX_ANSWER_WORDS = 14


@dataclass(frozen=True, slots=True)
class _Language:
    domains: tuple[Domain, ...]
    pools: Mapping[str, Pool]
    layouts: tuple[str, ...]
    sought_label: str
    answer_label: str
    not_in_text: str
    max_passage_chars: int


_LANGUAGES = {
    "en": _Language(
        english.DOMAINS,
        english.POOLS,
        (
            "Text: {passage}\n\nQuestion: {question}",
            "Text: {passage}\n{question}",
            "Read the text and answer the question.\n\nText: {passage}\n\n{question}",
            "Here is a text: {passage}\n\nAnswer from the text: {question}",
            "{passage}\n\n{question}",
            "Question: {question}\n\nText: {passage}",
            "{question}\n\nText: {passage}",
            "Find the answer in the text. {question}\n\nText: {passage}",
            "Answer from the text: {question}\n\n{passage}",
        ),
        "Looking for:",
        "Answer:",
        "The text does not say.",
        430,
    ),
    "ru": _Language(
        russian.DOMAINS,
        russian.POOLS,
        (
            "Текст: {passage}\n\nВопрос: {question}",
            "Текст: {passage}\n{question}",
            "Прочитай текст и ответь на вопрос.\n\nТекст: {passage}\n\n{question}",
            "Вот текст: {passage}\n\nОтветь по тексту: {question}",
            "{passage}\n\n{question}",
            "Вопрос: {question}\n\nТекст: {passage}",
            "{question}\n\nТекст: {passage}",
            "Найди ответ в тексте. {question}\n\nТекст: {passage}",
            "Ответь по тексту: {question}\n\n{passage}",
        ),
        "Ищу:",
        "Ответ:",
        "В тексте этого нет.",
        340,
    ),
}


@dataclass(frozen=True, slots=True)
class _Statement:
    """A fact with a value in each slot."""

    fact: Fact
    values: Mapping[str, Any]
    has_novel: bool

    def say(self, template: str) -> str:
        text = template.format(**self.values)
        return text[:1].upper() + text[1:]


class _Turn(NamedTuple):
    """A question and the right reply."""

    question: str
    reply: str


def _turn(rng: random.Random, language: _Language, statement: _Statement, ask: Ask, quote: str | None) -> _Turn:
    """Ask for a slot of a fact; ``quote`` is the sentence that states it, None when none does."""
    template = rng.choice(ask.questions)
    question = statement.say(template)
    sought = ", ".join(field.format(**statement.values) for field in fields_of(template))
    head = f"{language.sought_label} {sought}.\n" if sought else ""
    if quote is None:
        return _Turn(question, head + language.not_in_text)
    return _Turn(question, f"{head}> {quote}\n{language.answer_label} {ask.answer.format(**statement.values)}.")


class PassageQuestions(Task):
    """A passage of made-up facts and a question about one of them."""

    name: ClassVar[str] = "passage_questions"

    def draw(self, rng: random.Random, split: Split, language: str) -> Example:
        """Choose what is asked, then build a passage round it."""
        tongue = _LANGUAGES[language]
        scene = _Scene(rng, split, tongue)
        ask = rng.choice(scene.asked.fact.asks)
        is_answerable = rng.random() >= _UNANSWERABLE_SHARE[split]
        quote = scene.asked.say(rng.choice(ask.sentences)) if is_answerable else None
        passage = scene.passage(quote)
        turns = scene.earlier_questions(rng.choice(_EARLIER_QUESTIONS)) if split == "train" else []
        turns.append(_turn(rng, tongue, scene.asked, ask, quote))
        first = rng.choice(tongue.layouts).format(passage=passage, question=turns[0].question)
        messages = [message for turn in turns for message in (user(turn.question), assistant(turn.reply))]
        check = {"passage": passage, "accept": scene.accepted(ask) if quote else [], "reject": scene.rejected(ask)}
        return Example(self.name, language, (user(first), *messages[1:-1]), (messages[-1],), check)

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """1 for the right short answer, if what is quoted stands in the passage and holds the answer."""
        tongue = _LANGUAGES[example.language]
        quotes, answer = _parts(final_text(completion), tongue)
        says_absent = _holds(answer, tongue.not_in_text)
        accept = example.check["accept"]
        if not accept:
            return float(says_absent and not quotes and len(_words(answer)) <= _MAX_ANSWER_WORDS)
        is_right = (
            not says_absent
            and 0 < len(_words(answer)) <= _MAX_ANSWER_WORDS
            and _holds_all(answer, accept)
            and not any(_holds(answer, form) for form in example.check["reject"])
            and all(quote in example.check["passage"] and _holds_all(quote, accept) for quote in quotes)
        )
        return float(is_right)


class _Scene:
    """Subjects, the fact that is asked for, and the other facts of a passage."""

    def __init__(self, rng: random.Random, split: Split, language: _Language) -> None:
        self._rng, self._split, self._language = rng, split, language
        unusual: Names = "held_out" if split == "test" else "invented"
        share = _NOVEL_SHARE if split == "test" else _INVENTED_SHARE
        names: Names = unusual if rng.random() < share else "known"
        while True:
            self._start(names)
            if self.asked.has_novel if names == "held_out" else self._belongs(self.asked):
                break
        self._stated: list[tuple[_Statement, str]] = []
        """The facts of the passage beside the asked one, with the template that says each."""
        self._unstated: list[tuple[Fact, Drawn]] = []

    def _start(self, names: Names) -> None:
        rng = self._rng
        self._domain = rng.choice(self._language.domains)
        self._drawer = Drawer(rng, self._domain, self._language.pools, names)
        self._subjects = [self._drawer.draw(self._domain.subject) for _ in range(rng.choice((2, 2, 2, 3)))]
        self.asked = self._state(rng.choice(self._domain.facts), self._subjects[0])

    def _belongs(self, statement: _Statement) -> bool:
        """Whether this split may ask for it; a fact about the whole passage goes with the passage's subjects."""
        values = [str(value) for _, value in sorted(statement.values.items())]
        if not self._domain.is_about_subject(statement.fact):
            values += sorted(str(subject.value) for subject in self._subjects)
        return split_of("|".join((self._domain.name, statement.fact.says[0], *values))) == self._split

    def _state(self, fact: Fact, subject: Drawn) -> _Statement:
        own = self._domain.subject
        drawn = {slot: subject if slot == own else self._drawer.draw(slot) for slot in fact.slots}
        values = {slot: item.value for slot, item in drawn.items()}
        return _Statement(fact, values, any(item.is_novel for item in drawn.values()))

    def passage(self, quote: str | None) -> str:
        """The quoted sentence, where there is one, among others, in a random order."""
        rng = self._rng
        sentences = [quote] if quote else []
        room = self._language.max_passage_chars - len(quote or "")
        count = rng.choice(_NUM_SENTENCES[self._split]) - len(sentences)
        others = self._others(is_asked_stated=quote is not None)
        for number, (fact, subject) in enumerate(others[:count]):
            statement = self._state(fact, subject)
            template = rng.choice(fact.says)
            text = statement.say(template)
            room -= len(text) + 1
            if room < 0:
                count = number + 1
                break
            sentences.append(text)
            self._stated.append((statement, template))
        self._unstated = others[count:]
        rng.shuffle(sentences)
        return ("\n" if rng.random() < _LINES_SHARE else " ").join(sentences)

    def earlier_questions(self, count: int) -> list[_Turn]:
        """Up to ``count`` questions about what else the passage states, or does not."""
        rng = self._rng
        stated = rng.sample(self._stated, len(self._stated))
        turns: list[_Turn] = []
        while len(turns) < count and (stated or self._unstated):
            if self._unstated and (not stated or rng.random() < _UNANSWERABLE_SHARE[self._split]):
                fact, subject = self._unstated.pop()
                statement, quote, asks = self._state(fact, subject), None, fact.asks
            else:
                statement, template = stated.pop()
                quote = statement.say(template)
                asks = tuple(ask for ask in statement.fact.asks if template in ask.sentences)
            if asks and self._belongs(statement):
                turns.append(_turn(rng, self._language, statement, rng.choice(asks), quote))
        return turns

    def _others(self, *, is_asked_stated: bool) -> list[tuple[Fact, Drawn]]:
        """Facts beside the asked one, the most misleading ones first: of the same kind, or about the same subject."""
        rng, domain, asked = self._rng, self._domain, self.asked.fact
        hero = self._subjects[0]
        pairs = [(fact, who) for fact in domain.facts if domain.is_about_subject(fact) for who in self._subjects]
        pairs += [(fact, hero) for fact in domain.facts if not domain.is_about_subject(fact)]
        pairs = [pair for pair in pairs if pair[0] is not asked or pair[1] is not hero]
        if not is_asked_stated and domain.is_about_subject(asked) and rng.random() < _ABSENT_SUBJECT_SHARE:
            pairs = [pair for pair in pairs if pair[1] is not hero or not domain.is_about_subject(pair[0])]
        rng.shuffle(pairs)
        first = [next((pair for pair in pairs if pair[0] is asked), None)] if rng.random() < _RIVAL_SHARE else []
        first += [next((pair for pair in pairs if pair[1] is hero and pair[0] is not asked), None)]
        chosen = [pair for pair in first if pair is not None]
        return chosen + [pair for pair in pairs if not any(pair is other for other in chosen)]

    def accepted(self, ask: Ask) -> list[list[str]]:
        """For each slot of the answer, the forms of which the reply must hold one."""
        return [forms_of(self.asked.values[slot]) for slot in ask.slots]

    def rejected(self, ask: Ask) -> list[str]:
        """Forms of other values of the same kind: an answer that lists everything is not an answer."""
        right = " ".join(form for forms in self.accepted(ask) for form in forms)
        rivals = [other for slot in ask.slots for other in self._drawer.rivals(slot, self.asked.values[slot])]
        return [form for other in rivals for form in forms_of(other) if not _holds(right, form)]


def _parts(reply: str, language: _Language) -> tuple[list[str], str]:
    """The quotes of a reply (lines that begin with ``>``) and the rest, without what is sought and the labels."""
    lines = [line.strip() for line in reply.splitlines()]
    quotes = [line[1:].strip() for line in lines if line.startswith(">")]
    rest = " ".join(line for line in lines if not line.startswith((">", language.sought_label)))
    return [quote for quote in quotes if quote], rest.removeprefix(language.answer_label)


def _words(text: str) -> list[str]:
    """Lower-case words; a number with its inner signs (9:30, 5,5, 555-0123) is one word."""
    return re.findall(r"\w+(?:[-.,:]\w+)*", text.lower().replace("ё", "е"))


def _holds(text: str, phrase: str) -> bool:
    """Whether the words of the phrase stand in the text in a row."""
    return f" {' '.join(_words(phrase))} " in f" {' '.join(_words(text))} "


def _holds_all(text: str, groups: Sequence[Sequence[str]]) -> bool:
    return all(any(_holds(text, form) for form in forms) for forms in groups)
