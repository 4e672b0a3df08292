"""The rules of a text: which lines are rules, what they say, and what is no constitution."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.core.errors import DataError, MissingError, ResourceError
from samovar.train.feedback.constitution import Rule, language_of, parse_rules, read_constitution

TEXT = """\
# How we answer

Some words for people, which are no rule.

## Honesty
- Do not claim to know
  what you do not know.
- Say when you are not sure,

  and why.
This is prose again.
1. Give sources:
   * of numbers
   * of quotations
2) Never invent one.

## Вежливость
* Отвечай вежливо. <!-- as agreed
- this is no rule -->
* Отвечай вежливо.
### Тон
+ Не поучай.

```
- not a rule but code
```
- ---
"""


def test_items_of_lists_are_rules_under_their_headings() -> None:
    assert parse_rules(TEXT) == (
        Rule("Do not claim to know what you do not know.", "How we answer / Honesty"),
        Rule("Say when you are not sure, and why.", "How we answer / Honesty"),
        Rule("Give sources: of numbers of quotations", "How we answer / Honesty"),
        Rule("Never invent one.", "How we answer / Honesty"),
        Rule("Отвечай вежливо.", "How we answer / Вежливость"),
        Rule("Не поучай.", "How we answer / Вежливость / Тон"),
    )
    assert parse_rules(TEXT.replace("\n", "\r\n")) == parse_rules(TEXT)


def test_each_prompt_has_the_rules_of_its_language(tmp_path: Path) -> None:
    path = tmp_path / "constitution.md"
    path.write_text("\ufeff" + TEXT, encoding="utf-8")
    found = read_constitution(path)
    assert [rule.text for rule in found.for_language("ru")] == ["Отвечай вежливо.", "Не поучай."]
    assert len(found.for_language("en")) == 4
    path.write_text("- Be kind.\n")
    assert read_constitution(path).for_language("ru") == (Rule("Be kind."),)


@pytest.mark.parametrize(
    ("text", "language"), [("Привет, Bob", "ru"), ("Hello, Боб", "en"), ("2 + 2", "en"), ("", "en")]
)
def test_languages_are_told_by_letters(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "empty"), ("\n \n", "empty"), ("Be kind.\nBe brief.\n", "2 lines of text"), ("# Rules\n-\n- …\n", "3 lines")],
)
def test_a_constitution_with_no_rule_is_refused_by_its_name(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "mine.md"
    path.write_text(text)
    with pytest.raises(DataError, match=f"mine.md has no rule: it is {why}") as caught:
        read_constitution(path)
    assert caught.value.hint is not None
    assert "list" in caught.value.hint


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere\.md does not exist"):
        read_constitution(tmp_path / "nowhere.md")
    with pytest.raises(ResourceError, match="cannot be read"):
        read_constitution(tmp_path)
    (tmp_path / "latin.md").write_bytes(b"- caf\xe9\n")
    with pytest.raises(DataError, match=r"latin.md is not UTF-8"):
        read_constitution(tmp_path / "latin.md")
    for text in ("- a rule\n" * 200_000, "- " + "я" * 2**20):
        (tmp_path / "book.md").write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match="more than 1 MiB"):
            read_constitution(tmp_path / "book.md")


@given(st.text(alphabet=st.sampled_from("-*+1.)# \t\nab`<!->й"), max_size=200))
def test_any_text_is_read_and_rules_read_again_are_the_same(text: str) -> None:
    rules = parse_rules(text)
    assert all(rule.text == " ".join(rule.text.split()) for rule in rules)
    again = parse_rules("".join(f"- {rule.text}\n" for rule in rules if rule.text[0].isalpha()))
    assert [rule.text for rule in again] == [rule.text for rule in rules if rule.text[0].isalpha()]
