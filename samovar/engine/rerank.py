"""Which of some passages answers a question best: by how likely each makes the question.

Axes: B passages read at once, N tokens of the question in all of them, D model width, V vocabulary.

Any language model can tell that, one not trained for ranking too; a yes or no would have to be learnt first.
Source: Sachan et al. 2022, arXiv:2204.07496, section 2.2: the mean log-likelihood of the question's tokens after the
passage and a request to write a question.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.errors import RequestError
from samovar.engine.embeddings import batches, hidden_rows
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer

REQUEST = "Please write a question based on this passage."
LOGITS_BYTES = 64 * 2**20
"""Memory for logits at a time."""


@torch.inference_mode()
def rerank(model: Decoder, rows: Sequence[tuple[list[int], int]]) -> list[float]:
    """How well each passage fits: the mean log-probability of a token of the question, in nats; 0 is the highest.

    Args:
        model: in evaluation mode; nothing in it changes.
        rows: a passage and the question each, as ``scored_row`` makes them.
    Raises:
        RequestError: a passage and the question are longer than the model's context.
    """
    longest = model.settings.max_positions
    for number, (ids, _) in enumerate(rows):
        if len(ids) > longest:
            raise RequestError(
                f"document {number} and the query have {len(ids)} tokens, and the model's context holds {longest}",
                hint="shorten the document, or cut it into parts",
                code="context_length_exceeded",
                param="documents",
            )
    scores = [0.0 for _ in rows]
    for numbers in batches([len(ids) for ids, _ in rows]):
        for number, score in zip(numbers, _scores(model, [rows[number] for number in numbers]), strict=True):
            scores[number] = score
    return scores


def scored_row(tokenizer: Tokenizer, query: str, document: str) -> tuple[list[int], int]:
    """The ids of passage, request and question, and how many of them come before the question.

    Args:
        tokenizer: the model's; with a chat template, the passage is what the user says and the question the answer.
        query: the question.
        document: the passage.
    Raises:
        RequestError: the question is empty.
    """
    before = f"Passage: {document.strip()}\n{REQUEST}"
    if tokenizer.chat_template:
        asked = prompt_ids([Message(role="user", content=before)], tokenizer, thinks=False)
        question = tokenizer.encode(query.strip())
    else:
        asked = [*tokenizer.begin_ids, *tokenizer.encode(f"{before}\n")]
        question = tokenizer.encode(query.strip(), goes_on=True)
    if not question:
        raise RequestError("the query is empty", param="query")
    return [*asked, *question], len(asked)


def _scores(model: Decoder, rows: Sequence[tuple[list[int], int]]) -> list[float]:
    """The mean log-probability of each row's tokens from its beginning of the question on."""
    hidden_BTD, is_real_BT = hidden_rows(model, [ids for ids, _ in rows])
    is_asked_BT = torch.zeros_like(is_real_BT)
    for row, (ids, first) in enumerate(rows):
        is_asked_BT[row, first - 1 : len(ids) - 1] = True
    target_N = torch.tensor([token for ids, first in rows for token in ids[first:]], device=hidden_BTD.device)
    log_N = _log_probabilities(model, hidden_BTD[is_asked_BT], target_N)
    return [float(part.mean()) for part in log_N.split([len(ids) - first for ids, first in rows])]


def _log_probabilities(model: Decoder, hidden_ND: Tensor, target_N: Tensor) -> Tensor:
    """Of each target, float32, N."""
    pieces = max(1, LOGITS_BYTES // (4 * model.settings.vocab_size))
    found = [
        model.head(hidden).float().log_softmax(-1).gather(1, target[:, None]).squeeze(1)
        for hidden, target in zip(hidden_ND.split(pieces), target_N.split(pieces), strict=True)
    ]
    return torch.cat(found)
