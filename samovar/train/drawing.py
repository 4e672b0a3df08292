"""What a student is asked, and its answers as rows to train on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from samovar.chat.conversation import Conversation
from samovar.chat.rows import Row
from samovar.core.errors import DataError
from samovar.tasks.task import Example, Task
from samovar.train.packing import pack_rows
from samovar.train.rl.rollouts import Player

_ASKED_AT_ONCE = 64
_MOST_UNFIT = 200
"""Questions in a row that leave no room for an answer, after which none is taken to."""


def questions(
    tasks: Mapping[str, Task],
    shares: Mapping[str, float],
    conversations: Sequence[Conversation],
    *,
    own_share: float,
    seed: str,
) -> Iterator[Example]:
    """Questions of the tasks' train split by their shares, and turns of one's own conversations, without end.

    Args:
        tasks: by name.
        shares: how often each is asked.
        conversations: one's own: what stands before any of the assistant's answers is a question.
        own_share: how often one of them is asked, where there are tasks as well.
        seed: of all chance.
    """
    draw = random.Random(seed)
    names = sorted(tasks)
    weights = [shares[name] for name in names]
    own = [_asked(conversation) for conversation in conversations]
    own = [prompts for prompts in own if prompts]
    while names or own:
        if own and (not names or draw.random() < own_share):
            yield draw.choice(draw.choice(own))
        else:
            yield tasks[draw.choices(names, weights)[0]].example("train", draw.randrange(1 << 40))


def _asked(conversation: Conversation) -> list[Example]:
    """What stands before each answer to a user."""
    said = conversation.messages
    return [
        Example("own", "", tuple(said[:place]), (said[place],), {})
        for place in range(1, len(said))
        if said[place].role == "assistant" and said[place - 1].role == "user"
    ]


def draw_rows(
    player: Player, asked: Iterator[Example], folder: Path, *, num_rows: int, context: int, seed: int
) -> None:
    """Have the student answer until its answers fill ``num_rows`` rows of ``context`` tokens, and pack them.

    Raises:
        DataError: no question leaves room for an answer.
    """
    player = player.now()
    rows: list[Row] = []
    room = min(context, player.model.settings.max_positions)
    while sum(len(row.ids) for row in rows) < num_rows * context:
        some = [_next_fitting(player, asked, room) for _ in range(_ASKED_AT_ONCE)]
        for group in player.play(some, seed=seed + len(rows)):
            rows += [
                Row(one.prompt_ids + one.ids, [False] * len(one.prompt_ids) + [True] * len(one.ids))
                for rollout in group
                for one in rollout.rounds
                if one.ids and len(one.prompt_ids) + len(one.ids) <= context + 1
            ]
    tokenizer = player.tokenizer
    pack_rows(
        rows, folder, context=context, vocab_size=tokenizer.vocab_size, pad_id=tokenizer.document_end_id,
        max_rows=num_rows,
    )  # fmt: skip


def _next_fitting(player: Player, asked: Iterator[Example], room: int) -> Example:
    for _ in range(_MOST_UNFIT):
        example = next(asked)
        if room - player.length(example.prompt) >= player.max_tokens:
            return example
    raise DataError(
        f"{_MOST_UNFIT} questions after each other leave no room for an answer of {player.max_tokens} tokens in {room}",
        hint="lower distill.answer_tokens",
    )
