"""What does each rule of sampling cost a step, and how many guesses must stand for guessing ahead to pay?

    python -m benchmarks.sampling_cost [--size 10M] [--rows 32]

The first table: choosing a token for every row out of random logits, under each rule, beside plain greedy choice and
beside transformers' processors of the same kind where there are such. The second: a step of the engine's own forward
pass that checks 1, 2, 4 or 8 guesses of each answer, beside a step that checks none: guessing pays where it brings
more tokens a step than the step becomes longer. One thread, processor time; kinds take turns; medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.result import exit_with, markdown_table, write_result
from benchmarks.shape import SIZES
from samovar.engine.batch import Piece, make_batch
from samovar.engine.cache import blocks_for, make_memory
from samovar.engine.choice import Turn, choose
from samovar.engine.constraint import Constraint
from samovar.engine.continuation import Continuation
from samovar.engine.forward import choose_way, make_forward
from samovar.engine.grammar import Grammars, Masks
from samovar.engine.request import Sampling
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

QUESTION = "The cost of each rule of sampling, and of a step that checks guesses"
VOCABULARY = 49_152
CONTEXT = 256
GUESSES = (0, 1, 2, 4, 8)
RULES: dict[str, Sampling] = {
    "greedy": Sampling(temperature=0),
    "temperature": Sampling(temperature=0.8, seed=1),
    "top-k 40, top-p 0.9": Sampling(temperature=0.8, seed=1, top_k=40, top_p=0.9),
    "min-p 0.05": Sampling(temperature=0.8, seed=1, min_p=0.05),
    "greedy, three penalties": Sampling(
        temperature=0, repetition_penalty=1.1, frequency_penalty=0.2, presence_penalty=0.2
    ),
    "greedy, 5 log-probabilities": Sampling(temperature=0, logprobs=5),
    "greedy, JSON": Sampling(temperature=0, constraint=Constraint("json_object")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="10M", choices=sorted(SIZES))
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=9)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with torch.inference_mode():
        rules = time_rules(asked.rows, asked.repeats)
        steps = time_steps(asked.size, asked.repeats)
    print(_rules_table(rules, asked.rows))
    print()
    print(_steps_table(steps))
    path = write_result(
        "sampling_cost",
        QUESTION,
        {"rows": asked.rows, "rules_us": rules, "size": asked.size, "way": way_of(asked.size), "steps_us": steps},
    )
    print(f"\n{path}")


def time_rules(rows: int, repeats: int) -> dict[str, float]:
    """Microseconds of a step's choice for all rows, by rule."""
    tokenizer = train_tokenizer(["Чай и samovar."] * 3, TokenizerSettings(vocab_size=300))
    wide = _widened(tokenizer)
    grammars = Grammars(wide)
    logits = torch.randn(rows, VOCABULARY, generator=torch.Generator().manual_seed(0)) * 2
    kinds: dict[str, Callable[[], Any]] = {}
    for name, sampling in RULES.items():
        kinds[name] = _choice(wide, grammars, sampling, logits)
    for name, processor in _their_processors().items():
        ids = torch.randint(VOCABULARY, (rows, CONTEXT), generator=torch.Generator().manual_seed(1))
        kinds[name] = lambda processor=processor, ids=ids: processor(ids, logits.clone())
    copying = _medians({"": lambda: logits.clone()}, repeats)[""]
    return {name: max(0.0, spent - copying) for name, spent in _medians(kinds, repeats).items()}


def way_of(size: str) -> str:
    """Who computes the steps."""
    way, why_not = choose_way(Decoder(SIZES[size].shape(context=CONTEXT)).eval(), "auto")
    return way if way == "native" else f"{way}: {why_not}"


def time_steps(size: str, repeats: int) -> dict[str, dict[str, float]]:
    """Microseconds of a forward pass, by answers at once and guesses that are checked of each."""
    torch.manual_seed(0)
    model = Decoder(SIZES[size].shape(context=2 * CONTEXT))
    initialize(model, 0)
    model.eval()
    found: dict[str, dict[str, float]] = {}
    for answers in (1, 8, 32):
        each = blocks_for(2 * CONTEXT)
        memory = make_memory(
            model.settings, answers * each, form="plain", dtype=torch.float32, device=torch.device("cpu")
        )
        forward = make_forward(model, memory, choose_way(model, "auto")[0])

        def step(guesses: int, answers: int = answers, each: int = each, forward: Any = forward) -> None:
            pieces = [
                Piece(
                    answer,
                    [1] * (1 + guesses),
                    CONTEXT,
                    range(1 + answer * each, 1 + (answer + 1) * each),
                    range(1 + guesses),
                )
                for answer in range(answers)
            ]
            forward.logits(make_batch(pieces))

        kinds = {str(guesses): (lambda guesses=guesses: step(guesses)) for guesses in GUESSES}
        found[str(answers)] = _medians(kinds, repeats)
    return found


def _choice(tokenizer: Tokenizer, grammars: Grammars, sampling: Sampling, logits: torch.Tensor) -> Callable[[], None]:
    """A step of answers to a prompt, whose tokens penalties know of; they say nothing, so that all steps are alike."""
    prompt = torch.randint(200, (CONTEXT,), generator=torch.Generator().manual_seed(1)).tolist()
    masks = Masks()

    def answer(row: int) -> Continuation:
        grammar = None if sampling.constraint is None else grammars.follow(sampling.constraint)
        return Continuation(row, prompt, sampling, tokenizer, max_length=10**6, vocab_size=VOCABULARY, grammar=grammar)

    turns = [Turn(answer(row), row) for row in range(len(logits))]

    def run() -> None:
        for turn in turns:
            if turn.sequence.grammar is not None:
                turn.sequence.grammar.bits = None
        choose(logits.clone(), turns, masks, lambda *chosen: None)

    return run


def _their_processors() -> dict[str, Callable[[torch.Tensor, torch.Tensor], Any]]:
    from transformers.generation import logits_process as theirs

    warp, cut, nucleus = (
        theirs.TemperatureLogitsWarper(0.8),
        theirs.TopKLogitsWarper(40),
        theirs.TopPLogitsWarper(0.9),
    )
    penalty = theirs.RepetitionPenaltyLogitsProcessor(1.1)

    def draw(ids: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        logits = nucleus(ids, cut(ids, warp(ids, logits)))
        return torch.multinomial(logits.softmax(-1), 1).tolist()

    return {
        "transformers: top-k 40, top-p 0.9": draw,
        "transformers: greedy, repetition": lambda ids, logits: penalty(ids, logits).argmax(-1).tolist(),
    }


def _widened(tokenizer: Tokenizer) -> Tokenizer:
    """The same tokenizer with as many words as models have: syllables nobody says, so that masks are as wide."""
    import json

    parts = json.loads(tokenizer.to_json())
    words = parts["model"]["vocab"]
    taken = {token["id"] for token in parts["added_tokens"]} | set(words.values())
    letters = "abcdefghijklmnopqrstuvwxyz"
    number = max(taken)
    for first in letters:
        for second in letters:
            for third in letters:
                for last in letters:
                    number += 1
                    if number >= VOCABULARY:
                        return Tokenizer(json.dumps(parts), tokenizer.chat_template, tokenizer.config)
                    words[f"{first}{second}{third}{last}q"] = number
    raise AssertionError("too few syllables")


def _medians(kinds: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Microseconds of each kind, as the processor counts them for us: what others do at the same time is not in them.

    Kinds take turns, so that a moment of crowded caches hits all of them.
    """
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    for repeat in range(repeats + 1):
        for name, run in kinds.items():
            start = time.process_time()
            run()
            if repeat:
                spent[name].append((time.process_time() - start) * 1e6)
    return {name: statistics.median(times) for name, times in spent.items()}


def _rules_table(rules: dict[str, float], rows: int) -> str:
    body = [[name, f"{spent:,.0f}", f"{spent / rules['greedy']:.1f}"] for name, spent in rules.items()]
    return markdown_table([f"rule, {rows} rows of {VOCABULARY:,}", "us a step", "of greedy"], body)


def _steps_table(steps: dict[str, dict[str, float]]) -> str:
    body = []
    for answers, spent in steps.items():
        body.append([answers, *(f"{spent[str(guesses)] / spent['0']:.2f}" for guesses in GUESSES)])
    return markdown_table(["answers at once", *(f"{guesses} guesses" for guesses in GUESSES)], body)


if __name__ == "__main__":
    exit_with(main)
