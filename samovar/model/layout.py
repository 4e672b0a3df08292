"""How a family's checkpoint names and stores our parameters: declared once, read in both directions.

Axes: H query heads, K key-value heads, A head width.

Names are of modules ("layers.*.self_attn.q_proj", a star for every number); what stands behind the last dot ("weight",
"bias", "weight_scale", "weight.absmax") is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from samovar.core.errors import CorruptError
from samovar.model.settings import DecoderSettings

HEAD = "lm_head"
QKV = tuple(f"layers.*.self_attn.{name}_proj" for name in "qkv")
_NO_PARAMETER = re.compile(r"rotary_emb\.inv_freq$|\.attn\.(masked_)?bias$")
"""Masks and frequencies that older checkpoints stored beside the parameters."""


@dataclass(frozen=True)
class FusedQKV:
    """One matrix of theirs that holds a layer's maps to queries, keys and values, one under the other."""

    name: str
    """Their module."""
    in_groups: bool = False
    """Whether every key-value head's queries, key and value stand together; else all queries, all keys, all values."""

    def split(self, tensor: Tensor, settings: DecoderSettings, name: str) -> tuple[Tensor, Tensor, Tensor]:
        """Rows of the queries, the keys and the values.

        Raises:
            CorruptError: the matrix has other rows than the settings say.
        """
        heads, groups, width = settings.num_heads, settings.num_kv_heads, settings.head_dim
        rows = (heads + 2 * groups) * width
        if tensor.ndim == 0 or tensor.shape[0] != rows:
            raise CorruptError(
                f"{name} is {tuple(tensor.shape)}, expected {rows} rows: {heads} heads for queries, "
                f"2 x {groups} for keys and values, {width} wide",
                hint="config.json and the weights are of different models: copy the folder again",
            )
        if not self.in_groups:
            query, key, value = tensor.split((heads * width, groups * width, groups * width))
            return query, key, value
        grouped = tensor.reshape(groups, heads // groups + 2, width, *tensor.shape[1:])
        query, key, value = grouped[:, :-2], grouped[:, -2], grouped[:, -1]
        rest = tensor.shape[1:]
        return query.reshape(heads * width, *rest), key.reshape(-1, *rest), value.reshape(-1, *rest)

    def join(self, query: Tensor, key: Tensor, value: Tensor, settings: DecoderSettings) -> Tensor:
        """The matrix that ``split`` takes apart."""
        if not self.in_groups:
            return torch.cat((query, key, value))
        groups, width, rest = settings.num_kv_heads, settings.head_dim, query.shape[1:]
        parts = [part.reshape(groups, -1, width, *rest) for part in (query, key, value)]
        return torch.cat(parts, dim=1).reshape(-1, *rest)


@dataclass(frozen=True)
class Layout:
    """A family's names for our modules, and what it stores otherwise than we do."""

    prefix: str = "model."
    """Stands before all their names but those of heads."""
    heads: frozenset[str] = frozenset({HEAD})
    """Our modules whose names have no prefix there."""
    older_prefixes: tuple[str, ...] = ()
    """Read as well, never written."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Their module for each of ours that they call otherwise."""
    fused: FusedQKV | None = None
    """Their one matrix for queries, keys and values."""
    stacked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Their modules that hold several of ours of one size, one under the other."""
    transposed: frozenset[str] = frozenset()
    """Their modules whose weights are stored inputs first."""
    ignored: str | None = None
    """A regular expression for names that are no part of the decoder."""

    def to_ours(self, state: Mapping[str, Tensor], settings: DecoderSettings | None = None) -> dict[str, Tensor]:
        """Our parameters out of theirs; names that are not known are kept as they are.

        The tensors may be views of those given. ``state`` may be a part of a checkpoint. ``settings`` are needed where
        a head may be tied or matrices fused.
        """
        ours_of = {theirs: ours for ours, theirs in self.names.items()}
        ours: dict[str, Tensor] = {}
        for name, tensor in state.items():
            if _NO_PARAMETER.search(name) or (self.ignored and re.search(self.ignored, name)):
                continue
            module, leaf = _module_and_leaf(self._without_prefix(name))
            pattern, numbers = _pattern(module)
            if module == HEAD and settings is not None and settings.tie_embeddings:
                continue  # a copy of the embedding table
            if pattern in self.transposed and leaf == "weight":
                tensor = tensor.mT
            if self.fused is not None and settings is not None and pattern == self.fused.name:
                parts = self.fused.split(tensor, settings, name)
                ours |= {f"{_filled(part, numbers)}.{leaf}": rows for part, rows in zip(QKV, parts, strict=True)}
            elif tensor.ndim and (names := self.stacked.get(pattern)):
                rows_of = zip(names, tensor.tensor_split(len(names)), strict=True)
                ours |= {f"{_filled(part, numbers)}.{leaf}": rows for part, rows in rows_of}
            else:
                ours[f"{_filled(ours_of.get(pattern, pattern), numbers)}.{leaf}"] = tensor
        return ours

    def to_theirs(self, state: Mapping[str, Tensor], settings: DecoderSettings | None = None) -> dict[str, Tensor]:
        """Their parameters out of all of ours; ``settings`` are needed where matrices are fused."""
        stack_of = {part: theirs for theirs, parts in self.stacked.items() for part in parts}
        theirs: dict[str, Tensor] = {}
        for name, tensor in state.items():
            module, leaf = _module_and_leaf(name)
            pattern, numbers = _pattern(module)
            their_pattern = self.names.get(pattern, pattern)
            if self.fused is not None and pattern in QKV:
                if pattern != QKV[0]:
                    continue  # joined to the queries
                assert settings is not None  # whoever fuses matrices is a decoder
                parts = [state[f"{_filled(part, numbers)}.{leaf}"] for part in QKV]
                tensor = self.fused.join(parts[0], parts[1], parts[2], settings)
                their_pattern = self.fused.name
            if pattern in stack_of:
                their_pattern = stack_of[pattern]
                names = self.stacked[their_pattern]
                if pattern != names[0]:
                    continue  # joined to the first
                tensor = torch.cat([state[f"{_filled(part, numbers)}.{leaf}"] for part in names])
            if their_pattern in self.transposed and leaf == "weight":
                tensor = tensor.mT
            prefix = "" if module in self.heads else self.prefix
            theirs[f"{prefix}{_filled(their_pattern, numbers)}.{leaf}"] = tensor
        return theirs

    def _without_prefix(self, name: str) -> str:
        for prefix in (self.prefix, *self.older_prefixes):
            if name.startswith(prefix):
                return name.removeprefix(prefix)
        return name


def _module_and_leaf(name: str) -> tuple[str, str]:
    # What bitsandbytes stores beside a weight is named after it: "q_proj.weight.absmax".
    module, found, rest = name.rpartition(".weight.")
    if found:
        return module, f"weight.{rest}"
    module, _, leaf = name.rpartition(".")
    return module, leaf


def _pattern(module: str) -> tuple[str, list[str]]:
    """The module with a star for every number, and the numbers."""
    parts = module.split(".")
    return ".".join("*" if part.isdecimal() else part for part in parts), [p for p in parts if p.isdecimal()]


def _filled(pattern: str, numbers: list[str]) -> str:
    left = iter(numbers)
    return ".".join(next(left, "*") if part == "*" else part for part in pattern.split("."))
