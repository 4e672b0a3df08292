"""The fused layers against the decoder's own, in Triton's interpreter where there is no GPU."""

from __future__ import annotations

import os
import random

import pytest
import torch

pytest.importorskip("triton")
IS_ON_GPU = torch.cuda.is_available()
if not IS_ON_GPU and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("needs a GPU, or TRITON_INTERPRET=1", allow_module_level=True)

from samovar.engine.batch import Piece, make_batch  # noqa: E402
from samovar.engine.cache import make_memory  # noqa: E402
from samovar.engine.eager import EagerForward  # noqa: E402
from samovar.engine.gpu.fused import FusedDecoder, objection  # noqa: E402
from samovar.engine.gpu.graphs import StepAttention, StepInputs, bucket_of  # noqa: E402
from samovar.engine.gpu.prompts import shape_for  # noqa: E402
from samovar.engine.gpu.reading import BatchAttention  # noqa: E402
from samovar.engine.transfer import to_device  # noqa: E402
from samovar.model.decoder import Decoder  # noqa: E402
from samovar.model.settings import DecoderSettings  # noqa: E402

DEVICE = torch.device("cuda" if IS_ON_GPU else "cpu")
SHAPES = {
    "grouped": {},
    "alone": {"num_kv_heads": 4},
    "llama": {"qk_norm": False, "tie_embeddings": False},
    "qwen2": {"qk_norm": False, "attention_bias": True},
    "windowed": {"window": 10, "windowed_layers": (1,)},
}


def _model(**changes: object) -> Decoder:
    shape = {
        "vocab_size": 96,
        "hidden_size": 48,
        "intermediate_size": 64,
        "num_layers": 2,
        "num_heads": 4,
        "num_kv_heads": 2,
        "head_dim": 16,
        "max_positions": 128,
    }
    torch.manual_seed(3)
    model = Decoder(DecoderSettings.model_validate(shape | changes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0 if parameter.ndim > 1 else 1.0, 0.2)
    return model.eval().requires_grad_(False).to(DEVICE)


@pytest.mark.parametrize("shape", SHAPES)
@torch.inference_mode()
def test_prompts_and_answers_are_computed_as_by_the_decoder(shape: str) -> None:
    model = _model(**SHAPES[shape])
    memories = [make_memory(model.settings, 40, form="plain", dtype=torch.float32, device=DEVICE) for _ in range(2)]
    assert not objection(model, memories[0])
    eager, fused = EagerForward(model, memories[0]), FusedDecoder(model, memories[1])
    rng = random.Random(1)
    texts = [[rng.randrange(96) for _ in range(length)] for length in (40, 9)]
    tables = [rng.sample(range(1 + 10 * row, 11 + 10 * row), 4) for row in range(2)]
    done, plan = [0, 0], [(17, 6), (1, 1), (21, 1), (1, 0), (0, 1)]
    for lengths in plan:
        pieces = []
        for row, length in enumerate(lengths):
            if not length:
                continue
            tokens = texts[row][done[row] : done[row] + length]
            pieces.append(Piece(row, tokens, done[row], tables[row], range(length)))
            done[row] += length
        batch = make_batch(pieces)
        expected_ND = eager.hidden(batch)
        inputs = [to_device(one, DEVICE) for one in (batch.token_N, batch.position_N, batch.slot_N)]
        attend = BatchAttention(model.settings, memories[1], batch, 4)
        if len(batch.token_N) == len(pieces):
            input_IB = torch.cat(
                [torch.stack((batch.token_N, batch.position_N, batch.slot_N, batch.context_B)), batch.block_table_BP.T]
            ).int()
            attend = StepAttention(model, memories[1], StepInputs(input_IB.to(DEVICE), 2))
        found_ND = fused.hidden(inputs[0], inputs[1], inputs[2], attend)
        torch.testing.assert_close(found_ND, expected_ND, atol=5e-5, rtol=5e-5)


@torch.inference_mode()
def test_the_decoders_own_layers_attend_in_blocks_too() -> None:
    model = _model(score_softcap=4.0, block="sandwich", norm="shifted_rms")
    memories = [make_memory(model.settings, 9, form="int8", dtype=torch.float32, device=DEVICE) for _ in range(2)]
    assert objection(model, memories[0])
    eagers = [EagerForward(model, memory) for memory in memories]
    prompts = make_batch([Piece(0, range(20), 0, [4, 2], [19]), Piece(1, range(3), 0, [7], [2])])
    for eager in eagers:
        eager.hidden(prompts)
    batch = make_batch([Piece(0, [5], 20, [4, 2], [0]), Piece(1, [6], 3, [7], [0])])
    rows = torch.stack((batch.token_N, batch.position_N, batch.slot_N, batch.context_B))
    inputs = StepInputs(torch.cat([rows, batch.block_table_BP.T]).int().to(DEVICE), 2)
    found_ND = model.hidden(inputs.token_B.unsqueeze(0), cache=StepAttention(model, memories[1], inputs))[0]
    torch.testing.assert_close(found_ND, eagers[0].hidden(batch), atol=5e-5, rtol=5e-5)


def test_weights_are_joined_once_and_stay_the_models() -> None:
    model = _model()
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    memory = make_memory(model.settings, 4, form="plain", dtype=torch.float32, device=DEVICE)
    first, second = FusedDecoder(model, memory), FusedDecoder(model, memory)
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name])
    assert first._layers[0].qkv_OD.data_ptr() == second._layers[0].qkv_OD.data_ptr()
    model.layers[0].self_attn.k_proj.weight.data.fill_(3.0)
    assert (second._layers[0].qkv_OD == 3.0).any()


def test_graphs_of_prompts_hold_them_and_little_more() -> None:
    rng = random.Random(2)
    for count in (1, 2, 5, 40):
        for longest in (1, 70, 200):
            lengths = [rng.randint(1, longest) for _ in range(count)]
            blocks = range(1, 20)
            batch = make_batch([Piece(row, [5] * length, 0, blocks, [0]) for row, length in enumerate(lengths)])
            shape = shape_for(batch)
            assert shape is not None
            padding = shape.num_tokens - sum(lengths)
            assert 0 <= padding < max(64, sum(lengths) // 4)
            assert max(padding, *lengths) <= shape.longest
            assert count <= shape.num_prompts <= 4 * count
    # Who looks back at what is cached is no whole prompt.
    assert shape_for(make_batch([Piece(0, [5] * 9, 0, [1], [0]), Piece(1, [5] * 9, 3, [2], [0])])) is None
    assert shape_for(make_batch([Piece(0, [5] * 9000, 0, range(1, 600), [0])])) is None


def test_buckets_hold_their_batches_and_little_more() -> None:
    assert [bucket_of(count) for count in (1, 2, 3, 5, 8, 9, 24, 33, 64, 65, 128, 500)] == [
        *(1, 2, 4, 8, 8, 16, 24, 48, 64, 96, 128, 512)
    ]
    assert all(count <= bucket_of(count) <= max(2 * count, count + 31) for count in range(1, 513))
