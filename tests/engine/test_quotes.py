"""Verbatim quotes: whatever the model would rather say, a quote is a part of the prompt, from sentence to sentence."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

from samovar.engine.engine import Engine
from samovar.engine.quotes import VerbatimQuotes, holds
from samovar.engine.request import Sampling
from samovar.tokenizer.tokenizer import Tokenizer

PROMPT = (
    "Text: Anna came to Kazan on Tuesday. At 9:30 Pyotr left! «Чай был горячим.» Самовар пел на столе.\n"
    "- Клиент: Ян Мюллер\nWhen did Anna come?"
)
SENTENCES = [
    "Anna came to Kazan on Tuesday.",
    "At 9:30 Pyotr left!",
    "«Чай был горячим.»",
    "Самовар пел на столе.",
    "- Клиент: Ян Мюллер",
    "When did Anna come?",
]
SAYABLE = [*SENTENCES[:4], SENTENCES[5]]
"""Those that are no more than a sentence: what stands before a colon is one of its own."""


def walk(tokenizer: Tokenizer, draw: random.Random) -> str:
    """A quote of which each token is any of those allowed."""
    quotes = VerbatimQuotes(tokenizer, tokenizer.encode(PROMPT))
    ids = tokenizer.encode(">")
    assert quotes.allowed_ids() is None
    for token in ids:
        quotes.push(token)
    while (allowed := quotes.allowed_ids()) is not None:
        ids.append(draw.choice(allowed))
        if ids[-1] == tokenizer.eos_id:
            break
        quotes.push(ids[-1])
    return tokenizer.decode(ids)


def test_every_walk_through_what_is_allowed_quotes_whole_sentences(tokenizer: Tokenizer) -> None:
    found = {walk(tokenizer, random.Random(seed)) for seed in range(400)}
    for text in found:
        assert text.startswith("> ")
        quote = text[2:].removesuffix("\n")
        assert quote in PROMPT
        assert not quote or any(quote.endswith(sentence) for sentence in (*SENTENCES, "Text:", "Клиент:", "Ян Мюллер"))
    whole = {text[2:].removesuffix("\n") for text in found}
    assert whole >= set(SENTENCES)
    assert "Anna came to Kazan on Tuesday. At 9:30 Pyotr left!" in whole


def test_only_lines_that_begin_with_the_mark_are_quotes(tokenizer: Tokenizer) -> None:
    quotes = VerbatimQuotes(tokenizer, tokenizer.encode(PROMPT))
    for token in tokenizer.encode("2 > 1, they say"):
        quotes.push(token)
        assert quotes.allowed_ids() is None
    for token in tokenizer.encode("\n"):
        quotes.push(token)
    for token in tokenizer.encode(">"):
        quotes.push(token)
    assert quotes.allowed_ids()
    for token in tokenizer.encode(" At 9:30 Pyotr left!\n"):
        assert token in (quotes.allowed_ids() or ())
        quotes.push(token)
    assert quotes.allowed_ids() is None


@pytest.mark.parametrize(
    ("said", "fitting"),
    [
        ("Looking for: Pyotr.\n", ["At 9:30 Pyotr left!"]),
        ("Looking for: 9:30.\n", ["At 9:30 Pyotr left!"]),
        ("Anna?\nLooking for: Anna.\n", ["Anna came to Kazan on Tuesday."]),  # the question itself is no answer
        ("Ищу: самовара.\n", ["Самовар пел на столе."]),
        ("Looking for: 10:30.\n", []),
        ("Looking for Pyotr.\n", SAYABLE),
        ("Looking for: Pyotr.\n\n", SAYABLE),
        ("", SAYABLE),
    ],
)
def test_a_quote_holds_what_the_line_before_names(tokenizer: Tokenizer, said: str, fitting: list[str]) -> None:
    quotes = VerbatimQuotes(tokenizer, tokenizer.encode(PROMPT))
    for token in tokenizer.encode(said):
        quotes.push(token)
    (mark,) = tokenizer.encode(">")
    lines = [tokenizer.decode(ids).strip() for ids in quotes.lines(mark)]
    assert {lines[number] for number in quotes.fitting()} & set(SENTENCES) == set(fitting)


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("Никиты Осипова", "По средам Никита Осипов не работает.", True),
        ("Никиты Осипова", "По средам Никита Миронов не работает.", False),
        ("Пётр", "Петра здесь нет.", True),
        ("62 dollars", "It costs $62.", True),
        ("$6", "It costs $62.", False),
        ("room 4", "In room 42 works Ann.", False),
        ("Анна", "Аннушка пришла.", True),  # taken for a form of it: better than to lose a declined one
        ("Юли", "За билет Юля отдала 2500 рублей.", True),
        ("Eva", "Ivan left.", False),
    ],
)
def test_words_are_found_in_any_grammatical_form_and_numbers_as_they_are(words: str, text: str, expected: bool) -> None:
    assert holds(text, words) is expected


def test_marks_and_names_of_turns_are_no_text_to_quote(tokenizer: Tokenizer) -> None:
    chat = "<|im_start|>user\nTea is hot.<|im_end|>\n<|im_start|>assistant\n"
    quotes = VerbatimQuotes(tokenizer, tokenizer.encode(chat, allow_special=True))
    for token in tokenizer.encode("> Tea is hot."):
        quotes.push(token)
    assert tokenizer.eos_id in (quotes.allowed_ids() or ())
    other = VerbatimQuotes(tokenizer, tokenizer.encode(chat, allow_special=True))
    other.push(tokenizer.encode(">")[0])
    assert other.allowed_ids() == [tokenizer.encode(" Tea")[0]]


@pytest.mark.parametrize(
    ("begun", "rests"),
    [
        ("It says:\n> Anna ca", {"me to Kazan on Tuesday.", "me to Kazan on Tuesday. At 9:30 Pyotr left!",
                                "me to Kazan on Tuesday. At 9:30 Pyotr left! «Чай был горячим.»"}),
        ("> Самовар пел на столе.", {""}),
        ("> At 9:30 Pyotr left! «Чай", {" был горячим.»", " был горячим.» Самовар пел на столе."}),
    ],
)  # fmt: skip
def test_a_quote_that_is_begun_goes_on_to_its_end(tokenizer: Tokenizer, begun: str, rests: set[str]) -> None:
    draw, found = random.Random(0), set()
    for _ in range(100):
        quotes = VerbatimQuotes(tokenizer, tokenizer.encode(f"{PROMPT}\n{begun}"), begun=begun)
        ids: list[int] = []
        while (allowed := quotes.allowed_ids()) is not None:
            ids.append(draw.choice(allowed))
            if ids[-1] == tokenizer.eos_id:
                break
            quotes.push(ids[-1])
        found.add(tokenizer.decode(ids).removesuffix("\n"))
    assert found == rests


def test_what_the_answer_began_with_is_no_line_of_its_own(tokenizer: Tokenizer) -> None:
    begun = "Looking for: Anna"
    quotes = VerbatimQuotes(tokenizer, tokenizer.encode(f"{PROMPT}\n{begun}"), begun=begun)
    (mark,) = tokenizer.encode(">")
    assert quotes.lines(mark) == []
    for token in tokenizer.encode("\n", goes_on=True):
        quotes.push(token)
    assert [tokenizer.decode(quotes.lines(mark)[number]).strip() for number in quotes.fitting()] == SENTENCES[:1]
    invented = VerbatimQuotes(tokenizer, tokenizer.encode(f"{PROMPT}\n> I say"), begun="> I say")
    assert invented.allowed_ids() is None, "whoever began it quoted nothing"


@pytest.mark.parametrize("temperature", [0.0, 2.0])
def test_the_engine_keeps_to_it_where_asked(make_engine: Any, tokenizer: Tokenizer, temperature: float) -> None:
    engine: Engine = make_engine()
    mark = tokenizer.encode(">")[0]
    answers = {}
    for verbatim in (False, True):
        real_head, is_first = engine.model.head, [True]

        def head(hidden: torch.Tensor, real: Any = real_head, first: list[bool] = is_first) -> torch.Tensor:
            logits = real(hidden)
            if first.pop() if first else False:
                logits[:, mark] = 1e6
            return logits

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine.model, "head", head)
            sampling = Sampling(temperature=temperature, seed=1, max_tokens=30, verbatim_quotes=verbatim)
            prompt = tokenizer.encode("The tea was hot. The samovar sang!")
            answers[verbatim] = engine.generate([prompt], sampling)[0].text
    assert all(text.startswith(">") for text in answers.values())
    true = {"The tea was hot.", "The samovar sang!", "The tea was hot. The samovar sang!"}
    assert answers[False].splitlines()[0][2:] not in true
    assert answers[True].splitlines()[0][2:] in true


def log_probabilities(engine: Engine, prompt: list[int], after: list[int]) -> list[float]:
    """Of each token of ``after``, by a plain forward pass."""
    with torch.inference_mode():
        logits_TV = engine.model(torch.tensor([prompt + after]))[0, :, : engine.tokenizer.vocab_size]
    log_TV = logits_TV.float().log_softmax(-1)
    return [float(log_TV[len(prompt) + place - 1, token]) for place, token in enumerate(after)]


def log_likelihood(engine: Engine, prompt: list[int], after: list[int]) -> float:
    """Of ``after`` as a whole."""
    return sum(log_probabilities(engine, prompt, after))


def insisting_on(engine: Engine, token: int, logit: float, patch: pytest.MonkeyPatch) -> None:
    """Give ``token`` this logit as the first of the next answer."""
    real_head, is_first = engine.model.head, [True]

    def head(hidden: torch.Tensor) -> torch.Tensor:
        logits = real_head(hidden)
        if is_first:
            is_first.pop()
            logits[:, token] = logit
        return logits

    patch.setattr(engine.model, "head", head)


@pytest.mark.parametrize("prefill_tokens", [1024, 16])
def test_the_quoted_sentence_is_the_likeliest_as_a_whole(
    make_engine: Any, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, prefill_tokens: int
) -> None:
    engine: Engine = make_engine(prefill_tokens=prefill_tokens)
    sentences = ["Tea was hot and black.", "Tea was hot.", "Tea was cold, it seems.", "A samovar sang!", "Когда?"]
    prompt, mark = tokenizer.encode(" ".join(sentences)), tokenizer.encode(">")
    scores = [log_likelihood(engine, prompt + mark, tokenizer.encode(f" {text}\n")) for text in sentences]
    insisting_on(engine, mark[0], 1e6, monkeypatch)
    sampling = Sampling(temperature=0.0, max_tokens=40, verbatim_quotes=True)
    answer = engine.generate([prompt], sampling)[0].text
    assert answer.startswith(f"> {sentences[scores.index(max(scores))]}")


@pytest.mark.parametrize(("nats_less", "is_quoted"), [(2.9, True), (3.1, False)])
def test_no_quote_where_another_beginning_is_far_likelier_than_any(
    make_engine: Any, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, nats_less: float, is_quoted: bool
) -> None:
    engine: Engine = make_engine()
    prompt, mark = tokenizer.encode("The tea was hot. The samovar sang!"), tokenizer.encode(">")
    best = max(log_likelihood(engine, prompt + mark, line) for line in VerbatimQuotes(tokenizer, prompt).lines(mark[0]))
    logits_V = engine.model(torch.tensor([prompt]))[0, -1, : tokenizer.vocab_size].float()
    logits_V[mark] = -torch.inf
    insisted = float(logits_V.max()) - best - nats_less
    insisting_on(engine, mark[0], insisted, monkeypatch)
    first = mark[0] if is_quoted else int(logits_V.argmax())
    answer = engine.generate([prompt], Sampling(temperature=0.0, max_tokens=1, verbatim_quotes=True, logprobs=0))[0]
    assert answer.ids == [first]
    logits_V[mark] = insisted
    (told,) = answer.logprobs
    assert (told.token, told.logprob) == (first, pytest.approx(float(logits_V.log_softmax(0)[first]), abs=1e-4))


def test_without_the_rule_the_likeliest_beginning_is_taken(
    make_engine: Any, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An untrained model gives every sentence next to no likelihood."""
    engine: Engine = make_engine()
    prompt, mark = tokenizer.encode("The tea was hot. The samovar sang!"), tokenizer.encode(">")
    insisting_on(engine, mark[0], 1e6, monkeypatch)
    assert engine.generate([prompt], Sampling(temperature=0.0, max_tokens=1))[0].ids == mark


def test_log_probabilities_of_a_quote_are_the_models_own(
    make_engine: Any, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every token, the mark too, however few the quote left to choose from."""
    engine: Engine = make_engine()
    prompt, mark = tokenizer.encode("The tea was hot. The samovar sang!"), tokenizer.encode(">")[0]
    insisting_on(engine, mark, 1e6, monkeypatch)
    answer = engine.generate([prompt], Sampling(temperature=0, max_tokens=20, verbatim_quotes=True, logprobs=0))[0]
    assert answer.text.startswith("> The ")
    assert [one.token for one in answer.logprobs] == answer.ids
    expected = [0.0, *log_probabilities(engine, prompt, answer.ids)[1:]]  # the mark was insisted on
    assert [one.logprob for one in answer.logprobs] == pytest.approx(expected, abs=1e-4)
