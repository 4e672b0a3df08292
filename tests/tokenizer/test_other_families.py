"""Tokenizers of other families: the same ids, the same text and the same chats as in transformers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend

from samovar.chat.conversation import Conversation, Message, ToolCall
from samovar.chat.parse import parse_assistant
from samovar.chat.rows import prompt_ids, render_row
from samovar.chat.speech import find_speech
from samovar.chat.template import plain_message
from samovar.core.errors import CorruptError
from samovar.tokenizer.tokenizer import WORTH_THREADS, TextStream, Tokenizer
from samovar.tokenizer.train import SPLIT_PATTERNS
from tests.tokenizer import foreign

LLAMA3_MARKS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
TURNS = [
    Message(role="user", content="Hello! How are you?"),
    Message(role="assistant", content="Хорошо, спасибо."),
    Message(role="user", content="Как дела?"),
    Message(role="assistant", content="Fine, thanks."),
]


def llama2(folder: Path) -> Path:
    foreign.sentencepiece_like(folder)
    return foreign.configure(
        folder, foreign.LLAMA2_TEMPLATE, bos_token="<s>", eos_token="</s>", unk_token="<unk>", add_bos_token=True
    )


def vicuna(folder: Path) -> Path:
    foreign.sentencepiece_like(folder)
    return foreign.configure(folder, foreign.VICUNA_TEMPLATE, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def mistral(folder: Path) -> Path:
    foreign.sentencepiece_like(folder, prefix="first", marks=("[INST]", "[/INST]"))
    return foreign.configure(folder, foreign.LLAMA2_TEMPLATE, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


def gemma(folder: Path) -> Path:
    foreign.sentencepiece_like(folder, prefix="never", marks=("<start_of_turn>", "<end_of_turn>"))
    end = Tokenizer.load(folder).token_id("<end_of_turn>")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, end]}))
    return foreign.configure(folder, foreign.GEMMA_TEMPLATE, bos_token="<s>", eos_token="</s>", pad_token="<unk>")


def phi3(folder: Path) -> Path:
    marks = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
    foreign.sentencepiece_like(folder, marks=marks, bos=False, strips=True)
    end = Tokenizer.load(folder).token_id("<|end|>")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [2, end]}))
    return foreign.configure(folder, foreign.PHI3_TEMPLATE, bos_token="<s>", eos_token="</s>", add_bos_token=False)


def llama3(folder: Path) -> Path:
    foreign.byte_level(folder, bos=LLAMA3_MARKS[0], marks=LLAMA3_MARKS, split=SPLIT_PATTERNS["llama3"])
    ends = [Tokenizer.load(folder).token_id(mark) for mark in ("<|end_of_text|>", "<|eot_id|>")]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
    return foreign.configure(folder, foreign.LLAMA3_TEMPLATE, bos_token=LLAMA3_MARKS[0], eos_token="<|eot_id|>")


def qwen(folder: Path) -> Path:
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    foreign.byte_level(folder, marks=marks, split=SPLIT_PATTERNS["qwen2"])
    return foreign.configure(folder, foreign.CHATML_TEMPLATE, eos_token="<|im_end|>", pad_token="<|endoftext|>")


def gpt2(folder: Path) -> Path:
    foreign.byte_level(folder, marks=["<|endoftext|>"])
    named = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    return foreign.configure(folder, foreign.VICUNA_TEMPLATE, **named)


FAMILIES: list[Callable[[Path], Path]] = [llama2, vicuna, mistral, gemma, phi3, llama3, qwen, gpt2]


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.__name__)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = request.param(tmp_path_factory.mktemp(request.param.__name__))
    return made


@pytest.fixture(scope="module")
def ours(folder: Path) -> Tokenizer:
    return Tokenizer.load(folder)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_texts_have_the_ids_that_transformers_gives(ours: Tokenizer, theirs: Any) -> None:
    for text in [*foreign.SAMPLES, *foreign.TEXTS]:
        assert ours.encode(text) == theirs.encode(text, add_special_tokens=False), text
        assert [*ours.begin_ids, *ours.encode(text)] == theirs.encode(text), text
    many = [*foreign.SAMPLES, "a word " * WORTH_THREADS]
    assert ours.encode_batch(many) == [ours.encode(text) for text in many]


def test_texts_come_back_as_the_library_gives_them(ours: Tokenizer, theirs: Any) -> None:
    for text in [*foreign.SAMPLES, *foreign.TEXTS]:
        ids = [*ours.begin_ids, *ours.encode(text)]
        # Where a space is put in front of a text but not of one that begins with a space, that one is lost.
        expected = text.removeprefix(" ") if ours.prefixed == "first" else text
        assert ours.decode(ids) == expected
        for skip in (True, False):
            assert ours.decode(ids, skip_special=skip) == theirs.decode(ids, skip_special_tokens=skip)
        stream = TextStream(ours)
        assert "".join([stream.push([one]) for one in ids]) + stream.finish() == expected


def test_text_that_goes_on_joins_without_loss(ours: Tokenizer) -> None:
    for text in foreign.TEXTS[:4]:
        for cut in (1, 7, 20):
            ids = [*ours.encode(text[:cut]), *ours.encode(text[cut:], goes_on=True)]
            assert ours.decode(ids) == text
            rest = TextStream(ours, goes_on=True)
            assert rest.push(ours.encode(text[cut:], goes_on=True)) + rest.finish() == text[cut:]


def test_chats_have_the_ids_that_transformers_gives(ours: Tokenizer, theirs: Any) -> None:
    chat = [message.model_dump(include={"role", "content"}) for message in TURNS]
    whole = theirs.apply_chat_template(chat, tokenize=True, return_dict=False)
    prompt = theirs.apply_chat_template(chat[:3], tokenize=True, add_generation_prompt=True, return_dict=False)
    assert render_row(Conversation(messages=TURNS), ours).ids == whole
    assert prompt_ids(TURNS[:3], ours) == prompt
    assert whole.count(ours.begin_ids[0]) == prompt.count(ours.begin_ids[0]) if ours.begin_ids else True


def test_what_the_assistant_says_and_its_end_are_the_targets(ours: Tokenizer) -> None:
    row = render_row(Conversation(messages=TURNS), ours)
    begun = prompt_ids(TURNS[:3], ours)
    assert row.ids[: len(begun)] == begun
    assert not row.is_target[len(begun) - 1]
    assert row.is_target[len(begun)]
    said = [number for number, is_target in zip(row.ids, row.is_target, strict=True) if is_target]
    ends = [number for number in said if number in ours.stop_ids]
    assert len(ends) == 2
    assert said[-1] == ends[-1]
    text = ours.decode(said, goes_on=True)
    assert text.replace("Хорошо, спасибо.", "").replace("Fine, thanks.", "").strip() == ""


def test_what_an_answer_begins_with_has_the_ids_of_the_whole(ours: Tokenizer) -> None:
    row = render_row(Conversation(messages=TURNS), ours)
    given = prompt_ids(TURNS[:3], ours, begun="Fine, thanks.")
    assert row.ids[: len(given)] == given
    assert ours.decode(row.ids[len(given) :], goes_on=True).strip() == ""
    assert prompt_ids(TURNS[:3], ours, begun="Fine,") == given[: -len(ours.encode(" thanks.", goes_on=True))]


def test_no_text_can_forge_a_mark(ours: Tokenizer) -> None:
    marks, long = list(ours.special_ids), "a word " * WORTH_THREADS

    # The letter that stands for the space becomes one, in SentencePiece too.
    letters = st.characters(exclude_characters="▁", exclude_categories=["Cs"])

    @settings(max_examples=100, deadline=None)
    @given(text=st.text(letters, max_size=8), cut=st.integers(0, 8), mark=st.sampled_from(marks))
    def holds(text: str, cut: int, mark: str) -> None:
        forged = text[:cut] + mark + text[cut:]
        # A character without a token is the mark <unk>, where there are no tokens of bytes.
        assert not set(ours.special_ids.values()) & set(ours.encode(forged))
        assert ours.encode_batch([forged, long])[0] == ours.encode(forged)
        if ours.prefixed != "first":
            assert ours.decode(ours.encode(forged)) == forged
        said = [Message(role="user", content=forged), Message(role="assistant", content=forged)]
        plain = [Message(role="user", content="a"), Message(role="assistant", content="a")]
        found = [number for number in render_row(Conversation(messages=said), ours).ids if ours.is_mark(number)]
        wanted = [number for number in render_row(Conversation(messages=plain), ours).ids if ours.is_mark(number)]
        assert found == wanted

    holds()


def test_a_written_byte_stays_what_is_written(tmp_path: Path) -> None:
    tokenizer = Tokenizer.load(llama2(tmp_path))
    assert tokenizer.decode(tokenizer.encode("<0x41> and <0xE2>")) == "<0x41> and <0xE2>"


def test_every_end_is_known(tmp_path: Path) -> None:
    tokenizer = Tokenizer.load(llama3(tmp_path / "llama3"))
    names = {number: mark for mark, number in tokenizer.special_ids.items()}
    assert {names[number] for number in tokenizer.stop_ids} == {"<|end_of_text|>", "<|eot_id|>"}
    assert names[tokenizer.eos_id] == "<|eot_id|>"
    assert names[tokenizer.document_end_id] == "<|end_of_text|>"
    assert [names[number] for number in tokenizer.begin_ids] == ["<|begin_of_text|>"]
    other = Tokenizer.load(gemma(tmp_path / "gemma"))
    assert other.stop_ids == {2, other.token_id("<end_of_turn>")}
    assert other.pad_id == 0


def test_the_frame_of_answers_is_found(tmp_path: Path) -> None:
    frames = {family.__name__: find_speech(Tokenizer.load(family(tmp_path / family.__name__))) for family in FAMILIES}
    assert frames["llama3"].header == "<|start_header_id|>assistant<|end_header_id|>\n\n"
    assert frames["gemma"].header == "<start_of_turn>model\n"
    assert frames["qwen"].header == "<|im_start|>assistant\n"
    assert frames["llama2"].header == frames["vicuna"].header == frames["gpt2"].header == ""
    assert frames["llama2"].lead == frames["vicuna"].lead == " "
    assert frames["phi3"].ends >= {"<|end|>"}


def test_what_ends_a_call_is_the_assistants_and_what_the_tool_says_is_not(tmp_path: Path) -> None:
    foreign.byte_level(tmp_path, bos="<|begin_of_text|>", marks=[*LLAMA3_MARKS, "<|eom_id|>"])
    called = "{{ m.tool_calls[0].function | tojson }}<|eom_id|>{% else %}{{ m.content }}<|eot_id|>{% endif %}"
    turn = "<|start_header_id|>{{ m.role }}<|end_header_id|>{% if m.tool_calls %}" + called
    prompt = "{{ '<|start_header_id|>assistant<|end_header_id|>' if add_generation_prompt }}"
    foreign.configure(tmp_path, "{% for m in messages %}" + turn + "{% endfor %}" + prompt, eos_token="<|eot_id|>")
    tokenizer = Tokenizer.load(tmp_path)
    talk = [
        Message(role="user", content="2+2?"),
        Message(role="assistant", tool_calls=[ToolCall(id="call_0", name="calculator", arguments={"sum": "2+2"})]),
        Message(role="tool", content="four", tool_call_id="call_0"),
        Message(role="assistant", content="It is 4."),
    ]
    row = render_row(Conversation(messages=talk), tokenizer)
    said = [number for number, is_target in zip(row.ids, row.is_target, strict=True) if is_target]
    text = tokenizer.decode(said, skip_special=False)
    assert text == '{"name": "calculator", "arguments": {"sum": "2+2"}}<|eom_id|>It is 4.<|eot_id|>'


def test_an_answer_without_a_header_behind_a_result_is_learnt(tmp_path: Path) -> None:
    turn = (
        "{% if m.role == 'tool' %}<|result|>{{ m.content }}{% else %}"
        "{% if loop.index0 == 0 or loop.previtem.role != 'tool' %}<|im_start|>{{ m.role }}\n{% endif %}"
        "{{ (m.tool_calls[0].function | tojson) if m.tool_calls else m.content }}<|im_end|>{% endif %}"
    )
    prompt = "{{ '<|im_start|>assistant\n' if add_generation_prompt and messages[-1].role != 'tool' }}"
    foreign.byte_level(tmp_path, marks=["<|im_start|>", "<|im_end|>", "<|result|>"])
    foreign.configure(tmp_path, "{% for m in messages %}" + turn + "{% endfor %}" + prompt, eos_token="<|im_end|>")
    talk = [
        Message(role="user", content="2+2?"),
        Message(role="assistant", tool_calls=[ToolCall(id="call_0", name="calculator", arguments={"sum": "2+2"})]),
        Message(role="tool", content="four", tool_call_id="call_0"),
        Message(role="assistant", content="It is 4."),
    ]
    tokenizer = Tokenizer.load(tmp_path)
    row = render_row(Conversation(messages=talk), tokenizer)
    said = [number for number, is_target in zip(row.ids, row.is_target, strict=True) if is_target]
    assert tokenizer.decode(said, skip_special=False).endswith("<|im_end|>It is 4.<|im_end|>")


@pytest.mark.parametrize("has_files", [False, True])
def test_a_template_for_tools_beside_the_default_one_writes_what_has_tools(tmp_path: Path, has_files: bool) -> None:
    """Hermes 2 Pro and Hermes 3 have two, in the settings, and transformers saves them as files."""
    from transformers import AutoTokenizer

    listing = "<|im_start|>system\nTools: {% for t in tools %}{{ t.function.name }} {% endfor %}<|im_end|>\n"
    calls = "{% for c in m.tool_calls %}<tool_call>\n{{ c.function | tojson }}\n</tool_call>{% endfor %}"
    turns = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}" + calls + "<|im_end|>\n{% endfor %}"
    prompt = "{{ '<|im_start|>assistant\n' if add_generation_prompt }}"
    several = [
        {"name": "default", "template": foreign.CHATML_TEMPLATE},
        {"name": "tool_use", "template": listing + turns + prompt},
    ]
    foreign.byte_level(tmp_path, marks=["<|im_start|>", "<|im_end|>"])
    foreign.configure(tmp_path, None, eos_token="<|im_end|>", chat_template=several)
    theirs = AutoTokenizer.from_pretrained(tmp_path)
    if has_files:
        theirs.save_pretrained(tmp_path / "saved")
        assert (tmp_path / "saved" / "additional_chat_templates" / "tool_use.jinja").is_file()
        theirs = AutoTokenizer.from_pretrained(tmp_path / "saved")
    ours = Tokenizer.load(tmp_path / "saved" if has_files else tmp_path)
    tool = {"type": "function", "function": {"name": "calculator", "description": "Reckons.", "parameters": {}}}
    call = ToolCall(id="call_0", name="calculator", arguments={"sum": "2+2"})
    talk = [
        Message(role="user", content="2+2?"),
        Message(role="assistant", tool_calls=[call]),
        Message(role="tool", content="4", tool_call_id="call_0"),
    ]
    for messages, tools in ((talk[:1], []), (talk[:1], [tool]), (talk, [tool])):
        plain = [plain_message(message) for message in messages]
        how: dict[str, Any] = {"add_generation_prompt": True, "tokenize": True, "return_dict": False}
        assert prompt_ids(messages, ours, tools) == theirs.apply_chat_template(plain, tools=tools or None, **how)


def test_special_tokens_that_only_the_configuration_names_are_marks(tmp_path: Path) -> None:
    llama2(tmp_path)
    parts = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    parts["added_tokens"] = []
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.special_ids == {"<s>": 1, "</s>": 2, "<unk>": 0}
    assert 1 not in tokenizer.encode("<s>")


def test_tags_of_html_among_the_added_tokens_are_words(tmp_path: Path) -> None:
    """Gemma has them, ``</s>`` among them, which ends a document in other families."""
    foreign.byte_level(tmp_path, marks=["<eos>"])
    parts = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    end = parts["added_tokens"][-1]
    tags = [
        {**end, "id": end["id"] + 1 + at, "content": f"<{tag}>", "special": False}
        for at, tag in enumerate(["/s", "h1"])
    ]
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts | {"added_tokens": [end, *tags]}), encoding="utf-8")
    foreign.configure(tmp_path, None, eos_token="<eos>")
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.document_end_id == end["id"]
    assert tokenizer.stop_ids == {end["id"]}
    theirs = Backend.from_file(str(tmp_path / "tokenizer.json")).encode("<h1>a</s> b</h1>").ids
    assert tokenizer.encode("<h1>a</s> b</h1>") == theirs
    assert theirs[0] == end["id"] + 2


def test_marks_of_calls_are_read_and_marks_of_turns_are_not(tmp_path: Path) -> None:
    foreign.sentencepiece_like(tmp_path, prefix="first", marks=("[INST]", "[TOOL_CALLS]", "<|python_tag|>"))
    tokenizer = Tokenizer.load(tmp_path)
    ids = tokenizer.encode("[INST][TOOL_CALLS]<|python_tag|>", allow_special=True)
    assert tokenizer.decode(ids, goes_on=True) == "[TOOL_CALLS]<|python_tag|>"


def test_runs_of_spaces_among_the_added_tokens_are_words(tmp_path: Path) -> None:
    gpt2(tmp_path)
    parts = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    kind = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}
    number = Tokenizer.load(tmp_path).vocab_size
    parts["added_tokens"].append({"id": number, "content": "    ", **kind})
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
    tokenizer = Tokenizer.load(tmp_path)
    assert number in tokenizer.encode("a    b")
    assert tokenizer.decode(tokenizer.encode("a    b")) == "a    b"


def test_marks_that_the_model_has_no_row_for_are_left_out_unless_something_writes_them(tmp_path: Path) -> None:
    gemma(tmp_path)
    parts = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    rows = Tokenizer.load(tmp_path).vocab_size
    parts["added_tokens"].append({**parts["added_tokens"][-1], "id": rows, "content": "<image>"})
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
    assert Tokenizer.load(tmp_path).token_id("<image>") == rows  # whose model it is, nobody knows
    (tmp_path / "config.json").write_text(json.dumps({"vocab_size": rows}))
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.vocab_size == rows
    assert tokenizer.decode(tokenizer.encode("<image> a")) == "<image> a"
    foreign.configure(tmp_path, foreign.GEMMA_TEMPLATE + "<image>", bos_token="<s>", eos_token="</s>")
    assert Tokenizer.load(tmp_path).vocab_size == rows + 1


def test_runs_of_spaces_among_the_added_tokens_of_sentencepiece_come_back(tmp_path: Path) -> None:
    gemma(tmp_path)
    parts = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    number = Tokenizer.load(tmp_path).vocab_size
    kind = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    parts["added_tokens"].append({"id": number, "content": "▁▁▁▁", **kind})
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
    ids = [number, *Tokenizer.load(tmp_path).encode("Hello")]
    theirs = Backend.from_file(str(tmp_path / "tokenizer.json")).decode(ids)
    assert Tokenizer.load(tmp_path).decode(ids) == theirs == "    Hello"


@pytest.mark.parametrize("decoder", [None, {"type": "WordPiece", "prefix": "##", "cleanup": True}])
def test_a_tokenizer_of_another_kind_is_named(tmp_path: Path, decoder: Any) -> None:
    gpt2(tmp_path)
    parts = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    (tmp_path / "tokenizer.json").write_text(json.dumps({**parts, "decoder": decoder}), encoding="utf-8")
    with pytest.raises(CorruptError, match=r"neither a byte-level|not known here"):
        Tokenizer.load(tmp_path)


def test_calls_and_system_messages_are_put_into_words_where_a_template_has_no_form_for_them(tmp_path: Path) -> None:
    call = ToolCall(id="call_0", name="calculator", arguments={"expression": "2+2"})
    schema = {"type": "function", "function": {"name": "calculator", "description": "Reckons."}}
    talk = [
        Message(role="system", content="Be brief."),
        Message(role="user", content="2+2?"),
        Message(role="assistant", tool_calls=[call]),
        Message(role="tool", content="4", tool_call_id="call_0", name="calculator"),
        Message(role="assistant", content="It is 4."),
    ]
    for family in (llama2, gemma, llama3):
        tokenizer = Tokenizer.load(family(tmp_path / family.__name__))
        row = render_row(Conversation(messages=talk, tools=[schema]), tokenizer)
        said = [number for number, is_target in zip(row.ids, row.is_target, strict=True) if is_target]
        text, whole = tokenizer.decode(said, goes_on=True), tokenizer.decode(row.ids)
        assert parse_assistant(text.replace("It is 4.", "")).tool_calls[0].arguments == {"expression": "2+2"}
        assert "It is 4." in text
        for words in ("Be brief.", "Reckons.", "<tool_response>\n4\n</tool_response>"):
            assert words in whole
            assert words not in text
        assert row.ids[: len(prompt_ids(talk[:4], tokenizer, [schema]))] == prompt_ids(talk[:4], tokenizer, [schema])
