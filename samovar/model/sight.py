"""What the queries of a forward pass may look at, worked out once for all layers.

Axes: B batch, T queries, S keys, H query heads (or 1, the same for all), A head width, K key-value heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from samovar.model.positions import Alibi

if TYPE_CHECKING:
    from torch.nn.attention.flex_attention import BlockMask


class Cache(Protocol):
    """Where a forward pass finds the keys and values of earlier tokens, and leaves those of the new ones."""

    positions_BT: Tensor
    """int64; the position of every new token."""
    groups: Sequence[Places]
    """Queries that are compared with the same keys in one go, and where these stand; every query is in one group."""

    def attend(
        self,
        layer: int,
        query_BHTA: Tensor,
        key_BKTA: Tensor,
        value_BKTA: Tensor,
        masks: Sequence[Tensor | None],
        *,
        scale: float,
        softcap: float | None,
    ) -> Tensor:
        """Store the new keys and values; mix what the queries may look at, BHTA. ``masks``: of each group."""
        ...


class Branches(NamedTuple):
    """How documents fork: several ends of one beginning stand in a row one after the other, and none sees another."""

    branch_BT: Tensor
    """int32; 0 for the beginning, which all ends see, and the number of the end for a token of one."""
    position_BT: Tensor
    """int64; where each token stands in its document, as if its end were the only one."""


class Forked(NamedTuple):
    """What each token of rows is part of, where documents fork."""

    document_BT: Tensor
    """int32; the number of its document, negative for padding."""
    branch_BT: Tensor
    """As in ``Branches``."""


class Sight(NamedTuple):
    """What a layer is told of places."""

    cos_BTA: Tensor | None
    """Of the rotation of queries and keys; None where positions are told otherwise."""
    sin_BTA: Tensor | None
    masks: tuple[Tensor | None, ...]
    """BHTS, one for each group of the cache; one where there is no cache. bool: True where a query may look. Float:
    added to the scores, minus infinity where it may not. None: causal."""
    forked: Forked | None = None
    """Where it is known, in the place of a mask."""
    document_BT: Tensor | None = None
    """int32, in the place of a mask, where attention goes document by document: the number of each token's."""
    blocks: BlockMask | None = None
    """The mask by blocks, in the place of one over whole rows: where a GPU trains."""


class Places(NamedTuple):
    """Where the tokens of a forward pass stand, and where what they look at does."""

    positions_BT: Tensor | None
    """int64; of the queries. None: 0, 1, … in every row."""
    mask_B1TS: Tensor | None
    """bool; True where a query may look. None: at all keys up to its own."""
    num_keys: int
    """S. With a cache the keys stand at 0, 1, …; without one they are the queries' own tokens."""
    has_cache: bool

    def positions(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Of the queries, BT, and of the keys, BS; B may be 1, for all rows."""
        counted_1S = torch.arange(self.num_keys, device=device).unsqueeze(0)
        queries_BT = counted_1S if self.positions_BT is None else self.positions_BT
        return queries_BT, counted_1S if self.has_cache else queries_BT


def document_mask(document_BT: Tensor, branches: Branches | None = None) -> Tensor:
    """True where the query's document is the key's, the key is not later and in no other branch: B1TS."""
    length = document_BT.shape[1]
    is_past_TS = torch.ones(length, length, dtype=torch.bool, device=document_BT.device).tril()
    is_seen_BTS = (document_BT[:, :, None] == document_BT[:, None, :]) & is_past_TS
    if branches is not None:
        own_BT1, other_B1T = branches.branch_BT[:, :, None], branches.branch_BT[:, None, :]
        is_seen_BTS &= (other_B1T == 0) | (other_B1T == own_BT1)
    return is_seen_BTS.unsqueeze(1)


def layer_mask(
    places: Places, device: torch.device, *, window: int | None = None, alibi: Alibi | None = None
) -> Tensor | None:
    """What is left of a mask within a window, or a bias that falls with distance; as ``Sight`` has it.

    Args:
        places: of queries and keys.
        device: of the model.
        window: keys that lie so many tokens back, or more, are hidden.
        alibi: gives the bias.
    """
    if (window is None or window >= places.num_keys) and alibi is None:
        return places.mask_B1TS
    queries_BT, keys_BS = places.positions(device)
    distance_B1TS = (queries_BT[:, :, None] - keys_BS[:, None, :]).unsqueeze(1)
    is_seen_B1TS = distance_B1TS >= 0 if places.mask_B1TS is None else places.mask_B1TS
    if window is not None:
        is_seen_B1TS = is_seen_B1TS & (distance_B1TS < window)
    if alibi is None:
        return is_seen_B1TS
    return alibi.bias(queries_BT, keys_BS).masked_fill(~is_seen_B1TS, -torch.inf)
