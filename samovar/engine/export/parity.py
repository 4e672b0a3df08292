"""The same prompts through trainer, engine and export: without it nothing is exported.

Axes: T tokens of a prompt and its answer, V vocabulary.

The answers are greedy. Where two tokens are nearer to each other than the logits of the two models are, either may be
taken: from there on an answer is another text, and no longer compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.errors import CorruptError, DataError
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.quantized import dequantize_model, is_quantized
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.tokenizer import Tokenizer

PROMPTS = (
    "How much is 17*24?",
    "What can you do?",
    "Сколько будет 17*24?",
    "Расскажи о себе.",
)
ANSWER_TOKENS = 24
SAME_CODE = 1e-4
"""Tolerance between two ways to compute the same float32 weights, as a share of the logits' standard deviation."""


class Transcript(NamedTuple):
    """One answer, and what was thought at every token on the way."""

    prompt: list[int]
    answer: list[int]
    """Greedy: of the engine, which keeps a cache."""
    logits_TV: Tensor
    """float32, after each token of prompt and answer; of the plain forward pass, which trains."""

    @property
    def ids(self) -> list[int]:
        """Prompt and answer."""
        return [*self.prompt, *self.answer]


@dataclass(frozen=True)
class Parity:
    """What was compared, and how near it was."""

    num_prompts: int
    num_tokens: int
    """Greedy tokens of all answers that were compared."""
    num_near_ties: int
    """Answers that went another way where two tokens were nearer to each other than the models' logits."""
    difference: float
    """Of the logits, root mean square."""
    largest_difference: float
    """Of any logit."""
    tolerance: float
    """The difference that was allowed."""

    def __str__(self) -> str:
        ties = f", {self.num_near_ties} answers parted at a near tie" if self.num_near_ties else ""
        return (
            f"checked {self.num_prompts} prompts in English and Russian through trainer, engine and export: "
            f"{self.num_tokens} greedy tokens equal{ties}; logits differ by {self.difference:.2g} "
            f"(allowed {self.tolerance:.2g}), the most by {self.largest_difference:.2g}"
        )

    def facts(self) -> dict[str, Any]:
        """The same for a machine."""
        return asdict(self)


def load_plain(folder: Path) -> Decoder:
    """The model in ``folder`` in float32; int8 weights are multiplied out, which is exact."""
    model = load_model(folder, dtype=torch.float32)
    return dequantize_model(model) if is_quantized(model) else model


def decoder_of(settings: DecoderSettings, state: dict[str, Tensor]) -> Decoder:
    """A decoder with these weights, in float32.

    Raises:
        CorruptError: they are not of such a decoder.
    """
    with torch.device("meta"):
        model = Decoder(settings)
    try:
        model.load_state_dict({name: tensor.float() for name, tensor in state.items()}, strict=True, assign=True)
    except RuntimeError as error:
        raise CorruptError(f"the weights that were written do not make up the model: {error}") from error
    return model.eval().requires_grad_(False)


def transcripts(model: Decoder, tokenizer: Tokenizer) -> list[Transcript]:
    """The engine's answers and the trainer's logits.

    Args:
        model: in float32.
        tokenizer: the model's.
    Raises:
        CorruptError: the two do not agree.
    """
    room = min(ANSWER_TOKENS, model.settings.max_positions // 4)
    prompts = [_ids(text, tokenizer)[: model.settings.max_positions - room] for text in PROMPTS]
    found = [
        Transcript(prompt, answer, plain_logits(model, [*prompt, *answer]))
        for prompt, answer in zip(prompts, greedy_answers(model, tokenizer, prompts, room), strict=True)
    ]
    trained = [_argmax_after(one, tokenizer.vocab_size) for one in found]
    compare(found, trained, [one.logits_TV for one in found], share=SAME_CODE, what="the engine")
    return found


@torch.inference_mode()
def plain_logits(model: Decoder, ids: Sequence[int]) -> Tensor:
    """Logits after each of ``ids`` by one forward pass without a cache, float32, TV."""
    return model(torch.tensor([list(ids)]))[0].float()


def greedy_answers(model: Decoder, tokenizer: Tokenizer, prompts: list[list[int]], num_tokens: int) -> list[list[int]]:
    """The engine's likeliest tokens after each prompt."""
    engine = Engine(model, tokenizer, max_batch=len(prompts))
    answers = engine.generate(prompts, Sampling(temperature=0, max_tokens=num_tokens))
    return [answer.ids for answer in answers]


def compare_model(reference: Sequence[Transcript], model: Decoder, tokenizer: Tokenizer, *, share: float) -> Parity:
    """``compare`` with what a decoder, read back from an export, says in the engine and by its plain forward pass."""
    room = max(len(one.answer) for one in reference)
    answers = greedy_answers(model, tokenizer, [one.prompt for one in reference], room)
    return compare(reference, answers, [plain_logits(model, one.ids) for one in reference], share=share)


def compare(
    reference: Sequence[Transcript],
    answers: Sequence[Sequence[int]],
    logits: Sequence[Tensor],
    *,
    share: float,
    what: str = "the export",
) -> Parity:
    """Hold what an export said against the reference.

    Args:
        reference: of the model that was trained.
        answers: greedy tokens after each prompt.
        logits: float32, after each token of the reference's prompt and answer, TV.
        share: tolerance of the logits' root mean square difference, as a share of the reference's standard deviation.
        what: for the message.
    Raises:
        CorruptError: the logits differ by more, or a token by more than they do.
    """
    spread = float(torch.cat([one.logits_TV.flatten() for one in reference]).std())
    apart = torch.cat([(one.logits_TV - other).flatten() for one, other in zip(reference, logits, strict=True)])
    difference, largest = float(apart.square().mean().sqrt()), float(apart.abs().max())
    allowed = share * spread
    if not difference <= allowed:
        raise CorruptError(
            f"{what} does not compute what the model does: logits differ by {difference:.3g}, allowed {allowed:.3g}",
            hint="nothing was kept; check disk and memory, and export again: if it fails again, it is our defect",
        )
    num_tokens = num_ties = 0
    for one, answer in zip(reference, answers, strict=True):
        equal, is_tie = _equal_tokens(one, answer, 2 * largest + SAME_CODE * spread, what)
        num_tokens += equal
        num_ties += is_tie
    return Parity(len(reference), num_tokens, num_ties, difference, largest, allowed)


def _equal_tokens(one: Transcript, answer: Sequence[int], nearest: float, what: str) -> tuple[int, bool]:
    """How many tokens are equal, and whether two that are no more than ``nearest`` apart ended them."""
    for place, (expected, said) in enumerate(zip(one.answer, answer, strict=False)):
        if said != expected:
            logits_V = one.logits_TV[len(one.prompt) + place - 1]
            margin = float(logits_V[expected] - logits_V[said])
            if margin > nearest:
                raise CorruptError(
                    f"{what} does not answer as the model does: token {place} after {one.prompt[:8]}… is {said} "
                    f"instead of {expected}",
                    hint="nothing was kept; export again: if it fails again, it is our defect",
                )
            return place, True
    if len(answer) != len(one.answer):
        raise CorruptError(f"{what} gives {len(answer)} tokens where the model gives {len(one.answer)}")
    return len(one.answer), False


def _argmax_after(one: Transcript, vocab_size: int) -> list[int]:
    """The likeliest token at every place of the answer, given all before it."""
    return one.logits_TV[len(one.prompt) - 1 : -1, :vocab_size].argmax(-1).tolist()


def _ids(text: str, tokenizer: Tokenizer) -> list[int]:
    """``text`` as a person's turn; as plain text where no conversation can be written."""
    try:
        return prompt_ids([Message(role="user", content=text)], tokenizer)
    except DataError:
        return [*tokenizer.begin_ids, *tokenizer.encode(text)]
