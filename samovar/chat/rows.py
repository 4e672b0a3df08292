"""Conversations become token ids, with a mask of what the assistant is to learn.

A mark of a turn or a tool becomes its special token only where the template wrote it. To tell those from look-alikes
in what people wrote, a letter that occurs nowhere in the conversation is put inside every look-alike before the
template runs, and taken out after the text was cut at the marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from samovar.chat.conversation import Conversation, Message
from samovar.chat.fitting import fitted
from samovar.chat.learning import LEARN_ALL, Learn, Span, spans_of_roles, weights_of_turns
from samovar.chat.speech import Speech, find_speech, mark_pattern, starts_of_speech
from samovar.chat.template import plain_message, render_plain
from samovar.chat.thought import NO_OPTIONS, Options, opens_thought, options_for, thought_form
from samovar.core.errors import DataError
from samovar.tokenizer.tokenizer import Tokenizer

_CONVERSATIONS_AT_ONCE = 256
# Unicode's private areas: no text that is not made for this purpose has all of their letters.
_GUARDS = (*range(0xE000, 0xF900), *range(0xF0000, 0xFFFFE), *range(0x100000, 0x10FFFE))


class Row(NamedTuple):
    """A conversation as ids; ``is_target`` marks those that are learnt, by default all that the assistant says."""

    ids: list[int]
    is_target: list[bool]
    weights: list[float] | None = None
    """How much each target counts, from 0 to 1; None where all count as one."""


class _Piece(NamedTuple):
    """A stretch of text between marks, or a mark (``special_id`` is not None)."""

    text: str
    special_id: int | None
    is_target: bool
    goes_on: bool = False
    """Whether it follows other text, so that no space is put in front of it."""
    weight: float = 1.0
    """How much it counts as a target."""


def render_row(conversation: Conversation, tokenizer: Tokenizer) -> Row:
    """The whole conversation; targets are what the assistant says, and the mark that ends its turn.

    Raises:
        DataError: the assistant says nothing in it, or the template refuses it.
    """
    return next(render_rows([conversation], tokenizer))


def render_rows(
    conversations: Iterable[Conversation],
    tokenizer: Tokenizer,
    *,
    learn: Learn = LEARN_ALL,
    refused: Callable[[Conversation, DataError], None] | None = None,
) -> Iterator[Row]:
    """``render_row`` of each, many at a time on all cores.

    Args:
        conversations: to be rendered.
        tokenizer: whose template writes them.
        learn: what in them is a target.
        refused: told of one that cannot be rendered, which is then left out; None: that is an error.
    """
    several = iter(conversations)
    while some := list(islice(several, _CONVERSATIONS_AT_ONCE)):
        pieces = []
        for conversation in some:
            try:
                pieces.append(_target_pieces(conversation, tokenizer, learn))
            except DataError as error:
                if refused is None:
                    raise
                refused(conversation, error)
        yield from _encode(pieces, tokenizer)


def prompt_ids(
    messages: Sequence[Message],
    tokenizer: Tokenizer,
    tools: Sequence[Mapping[str, Any]] = (),
    *,
    options: Options = NO_OPTIONS,
    begun: str = "",
    thinks: bool = True,
) -> list[int]:
    """The ids after which the assistant speaks: exactly those with which ``render_row`` of the whole would begin.

    Args:
        messages: so far.
        tokenizer: whose template writes them.
        tools: that the template lists.
        options: variables of the template.
        begun: what the assistant has said of its turn already; marks in it are words.
        thinks: whether a thought may come. If not, the template is told so, and one that it opens is closed at once.
    Raises:
        DataError: the template refuses the messages.
    """
    options = options if thinks else {**options, **options_for(False)}
    pieces = _pieces(messages, tools, tokenizer, add_generation_prompt=True, options=options)
    said = [_Piece(find_speech(tokenizer).lead + begun, None, False)] if begun else []
    if not thinks and opens_thought(tokenizer, options):
        closing = thought_form(tokenizer).closing
        end = _Piece(closing, tokenizer.special_ids.get(closing), False)
        said = [_Piece("\n", None, False), end, _Piece("\n\n" + begun, None, False)]
    if said:
        pieces = list(_joined(_swallowed([*pieces, *said], tokenizer), tokenizer))
    return next(_encode([pieces], tokenizer)).ids


def _target_pieces(conversation: Conversation, tokenizer: Tokenizer, learn: Learn) -> list[_Piece]:
    pieces = _pieces(conversation.messages, conversation.tools, tokenizer, add_generation_prompt=False, learn=learn)
    if not any(piece.is_target for piece in pieces):
        roles = ", ".join(message.role for message in conversation.messages) or "none"
        raise DataError(
            f"a conversation has no turn of the assistant, so that nothing can be learnt from it (its turns: {roles})",
            hint="add the assistant's answer, or leave the conversation out",
        )
    return pieces


def _pieces(
    messages: Sequence[Message],
    tools: Sequence[Mapping[str, Any]],
    tokenizer: Tokenizer,
    *,
    add_generation_prompt: bool,
    learn: Learn = LEARN_ALL,
    options: Options = NO_OPTIONS,
) -> list[_Piece]:
    marks = mark_pattern(tokenizer)
    seen, listed = fitted([plain_message(message) for message in messages], tools, tokenizer)
    plain: dict[str, Any] = {"messages": seen, "tools": listed, "options": options}
    guard = ""
    if any(marks.search(text) for text in _strings(plain)):
        guard = _unused_letter(chain(_strings(plain), [tokenizer.chat_template]))
        plain = _with_strings(plain, lambda text: marks.sub(lambda found: found[0][0] + guard + found[0][1:], text))

    def write(messages: Sequence[Mapping[str, Any]], is_prompt: bool) -> str:
        return render_plain(
            list(messages),
            template=tokenizer.chat_template,
            tools=plain["tools"],
            add_generation_prompt=is_prompt,
            variables={**tokenizer.roles.texts, **plain["options"]},
        )

    speech = find_speech(tokenizer)
    text = write(plain["messages"], add_generation_prompt)
    starts = starts_of_speech(speech, plain["messages"], text, write, is_prompt=add_generation_prompt)
    weights = weights_of_turns(messages, learn)
    if weights is not None and len(weights) != len(starts):
        raise DataError(
            f"the chat template writes {len(starts)} turns of the assistant where the conversation has {len(weights)}, "
            "so that turns cannot be weighted",
            hint="join neighbouring turns of the assistant, or leave weights and learn_turns out",
        )
    masked = _masked(text, starts, marks, speech, tokenizer, weights)
    said = marks.sub(lambda found: "\0" * len(found[0]), text)  # nobody says what stands in a mark
    others = spans_of_roles(plain["messages"], said, learn)
    pieces = _swallowed(_with_others(masked, others, speech) if others else masked, tokenizer)
    if guard:
        pieces = [piece._replace(text=piece.text.replace(guard, "")) for piece in pieces]
    return list(_joined(pieces, tokenizer))


def _masked(
    text: str,
    starts: Sequence[int],
    marks: re.Pattern[str],
    speech: Speech,
    tokenizer: Tokenizer,
    weights: Sequence[float] | None,
) -> Iterator[_Piece]:
    """Cut ``text`` where the assistant begins to speak, and at the marks, which get their ids.

    A prompt ends at such a cut, so that it has the same ids as the whole conversation, even where the answer begins
    with spaces or newlines that would join what stands before it.
    """
    for number, (start, end) in enumerate(zip([0, *starts], [*starts, len(text)], strict=True)):
        weight = 1.0 if weights is None or number == 0 else weights[number - 1]
        is_target = number > 0 and weight > 0
        for place, part in enumerate(marks.split(text[start:end])):
            if place % 2:
                yield _Piece(part, tokenizer.special_ids[part], is_target, weight=weight)
                is_target = is_target and part not in speech.ends
            elif part:
                yield _Piece(part, None, is_target, weight=weight)


def _with_others(pieces: Iterable[_Piece], spans: Sequence[Span], speech: Speech) -> Iterator[_Piece]:
    """Make targets of the pieces that overlap with what others say, and of the mark that ends each."""
    place, weight = 0, 0.0
    for piece in pieces:
        end = place + len(piece.text)
        if piece.special_id is None:
            weight = max((span.weight for span in spans if span.start < end and place < span.end), default=0.0)
            is_new = weight > 0 and not piece.is_target
        else:
            is_new = weight > 0 and piece.text in speech.ends and not piece.is_target
        yield piece._replace(is_target=True, weight=weight) if is_new else piece
        weight = weight if piece.special_id is None else 0.0
        place = end


def _swallowed(pieces: Iterable[_Piece], tokenizer: Tokenizer) -> list[_Piece]:
    """Without the space that some marks take into themselves, before or behind."""
    kept = list(pieces)
    if tokenizer.swallows_after:
        is_swallowing = False
        for place, piece in enumerate(kept):
            if piece.special_id is not None:
                is_swallowing = piece.text in tokenizer.swallows_after
            elif is_swallowing:
                kept[place] = piece._replace(text=piece.text.lstrip())
                is_swallowing = not kept[place].text
    if tokenizer.swallows_before:
        for place, piece in enumerate(kept[1:]):
            if piece.text in tokenizer.swallows_before and piece.special_id is not None:
                before = kept[place]
                kept[place] = before if before.special_id is not None else before._replace(text=before.text.rstrip())
    return [piece for piece in kept if piece.text]


def _joined(pieces: Sequence[_Piece], tokenizer: Tokenizer) -> Iterator[_Piece]:
    """Say of each text whether other text stands before it, where that makes a difference."""
    goes_on = False
    for piece in pieces:
        yield piece._replace(goes_on=True) if goes_on and piece.special_id is None else piece
        goes_on = tokenizer.prefixed == "first" or (tokenizer.prefixed == "always" and piece.special_id is None)


def _encode(several: list[list[_Piece]], tokenizer: Tokenizer) -> Iterator[Row]:
    """Encode each different text once: headers and newlines are most of the pieces."""
    ids_of: dict[tuple[str, bool], list[int]] = {}
    for goes_on in (False, True):
        texts = list(
            {
                piece.text: None
                for pieces in several
                for piece in pieces
                if piece.special_id is None and piece.goes_on == goes_on
            }
        )
        encoded = tokenizer.encode_batch(texts, goes_on=goes_on)
        ids_of |= {(text, goes_on): ids for text, ids in zip(texts, encoded, strict=True)}
    for pieces in several:
        ids: list[int] = []
        is_target: list[bool] = []
        weights: list[float] = []
        for piece in pieces:
            new = ids_of[piece.text, piece.goes_on] if piece.special_id is None else [piece.special_id]
            ids += new
            is_target += [piece.is_target] * len(new)
            weights += [piece.weight] * len(new)
        is_weighted = any(piece.is_target and piece.weight != 1.0 for piece in pieces)
        yield Row(ids, is_target, weights if is_weighted else None)


def _unused_letter(texts: Iterable[str]) -> str:
    used = set("".join(texts))
    for code in _GUARDS:
        if chr(code) not in used:
            return chr(code)
    raise DataError(
        "a conversation uses every letter of Unicode's private areas, so that marks in it cannot be told apart",
        hint="leave the conversation out: it is not text",
    )


def _strings(value: Any) -> Iterator[str]:
    """Every text inside a JSON-able value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _strings(inner)


def _with_strings(value: Any, change: Callable[[str], str]) -> Any:
    """``value`` with ``change`` made to every text inside it."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): _with_strings(inner, change) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_strings(inner, change) for inner in value]
    return value
