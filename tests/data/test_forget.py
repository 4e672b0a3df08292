"""Documents are found by file, id or text; the list of rules is kept, and nothing it names comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.core.errors import ConfigError, CorruptError, MissingError
from samovar.data.corpus_writer import CorpusWriter
from samovar.data.document import Document
from samovar.data.forget import ForgetRule, add_rules, find_documents, parse_rule, read_rules
from samovar.data.pipeline.forgetting import Forget

DOCUMENTS = [
    Document("letters/a.eml", "Dear Olga Petrova,\nthe contract is ready", "letters/a.eml"),
    Document("letters/b.eml#2", "Nothing here", "letters/b.eml", {"part": "2"}),
    Document("prices[1].csv:7", "tea 10", "prices[1].csv"),
    Document("notes.txt", "Call Olga  Petrova at olga@example.com", "notes.txt"),
    Document("lettersold.txt", "Old", "lettersold.txt"),
    Document("mail/a.zip!/in/b.tar!/c.txt", "Packed twice", "mail/a.zip!/in/b.tar!/c.txt"),
]


def ids(*rules: ForgetRule) -> list[str]:
    step = Forget(rules)
    kept = [document.id for document in step(iter(DOCUMENTS))]
    assert step.ids.isdisjoint(kept)
    assert sum(step.tally.dropped.values()) == len(DOCUMENTS) - len(kept)
    return [document.id for document in DOCUMENTS if document.id in step.ids]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("letters/a.eml", ["letters/a.eml"]),
        ("letters", ["letters/a.eml", "letters/b.eml#2"]),
        ("letters/", ["letters/a.eml", "letters/b.eml#2"]),
        ("*.eml", ["letters/a.eml", "letters/b.eml#2"]),
        ("prices[1].csv", ["prices[1].csv:7"]),
        ("file:notes.txt", ["notes.txt"]),
        ("id:letters/b.eml#2", ["letters/b.eml#2"]),
        ("id:prices[1].csv:7", ["prices[1].csv:7"]),
        ("text:Olga\\s+Petrova", ["letters/a.eml", "notes.txt"]),
        ("text:^the contract", ["letters/a.eml"]),
        ("mail/a.zip", ["mail/a.zip!/in/b.tar!/c.txt"]),
        ("mail/a.zip!/in", ["mail/a.zip!/in/b.tar!/c.txt"]),
        ("*/b.tar", ["mail/a.zip!/in/b.tar!/c.txt"]),
        ("*.zip", ["mail/a.zip!/in/b.tar!/c.txt"]),
        ("mail/a", []),
        ("a.eml", []),
        ("text:olga petrova", []),
    ],
)
def test_rules_name_the_documents_meant_and_no_others(word: str, expected: list[str]) -> None:
    assert ids(parse_rule(word)) == expected


@pytest.mark.parametrize("word", ["", " ", "text:", "id: ", "text:(", "text:a*"])
def test_a_rule_that_is_broken_or_names_everything_is_refused(word: str) -> None:
    with pytest.raises(ConfigError):
        parse_rule(word)


def test_documents_of_a_corpus_are_listed_with_what_matched(tmp_path: Path) -> None:
    with CorpusWriter(tmp_path, validation_share=0.3, seed=0) as writer:
        for document in DOCUMENTS:
            writer.add(document)
        writer.finish()
    rules = [parse_rule("text:Olga\\s+Petrova"), parse_rule("*.eml")]
    found = {one.id: one for one in find_documents(tmp_path, rules)}
    assert sorted(found) == ["letters/a.eml", "letters/b.eml#2", "notes.txt"]
    notes = found["notes.txt"]
    assert (notes.source, notes.rule, notes.num_characters) == ("notes.txt", rules[0], len(DOCUMENTS[3].text))
    assert "olga@example.com" not in notes.excerpt
    assert found["letters/b.eml#2"].meta == {"part": "2"}
    with pytest.raises(MissingError):
        list(find_documents(tmp_path / "none", rules))


def test_the_list_is_kept_in_order_without_repeats(tmp_path: Path) -> None:
    path = tmp_path / "state" / "forgotten.jsonl"
    assert read_rules(path) == []
    first, second = parse_rule("a/*"), parse_rule("text:Ольга")
    assert add_rules(path, [first, first]) == [first]
    assert add_rules(path, [second, first]) == [second]
    assert add_rules(path, [second]) == []
    assert read_rules(path) == [first, second]
    third = parse_rule("text:end\u2028of\x85line")
    assert add_rules(path, [third]) == [third]
    assert read_rules(path) == [first, second, third]


@pytest.mark.parametrize(
    "line", ["{", "[]", "3", '{"kind": "all", "pattern": "x"}', '{"kind": "text", "pattern": "("}']
)
def test_a_damaged_list_stops_everything(tmp_path: Path, line: str) -> None:
    path = tmp_path / "forgotten.jsonl"
    add_rules(path, [parse_rule("a")])
    path.write_text(path.read_text() + line)
    with pytest.raises(CorruptError, match="line 2"):
        read_rules(path)
