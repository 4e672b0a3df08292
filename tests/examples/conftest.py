"""The sets in miniature, made up here, packed as the real ones are."""

import io
import json
import sys
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NUM_STORIES = 40


def pack(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def _russian_story(number: int) -> dict[str, object]:
    story = f"Жил-был слон номер {number}. Он любил арбуз и умел петь. Все были рады."
    features = ["содержать диалог", "быть поучительным", "иметь хороший конец"]
    return {"story": story, "verb": "петь", "noun": "арбуз", "adjective": "старый", "features": features}


def _english_story(number: int) -> str:
    return f"Number {number} was a purple goat.\nThe goat found a lantern under the bridge and shared it."


def _dialogue(number: int) -> dict[str, object]:
    turns = [["U", f"I need a bus, number {number}."], ["S", "Where to?"], ["U", "To the sea."], ["S", "It is booked."]]
    return {"dialogue_id": f"1_{number:05d}", "services": ["Buses_1"], "turns": turns}


SMALL_TALK = """Question\tAnswer\tSource\tMetadata
/chat\tReply to this message\tx\teditorial
Fine then\tOkay.\tx\teditorial
I am very low\tThe National Suicide Prevention Lifeline is available 24/7.\tx\teditorial
What do they call you?\tOh, I don't have a name.\tx\teditorial
Are you well?\tVery well, thank you!\tx\teditorial
Sing to me\tLa la la.\tx\teditorial
Good night\tSleep well!\tx\teditorial
"""
SECTIONS = """section,text
1,"The fox said ""good day"" to the hen."
2,The hen flew up.
"""
QUESTIONS = """question_id,local-or-sum,cor_section,attribute1,attribute2,question,ex-or-im1,answer1
1,local,1,character,,Who spoke to the hen?,explicit,the fox
2,local,2,action,,What did the hen do?,explicit,It flew up.
3,summary,"1,2",action,,What is the tale about?,explicit,a fox and a hen
4,local,9,action,,What happened in a section that is not there?,explicit,nothing
"""


def _archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    lines = "".join(json.dumps(_russian_story(n), ensure_ascii=False) + "\n" for n in range(NUM_STORIES))
    pack(folder / "tinystories_ru/tinystories_ru.jsonl.zst", lines)
    half = NUM_STORIES // 2
    first = "".join(f"\n{_english_story(n)}\n<|endoftext|>\n" for n in range(half))
    second = "".join(f"{_english_story(n)}\n<|endoftext|>\n" for n in range(half, NUM_STORIES))
    pack(folder / "tinystories_en_sample/tinystories_10k.txt.zst", first + "This story is cut in the mid")
    pack(folder / "tinystories_en_sample/tinystories_sample.txt.zst", second)
    pack(folder / "sgd_dialogues/sgd_train.jsonl.zst", "".join(json.dumps(_dialogue(n)) + "\n" for n in range(80)))
    pack(folder / "personality_chat_en/qna_chitchat_friendly.tsv.zst", SMALL_TALK)
    tables = {
        "data-by-train-split/questions/train/fox-questions.csv": QUESTIONS,
        "data-by-train-split/questions/test/fox-questions.csv": QUESTIONS.replace("Who spoke", "HELD OUT"),
        "data-by-train-split/section-stories/train/fox-story.csv": SECTIONS,
        "story_meta.csv": "filename,origin\nfox,nowhere\n",
    }
    pack(folder / "fairytaleqa/fairytaleqa.tar.zst", _archive(tables))
    return folder


@pytest.fixture
def stories_data(monkeypatch: pytest.MonkeyPatch):
    """The example, imported as it is when run as a script: its folder is first on the path."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    for name in ("stories_data", "packed_sets"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import stories_data

    return stories_data
