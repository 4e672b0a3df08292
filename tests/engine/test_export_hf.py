from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.engine.decode_speed import measure_decode
from samovar.engine.engine import Engine
from samovar.engine.export import hf
from samovar.engine.export.parity import compare, load_plain, transcripts
from samovar.engine.quantize import quantize_folder
from samovar.engine.request import Sampling
from samovar.model.card import read_card
from samovar.model.checkpoint import load_model, read_settings
from samovar.model.decoder import Decoder
from samovar.model.imported import Origin, import_folder
from samovar.model.quantized import dequantize_model
from samovar.tokenizer.tokenizer import Tokenizer
from tests.model.foreign_models import write_front_matter

PROMPT = list(range(40, 60))


def test_transformers_opens_the_export_and_answers_the_same(
    source: Path, model: Decoder, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    out = tmp_path / "out"
    found = hf.export(source, out)
    assert found["parity"].largest_difference == 0
    assert found["parity"].num_tokens >= 20
    assert "model.safetensors" in found["files"]
    theirs = transformers.Qwen3ForCausalLM.from_pretrained(out).eval()
    tokens = torch.randint(320, (2, 50), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        torch.testing.assert_close(theirs(tokens).logits, model(tokens), atol=1e-4, rtol=1e-4)
        # Ids beyond the tokenizer's are padding of the table: the engine never draws them, generate() must be told.
        beyond = list(range(tokenizer.vocab_size, model.settings.vocab_size))
        written = theirs.generate(
            torch.tensor([PROMPT]), max_new_tokens=20, do_sample=False, temperature=None, suppress_tokens=beyond
        )
    ours = Engine.load(out).generate([PROMPT], Sampling(temperature=0, max_tokens=20))[0]
    assert written[0, len(PROMPT) :].tolist() == ours.ids


def test_the_tokenizer_and_its_template_go_along(source: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    from samovar.chat.conversation import Message
    from samovar.chat.template import render

    transformers = pytest.importorskip("transformers")
    hf.export(source, tmp_path / "out")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    text = "The samovar sang. Самовар пел, 12.5!\n"
    assert theirs(text, add_special_tokens=False)["input_ids"] == tokenizer.encode(text)
    turns = [{"role": "user", "content": "Who sang?"}, {"role": "assistant", "content": "Самовар."}]
    rendered = theirs.apply_chat_template(turns, tokenize=False)
    assert rendered == render([Message.from_openai(turn) for turn in turns])


def test_an_export_is_imported_as_it_was(source: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    write_front_matter(source, license="cc-by-nc-4.0", base_model="tea/llama")
    hf.export(source, tmp_path / "out")
    import_folder(tmp_path / "out", tmp_path / "in", origin=Origin("tea/again"))
    assert read_settings(tmp_path / "in") == read_settings(source)
    stored, back = (load_model(folder).state_dict() for folder in (source, tmp_path / "in"))
    assert stored.keys() == back.keys()
    assert all(torch.equal(stored[name], back[name]) for name in stored)
    again = Tokenizer.load(tmp_path / "in")
    assert (again.to_json(), again.chat_template) == (tokenizer.to_json(), tokenizer.chat_template)
    assert again.stop_ids == tokenizer.stop_ids
    card = read_card(tmp_path / "in")
    assert card is not None
    assert card.terms.kind == "non-commercial"
    answers = [
        Engine.load(folder).generate([PROMPT], Sampling(temperature=0, max_tokens=10))[0].ids
        for folder in (source, tmp_path / "in")
    ]
    assert answers[0] == answers[1]


def test_int8_is_multiplied_out(source: Path, tmp_path: Path) -> None:
    found = quantize_folder(source, tmp_path / "int8")
    assert found["weight_bytes"] < 0.5 * found["source_bytes"]
    assert 0 < found["relative_error"] < 0.02
    transformers = pytest.importorskip("transformers")
    hf.export(tmp_path / "int8", tmp_path / "out")
    theirs = transformers.Qwen3ForCausalLM.from_pretrained(tmp_path / "out", dtype=torch.float32).eval()
    ours = dequantize_model(load_model(tmp_path / "int8"))
    tokens = torch.tensor([PROMPT])
    with torch.no_grad():
        torch.testing.assert_close(theirs(tokens).logits, ours(tokens), atol=1e-4, rtol=1e-4)
    with pytest.raises(ConfigError, match="the model itself"):
        quantize_folder(source, source)
    with pytest.raises(ConfigError, match="quantized already"):
        quantize_folder(tmp_path / "int8", tmp_path / "again")


def test_the_quantized_folder_answers(source: Path, tmp_path: Path) -> None:
    quantize_folder(source, tmp_path / "int8")
    engine = Engine.load(tmp_path / "int8", max_batch=12)
    answers = engine.generate([PROMPT] * 12, Sampling(temperature=0, max_tokens=10))
    assert len(answers) == 12
    assert all(answer.ids for answer in answers)
    assert measure_decode(tmp_path / "int8", num_tokens=4) > 0
    assert measure_decode(source, batch=2, num_tokens=4) > 0


def test_a_folder_with_something_in_it_is_left_alone(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not empty"):
        hf.export(source, source)
    with pytest.raises(ConfigError, match="not empty"):
        hf.export(source, source / "config.json")
    with pytest.raises(MissingError):
        hf.export(tmp_path / "nothing", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    hf.export(source, tmp_path / "empty")
    assert (tmp_path / "empty" / "config.json").is_file()


def test_a_copy_that_differs_is_refused_and_not_kept(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(folder: Path) -> Decoder:
        model = load_plain(folder)
        if folder != source:
            model.embed_tokens.weight.data[:, 3] += 1
        return model

    monkeypatch.setattr(hf, "load_plain", spoiled)
    with pytest.raises(CorruptError, match="logits differ"):
        hf.export(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_answers_are_compared_up_to_a_near_tie(model: Decoder, tokenizer: Tokenizer) -> None:
    reference = transcripts(model, tokenizer)
    answers = [list(one.answer) for one in reference]
    logits = [one.logits_TV for one in reference]
    equal = compare(reference, answers, logits, share=1e-4)
    assert (equal.num_prompts, equal.num_near_ties, equal.largest_difference) == (4, 0, 0)
    assert equal.num_tokens == sum(map(len, answers))

    runner_up_V = logits[0][len(reference[0].prompt) + 1].clone()
    runner_up_V[answers[0][2]] = -torch.inf
    answers[0][2] = int(runner_up_V.argmax())
    with pytest.raises(CorruptError, match="token 2 after"):
        compare(reference, answers, logits, share=1e-4)
    blurred = [one + 100 * torch.eye(*one.shape) for one in logits]
    tied = compare(reference, answers, blurred, share=100)
    assert (tied.num_near_ties, tied.num_tokens) == (1, equal.num_tokens - len(answers[0]) + 2)
    assert tied.largest_difference == pytest.approx(100)
    with pytest.raises(CorruptError, match="2 tokens where the model gives"):
        compare(reference[1:], [answers[1][:2], *answers[2:]], logits[1:], share=1e-4)
    with pytest.raises(CorruptError, match="logits differ by 1,"):
        compare(reference, answers, [one + 1 for one in logits], share=1e-3)
