"""Masks by blocks say what masks over whole rows say: none of a pair's answers is lost, and no block is called whole
that is not."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model.attention import attend
from samovar.model.block_masks import BLOCK, attend_in_blocks, block_mask
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.model.sight import Branches, document_mask

CPU = torch.device("cpu")
LENGTHS = [1, 100, 128, 300, 512]


def documents(length: int, *, rows: int = 3, ends: float = 0.01) -> Tensor:
    """Numbers of documents of about 1 / ends tokens; the first row is one document alone."""
    draw = torch.Generator().manual_seed(length)
    number_BT = (torch.rand(rows, length, generator=draw) < ends).cumsum(1).int()
    number_BT[0] = 0
    return number_BT


def dense(num_blocks: Tensor, indices: Tensor) -> Tensor:
    """True for the blocks of keys that are listed for each block of queries."""
    rows, _, blocks, _ = indices.shape
    is_listed = torch.zeros(rows, blocks, blocks, dtype=torch.bool)
    for row in range(rows):
        for query in range(blocks):
            is_listed[row, query, indices[row, 0, query, : num_blocks[row, 0, query]].long()] = True
    return is_listed


def by_blocks(mask_B1TS: Tensor, *, fill: bool) -> Tensor:
    """The mask cut into blocks, the pairs of each in the last axis; what is behind its end is ``fill``."""
    missing = -mask_B1TS.shape[-1] % BLOCK
    filled = F.pad(mask_B1TS[:, 0], (0, missing, 0, missing), value=fill)
    pieces = filled.unfold(1, BLOCK, BLOCK).unfold(2, BLOCK, BLOCK)
    return pieces.flatten(-2)


def seen(length: int, document_BT: Tensor | None, branches: Branches | None, window: int | None) -> Tensor:
    """The mask over whole rows, B1TS."""
    number_BT = torch.zeros(1, length, dtype=torch.int32) if document_BT is None else document_BT
    mask_B1TS = document_mask(number_BT, branches)
    if window is None:
        return mask_B1TS
    place_BT = torch.arange(length).unsqueeze(0) if branches is None else branches.position_BT
    return mask_B1TS & (place_BT[:, None, :, None] - place_BT[:, None, None] < window)


def fork(length: int) -> Branches:
    """The first half of a row is the beginning, its two quarters are ends: the second goes on where the first does."""
    branch_BT = torch.zeros(3, length, dtype=torch.int32)
    branch_BT[:, length // 2 :], branch_BT[:, 3 * length // 4 :] = 1, 2
    position_T = torch.arange(length)
    position_T[3 * length // 4 :] -= 3 * length // 4 - length // 2
    return Branches(branch_BT, position_T.expand(3, length))


@pytest.mark.parametrize("window", [None, 1, 60, 129, 1000])
@pytest.mark.parametrize("kind", ["plain", "documents", "branches"])
@pytest.mark.parametrize("length", LENGTHS)
def test_blocks_hold_every_pair_that_is_seen(length: int, kind: str, window: int | None) -> None:
    document_BT = None if kind == "plain" else documents(length)
    branches = fork(length) if kind == "branches" else None
    mask_B1TS = seen(length, document_BT, branches, window)
    blocks = block_mask(length, CPU, document_BT=document_BT, branches=branches, window=window)
    assert blocks.full_kv_num_blocks is not None
    assert blocks.full_kv_indices is not None
    in_part, as_a_whole = (
        dense(blocks.kv_num_blocks, blocks.kv_indices),
        dense(blocks.full_kv_num_blocks, blocks.full_kv_indices),
    )
    assert not (in_part & as_a_whole).any()
    assert (in_part | as_a_whole)[by_blocks(mask_B1TS, fill=False).any(-1)].all()
    assert by_blocks(mask_B1TS, fill=True).all(-1)[as_a_whole].all()
    place = torch.arange(length)
    row = torch.arange(mask_B1TS.shape[0])
    pairs_BTS = blocks.mask_mod(row[:, None, None], row, place[:, None], place)
    assert torch.equal(pairs_BTS.expand_as(mask_B1TS[:, 0]), mask_B1TS[:, 0])


def test_most_blocks_are_left_out_where_documents_are_short() -> None:
    """Of 16 blocks of queries, each sees two or three blocks of keys where documents are a block long."""
    number_BT = (torch.arange(16 * BLOCK) // BLOCK).int().unsqueeze(0)
    blocks = block_mask(16 * BLOCK, CPU, document_BT=number_BT)
    assert blocks.kv_num_blocks.tolist() == [[[1] * 16]]
    one = block_mask(16 * BLOCK, CPU, document_BT=torch.zeros_like(number_BT))
    assert one.full_kv_num_blocks is not None
    assert one.full_kv_num_blocks.tolist() == [[list(range(16))]], "of one document, those before are seen as a whole"


@pytest.mark.filterwarnings("ignore:flex_attention called without")
@pytest.mark.parametrize("softcap", [None, 2.0])
def test_attention_is_that_of_the_mask_written_out(softcap: float | None) -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 4, 300, 16), torch.randn(3, 2, 300, 16), torch.randn(3, 2, 300, 16)
    document_BT = documents(300)
    blocks = block_mask(300, CPU, document_BT=document_BT, window=90)
    found = attend_in_blocks(query, key, value, blocks, scale=0.3, softcap=softcap)
    wanted = attend(query, key, value, seen(300, document_BT, None, 90), scale=0.3, softcap=softcap)
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.filterwarnings("ignore:flex_attention called without")
@pytest.mark.parametrize("more", [{}, {"score_softcap": 5.0}, {"window": 70, "windowed_layers": (1,)}])
def test_a_decoder_gives_the_same_with_masks_by_blocks(
    more: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    shape = DecoderSettings.model_validate(
        {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_layers": 2, "num_heads": 2,
         "num_kv_heads": 1, "head_dim": 16, "max_positions": 300} | more
    )  # fmt: skip
    model = Decoder(shape)
    tokens_BT = torch.randint(64, (3, 300))
    with torch.no_grad():
        for document_BT in (None, documents(300)):
            wanted = model.hidden(tokens_BT, document_BT=document_BT)
            with monkeypatch.context() as on_a_gpu:
                on_a_gpu.setattr(Decoder, "_attends_in_blocks", True)
                found = model.hidden(tokens_BT, document_BT=document_BT)
            assert torch.allclose(found, wanted, atol=1e-4)
