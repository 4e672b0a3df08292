"""The formula of a training step's memory against what torch holds: saved tensors, gradients, optimizer state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from samovar.core.native.build import SWITCH
from samovar.model.adapters.attach import attach
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.native import multiplies_natively
from samovar.model.products import use_products
from samovar.model.settings import DecoderSettings
from samovar.model.sight import Branches
from samovar.train import activations
from samovar.train.batches import Batch
from samovar.train.memory_model import Adapter, training_memory
from samovar.train.native import LIBRARY
from samovar.train.objectives import next_token
from samovar.train.optimizers import Optimizers
from samovar.train.settings import LoopSettings

TOKENS = 512


def shape(context: int, **changes: object) -> DecoderSettings:
    plain = {
        "vocab_size": 512, "hidden_size": 128, "intermediate_size": 320, "num_layers": 3, "num_heads": 4,
        "num_kv_heads": 2, "head_dim": 64, "max_positions": context,
    }  # fmt: skip
    return DecoderSettings.model_validate(plain | changes)


GPT2_LIKE = {
    "qk_norm": False, "norm": "layer", "mlp": "plain", "position": "learned", "activation": "gelu",
    "attention_bias": True, "output_bias": True, "mlp_bias": True, "num_kv_heads": 4,
}  # fmt: skip


def batch(context: int) -> Batch:
    tokens_BT = torch.randint(0, 512, (TOKENS // context, context), generator=torch.Generator().manual_seed(0))
    return Batch(tokens_BT, tokens_BT, torch.zeros_like(tokens_BT, dtype=torch.int32))


def held_bytes(model: nn.Module, forward: Callable[[], Tensor]) -> int:
    """Bytes of what autograd keeps of a forward pass beside the parameters, tensors that share memory counted once."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in own:
            kept[place] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        forward()
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize(
    ("context", "changes"),
    [(256, {}), (64, {"num_kv_heads": 4}), (128, {"qk_norm": False}), (128, GPT2_LIKE), (128, {"block": "sandwich"})],
    ids=["grouped", "short", "llama", "gpt2", "sandwich"],
)
@pytest.mark.parametrize("native", ["build", "off"])
def test_activations_are_what_autograd_holds(
    context: int, changes: dict[str, object], dtype: torch.dtype, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, native)
    settings = shape(context, **changes)
    model, rows = Decoder(settings, compute_dtype=dtype), batch(context)
    if multiplies_natively():
        use_products(model)
    held = held_bytes(model, lambda: model.hidden(rows.tokens_BT, document_BT=rows.document_BT))
    assert held == pytest.approx(_kept_by_layers(settings, context, dtype.itemsize), rel=0.04)


@pytest.mark.parametrize("changes", [{}, {"num_kv_heads": 4}], ids=["grouped", "all heads"])
def test_rows_of_answers_that_share_their_prompt_keep_no_probabilities(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, "off")
    context = 256
    settings = shape(context, **changes)
    model, rows = Decoder(settings, compute_dtype=torch.bfloat16), batch(context)
    branch_BT = (torch.arange(context) // 64).int().expand(len(rows.tokens_BT), -1).contiguous()
    place_T = torch.arange(context)
    position_BT = torch.where(place_T < 64, place_T, 64 + place_T % 64).expand_as(branch_BT).contiguous()
    branches = Branches(branch_BT, position_BT)
    held = held_bytes(model, lambda: model.hidden(rows.tokens_BT, document_BT=rows.document_BT, branches=branches))
    assert held == pytest.approx(_kept_by_layers(settings, context, 2, is_forked=True), rel=0.04)
    assert held < 0.9 * _kept_by_layers(settings, context, 2)


def _kept_by_layers(settings: DecoderSettings, context: int, compute_bytes: int, **changes: Any) -> float:
    """All but what the loss takes: its inputs, its gradients, and the cast of the head."""
    memory = training_memory(
        settings, context=context, micro_batch_tokens=TOKENS, compute_bytes=compute_bytes, **changes
    )
    last_hidden = 2 * TOKENS * compute_bytes * settings.hidden_size
    has_head_cast = compute_bytes == 2 and "adapter" not in changes and not multiplies_natively()
    head_cast = compute_bytes * settings.vocab_size * settings.hidden_size if has_head_cast else 0
    return memory.activations + memory.casts - last_hidden - head_cast


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_what_the_loss_leaves_for_the_backward_pass(dtype: torch.dtype) -> None:
    settings = shape(128)
    model, rows = Decoder(settings, compute_dtype=dtype), batch(128)
    loss = next_token.loss_sum(model, rows, model.hidden(rows.tokens_BT))
    left = sum(gradient.nbytes for gradient in loss.grad_fn.gradients)  # type: ignore[union-attr]
    memory = training_memory(settings, context=128, micro_batch_tokens=TOKENS, compute_bytes=dtype.itemsize)
    at_once = (12 if dtype.itemsize == 2 else 8) * TOKENS * settings.vocab_size
    if LIBRARY.library() is not None:
        at_once = dtype.itemsize * TOKENS * settings.vocab_size
    assert memory.logits == at_once + left


@pytest.mark.parametrize("bits", [16, 4])
def test_an_adapter_beside_a_frozen_base_holds_less(bits: int) -> None:
    settings = shape(128)
    model = Decoder(settings, compute_dtype=torch.bfloat16).to(torch.bfloat16)
    if bits == 4:
        from samovar.model.nf4 import prepare_nf4

        prepare_nf4(model)
    attach(model, AdapterSettings(rank=8), seed=0)
    rows = batch(128)

    adapter = Adapter(8, base_bits=bits)
    memory = training_memory(settings, context=128, micro_batch_tokens=TOKENS, adapter=adapter)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert adapter.num_parameters(settings) == trained
    assert (memory.gradients, memory.optimizer) == (4 * trained, 8 * trained)
    held = held_bytes(model, lambda: model.hidden(rows.tokens_BT, document_BT=rows.document_BT))
    if bits == 4:  # what is packed is kept as it is, and is no parameter
        held -= sum(buffer.nbytes for name, buffer in model.named_buffers() if "packed" in name or "size_" in name)
    assert held == pytest.approx(_kept_by_layers(settings, 128, 2, adapter=adapter), rel=0.08)


def test_weights_gradients_and_optimizer_state_to_the_byte() -> None:
    settings = shape(64, tie_embeddings=False, qk_norm=False, vocab_size=1024)
    model, rows = Decoder(settings), batch(64)
    for name in ("muon", "adamw"):
        loop = LoopSettings(optimizer=name)
        optimizers = Optimizers(model, loop)
        next_token.loss_sum(model, rows, model.hidden(rows.tokens_BT)).backward()
        gradients = sum(p.grad.nbytes for p in model.parameters() if p.grad is not None)
        optimizers.step(1.0)
        state = sum(tensor.nbytes for tensor in optimizers.state_tensors().values() if tensor.numel() > 1)
        memory = training_memory(settings, context=64, micro_batch_tokens=TOKENS, optimizer=name)
        assert memory.weights == sum(p.nbytes for p in model.parameters())
        assert memory.gradients == gradients
        # Norms have AdamW's two moments under Muon as well: the formula takes them for matrices.
        assert state == pytest.approx(memory.optimizer, rel=0.005)


def test_probabilities_kept_by_hand() -> None:
    """Blocks of 128 queries look at 128, 256 and, the last 44 of them, at 300 keys."""
    assert activations.kept_probabilities(300) == (128 * 128 + 128 * 256 + 44 * 300) / 300
    assert activations.kept_probabilities(64) == 64


def test_what_lowers_the_peak_and_what_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = shape(256, num_layers=12, hidden_size=512, vocab_size=8192)

    def peak(**changes: object) -> float:
        given = {"context": 256, "micro_batch_tokens": 4096} | changes
        return training_memory(settings, **given).peak  # type: ignore[arg-type]

    assert peak(micro_batch_tokens=2048) < peak() < peak(batch_tokens=8192)
    assert peak(adapter=Adapter(8)) < peak()
    assert peak(adapter=Adapter(8, base_bits=4)) < peak(adapter=Adapter(8))
    assert peak(shards=8) < peak()
    spread = training_memory(settings, context=256, micro_batch_tokens=4096, shards=8)
    assert spread.casts == 2 * 8192 * 512, "a sharded layer is put together in the compute type"
    assert peak(target_share=0.3) < peak()
    native = peak()
    monkeypatch.setenv(SWITCH, "off")
    assert native <= peak(), "nor does ours, where there is a compiler"
    assert peak(is_on_gpu=True, logit_tokens=512) < peak(logit_tokens=512), "a fused kernel keeps no probabilities"
    assert peak(is_recomputed=True) < peak() < peak(is_averaged=True)


def test_llama_3_8b_by_hand() -> None:
    """AdamW in float32: 16 bytes a parameter, which is 128.5 GB."""
    settings = DecoderSettings(
        vocab_size=128256, hidden_size=4096, intermediate_size=14336, num_layers=32, num_heads=32, num_kv_heads=8,
        head_dim=128, max_positions=8192, qk_norm=False, tie_embeddings=False,
    )  # fmt: skip
    memory = training_memory(settings, context=8192, micro_batch_tokens=8192, optimizer="adamw", is_on_gpu=True)
    assert memory.weights + memory.gradients + memory.optimizer == 16 * 8_030_261_248
    quarter = training_memory(
        settings, context=8192, micro_batch_tokens=8192, is_on_gpu=True, adapter=Adapter(16, base_bits=4)
    )
    assert 5.5e9 < quarter.weights < 6.5e9, "QLoRA keeps an 8B model in about 6 GB"
