"""What the queries of a forward pass may look at, worked out once for all layers.

Axes: B batch, T queries, S keys, H query heads (or 1, the same for all), A head width, K key-value heads.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Cache(Protocol):
    """Where a forward pass finds the keys and values of earlier tokens, and leaves those of the new ones."""

    positions_BT: Tensor
    """int64; the position of every new token."""
    mask_B1TS: Tensor | None
    """bool; True where a query may look. None: at all keys up to its own."""
    num_keys: int
    """S: the keys that ``update`` gives, of the positions 0, 1, …"""

    def update(self, layer: int, key_BKTA: Tensor, value_BKTA: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new keys and values; give all that the queries may look at: BKSA."""
        ...


class Sight(NamedTuple):
    """What a layer is told of places."""

    cos_BTA: Tensor | None
    """Of the rotation of queries and keys; None where positions are told otherwise."""
    sin_BTA: Tensor | None
    mask_BHTS: Tensor | None
    """bool: True where a query may look. Float: added to the scores, minus infinity where it may not. None: causal."""


def document_mask(document_BT: Tensor) -> Tensor:
    """True where the query's document is the key's and the key is not later: B1TS."""
    length = document_BT.shape[1]
    is_past_TS = torch.ones(length, length, dtype=torch.bool, device=document_BT.device).tril()
    return ((document_BT[:, :, None] == document_BT[:, None, :]) & is_past_TS).unsqueeze(1)


def layer_mask(
    mask_B1TS: Tensor | None,
    positions_BT: Tensor,
    num_keys: int,
    *,
    window: int | None = None,
    slopes_H: Tensor | None = None,
) -> Tensor | None:
    """What is left of ``mask_B1TS`` within a window, or a bias that falls with distance; as ``Sight`` has it.

    Args:
        mask_B1TS: bool, True where a query may look. None: causal.
        positions_BT: of the queries.
        num_keys: keys, of the positions 0, 1, …
        window: keys that lie so many tokens back, or more, are hidden.
        slopes_H: by how much a head's score falls with every token of distance.
    """
    if (window is None or window >= num_keys) and slopes_H is None:
        return mask_B1TS
    distance_B1TS = (positions_BT[:, :, None] - torch.arange(num_keys, device=positions_BT.device)).unsqueeze(1)
    is_seen_B1TS = distance_B1TS >= 0 if mask_B1TS is None else mask_B1TS
    if window is not None:
        is_seen_B1TS = is_seen_B1TS & (distance_B1TS < window)
    if slopes_H is None:
        return is_seen_B1TS
    bias_BHTS = -slopes_H[:, None, None] * distance_B1TS
    return bias_BHTS.masked_fill(~is_seen_B1TS, -torch.inf)
