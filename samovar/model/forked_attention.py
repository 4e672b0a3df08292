"""Attention for rows whose documents fork: every answer with what it looks at, and with nothing else.

A mask over whole rows throws most of the scores away: of eight answers of 60 tokens to one prompt, side by side in a
row of 512, each looks at 90 keys. So the queries of an answer and its keys, those of the beginning that it shares among
them, are laid beside those of other answers of about its size: rectangles with little padding take the place of rows.

To torch.compile it is one operation: a graph is of fixed shapes, and which rectangles there are depends on the batch.
The shares are computed again for the gradient (as in FlashAttention, Dao et al. 2022, arXiv:2205.14135, section 3.1),
so that less is kept than by attention over rows.

Axes: B rows, T tokens of a row, N tokens of all rows; P pieces of a rectangle, Q queries of a piece, S keys of a piece;
H query heads, K key-value heads, A head width.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from samovar.model.sight import Forked

QUERIES_AT_ONCE = 128
"""Of a longer stretch the first queries are taken by themselves: they do not look at its last keys."""
_ALIKE = 64
"""Pieces whose queries, and whose keys, are so many apart at most are padded to one size."""
_LANES = 16
"""Keys are padded to a multiple of so many, a vector register of float32."""


def attend_forked(query_BHTA: Tensor, key_BKTA: Tensor, value_BKTA: Tensor, forked: Forked, *, scale: float) -> Tensor:
    """What ``attention.attend`` gives with the mask of ``sight.document_mask``, BHTA; zeros in padding.

    Args:
        query_BHTA: queries, on a processor.
        key_BKTA: keys of K heads; K divides H.
        value_BKTA: values.
        forked: of each token, what it is part of.
        scale: what scores are multiplied by.
    """
    query_BTHA, key_BTKA, value_BTKA = (x.transpose(1, 2) for x in (query_BHTA, key_BKTA, value_BKTA))
    mixed_BTHA: Tensor = _attend(query_BTHA, key_BTKA, value_BTKA, *forked, scale)
    return mixed_BTHA.transpose(1, 2)


class _Rectangle(NamedTuple):
    """Pieces of about one size."""

    query_PQ: Tensor
    """int64; which of the N tokens; any where there is none."""
    is_query_P1Q1: Tensor
    """1, or 0 where there is none; in the type of the activations, as the next."""
    key_PS: Tensor
    """int64; any where there is none."""
    bias_P1QS: Tensor
    """0, or minus infinity where a query does not look."""


class _Plan(NamedTuple):
    """All that attention needs to know of a batch."""

    rectangles: list[_Rectangle]
    place_N: Tensor
    """int64; where among the queries of all rectangles each token is; behind the last one for padding."""
    num_places: int


class _Piece(NamedTuple):
    """Queries that look at the same keys, but for those after their own; numbers of tokens among N."""

    queries: range
    trunk: range
    """What they all look at."""
    own: range
    """What they look at up to themselves; it ends with the last of them."""


@torch.library.custom_op("samovar::attend_forked", mutates_args=())
def _attend(
    query_BTHA: Tensor, key_BTKA: Tensor, value_BTKA: Tensor, document_BT: Tensor, branch_BT: Tensor, scale: float
) -> Tensor:
    plan = _plan_of(document_BT, branch_BT, query_BTHA.dtype)
    query_NHA, key_NKA, value_NKA = (x.flatten(0, 1) for x in (query_BTHA, key_BTKA, value_BTKA))
    heads = query_NHA.shape[1]
    places = _Places(plan, query_NHA)
    for one in plan.rectangles:
        query = _beside(query_NHA, one.query_PQ, heads)
        shares = _shares(query, _beside(key_NKA, one.key_PS, heads), one, scale)
        mixed = torch.bmm(shares, _beside(value_NKA, one.key_PS, heads))
        places.next(one).copy_(_apart(mixed, heads))
    return places.in_order().view(query_BTHA.shape)


@_attend.register_fake
def _fake(query_BTHA: Tensor, *others: Any) -> Tensor:
    return query_BTHA.new_empty(query_BTHA.shape)


@torch.library.custom_op("samovar::attend_forked_backward", mutates_args=())
def _attend_backward(
    gradient_BTHA: Tensor,
    query_BTHA: Tensor,
    key_BTKA: Tensor,
    value_BTKA: Tensor,
    document_BT: Tensor,
    branch_BT: Tensor,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    plan = _plan_of(document_BT, branch_BT, query_BTHA.dtype)
    gradient_NHA, query_NHA, key_NKA, value_NKA = (
        x.flatten(0, 1) for x in (gradient_BTHA, query_BTHA, key_BTKA, value_BTKA)
    )
    heads, (num_tokens, kv_heads, width) = query_NHA.shape[1], key_NKA.shape
    places = _Places(plan, query_NHA)
    # Of keys and of values beside each other. A beginning has a gradient from each of its ends: added up in float32.
    exact = torch.promote_types(query_NHA.dtype, torch.float32)
    for_both_N2KA = torch.zeros(num_tokens, 2, kv_heads, width, dtype=exact)
    for one in plan.rectangles:
        query = _beside(query_NHA, one.query_PQ, heads)
        key, value = (_beside(x_NKA, one.key_PS, heads) for x_NKA in (key_NKA, value_NKA))
        gradient = _beside(gradient_NHA, one.query_PQ, heads)
        gradient.view(-1, heads, *gradient.shape[1:]).mul_(one.is_query_P1Q1)
        shares = _shares(query, key, one, scale)
        for_scores = torch._softmax_backward_data(torch.bmm(gradient, value.mT), shares, -1, shares.dtype)
        torch.mul(_apart(torch.bmm(for_scores, key), heads), scale, out=places.next(one))
        for_both_PS2KA = query.new_empty(*one.key_PS.shape, 2, kv_heads, width)
        for place, (left, right) in enumerate(((for_scores, query), (shares, gradient))):
            for_both_PS2KA[:, :, place] = _of_key_heads(torch.bmm(left.mT, right), kv_heads, heads // kv_heads, exact)
        for_both_N2KA.flatten(1).index_add_(0, one.key_PS.flatten(), for_both_PS2KA.flatten(0, 1).flatten(1).to(exact))
    for_key_NKA = (for_both_N2KA[:, 0] * scale).to(key_NKA.dtype)
    for_value_NKA = for_both_N2KA[:, 1].to(value_NKA.dtype).contiguous()
    shape = key_BTKA.shape
    return places.in_order().view(query_BTHA.shape), for_key_NKA.view(shape), for_value_NKA.view(shape)


@_attend_backward.register_fake
def _fake_backward(
    gradient_BTHA: Tensor, query_BTHA: Tensor, key_BTKA: Tensor, value_BTKA: Tensor, *others: Any
) -> tuple[Tensor, ...]:
    return tuple(x.new_empty(x.shape) for x in (query_BTHA, key_BTKA, value_BTKA))


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:-1])
    ctx.scale = inputs[-1]


def _differentiate(ctx: Any, gradient_BTHA: Tensor) -> tuple[Tensor | None, ...]:
    return (*_attend_backward(gradient_BTHA, *ctx.saved_tensors, ctx.scale), None, None, None)


_attend.register_autograd(_differentiate, setup_context=_keep)


def _shares(query: Tensor, key: Tensor, one: _Rectangle, scale: float) -> Tensor:
    """How much of each value a query takes, (P times H)QS; the softmax is computed in float32 or more."""
    scores = torch.bmm(query, key.mT)
    heads = len(scores) // len(one.key_PS)
    masked_PHQS = torch.add(one.bias_P1QS, scores.view(-1, heads, *scores.shape[1:]), alpha=scale)
    return torch.softmax(masked_PHQS, dim=-1).view_as(scores)


def _beside(x_NKA: Tensor, place_PS: Tensor, heads: int) -> Tensor:
    """The tokens of every piece, head by head: (P times H)SA; a key-value head once for each query head it serves."""
    kv_heads, width = x_NKA.shape[1:]
    taken_PSKA = x_NKA.flatten(1).index_select(0, place_PS.flatten()).view(*place_PS.shape, kv_heads, width)
    taken_PKSA = taken_PSKA.transpose(1, 2)
    if heads != kv_heads:
        taken_PKSA = taken_PKSA.repeat_interleave(heads // kv_heads, dim=1)
    return taken_PKSA.reshape(-1, place_PS.shape[1], width)


def _apart(x: Tensor, heads: int) -> Tensor:
    """What was computed head by head, (P times H)QA, token by token: PQHA."""
    return x.view(-1, heads, *x.shape[1:]).transpose(1, 2)


def _of_key_heads(x: Tensor, kv_heads: int, group: int, exact: torch.dtype) -> Tensor:
    """What was computed for each query head, (P times H)SA, added up for key-value heads: PSKA."""
    x_PKGSA = x.view(-1, kv_heads, group, *x.shape[1:])
    x_PKSA = x_PKGSA.squeeze(2) if group == 1 else x_PKGSA.sum(2, dtype=exact)
    return x_PKSA.transpose(1, 2)


class _Places:
    """Room for a number of each query of all rectangles, which are then given in the order of the tokens."""

    def __init__(self, plan: _Plan, like_NHA: Tensor) -> None:
        self._plan = plan
        self._room = like_NHA.new_empty(plan.num_places + 1, *like_NHA.shape[1:])
        self._room[-1] = 0
        self._first = 0

    def next(self, one: _Rectangle) -> Tensor:
        """Of the next rectangle: PQHA."""
        first, self._first = self._first, self._first + one.query_PQ.numel()
        return self._room[first : self._first].view(*one.query_PQ.shape, *self._room.shape[1:])

    def in_order(self) -> Tensor:
        """Of the tokens: N(H times A)."""
        return self._room.flatten(1).index_select(0, self._plan.place_N)


def _plan_of(document_BT: Tensor, branch_BT: Tensor, dtype: torch.dtype) -> _Plan:
    document, branch = (x.int().numpy().tobytes() for x in (document_BT, branch_BT))
    return _plan(document, branch, document_BT.shape[1], dtype)


@lru_cache(maxsize=8)  # every layer asks, and once more for its gradient
def _plan(document: bytes, branch: bytes, length: int, dtype: torch.dtype) -> _Plan:
    document_BT, branch_BT = (np.frombuffer(x, dtype=np.int32).reshape(-1, length) for x in (document, branch))
    alike: dict[tuple[int, int], list[_Piece]] = defaultdict(list)
    for one in _pieces(document_BT, branch_BT):
        alike[-(-len(one.queries) // _ALIKE), -(-(len(one.trunk) + len(one.own)) // _ALIKE)].append(one)
    place_N = np.full(document_BT.size, -1)
    rectangles, first = [], 0
    for pieces in alike.values():
        rectangles.append(_rectangle(pieces, dtype))
        for one in pieces:
            place_N[one.queries.start : one.queries.stop] = first + np.arange(len(one.queries))
            first += rectangles[-1].query_PQ.shape[1]
    place_N[place_N < 0] = first
    return _Plan(rectangles, torch.from_numpy(place_N), first)


def _pieces(document_BT: np.ndarray, branch_BT: np.ndarray) -> Iterator[_Piece]:
    length = document_BT.shape[1]
    for row, (document_T, branch_T) in enumerate(zip(document_BT, branch_BT, strict=True)):
        is_new = (np.diff(document_T) != 0) | (np.diff(branch_T) != 0)
        trunk, owner = range(0), -1
        for first, last in pairwise([0, *(np.flatnonzero(is_new) + 1).tolist(), length]):
            document, stretch = int(document_T[first]), range(row * length + first, row * length + last)
            if document < 0:  # padding
                continue
            if branch_T[first] == 0:
                trunk, owner = stretch, document
            shared = trunk if document == owner and trunk != stretch else range(0)
            for start in stretch[::QUERIES_AT_ONCE]:
                queries = range(start, min(start + QUERIES_AT_ONCE, stretch.stop))
                yield _Piece(queries, shared, range(stretch.start, queries.stop))


def _rectangle(pieces: Sequence[_Piece], dtype: torch.dtype) -> _Rectangle:
    most_queries = max(len(one.queries) for one in pieces)
    most_keys = -(-max(len(one.trunk) + len(one.own) for one in pieces) // _LANES) * _LANES
    query_PQ, key_PS = (np.zeros((len(pieces), most), dtype=np.int64) for most in (most_queries, most_keys))
    is_query_PQ, is_seen_PQS = np.zeros(query_PQ.shape, dtype=bool), np.zeros((*query_PQ.shape, most_keys), dtype=bool)
    for number, one in enumerate(pieces):
        count, shared, keys = len(one.queries), len(one.trunk), len(one.trunk) + len(one.own)
        query_PQ[number, :count] = one.queries
        key_PS[number, :keys] = [*one.trunk, *one.own]
        is_query_PQ[number, :count] = True
        is_seen_PQS[number, :count, :shared] = True
        is_seen_PQS[number, :count, shared:keys] = np.array(one.own) <= np.array(one.queries)[:, None]
        is_seen_PQS[number, count:, 0] = True  # who looks at nothing has shares that are no numbers
    bias_PQS = torch.zeros(is_seen_PQS.shape, dtype=dtype).masked_fill_(torch.from_numpy(~is_seen_PQS), -torch.inf)
    is_query = torch.from_numpy(is_query_PQ).to(dtype)[:, None, :, None]
    return _Rectangle(torch.from_numpy(query_PQ), is_query, torch.from_numpy(key_PS), bias_PQS.unsqueeze(1))
