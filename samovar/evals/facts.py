"""The rows of the report's plain tables: what the assistant is made of, and what smaller weights changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from samovar.core.progress import short_bytes, short_duration, short_number
from samovar.evals.findings import Findings

_INT8 = "whole numbers of eight bits, with one scale a row"
_INT4 = "whole numbers of four bits, with one scale for each group of inputs"
_KEPT_AS = {
    "int8": _INT8,
    "int8-dynamic": f"{_INT8}; what they are multiplied with is rounded to eight bits too",
    "nf4": "one of sixteen levels, with one scale for each group of inputs",
    "mixed": f"{_INT4}, and of eight bits where four do most harm",
}
"""What the forms are that weights can be kept in; one that is not here is a way of rounding to four bits."""
KETTLE_JOULES_PER_LITRE = 80 * 4186.0
"""To bring a litre of water from 20 to 100 degrees Celsius."""


class Fact(NamedTuple):
    """A name, its value, and what to make of it."""

    name: str
    value: str
    note: str = ""


def headline(findings: Findings) -> list[Fact]:
    """The few numbers that stand on top."""
    model = findings.model
    facts = [Fact("parameters", short_number(model.num_parameters)), Fact("on disk", short_bytes(model.size_bytes))]
    if findings.scores:
        mean = sum(score.score for score in findings.scores) / len(findings.scores)
        facts.append(Fact("right, mean of all tasks", f"{mean:.0%}"))
    if "base" in findings.bits_per_byte:
        facts.append(Fact("bits per byte", f"{findings.bits_per_byte['base'].bits_per_byte:.2f}"))
    if findings.seconds and findings.knows_all_stages:
        facts.append(Fact("to make", short_duration(findings.seconds)))
    if findings.joules and findings.knows_all_stages:
        name = "estimated energy" if "estimate" in findings.joules_sources else "energy"
        facts.append(Fact(name, f"{findings.joules / 3600:.2g} Wh"))
    return facts


def ingredients(findings: Findings) -> list[Fact]:
    """From the documents to the weights, a row each; what is not known is left out."""
    return [*_data_facts(findings), *_training_facts(findings), *_model_facts(findings), *_energy_facts(findings)]


def _data_facts(findings: Findings) -> list[Fact]:
    data, shards = findings.metrics("data"), findings.metrics("shards")
    facts = []
    if "documents" in data:
        size = f"{short_number(data['characters'])} characters" if "characters" in data else ""
        facts.append(Fact("documents", f"{data['documents']:,}", size))
        dropped = data.get("documents_read", 0) - data["documents"]
        if dropped > 0:
            facts.append(Fact("left out", f"{dropped:,}", "documents, each with its reason in the data stage's report"))
    if "tokens" in shards:
        size = f"{shards['bytes_per_token']:.2f} bytes each" if "bytes_per_token" in shards else ""
        facts.append(Fact("tokens to read", short_number(shards["tokens"]), size))
    return [*facts, *_fertility_facts(findings)]


def _fertility_facts(findings: Findings) -> list[Fact]:
    measured = findings.metrics("tokenizer").get("fertility", {})
    names = {"en": "in English questions and answers", "ru": "in Russian questions and answers"}
    return [
        Fact(
            "tokens for a word",
            f"{one['tokens_per_word']:.2f}",
            f"{names.get(text, f'in the {text}')}; {one['bytes_per_token']:.2f} bytes for a token",
        )
        for text, one in measured.items()
    ]


def _training_facts(findings: Findings) -> list[Fact]:
    names = {"pretrain": "pretrained on", "sft": "fine-tuned on"}
    facts = []
    for stage, name in names.items():
        metrics = findings.metrics(stage)
        if "tokens" in metrics:
            speed = f"{short_number(metrics['tokens_per_second'])} a second" if "tokens_per_second" in metrics else ""
            facts.append(Fact(name, f"{short_number(metrics['tokens'])} tokens", speed))
    if "conversations" in findings.metrics("sft"):
        facts.append(Fact("conversations", f"{findings.metrics('sft')['conversations']:,}"))
    return facts


def _model_facts(findings: Findings) -> list[Fact]:
    model, base = findings.model, findings.metrics("base")
    facts = [Fact("base model", base["origin"], f"licence: {base['licence_title']}")] if base else []
    shape = f"of the family {base['family']}" if base else "Qwen3's shape"
    words = "the base model's" if base else "byte-level BPE"
    return [
        *facts,
        Fact("decoder", f"{model.num_layers} layers, width {model.hidden_size}", shape),
        Fact("vocabulary", f"{model.vocab_size:,} tokens", words),
        Fact("context", f"{model.context:,} tokens", "question and answer together"),
    ]


def _energy_facts(findings: Findings) -> list[Fact]:
    if not findings.joules or not findings.knows_all_stages:
        return []
    litres = findings.joules / KETTLE_JOULES_PER_LITRE
    water = f"{litres:.2g} litres" if litres >= 1 else f"{1000 * litres:.2g} ml"
    return [
        Fact(
            "energy",
            f"{findings.joules / 3600:.2g} Wh",
            f"{_how_energy_is_known(findings)}; as much as brings {water} of water to the boil",
        )
    ]


def _how_energy_is_known(findings: Findings) -> str:
    counters = [source for source in findings.joules_sources if source not in {"estimate", "stated"}]
    parts = [f"measured by {' and '.join(counters)}"] if counters else []
    if "stated" in findings.joules_sources:
        parts.append("from time and the power that the recipe states")
    if "estimate" in findings.joules_sources:
        parts.append("the processor's estimated from time and cores" if counters else "estimated from time and cores")
    return ", ".join(parts)


class Change(NamedTuple):
    """A quantity before and after quantization."""

    name: str
    before: str
    after: str
    change: str


def form_of_weights(metrics: Mapping[str, Any]) -> Fact:
    """The form that the quantize stage kept, and what it is."""
    form = metrics.get("form", "int8")
    return Fact(form, _KEPT_AS.get(form, _INT4))


def quantization(metrics: Mapping[str, Any]) -> list[Change]:
    """What smaller weights changed, from the quantize stage's metrics; empty where it did not run."""
    rows = []
    size = metrics.get("source_bytes"), metrics.get("weight_bytes")
    if size[0] and size[1]:
        rows.append(
            Change("size", short_bytes(size[0]), short_bytes(size[1]), f"{size[0] / size[1]:.2f} times smaller")
        )
    bits = _pair(metrics, "bits_per_byte_before", "bits_per_byte")
    if bits:
        rows.append(Change("bits per byte", f"{bits[0]:.4f}", f"{bits[1]:.4f}", f"{bits[1] / bits[0] - 1:+.2%}"))
    # Before, as it would be served: in float32.
    speed = _pair(metrics, "decoded_tokens_per_second_float32", "decoded_tokens_per_second")
    if speed:
        before, after = (f"{short_number(value)} tokens/s" for value in speed)
        rows.append(Change("decoding", before, after, f"{speed[1] / speed[0]:.2f} times as fast"))
    return rows


def _pair(metrics: Mapping[str, Any], before: str, after: str) -> tuple[float, float] | None:
    """The two numbers of these names, where both are known."""
    old, new = metrics.get(before), metrics.get(after)
    return (float(old), float(new)) if old and new else None
