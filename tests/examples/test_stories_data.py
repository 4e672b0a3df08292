import itertools
import json
import os
from pathlib import Path

import pytest

from samovar.chat.read import read_conversations
from samovar.data.corpus import build_corpus, read_corpus
from samovar.data.settings import DataSettings
from tests.examples.conftest import NUM_STORIES, pack

REAL_DATA = Path(os.environ.get("SAMOVAR_DATA") or Path(__file__).parents[3] / "shared" / "data")
FILES = {
    "documents": ["dialogues_en", "fairy_tales_en", "stories_en", "stories_ru"],
    "seeds": ["dialogues_en", "passages_en", "small_talk_en", "stories_en", "stories_ru"],
}


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def turns(path: Path) -> list[list[tuple[str, str]]]:
    return [[(m.role, m.content) for m in c.messages] for c in read_conversations(path)]


@pytest.fixture
def project(stories_data, sets, tmp_path) -> Path:
    assert stories_data.main([str(sets), str(tmp_path / "project")]) == 0
    return tmp_path / "project"


def test_writes_every_file_and_says_what_is_next(stories_data, sets, tmp_path, capsys):
    assert stories_data.main([str(sets), str(tmp_path / "p")]) == 0
    assert f"next: samovar brew {tmp_path / 'p'}" in capsys.readouterr().err
    for folder, names in FILES.items():
        assert sorted(path.name for path in (tmp_path / "p" / folder).iterdir()) == [f"{name}.jsonl" for name in names]


def test_conversations_alternate_and_end_with_the_assistant(project):
    for path in (project / "seeds").iterdir():
        for conversation in turns(path):
            roles = [role for role, _ in conversation]
            assert roles == ["user", "assistant"] * (len(roles) // 2)
            assert all(content.strip() for _, content in conversation)


def test_the_data_stage_reads_the_documents(project, tmp_path):
    settings = DataSettings(sources=["documents"], validation_share=0.02)
    build_corpus(settings, root=project, out=tmp_path / "corpus", progress_quiet=True)
    read = {document.text for document in read_corpus(tmp_path / "corpus")}
    assert any("purple goat" in text for text in read)
    assert any(text.startswith("Жил-был слон") for text in read)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_story_is_a_document_or_a_conversation_and_none_is_lost(project, language):
    read = texts(project / "documents" / f"stories_{language}.jsonl")
    told = [conversation[1][1] for conversation in turns(project / "seeds" / f"stories_{language}.jsonl")]
    assert read
    assert told
    assert not set(read) & set(told)
    assert len(set(read) | set(told)) == NUM_STORIES


def test_a_story_uses_the_english_words_that_are_asked_for(project):
    known = {"purple", "goat", "found", "lantern", "under", "bridge", "shared"}
    asked = 0
    for (_, request), (_, story), *_ in turns(project / "seeds/stories_en.jsonl"):
        words = known & set(request.replace('"', " ").replace(",", " ").replace(".", " ").replace("?", " ").split())
        assert all(word in story for word in words)
        asked += len(words) >= 2
    assert asked


def test_requests_for_stories_are_worded_in_many_ways(project):
    requests = {conversation[0][1] for conversation in turns(project / "seeds/stories_ru.jsonl")}
    assert len(requests) >= 6
    assert any("арбуз" in request for request in requests)


def test_a_question_stands_with_its_passage_and_the_answer_is_a_sentence(project):
    found = {conversation[1][1]: conversation[0][1] for conversation in turns(project / "seeds/passages_en.jsonl")}
    assert set(found) == {"The fox.", "It flew up."}
    assert 'The fox said "good day" to the hen.' in found["The fox."]
    assert "Who spoke to the hen?" in found["The fox."]


def test_small_talk_leaves_out_what_says_nothing_or_contradicts_the_recipe(project):
    said = {content for conversation in turns(project / "seeds/small_talk_en.jsonl") for _, content in conversation}
    assert {"Are you well?", "La la la.", "Sleep well!"} <= said
    assert not said & {"Okay.", "/chat", "Oh, I don't have a name.", "I am very low", "Question"}


def test_dialogues_become_turns_or_a_text(project):
    assert turns(project / "seeds/dialogues_en.jsonl")[0][1:3] == [("assistant", "Where to?"), ("user", "To the sea.")]
    assert "\nAssistant: Where to?\nUser: To the sea.\n" in texts(project / "documents/dialogues_en.jsonl")[0]


def test_a_cut_story_is_left_out(project):
    everything = "".join(path.read_text() for path in itertools.chain(*(p.iterdir() for p in project.iterdir())))
    assert "cut in the mid" not in everything
    assert "endoftext" not in everything


def test_equal_seeds_give_equal_bytes(stories_data, sets, tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert stories_data.main([str(sets), str(tmp_path / name), "--seed", seed]) == 0
    for path in sorted((tmp_path / "a").rglob("*.jsonl")):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
    story = "seeds/stories_ru.jsonl"
    assert (tmp_path / "a" / story).read_bytes() != (tmp_path / "c" / story).read_bytes()


def test_options_bound_what_is_written(stories_data, sets, tmp_path):
    limits = ["--stories", "20", "--dialogues", "12", "--questions", "1", "--small-talk", "2", "--characters", "150"]
    assert stories_data.main([str(sets), str(tmp_path / "p"), *limits]) == 0
    seeds, documents = tmp_path / "p/seeds", tmp_path / "p/documents"
    assert len(texts(documents / "stories_ru.jsonl")) + len(turns(seeds / "stories_ru.jsonl")) <= 20
    assert len(texts(documents / "dialogues_en.jsonl")) + len(turns(seeds / "dialogues_en.jsonl")) <= 12
    assert len(turns(seeds / "passages_en.jsonl")) == 1
    assert len(turns(seeds / "small_talk_en.jsonl")) <= 2
    for name in ("dialogues_en", "passages_en"):
        for conversation in turns(seeds / f"{name}.jsonl"):
            assert sum(len(content) for _, content in conversation) <= 150


def test_the_variable_names_the_data(stories_data, sets, tmp_path, monkeypatch):
    monkeypatch.setenv("SAMOVAR_DATA", str(sets))
    assert stories_data.main([str(tmp_path / "p")]) == 0
    assert (tmp_path / "p/seeds/stories_ru.jsonl").is_file()


def _fails(stories_data, capsys, arguments: list[str]) -> str:
    assert stories_data.main(arguments) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    return told


def test_no_data_is_an_error_with_a_hint(stories_data, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SAMOVAR_DATA", raising=False)
    assert "SAMOVAR_DATA" in _fails(stories_data, capsys, [str(tmp_path / "p")])
    told = _fails(stories_data, capsys, [str(tmp_path / "nowhere"), str(tmp_path / "p")])
    assert "nowhere" in told
    assert "hint: " in told
    assert not (tmp_path / "p").exists()


def test_a_missing_set_is_named(stories_data, sets, tmp_path, capsys):
    (sets / "sgd_dialogues/sgd_train.jsonl.zst").unlink()
    assert "sgd_train.jsonl.zst does not exist" in _fails(stories_data, capsys, [str(sets), str(tmp_path / "p")])


@pytest.mark.parametrize("content", [b"no zstd at all", b""])
def test_a_damaged_set_is_named_and_leaves_no_half_file(stories_data, sets, tmp_path, capsys, content):
    (sets / "tinystories_ru/tinystories_ru.jsonl.zst").write_bytes(content)
    assert "stories_ru.jsonl" in _fails(stories_data, capsys, [str(sets), str(tmp_path / "p")])
    assert not list((tmp_path / "p").rglob("stories_ru*"))


@pytest.mark.parametrize("line", ["not json", "[1]", '{"story": "without words"}'])
def test_a_line_of_another_shape_is_named_by_its_number(stories_data, sets, tmp_path, capsys, line):
    pack(sets / "tinystories_ru/tinystories_ru.jsonl.zst", line + "\n")
    assert "line 1" in _fails(stories_data, capsys, [str(sets), str(tmp_path / "p")])


def test_a_truncated_archive_is_an_error(stories_data, sets, tmp_path, capsys):
    path = sets / "fairytaleqa/fairytaleqa.tar.zst"
    path.write_bytes(path.read_bytes()[:200])
    assert "fairytaleqa.tar.zst" in _fails(stories_data, capsys, [str(sets), str(tmp_path / "p")])


def test_a_project_that_is_a_file_is_an_error(stories_data, sets, tmp_path, capsys):
    (tmp_path / "p").write_text("")
    _fails(stories_data, capsys, [str(sets), str(tmp_path / "p")])


@pytest.mark.skipif(not (REAL_DATA / "tinystories_ru").is_dir(), reason="the real sets are not here")
def test_the_real_sets_are_read(stories_data, tmp_path):
    limits = ["--stories", "300", "--dialogues", "100", "--questions", "50", "--small-talk", "50"]
    assert stories_data.main([str(REAL_DATA), str(tmp_path / "p"), *limits]) == 0
    told = turns(tmp_path / "p/seeds/stories_ru.jsonl")
    assert len(told) > 50
    assert all(len(story) > 100 for _, (_, story), *_ in told)
    assert len(turns(tmp_path / "p/seeds/passages_en.jsonl")) == 50
