"""Make the assistant smaller, and measure what that costs and gains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samovar.brew.answering_forecast import held_out_tokens
from samovar.brew.curriculum import conversations_fingerprint, task_config
from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import TAUGHT, Stage, StageContext, assistant_of
from samovar.brew.training_forecast import FORWARD_SHARE, decoder_settings, probe_training
from samovar.core.errors import ConfigError
from samovar.core.progress import Progress
from samovar.engine.settings import CANDIDATES, READS_TEXT

if TYPE_CHECKING:
    from pathlib import Path

ESTIMATE_SHARE = 0.25
"""Of the held-out text, where many forms are tried."""
READINGS = {"int4": 3.0, "mixed": 4.0, "auto": 5.5}
"""How often the held-out text is read for the forms tried: all of it for a few, a part of it for the others, of which
mixed ones are about as many as halving the number of layers' maps takes."""
CALIBRATIONS = {"int4": 2, "int4-gptq": 1, "int4-awq": 1, "mixed": 1, "auto": 2}
"""How often weights are rounded by what the model does with text."""
CALIBRATED_SECONDS_PER_PARAMETER = 5e-6
"""Of rounding by GPTQ or AWQ on 32,768 tokens, one core; measured on 6M parameters."""


class QuantizeStage(Stage):
    """The assistant with weights of few bits, a Hugging Face folder."""

    name = "quantize"
    version = 3
    needs = (*TAUGHT, "distill", "data")

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """All of the quantize section, what is tried for a form that is chosen by measuring, and the conversations that
        forms are rounded and measured on.

        Raises:
            ConfigError: fine-tuning is to leave an adapter alone, which is no model to quantize.
        """
        if recipe.sft.adapter is not None and not recipe.sft.adapter.merge:
            raise ConfigError(
                "sft.adapter.merge is false: the stages after sft need a whole model",
                hint="leave it out in a brew; `samovar sft` by itself can leave the adapter alone",
            )
        tried = CANDIDATES.get(recipe.quantize.form)
        chosen_from = {"tried": list(tried)} if tried else {}
        return recipe.quantize.model_dump(mode="json") | {"sft": task_config(recipe)} | chosen_from

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The user's own conversations."""
        return conversations_fingerprint(root, recipe)

    def run(self, context: StageContext) -> dict[str, Any]:
        """Quantize, measuring every form that may be kept; save."""
        from samovar.engine.quantize import quantize_folder
        from samovar.model.card import card_facts

        source, settings = context.inputs.get("distill") or assistant_of(context.inputs), context.recipe.quantize
        progress = Progress("forms of weights", unit="forms", is_quiet=context.is_quiet)
        metrics = quantize_folder(
            source,
            context.out,
            form=settings.form,
            max_increase=settings.max_bpb_increase,
            group=settings.group_size,
            on_measured=lambda measured: progress.advance(note=measured.form),
            **(_text(source, context) if "data" in context.inputs else {}),
        )
        progress.finish()
        return metrics | card_facts(source) | _speeds(source, context.out, settings.decode_tokens)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """A reading of the held-out text for the model and for every form tried, the rounding, two short decodings."""
        shape = decoder_settings(recipe, outlook)
        speed = probe_training(recipe, recipe.pretrain, outlook)["tokens_per_second"]
        read, form = held_out_tokens(recipe, recipe.quantize.text_bytes, outlook), recipe.quantize.form
        reading = 2 * (1 + READINGS.get(form, 1)) * read * FORWARD_SHARE / speed
        rounding = CALIBRATED_SECONDS_PER_PARAMETER * shape.num_parameters * CALIBRATIONS.get(form, 0)
        return Forecast(
            3.0 + reading + rounding,
            PROCESS_BYTES + 12 * shape.num_parameters + 200 * MIB,
            1.2 * shape.num_parameters + MIB,
        )


def _speeds(before: Path, after: Path, num_tokens: int) -> dict[str, float]:
    """Tokens a second of one answer: with smaller weights, and before them in the stored type and in float32."""
    import torch

    from samovar.engine.decode_speed import measure_decode

    cases = {
        "": (after, torch.float32),
        "_stored_type": (before, None),
        "_float32": (before, torch.float32),
    }
    return {
        f"decoded_tokens_per_second{name}": round(measure_decode(folder, num_tokens=num_tokens, dtype=dtype), 1)
        for name, (folder, dtype) in cases.items()
    }


def _text(source: Path, context: StageContext) -> dict[str, Any]:
    """What the forms are measured on, and rounded on where they are."""
    from samovar.brew.calibration import calibration_rows, losses_on
    from samovar.model.checkpoint import read_settings
    from samovar.tokenizer.tokenizer import Tokenizer

    recipe, corpus = context.recipe, context.inputs["data"]
    tokenizer, shape = Tokenizer.load(source), read_settings(source)
    texts = recipe, context.root, corpus, tokenizer
    options: dict[str, Any] = {"measure": losses_on(*texts)}
    if recipe.quantize.form in ("mixed", "auto"):
        options["estimate"] = losses_on(*texts, share=ESTIMATE_SHARE)
    if recipe.quantize.form in READS_TEXT:
        options["calibration_RT"] = calibration_rows(*texts, longest=shape.max_positions, vocab_size=shape.vocab_size)
    return options
