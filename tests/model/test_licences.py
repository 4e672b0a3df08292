"""Licences found in cards, files and names, and the strictest first."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.model.card import find_terms, read_card, write_card
from samovar.model.licences import KNOWN, licence_in_text, licence_named, licence_of_family
from tests.model.foreign_models import write_front_matter


@pytest.mark.parametrize(
    ("front", "licences", "kind"),
    [
        ({"license": "apache-2.0"}, ["apache-2.0"], "free"),
        ({"license": "mit"}, ["mit"], "free"),
        ({"license": "cc-by-nc-4.0"}, ["cc-by-nc-4.0"], "non-commercial"),
        ({"license": ["mit", "cc-by-nc-sa-4.0"]}, ["cc-by-nc-sa-4.0", "mit"], "non-commercial"),
        ({"license": "llama3.1"}, ["llama3.1"], "conditions"),
        ({"license": "gemma"}, ["gemma"], "conditions"),
        ({"license": "bigscience-bloom-rail-1.0"}, ["bigscience-bloom-rail-1.0"], "conditions"),
        ({"license": "other", "license_name": "qwen-research"}, ["qwen-research"], "non-commercial"),
        ({"license": "other", "license_name": "Our Own Terms"}, ["our-own-terms"], "unknown"),
        ({"license": "other"}, ["unknown"], "unknown"),
        ({"license": "mit", "base_model": "meta-llama/Llama-2-7b-hf"}, ["llama2", "mit"], "conditions"),
        ({"license": "apache-2.0", "base_model": "huggyllama/llama-7b"}, ["llama1", "apache-2.0"], "non-commercial"),
        ({}, ["unknown"], "unknown"),
    ],
)
def test_a_card_tells_the_terms(tmp_path: Path, front: dict[str, object], licences: list[str], kind: str) -> None:
    write_front_matter(tmp_path, **front)
    terms = find_terms(tmp_path)
    assert [licence.id for licence in terms.licences] == licences
    assert terms.kind == kind


# The first lines of the licences as they are published.
TEXTS = {
    "        Apache License\n        Version 2.0, January 2004": "apache-2.0",
    "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy": "mit",
    "LLAMA 2 COMMUNITY LICENSE AGREEMENT\nLlama 2 Version Release Date: July 18, 2023": "llama2",
    "META LLAMA 3 COMMUNITY LICENSE AGREEMENT\nMeta Llama 3 Version Release Date: April 18, 2024": "llama3",
    "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\nLlama 3.1 Version Release Date: July 23, 2024": "llama3.1",
    "Gemma Terms of Use\n\nLast modified: February 21, 2024": "gemma",
    "Tongyi Qianwen LICENSE AGREEMENT\n\nTongyi Qianwen Release Date: August 3, 2023": "tongyi-qianwen",
    "Qwen RESEARCH LICENSE AGREEMENT\n\nRelease Date: September 19, 2024": "qwen-research",
    "Attribution-NonCommercial 4.0 International\n\n=====": "cc-by-nc-4.0",
    "Some words of a company about its own terms": None,
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_recognised_by_its_first_lines(text: str) -> None:
    found = licence_in_text(text)
    assert (found.id if found else None) == TEXTS[text]


def test_the_file_says_what_a_card_leaves_open(tmp_path: Path) -> None:
    write_front_matter(tmp_path, license="other")
    (tmp_path / "LICENSE.txt").write_text("LLAMA 3.2 COMMUNITY LICENSE AGREEMENT")
    terms = find_terms(tmp_path)
    assert ([licence.id for licence in terms.licences], terms.found_in) == (["llama3.2"], ("LICENSE.txt",))


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("meta-llama/Llama-2-7b-chat-hf", "llama2"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama3"),
        ("meta-llama/Llama-3.1-8B", "llama3.1"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3.3"),
        ("lmsys/vicuna-7b-v1.5", "llama2"),
        ("lmsys/vicuna-7b-v1.1", "llama1"),
        ("huggyllama/llama-13b", "llama1"),
        ("chavinlo/alpaca-native", "llama1"),
        ("IlyaGusev/saiga_llama3_8b", "llama3"),
        ("unsloth/llama-3-8b", "llama3"),
        ("openlm-research/open_llama_3b", None),
        ("openlm-research/open_llama_3b_v2", None),
        ("JackFram/llama-160m", None),
        ("google/gemma-2b", "gemma"),
        ("google/gemma-2-9b-it", "gemma"),
        ("google/gemma-3-1b-pt", "gemma"),
        ("google/gemma-3-270m", "gemma"),
        ("google/gemma-2-27b", "gemma"),
        ("google/gemma-1.1-7b-it", "gemma"),
        ("google/codegemma-7b", "gemma"),
        ("google/gemma-4-e2b", None),
        ("facebook/opt-1.3b", "opt"),
        ("bigscience/bloom-560m", "bigscience-bloom-rail-1.0"),
        ("Qwen/Qwen-7B", "tongyi-qianwen"),
        ("Qwen/Qwen3-0.6B", None),
        ("mistralai/Mistral-7B-v0.1", None),
        ("openai-community/gpt2", None),
        ("HuggingFaceTB/SmolLM2-135M", None),
    ],
)
def test_the_terms_of_known_families_go_with_their_names(name: str, licence: str | None) -> None:
    found = licence_of_family(name)
    assert (found.id if found else None) == licence


def test_a_nameless_model_of_llamas_shape_is_suspected(tmp_path: Path) -> None:
    config = {"model_type": "llama", "vocab_size": 32000, "max_position_embeddings": 2048}
    terms = find_terms(tmp_path, config=config)
    assert terms.kind == "unknown"
    assert "research only" in terms.conditions[0]
    assert find_terms(tmp_path, config=config | {"max_position_embeddings": 8192}).conditions == ()


def test_lessons_named_after_a_llama_make_no_llama(tmp_path: Path) -> None:
    terms = find_terms(tmp_path, origin="someone/gpt2-alpaca", config={"model_type": "gpt2"})
    assert [licence.id for licence in terms.licences] == ["unknown"]
    write_front_matter(tmp_path, license="mit", base_model="vicgalle/gpt2-alpaca")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    card = read_card(tmp_path)
    assert card is not None
    assert [licence.id for licence in card.terms.licences] == ["mit"]


@pytest.mark.parametrize("licence", [*KNOWN, "our own terms", ""])
def test_what_is_written_is_read_again(tmp_path: Path, licence: str) -> None:
    write_front_matter(tmp_path, license=licence, base_model="tea/leaf")
    terms = find_terms(tmp_path)
    write_card(tmp_path, terms, name="Leaf", base_model="tea/leaf")
    card = read_card(tmp_path)
    assert card is not None
    assert card.base_model == "tea/leaf"
    assert card.terms.licences[0].id == terms.licences[0].id
    assert card.terms.conditions == terms.conditions


def test_several_licences_are_kept(tmp_path: Path) -> None:
    write_front_matter(tmp_path, license=["mit", "gemma", "cc-by-nc-4.0"])
    terms = find_terms(tmp_path)
    write_card(tmp_path, terms, name="Leaf", base_model=None)
    again = find_terms(tmp_path)
    assert [licence.id for licence in again.licences] == [licence.id for licence in terms.licences]


def test_hugging_face_reads_the_card(tmp_path: Path) -> None:
    from huggingface_hub import ModelCard

    name = "huggyllama/llama-7b"
    write_card(tmp_path, find_terms(tmp_path, origin=name), name="Leaf", base_model=name)
    data = ModelCard.load(tmp_path / "README.md").data
    assert (data.license, data.license_name, data.base_model) == ("other", "llama1", name)


def test_aliases_lead_to_the_licence() -> None:
    assert licence_named("Apache 2.0") is KNOWN["apache-2.0"]
    assert licence_named("tongyi-qianwen-license-agreement") is KNOWN["tongyi-qianwen"]


@pytest.mark.parametrize(
    "text", ["---\n: : :\n---\n", "---\n- a\n---\n", "no front", "---\nlicense: [1, {a: b}]\n---\n", ""]
)
def test_a_strange_card_says_nothing_and_stops_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text)
    assert find_terms(tmp_path).kind == "unknown"
