from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from samovar.engine.request import Sampling
from samovar.engine.rules import TokenRules, apply
from samovar.engine.sampler import probabilities, sample

VOCABULARY = 700
"""More than the few ranks that are looked at first."""


def random_logits(rows: int, scale: float = 3.0, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, VOCABULARY, generator=torch.Generator().manual_seed(seed)) * scale


def ruled(logits: torch.Tensor, sampling: Sampling, prompt: list[int], answer: list[int]) -> torch.Tensor:
    rules = TokenRules.of(sampling, prompt, vocab_size=logits.shape[1], end_ids=(1, 2))
    for token in answer if rules else ():
        rules.push(token)  # type: ignore[union-attr]
    changed = logits.clone()
    apply(changed, [rules] * len(logits))
    return changed


def their_probabilities(logits: torch.Tensor, warpers: list[Any]) -> torch.Tensor:
    for warper in warpers:
        logits = warper(None, logits)
    return logits.softmax(-1)


CUTS: list[dict[str, Any]] = [
    {"temperature": 1.0},
    {"temperature": 0.3},
    {"top_k": 5},
    {"top_k": 400},
    {"top_p": 0.9},
    {"top_p": 0.05},
    {"min_p": 0.1},
    {"min_p": 1.0},
    {"temperature": 1.7, "top_k": 20, "top_p": 0.8},
    {"temperature": 1.7, "top_k": 500, "top_p": 0.97, "min_p": 0.001},
    {"temperature": 3.0, "top_p": 0.99, "min_p": 0.01},
]


@pytest.mark.parametrize("cuts", CUTS, ids=str)
@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
def test_the_distribution_is_that_of_transformers(cuts: dict[str, Any], scale: float) -> None:
    from transformers.generation import logits_process as theirs

    logits = random_logits(6, scale)
    warpers: list[Any] = [theirs.TemperatureLogitsWarper(cuts.get("temperature", 1.0))]
    if "top_k" in cuts:
        warpers.append(theirs.TopKLogitsWarper(cuts["top_k"]))
    if "top_p" in cuts:
        warpers.append(theirs.TopPLogitsWarper(cuts["top_p"]))
    if "min_p" in cuts:
        warpers.append(theirs.MinPLogitsWarper(cuts["min_p"]))
    expected = their_probabilities(logits, warpers)
    found = probabilities(logits, [Sampling(**({"temperature": 1.0} | cuts))] * len(logits))
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)


def test_what_is_drawn_follows_the_distribution() -> None:
    logits = random_logits(1, 1.0)
    for sampling in (
        Sampling(temperature=1, top_p=0.7),
        Sampling(temperature=0.8, top_k=300, min_p=0.02),
        Sampling(temperature=1),
    ):
        expected = probabilities(logits, [sampling])[0]
        # Numbers spread evenly over [0, 1) give every token its share, to within one of them.
        uniform = [(number + 0.5) / 4096 for number in range(4096)]
        tokens = sample(
            logits.expand(4096, -1),
            [sampling] * 4096,
            [lambda value=value: value for value in uniform],  # type: ignore[misc]
        )
        share = torch.bincount(torch.tensor(tokens), minlength=VOCABULARY) / 4096
        assert (share - expected).abs().max() < 1.1 / 4096


def test_repetition_penalty_is_that_of_transformers() -> None:
    from transformers.generation import logits_process as theirs

    logits = random_logits(3)
    prompt, answer = [5, 6, 6, 699], [7, 5, 7]
    for penalty in (1.3, 0.8):
        expected = theirs.RepetitionPenaltyLogitsProcessor(penalty)(torch.tensor([prompt + answer] * 3), logits)
        found = ruled(logits, Sampling(repetition_penalty=penalty), prompt, answer)
        torch.testing.assert_close(found, expected)


def test_bias_and_shortest_answers_are_those_of_transformers() -> None:
    from transformers.generation import logits_process as theirs

    logits = random_logits(2)
    bias = {3: 2.5, 600: -100.0}
    expected = theirs.SequenceBiasLogitsProcessor({(token,): value for token, value in bias.items()})(
        torch.tensor([[9, 9]] * 2), logits
    )
    torch.testing.assert_close(ruled(logits, Sampling(logit_bias={**bias, 10**6: 5.0}), [9, 9], []), expected)
    for said in (0, 2, 3, 4):
        answer = [9] * said
        processor = theirs.MinNewTokensLengthLogitsProcessor(2, 3, [1, 2], device="cpu")
        expected = processor(torch.tensor([[9, 9, *answer]] * 2), logits)
        torch.testing.assert_close(ruled(logits, Sampling(min_tokens=3), [9, 9], answer), expected)


def test_penalties_of_what_was_said_worked_by_hand() -> None:
    logits = torch.tensor([[1.0, -1.0, 2.0, 0.5]])
    sampling = Sampling(frequency_penalty=0.25, presence_penalty=0.5)
    # Token 0 was said once, token 2 thrice; token 3 stands in the prompt only, which these penalties do not see.
    found = ruled(logits, sampling, [3, 3], [2, 0, 2, 2])
    assert found.tolist() == [[1.0 - 0.25 - 0.5, -1.0, 2.0 - 0.75 - 0.5, 0.5]]
    # Repetition goes first: 2 / 2 = 1, then 0.25 and 0.5 off; and -1 * 2.
    both = Sampling(repetition_penalty=2.0, frequency_penalty=0.25, presence_penalty=0.5)
    assert ruled(logits, both, [1], [2]).tolist() == [[1.0, -2.0, 0.25, 0.5]]


def test_counts_grow_beyond_their_first_room() -> None:
    logits = torch.zeros(1, VOCABULARY)
    answer = [token for token in range(500) for _ in range(1 + token % 3)]
    found = ruled(logits, Sampling(frequency_penalty=1.0), [], answer)
    assert found[0].tolist() == [-1.0 - token % 3 if token < 500 else 0.0 for token in range(VOCABULARY)]


def test_rows_keep_their_rules_to_themselves() -> None:
    logits = random_logits(4)
    samplings = [
        Sampling(),
        Sampling(repetition_penalty=1.5, min_tokens=9),
        Sampling(logit_bias={4: 3.0}),
        Sampling(presence_penalty=1.0),
    ]
    rules = [TokenRules.of(one, [1, 2, 3], vocab_size=VOCABULARY, end_ids=(0,)) for one in samplings]
    assert rules[0] is None
    for one in rules[1:]:
        one.push(4)  # type: ignore[union-attr]
    together = logits.clone()
    apply(together, rules)
    for row, one in enumerate(rules):
        alone = logits[row : row + 1].clone()
        apply(alone, [one])
        assert torch.equal(alone[0], together[row])


def test_greedy_rows_of_a_batch_without_rules_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Penalties, masks and sorting cost nothing where nobody asks for them: none of their operations is called."""

    def never(name: str) -> Callable[..., Any]:
        def call(*values: object, **options: object) -> None:
            raise AssertionError(f"{name} was called")

        return call

    logits = random_logits(32)
    for name in ("softmax", "topk", "sort", "index_add_", "clone", "float"):
        monkeypatch.setattr(torch.Tensor, name, never(name))
    apply(logits, [None] * 32)
    sampling = Sampling(temperature=0)
    assert sample(logits, [sampling] * 32, [lambda: 0.0] * 32) == logits.argmax(-1).tolist()
