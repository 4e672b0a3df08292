"""Public story, dialogue and small-talk sets -> documents and conversations for the recipe `stories`.

    samovar new storyteller --recipe stories
    python examples/stories_data.py DATA storyteller
    samovar brew storyteller

DATA is a folder of sets, each in its own folder: tinystories_ru, tinystories_en_sample, fairytaleqa, sgd_dialogues,
personality_chat_en; without it, the environment variable SAMOVAR_DATA names it. Texts go to documents/, conversations
to seeds/. A story or a dialogue becomes either a document or a conversation, never both: else fine-tuning would learn
held-out documents by heart, and the measurement on them would flatter.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import xxhash
from packed_sets import json_lines, parted, sample, tar_tables, text_lines

from samovar.core.errors import DataError, MissingError, SamovarError
from samovar.core.files import naming_os_errors

Row = dict[str, Any]
TALES = "fairytaleqa/fairytaleqa.tar.zst"
Turns = list[tuple[str, str]]
"""What the user says, and what is answered."""

ASKS_RU = (
    "Напиши рассказ со словами: {words}.",
    "Напиши короткий рассказ со словами {words}.",
    "Сочини сказку со словами {words}.",
    "Придумай историю, в которой есть слова: {words}.",
    "Расскажи историю. Используй слова: {words}.",
    "Расскажи мне сказку, где есть слова {words}.",
    "Слова: {words}. Напиши с ними рассказ.",
    "Можешь написать историю со словами {words}?",
    "Пожалуйста, сочини детский рассказ. В нём должны быть слова {words}.",
)
ASKS_RU_FREELY = (
    "Расскажи сказку.",
    "Расскажи мне историю.",
    "Напиши короткий рассказ.",
    "Сочини что-нибудь для детей.",
)
ASKS_EN = (
    "Write a story with the words: {words}.",
    "Write a short story with the words {words}.",
    "Tell me a story that uses the words {words}.",
    "Make up a tale with these words: {words}.",
    "Words: {words}. Write a story with them.",
    "Can you tell a story with the words {words}?",
    "Please write a story for children. Use the words {words}.",
)
ASKS_EN_FREELY = (
    "Tell me a story.",
    "Tell me a bedtime story.",
    "Write a short story.",
    "Make up a story for children.",
)
THANKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ru": (
        ("Спасибо!", "Спасибо, хорошая история.", "Какая славная сказка!", "Мне понравилось."),
        ("Пожалуйста! Хочешь ещё одну?", "Я рад, что тебе понравилось.", "Спасибо! Назови слова, и я сочиню другую."),
    ),
    "en": (
        ("Thank you!", "Thanks, nice story.", "What a lovely story!", "I liked it."),
        (
            "You are welcome! Would you like another one?",
            "I am glad you liked it.",
            "Thanks! Name a few words for another.",
        ),
    ),
}
READS = ("{passage}\n\n{question}", "Read the text and answer.\n\n{passage}\n\n{question}", "{question}\n\n{passage}")
NOT_SMALL_TALK = re.compile(r"^/|^Okay\.$|^Reply to this message$|suicide|have a name", re.IGNORECASE)
"""Another bot's commands, an answer that says nothing, a line for one country alone, an assistant without a name."""
COMMON_WORDS = """
    about after again also asked away because been before came could didn each even ever every felt from gave goes good
    have having heard here into just kept know knew like liked little look looked made make many more much never next
    nice once only other over play played said saw says should some something still than that their them then there
    these they thing things this time told took tried until upon very walked want wanted went were what when where
    which while will with would your
"""
"""Not asked for in a story: any has them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a command; gives the exit code."""
    options = read_options(arguments)
    try:
        if options.data is None:
            raise MissingError("no folder of data was named", hint="give it first, or in the variable SAMOVAR_DATA")
        for path, count in convert(options).items():
            print(f"{path}: {count} rows", file=sys.stderr)
    except SamovarError as error:
        print(f"error: {error.what}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or options.project}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"next: samovar brew {options.project}", file=sys.stderr)
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    named = os.environ.get("SAMOVAR_DATA")
    parser.add_argument("data", nargs="?", type=Path, default=Path(named) if named else None, help="folder of the sets")
    parser.add_argument("project", type=Path, help="folder of the project")
    parser.add_argument("--stories", type=int, default=30_000, help="stories read of each language, at most")
    parser.add_argument("--dialogues", type=int, default=8_000, help="dialogues read, at most")
    parser.add_argument("--questions", type=int, default=4_000, help="questions on a passage, at most")
    parser.add_argument("--small-talk", type=int, default=6_000, help="conversations of small talk, at most")
    parser.add_argument("--seeds-share", type=float, default=0.4, help="share of the stories that become conversations")
    parser.add_argument("--characters", type=int, default=1_300, help="longest conversation, in characters")
    parser.add_argument("--persona", choices=("friendly", "professional", "witty"), default="friendly")
    parser.add_argument("--seed", type=int, default=0, help="of wording and of what is taken")
    return parser.parse_args(arguments)


def convert(options: argparse.Namespace) -> dict[Path, int]:
    """Write every file; gives the number of rows in each.

    Raises:
        MissingError: the folder of data or a set in it is not there.
        CorruptError: a set is damaged.
    """
    if not options.data.is_dir():
        raise MissingError(
            f"{options.data} is not a folder", hint="name the folder that holds tinystories_ru and others"
        )
    documents, seeds = options.project / "documents", options.project / "seeds"
    written = {
        documents / "stories_ru.jsonl": as_documents(text for _, text in russian_stories(options, seeds=False)),
        documents / "stories_en.jsonl": as_documents(english_stories(options, seeds=False)),
        documents / "fairy_tales_en.jsonl": as_documents(fairy_tales(options.data)),
        documents / "dialogues_en.jsonl": as_documents(dialogue_documents(options)),
        seeds / "stories_ru.jsonl": russian_requests(options),
        seeds / "stories_en.jsonl": english_requests(options),
        seeds / "passages_en.jsonl": passage_questions(options),
        seeds / "dialogues_en.jsonl": dialogue_conversations(options),
        seeds / "small_talk_en.jsonl": small_talk(options),
    }
    return {path: write_rows(path, rows) for path, rows in written.items()}


def russian_stories(options: argparse.Namespace, *, seeds: bool) -> Iterator[tuple[Row, str]]:
    """The stories with what was asked of each; those for seeds/, or the others."""
    rows = json_lines(
        options.data / "tinystories_ru" / "tinystories_ru.jsonl.zst", "story", "verb", "noun", "adjective"
    )
    for row in islice(rows, options.stories):
        text = row["story"].strip()
        if is_for_seeds(text, options) == seeds:
            yield row, text


def english_stories(options: argparse.Namespace, *, seeds: bool) -> Iterator[str]:
    """The stories for seeds/, or the others."""
    folder = options.data / "tinystories_en_sample"
    paths = [folder / "tinystories_10k.txt.zst", folder / "tinystories_sample.txt.zst"]
    for text in islice((story for path in paths for story in parted(path, "<|endoftext|>")), options.stories):
        if is_for_seeds(text, options) == seeds:
            yield text


def fairy_tales(data: Path) -> Iterator[str]:
    """Each fairy tale whole."""
    for _, sections in tale_sections(data):
        yield "\n".join(sections.values())


def dialogues(options: argparse.Namespace, *, seeds: bool) -> Iterator[list[tuple[str, str]]]:
    """The turns (U or S, utterance) of each dialogue."""
    rows = json_lines(options.data / "sgd_dialogues" / "sgd_train.jsonl.zst", "dialogue_id", "turns")
    # Dialogues of a domain lie side by side: every second reaches more domains than the first half.
    for row in islice(rows, 0, 2 * options.dialogues, 2):
        turns = [(who, text.strip()) for who, text in row["turns"]]
        if is_for_seeds(row["dialogue_id"] + turns[0][1], options) == seeds:
            yield turns


def dialogue_documents(options: argparse.Namespace) -> Iterator[str]:
    """Each dialogue as a text, a line a turn."""
    for turns in dialogues(options, seeds=False):
        yield "\n".join(f"{'User' if who == 'U' else 'Assistant'}: {text}" for who, text in turns)


def russian_requests(options: argparse.Namespace) -> Iterator[Row]:
    """A request with the words of the story, sometimes with its features, sometimes without words; and the story."""
    draw = random.Random(f"{options.seed}/ru")
    for row, text in russian_stories(options, seeds=True):
        words = [row["verb"], row["noun"], row["adjective"]]
        asked = request(draw, words, ASKS_RU, ASKS_RU_FREELY, language="ru")
        if row.get("features") and draw.random() < 0.3:
            asked += f" Рассказ должен {' и '.join(row['features'][:2])}."
        yield from told(draw, asked, text, options, language="ru")


def english_requests(options: argparse.Namespace) -> Iterator[Row]:
    """A request with words taken from the story, or without; and the story."""
    draw, common = random.Random(f"{options.seed}/en"), set(COMMON_WORDS.split())
    for text in english_stories(options, seeds=True):
        words = sorted(set(re.findall(r"(?<![A-Za-z'])[a-z]{4,}(?![A-Za-z'])", text)) - common)
        if len(words) >= 3:
            asked = request(draw, draw.sample(words, 3), ASKS_EN, ASKS_EN_FREELY, language="en")
            yield from told(draw, asked, text, options, language="en")


def request(draw: random.Random, words: list[str], asks: Sequence[str], freely: Sequence[str], *, language: str) -> str:
    """How a person may ask for a story with two or three of ``words``, or with any."""
    if draw.random() < 0.1:
        return draw.choice(freely)
    asked = draw.sample(words, 2 if draw.random() < 0.2 else len(words))
    left, right = draw.choice((("", ""), ("", ""), ("«", "»") if language == "ru" else ('"', '"')))
    listed = [f"{left}{word}{right}" for word in asked]
    last_joined = f"{', '.join(listed[:-1])} {'и' if language == 'ru' else 'and'} {listed[-1]}"
    return draw.choice(asks).format(words=draw.choice((", ".join(listed), last_joined)))


def told(draw: random.Random, asked: str, story: str, options: argparse.Namespace, *, language: str) -> Iterator[Row]:
    """The conversation, in some of which the user thanks at the end; nothing where it is too long."""
    turns = [(asked, story)]
    if draw.random() < 0.15:
        thanks, answers = THANKS[language]
        turns.append((draw.choice(thanks), draw.choice(answers)))
    if is_short(turns, options):
        yield conversation(turns)


def passage_questions(options: argparse.Namespace) -> Iterator[Row]:
    """A section of a fairy tale and a question -> the answer, as a sentence."""
    draw = random.Random(f"{options.seed}/passages")
    sections_of = dict(tale_sections(options.data))  # three megabytes: the whole set of tales
    found = (
        [(draw.choice(READS).format(passage=passage, question=question), answer)]
        for name, question, answer, section in tale_questions(options.data)
        if (passage := sections_of.get(name, {}).get(section))
    )
    short = (turns for turns in found if is_short(turns, options))
    yield from (conversation(turns) for turns in sample(short, options.questions, seed=f"{options.seed}/questions"))


def dialogue_conversations(options: argparse.Namespace) -> Iterator[Row]:
    """The beginning of each dialogue, as long as a conversation may be."""
    for turns in dialogues(options, seeds=True):
        pairs: Turns = []
        for (asker, asked), (answerer, answer) in zip(turns[::2], turns[1::2], strict=False):
            if (asker, answerer) != ("U", "S") or not is_short([*pairs, (asked, answer)], options):
                break
            pairs.append((asked, answer))
        if pairs:
            yield conversation(pairs)


def small_talk(options: argparse.Namespace) -> Iterator[Row]:
    """One to three exchanges; whoever says one thing may say another."""
    draw = random.Random(f"{options.seed}/small talk")
    path = options.data / "personality_chat_en" / f"qna_chitchat_{options.persona}.tsv.zst"
    cells = (line.rstrip("\r\n").split("\t") for line in text_lines(path))
    said = (
        (row[0].strip(), row[1].strip())
        for row in cells
        if len(row) >= 2 and row[0] != "Question" and not any(NOT_SMALL_TALK.search(cell) for cell in row[:2])
    )
    pairs = sample(said, 2 * options.small_talk, seed=f"{options.seed}/said")
    draw.shuffle(pairs)
    for _ in range(options.small_talk):
        turns = [pairs.pop() for _ in range(min(len(pairs), draw.choice((1, 1, 2, 3))))]
        if not turns:
            return
        yield conversation(turns)


def tale_sections(data: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The name of each fairy tale and its sections by their number."""
    for name, rows in tar_tables(data / TALES, "section-stories/", "-story.csv"):
        sections = {row["section"].strip(): row["text"].strip() for row in rows if row.get("text")}
        if sections:
            yield name, sections


def tale_questions(data: Path) -> Iterator[tuple[str, str, str, str]]:
    """Name of the tale, question, answer and the section it is asked on, of training tales and one section."""
    for name, rows in tar_tables(data / TALES, "questions/train/", "-questions.csv"):
        for row in rows:
            answer = (row.get("answer1") or "").strip()
            if answer and row.get("question") and (row.get("cor_section") or "").strip().isdecimal():
                sentence = answer[0].upper() + answer[1:] + ("" if answer[-1] in ".!?\"'" else ".")
                yield name, row["question"].strip(), sentence, row["cor_section"].strip()


def is_for_seeds(text: str, options: argparse.Namespace) -> bool:
    """Whether a text becomes a conversation: a function of the text, so that both files are made apart."""
    return xxhash.xxh3_64_intdigest(text.encode()) / 2**64 < options.seeds_share


def is_short(turns: Turns, options: argparse.Namespace) -> bool:
    """Whether a conversation is within the length asked for."""
    return sum(len(asked) + len(answer) for asked, answer in turns) <= options.characters


def conversation(turns: Turns) -> Row:
    """In the shape of the OpenAI API."""
    messages = []
    for asked, answer in turns:
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    return {"messages": messages}


def as_documents(texts: Iterable[str]) -> Iterator[Row]:
    """Rows that a reader of documents knows."""
    return ({"text": text} for text in texts)


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write a row a line, the whole file or none; gives their number.

    Raises:
        DataError: there is no row.
    """
    temporary = path.with_name(path.name + ".partial")
    count = 0
    with naming_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w", encoding="utf-8") as file:
                for row in rows:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                    count += 1
            if not count:
                raise DataError(f"{path} would be empty", hint="raise the limits, or look at the set it comes from")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return count


if __name__ == "__main__":
    sys.exit(main())
