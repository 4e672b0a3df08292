from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar.core.errors import ConfigError, CorruptError, MissingError, ResourceError
from samovar.tokenizer.byte_alphabet import byte_of_letter
from samovar.tokenizer.special import CONTROL_TOKENS, SPECIAL_TOKENS, TOOL_TOKENS
from samovar.tokenizer.tokenizer import WORTH_THREADS, TextStream, Tokenizer, whole_unicode

shared_fixture = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
# Any code point, lone surrogates and unassigned ones too.
ANY_TEXT = st.text(st.characters())
LONG = "a word " * (WORTH_THREADS // 7 + 1)
"""A batch with it goes to all cores."""


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@shared_fixture
@given(text=ANY_TEXT)
def test_any_text_comes_back_up_to_nfc_with_the_qwen2_split(
    make_tokenizer: Callable[[str], Tokenizer], text: str
) -> None:
    tokenizer = make_tokenizer("qwen2")
    assert nfc(tokenizer.decode(tokenizer.encode(text))) == nfc(whole_unicode(text))


def test_the_qwen2_split_composes_letters_with_their_accents(make_tokenizer: Callable[[str], Tokenizer]) -> None:
    tokenizer = make_tokenizer("qwen2")
    assert tokenizer.decode(tokenizer.encode("и\u0306 e\u0301")) == "й é"


@shared_fixture
@given(text=ANY_TEXT)
def test_any_text_comes_back_unchanged_with_the_llama3_split(
    make_tokenizer: Callable[[str], Tokenizer], text: str
) -> None:
    tokenizer = make_tokenizer("llama3")
    assert tokenizer.decode(tokenizer.encode(text)) == whole_unicode(text)


@shared_fixture
@given(text=st.text(), cut=st.integers(0, 20), mark=st.sampled_from(SPECIAL_TOKENS))
def test_text_cannot_forge_special_tokens(tokenizer: Tokenizer, text: str, cut: int, mark: str) -> None:
    forged = text[:cut] + mark + text[cut:]
    specials = set(tokenizer.special_ids.values())
    assert not specials & set(tokenizer.encode(forged))
    assert not specials & set(tokenizer.encode_batch([forged, LONG])[0])
    assert tokenizer.special_ids[mark] in tokenizer.encode(forged, allow_special=True)


@shared_fixture
@given(texts=st.lists(st.text(), max_size=5))
def test_a_batch_equals_one_by_one(tokenizer: Tokenizer, texts: list[str]) -> None:
    texts = [*texts, LONG]
    assert tokenizer.encode_batch(texts) == [tokenizer.encode(text) for text in texts]


@shared_fixture
@given(data=st.data())
def test_ids_streamed_in_any_pieces_give_the_text_of_all(tokenizer: Tokenizer, data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size + 3), max_size=40))
    stream = TextStream(tokenizer)
    said, place = "", 0
    while place < len(ids):
        size = data.draw(st.integers(1, 5))
        said += stream.push(ids[place : place + size])
        place += size
    assert said + stream.finish() == tokenizer.decode(ids)


def test_decode_agrees_with_the_library(tokenizer: Tokenizer, tmp_path: Path) -> None:
    import tokenizers

    tokenizer.save(tmp_path)
    library = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))

    @settings(deadline=None)
    @given(ids=st.lists(st.integers(0, tokenizer.vocab_size + 3), max_size=40), skip=st.booleans())
    def agree(ids: list[int], skip: bool) -> None:
        assert tokenizer.decode(ids, skip_special=skip) == library.decode(ids, skip_special_tokens=skip)

    agree()


def test_a_stream_holds_back_the_first_bytes_of_a_character(tokenizer: Tokenizer) -> None:
    letters = {byte: letter for letter, byte in byte_of_letter().items()}
    vocabulary = json.loads(tokenizer._json)["model"]["vocab"]
    bytes_of_cat = [vocabulary[letters[byte]] for byte in "🐈".encode()]
    stream = TextStream(tokenizer)
    assert [stream.push([one]) for one in bytes_of_cat] == ["", "", "", "🐈"]
    assert stream.finish() == ""
    assert stream.push(bytes_of_cat[:2]) == ""
    assert stream.finish() == "\N{REPLACEMENT CHARACTER}"


def test_digits_split_as_the_pattern_says(make_tokenizer: Callable[[str], Tokenizer]) -> None:
    qwen2, llama3 = make_tokenizer("qwen2"), make_tokenizer("llama3")
    assert [qwen2.decode([one]) for one in qwen2.encode("1234")] == ["1", "2", "3", "4"]
    # "123" occurs in every text that it learnt from, and is one word of this split.
    assert [llama3.decode([one]) for one in llama3.encode("1234")] == ["123", "4"]


def test_special_tokens_stand_at_the_end_and_tools_stay_visible(tokenizer: Tokenizer) -> None:
    ids = [tokenizer.token_id(token) for token in SPECIAL_TOKENS]
    assert ids == list(range(tokenizer.vocab_size - len(SPECIAL_TOKENS), tokenizer.vocab_size))
    assert tokenizer.eos_id == tokenizer.token_id("<|im_end|>")
    assert tokenizer.document_end_id == tokenizer.token_id("<|endoftext|>")
    assert tokenizer.decode(ids) == "".join(TOOL_TOKENS)
    assert tokenizer.decode(ids, skip_special=False) == "".join(CONTROL_TOKENS + TOOL_TOKENS)


def test_an_unknown_special_token_is_refused(tokenizer: Tokenizer) -> None:
    with pytest.raises(ConfigError, match="no special token '<think>'") as caught:
        tokenizer.token_id("<think>")
    assert "<|im_end|>" in (caught.value.hint or "")


def test_saved_and_loaded_is_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path / "new")
    loaded = Tokenizer.load(tmp_path / "new")
    text = "A cat said 12 things. Кошка!"
    assert loaded.encode(text) == tokenizer.encode(text)
    assert loaded.chat_template == tokenizer.chat_template
    assert loaded.special_ids == tokenizer.special_ids
    loaded.save(tmp_path / "again")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_missing_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"tokenizer\.json does not exist"):
        Tokenizer.load(tmp_path)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b'{"version": "1.0"}', b'{"decoder": {"type": "ByteLevel"}}']
)
def test_a_damaged_tokenizer_is_named(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "tokenizer.json").write_bytes(damage)
    with pytest.raises(CorruptError, match=r"tokenizer\.json cannot be used"):
        Tokenizer.load(tmp_path)


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").mkdir()
    with pytest.raises(ResourceError, match=r"tokenizer\.json cannot be read"):
        Tokenizer.load(tmp_path)


def test_a_damaged_configuration_is_named(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "tokenizer_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(CorruptError, match=r"tokenizer_config\.json"):
        Tokenizer.load(tmp_path)


def test_an_older_folder_keeps_its_template_in_the_configuration(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ 1 }}"}), encoding="utf-8")
    assert Tokenizer.load(tmp_path).chat_template == "{{ 1 }}"


def test_import_pulls_in_neither_torch_nor_transformers() -> None:
    code = "import sys, samovar.tokenizer.tokenizer; print({'torch', 'transformers', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_settings_import_without_the_library() -> None:
    code = "import sys, samovar.tokenizer.settings; print('tokenizers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
