"""Make the assistant smaller, and measure what that costs and gains."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext
from samovar.brew.training_forecast import FORWARD_SHARE, decoder_settings, probe_training

if TYPE_CHECKING:
    from pathlib import Path

    from samovar.engine.engine import Engine

PROMPT = "The"


class QuantizeStage(Stage):
    """The assistant with weights of eight bits, a Hugging Face folder."""

    name = "quantize"
    needs = ("sft", "data")

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """All of the quantize section."""
        return recipe.quantize.model_dump(mode="json")

    def run(self, context: StageContext) -> dict[str, Any]:
        """Quantize, save, and compare with the model before."""
        from samovar.engine.engine import Engine
        from samovar.model.checkpoint import WEIGHTS, load_model
        from samovar.model.quantized import quantize_model, save_quantized

        source = context.inputs["sft"]
        save_quantized(quantize_model(load_model(source)), context.out, tokenizer_folder=source)
        before, after = Engine.load(source), Engine.load(context.out)
        sizes = [(folder / WEIGHTS).stat().st_size for folder in (source, context.out)]
        metrics: dict[str, Any] = {"size_bytes": sizes[1], "size_bytes_before": sizes[0]}
        if "data" in context.inputs:
            bits = [_bits_per_byte(engine, context) for engine in (after, before)]
            metrics |= {
                "bits_per_byte": round(bits[0], 4),
                "bits_per_byte_before": round(bits[1], 4),
                "bits_per_byte_change": round(bits[0] / bits[1] - 1, 5),
            }
        speeds = [_decode_speed(engine, context.recipe.quantize.decode_tokens) for engine in (after, before)]
        return metrics | {
            "decoded_tokens_per_second": round(speeds[0], 1),
            "decoded_tokens_per_second_before": round(speeds[1], 1),
        }

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Two readings of the held-out text and two short decodings."""
        shape = decoder_settings(recipe)
        probe = probe_training(shape, recipe.model.context, recipe.pretrain.micro_batch_tokens, outlook.machine)
        held_out_tokens = min(recipe.quantize.text_bytes, outlook.quantity("data", "characters")) / 3
        reading = 2 * 2 * held_out_tokens * FORWARD_SHARE / probe["tokens_per_second"]
        return Forecast(
            3.0 + reading, PROCESS_BYTES + 12 * shape.num_parameters + 200 * MIB, 1.2 * shape.num_parameters + MIB
        )


def _bits_per_byte(engine: Engine, context: StageContext) -> float:
    from samovar.data.corpus import read_corpus
    from samovar.evals.bits_per_byte import bits_per_byte

    folder: Path = context.inputs["data"]
    texts = (document.text for document in read_corpus(folder, split="validation"))
    limit = context.recipe.quantize.text_bytes
    return bits_per_byte(engine.model, engine.tokenizer, texts, max_bytes=limit).bits_per_byte


def _decode_speed(engine: Engine, num_tokens: int) -> float:
    """Tokens a second of one request, from the second token on."""
    from samovar.engine.request import Sampling

    prompt = engine.tokenizer.encode(PROMPT)
    sampling = Sampling(temperature=1.0, seed=0, max_tokens=num_tokens)
    engine.generate([prompt], sampling)  # the first run allocates
    started = time.perf_counter()
    decoded = len(engine.generate([prompt], sampling)[0].ids)
    return decoded / (time.perf_counter() - started)
