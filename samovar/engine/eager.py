"""The forward pass in torch, for every family and any device.

Maps and norms see all tokens in one row. Attention goes by groups: tokens that are decoded, one a sequence, are
compared with their keys together; each prompt alone.

Axes: N new tokens, B sequences, D decoding sequences or model width, R rows wanted, V vocabulary, P blocks, H query
heads, K key-value heads, S key positions, T queries, A head width, L layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from samovar.engine.batch import Batch, Memory
from samovar.engine.cache import write
from samovar.engine.decode_rows import DecodeRows
from samovar.engine.transfer import to_device
from samovar.model.adapters.bank import AdapterBank
from samovar.model.attention import attend
from samovar.model.decoder import Decoder
from samovar.model.sight import Places


class EagerForward:
    """``Forward`` by the decoder's own layers."""

    def __init__(self, model: Decoder, memory: Memory, adapters: AdapterBank | None = None) -> None:
        self.model = model
        self.memory = memory
        self.adapters = adapters
        # On a GPU a gather costs little beside what it is for, and memory is dear.
        self._rows = DecodeRows(memory, dtype=_dtype(model)) if memory.device.type == "cpu" else None

    def hidden(self, batch: Batch) -> Tensor:
        """Store the new tokens' keys and values; give the normed hidden states of ``row_R``, RD."""
        view = _FlatView(self.memory, batch, self._rows, _dtype(self.model))
        device = self.memory.device
        token_1N = batch.tokens_on(device)[to_device(view.order_N, device)].unsqueeze(0)
        if self.adapters is None or batch.adapters is None:
            hidden_1ND = self.model.hidden(token_1N, cache=view)
        else:
            place_N = to_device(view.place_N, device)
            with self.adapters.using(batch.adapters, batch.query_start_B1.diff().tolist(), place_N=place_N):
                hidden_1ND = self.model.hidden(token_1N, cache=view)
        return hidden_1ND[0, to_device(view.place_N[batch.row_R], device)]

    def logits(self, batch: Batch) -> Tensor:
        """The same, and on through the head: float32, RV."""
        return self.model.head(self.hidden(batch)).float()

    def greedy(self, batch: Batch, num_ids: int) -> Tensor:
        """The same, and of each row the likeliest of the first ``num_ids`` tokens: int64, R."""
        return self.model.head(self.hidden(batch))[:, :num_ids].argmax(-1)


class _FlatView:
    """One batch over the memory, as ``model.sight.Cache``; tokens of decoding sequences come first."""

    def __init__(self, memory: Memory, batch: Batch, rows: DecodeRows | None, dtype: torch.dtype) -> None:
        self._memory, self._dtype = memory, dtype
        starts, contexts = batch.query_start_B1.tolist(), batch.context_B.tolist()
        lengths = [end - start for start, end in pairwise(starts)]
        decoding = [number for number, length in enumerate(lengths) if length == 1]
        self._rows = None
        if rows is not None and batch.sequence_ids is not None:
            rows.heed(batch.sequence_ids, [end - length for end, length in zip(contexts, lengths, strict=True)])
            ordered = rows.seat(batch, decoding, contexts)
            if ordered is not None:
                self._rows, decoding = rows, ordered
        reading = [number for number, length in enumerate(lengths) if length > 1]
        order = [starts[number] for number in decoding]
        for number in reading:
            order += range(starts[number], starts[number + 1])
        self.order_N = torch.tensor(order)
        self.place_N = torch.empty_like(self.order_N)
        self.place_N[self.order_N] = torch.arange(len(order))
        self.positions_BT = to_device(batch.position_N[self.order_N], memory.device).unsqueeze(0)
        self._slot_N = to_device(batch.slot_N[self.order_N], memory.device)
        groups: list[Places] = []
        self.groups: Sequence[Places] = groups
        self._tables: list[Tensor] = []
        """Blocks of each group's sequences; none where nothing but the new keys is looked at."""
        self._num_decoding = len(decoding)
        if decoding:
            self._add_decoding(groups, batch, decoding, contexts)
        self._lengths = [lengths[number] for number in reading]
        for number in reading:
            table_1P = to_device(batch.block_table_BP[number : number + 1], memory.device)
            self._add_reading(groups, table_1P, lengths[number], contexts[number])

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
        """Store the new keys and values; mix what the queries may look at, 1HNA."""
        # Keys are looked at as they are kept, wherever they come from: how a prompt is cut changes nothing.
        key_NKA, value_NKA = write(
            self._memory, layer, self._slot_N, key_BKTA[0].transpose(0, 1), value_BKTA[0].transpose(0, 1)
        )
        mixed, start = [], 0
        if self._num_decoding:
            start = self._num_decoding
            keys, values = self._decoding_keys(layer, key_NKA[:start], value_NKA[:start])
            query_DH1A = query_BHTA[0, :, :start].transpose(0, 1).unsqueeze(2)
            mixed_DH1A = attend(query_DH1A, keys, values, masks[0], scale=scale, softcap=softcap)
            mixed.append(mixed_DH1A.squeeze(2).transpose(0, 1).unsqueeze(0))
        first = 1 if self._num_decoding else 0
        for group, length in enumerate(self._lengths, first):
            query, end = query_BHTA[:, :, start : start + length], start + length
            places = self.groups[group]
            if places.has_cache:
                keys, values = gather(self._memory, layer, self._tables[group], places.num_keys, self._dtype)
            else:
                keys, values = (new[start:end].transpose(0, 1).unsqueeze(0) for new in (key_NKA, value_NKA))
            mixed.append(attend(query, keys, values, masks[group], scale=scale, softcap=softcap))
            start = end
        return mixed[0] if len(mixed) == 1 else torch.cat(mixed, dim=2)

    def _add_decoding(self, groups: list[Places], batch: Batch, decoding: list[int], contexts: list[int]) -> None:
        count, longest = len(decoding), max(contexts[number] for number in decoding)
        position_D1 = self.positions_BT[0, :count].unsqueeze(1)
        mask = None
        if count > 1:
            # Whole vector registers; a step of many sequences waits for the memory that keys are read from.
            longest = -(-longest // 16) * 16
            mask = (torch.arange(longest, device=position_D1.device) <= position_D1)[:, None, None, :]
        groups.append(Places(position_D1, mask, longest, has_cache=True))
        self._tables.append(to_device(batch.block_table_BP[decoding], self._memory.device))

    def _add_reading(self, groups: list[Places], table_1P: Tensor, length: int, context: int) -> None:
        self._tables.append(table_1P)
        if length == context:
            groups.append(Places(None, None, length, has_cache=False))
            return
        position_1T = torch.arange(context - length, context, device=table_1P.device).unsqueeze(0)
        is_past_1TS = torch.arange(context, device=table_1P.device) <= position_1T[:, :, None]
        groups.append(Places(position_1T, is_past_1TS.unsqueeze(1), context, has_cache=True))

    def _decoding_keys(self, layer: int, key_DKA: Tensor, value_DKA: Tensor) -> tuple[Tensor, Tensor]:
        num_keys = self.groups[0].num_keys
        if self._rows is not None:
            return self._rows.push(layer, self.positions_BT[0, : self._num_decoding], key_DKA, value_DKA, num_keys)
        return gather(self._memory, layer, self._tables[0], num_keys, self._dtype)


class BranchView:
    """What might come next of one sequence, in several ways beside each other, looked at and not kept: a ``Cache``."""

    def __init__(self, memory: Memory, blocks: Sequence[int], start: int, length: int, dtype: torch.dtype) -> None:
        """Rows of ``length`` tokens, each of which might follow the first ``start`` ones of who has ``blocks``."""
        self._memory, self._start, self._dtype = memory, start, dtype
        self._table_1P = torch.tensor([list(blocks)], device=memory.device)
        self.positions_BT = torch.arange(start, start + length, device=memory.device).unsqueeze(0)
        is_past_1TS = torch.arange(start + length, device=memory.device) <= self.positions_BT[:, :, None]
        places = Places(self.positions_BT, is_past_1TS.unsqueeze(1), start + length, has_cache=True)
        self.groups: Sequence[Places] = [places]

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
        """Mix the sequence so far and each branch's own, BHTA."""
        earlier = gather(self._memory, layer, self._table_1P, self._start, self._dtype)
        keys, values = (
            torch.cat((past_1KSA.expand(len(new_BKTA), -1, -1, -1), new_BKTA), dim=2)
            for past_1KSA, new_BKTA in zip(earlier, (key_BKTA, value_BKTA), strict=True)
        )
        return attend(query_BHTA, keys, values, masks[0], scale=scale, softcap=softcap)


def gather(memory: Memory, layer: int, table_BP: Tensor, num_keys: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The first ``num_keys`` keys and values of sequences, side by side, in ``dtype``: BKSA each."""
    found = []
    for kept_LPKSA, scale_LPKS in (
        (memory.keys_LPKSA, memory.key_scale_LPKS),
        (memory.values_LPKSA, memory.value_scale_LPKS),
    ):
        _, _, heads, size, width = kept_LPKSA.shape
        table_BP = table_BP[:, : -(-num_keys // size)]
        # By block and head, so that a sequence's keys come to lie in one piece without a second copy.
        head_K1 = torch.arange(heads, device=table_BP.device).unsqueeze(1)
        chosen = (table_BP.long().unsqueeze(1) * heads + head_K1).flatten()
        shape = (len(table_BP), heads, -1, width)
        kept_BKSA = kept_LPKSA[layer].view(-1, size * width).index_select(0, chosen).view(shape).to(dtype)
        if scale_LPKS is not None:
            scale_BKS = scale_LPKS[layer].view(-1, size).index_select(0, chosen).view(*shape[:3])
            kept_BKSA *= scale_BKS.unsqueeze(-1).to(dtype)
        found.append(kept_BKSA[:, :, :num_keys])
    return found[0], found[1]


def _dtype(model: Decoder) -> torch.dtype:
    return model.compute_dtype or model.embed_tokens.weight.dtype
