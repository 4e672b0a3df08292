"""Where the assistant fails it is shown the right answer, and its own way there is learnt from if it leads there.

Source: Zelikman et al. 2022 (STaR), arXiv:2203.14465, section 3.2: questions that were not answered rightly are asked
again with the answer as a hint, and what then comes out right is learnt as the answer to the plain question. So hard
questions, of which drawing alone finds no solution, have something to teach as well.

Axes: T tokens, N targets, D model width, V vocabulary.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from samovar.chat.conversation import Conversation
from samovar.chat.rows import render_row
from samovar.tasks.task import Example, final_text
from samovar.train.rl.rollouts import Player, Rollout

_HINTS = {
    "en": "{question}\n\n(The right answer is {answer}. Write how one gets there.)",
    "ru": "{question}\n\n(Правильный ответ: {answer}. Напиши, как к нему прийти.)",
}


def with_hint(example: Example) -> Example | None:
    """The question with its right answer shown; None where the task knows no such answer.

    Shown is the bare result that graders compare with, and not the reference: to copy that would be no way of its own.
    """
    answer = example.check.get("answer")
    if answer is None:
        return None
    *earlier, question = example.prompt
    asked = _HINTS.get(example.language, _HINTS["en"]).format(question=question.content, answer=answer)
    return replace(example, prompt=(*earlier, question.model_copy(update={"content": asked})))


@torch.no_grad()
def surprise(player: Player, rollout: Rollout) -> float:
    """How unlikely the answer is to who is asked the plain question, in nats a token.

    A small assistant that cannot read a hint repeats the result amid nonsense, which graders take for right. Of the
    quick start's assistant such answers took 2.3 to 9 nats a token, and its own right ones less than 0.5.
    """
    messages = [*player.prompt(rollout.example), *rollout.completion]
    row = render_row(Conversation(messages=messages, tools=player.offered), player.tokenizer)
    ids_T = torch.tensor(row.ids, device=player.model.norm.weight.device)
    place_N = torch.tensor(row.is_target[1:]).nonzero().squeeze(1).to(ids_T.device)
    hidden_1TD = player.model.hidden(ids_T[None, :-1])
    log_share_NV = player.model.head(hidden_1TD[0, place_N]).float().log_softmax(-1)
    return -float(log_share_NV.gather(1, ids_T[place_N + 1, None]).mean())


def says_more_than_the_result(rollout: Rollout) -> bool:
    """Whether there is a way in the answer: who just repeats the result teaches to leave the working out."""
    left = final_text(rollout.completion).replace(str(rollout.example.check["answer"]), "", 1)
    return len(rollout.completion) > 1 or any(map(str.isalnum, left))
