"""Make the assistant smaller, and measure what that costs and gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext
from samovar.brew.training_forecast import FORWARD_SHARE, decoder_settings, probe_training
from samovar.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


class QuantizeStage(Stage):
    """The assistant with weights of eight bits, a Hugging Face folder."""

    name = "quantize"
    needs = ("sft", "data")

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """All of the quantize section.

        Raises:
            ConfigError: fine-tuning is to leave an adapter alone, which is no model to quantize.
        """
        if recipe.sft.adapter is not None and not recipe.sft.adapter.merge:
            raise ConfigError(
                "sft.adapter.merge is false: the stages after sft need a whole model",
                hint="leave it out in a brew; `samovar sft` by itself can leave the adapter alone",
            )
        return recipe.quantize.model_dump(mode="json")

    def run(self, context: StageContext) -> dict[str, Any]:
        """Quantize, save, and compare with the model before."""
        from samovar.engine.quantize import quantize_folder
        from samovar.model.card import card_facts

        source = context.inputs["sft"]
        metrics = quantize_folder(source, context.out) | card_facts(source)
        metrics |= _speeds(source, context.out, context.recipe.quantize.decode_tokens)
        if "data" in context.inputs:
            before, after = (_bits_per_byte(folder, context) for folder in (source, context.out))
            metrics |= {
                "bits_per_byte": round(after, 4),
                "bits_per_byte_before": round(before, 4),
                "bits_per_byte_change": round(after / before - 1, 5),
            }
        return metrics

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Two readings of the held-out text and two short decodings."""
        shape = decoder_settings(recipe, outlook)
        speed = probe_training(recipe, recipe.pretrain, outlook)["tokens_per_second"]
        held_out_tokens = min(recipe.quantize.text_bytes, outlook.quantity("data", "characters")) / 3
        reading = 2 * 2 * held_out_tokens * FORWARD_SHARE / speed
        return Forecast(
            3.0 + reading, PROCESS_BYTES + 12 * shape.num_parameters + 200 * MIB, 1.2 * shape.num_parameters + MIB
        )


def _speeds(before: Path, after: Path, num_tokens: int) -> dict[str, float]:
    """Tokens a second of one answer: int8, and before it in the stored type and in float32."""
    import torch

    from samovar.engine.quantize import measure_decode

    cases = {
        "": (after, torch.float32),
        "_stored_type": (before, None),
        "_float32": (before, torch.float32),
    }
    return {
        f"decoded_tokens_per_second{name}": round(measure_decode(folder, num_tokens=num_tokens, dtype=dtype), 1)
        for name, (folder, dtype) in cases.items()
    }


def _bits_per_byte(model: Path, context: StageContext) -> float:
    from samovar.data.corpus_reader import read_corpus
    from samovar.engine.engine import Engine
    from samovar.evals.bits_per_byte import bits_per_byte

    engine = Engine.load(model, max_batch=1)
    texts = (document.text for document in read_corpus(context.inputs["data"], split="validation"))
    limit = context.recipe.quantize.text_bytes
    return bits_per_byte(engine.model, engine.tokenizer, texts, max_bytes=limit).bits_per_byte
