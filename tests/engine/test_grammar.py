from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch

from samovar.core import extras
from samovar.core.errors import MissingError, RequestError
from samovar.engine.constraint import MAX_CONSTRAINT_CHARACTERS, Constraint
from samovar.engine.grammar import Grammars, Masks
from samovar.tokenizer.tokenizer import Tokenizer
from tests.random_logits import may_come, random_answers
from tests.tokenizer.foreign import configure, sentencepiece_like


@pytest.fixture(scope="session")
def grammars(tokenizer: Tokenizer) -> Grammars:
    return Grammars(tokenizer)


SCHEMAS = [
    json.loads(line)
    for line in """
{"type": "object", "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer", "minimum": 0, "maximum": 150}}, "required": ["name", "age"], "additionalProperties": false}
{"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"type": "null"}, "c": {"type": "string", "maxLength": 9}}, "additionalProperties": false}
{"enum": ["чай", "кофе", 7, null, {"x": [1, 2]}]}
{"const": {"язык": "русский", "n": -1.5}}
{"type": "array", "items": {"type": "number", "minimum": -2, "exclusiveMaximum": 3.5}, "minItems": 1, "maxItems": 3}
{"type": "array", "prefixItems": [{"type": "string", "maxLength": 5}, {"type": "integer", "minimum": 3, "maximum": 30}], "items": false, "minItems": 2}
{"anyOf": [{"type": "integer", "multipleOf": 5, "minimum": 0, "maximum": 100}, {"type": "string", "pattern": "^[a-f]{2,4}$"}]}
{"type": "string", "format": "date"}
{"type": "string", "format": "uuid"}
{"type": "string", "minLength": 2, "maxLength": 5}
{"allOf": [{"type": "object", "properties": {"x": {"type": "integer", "maximum": 90}}, "required": ["x"], "additionalProperties": false}, {"properties": {"x": {"minimum": -3}}}]}
{"$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer", "minimum": 0, "maximum": 9}, "next": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}}, "required": ["v", "next"], "additionalProperties": false}}, "$ref": "#/$defs/tree"}
{"type": "object", "properties": {"kind": {"const": "a"}}, "required": ["kind"], "additionalProperties": {"type": "boolean"}, "maxProperties": 3}
{"type": ["integer", "null"], "minimum": -20, "maximum": 20}
""".strip().splitlines()  # noqa: E501
]


@pytest.mark.parametrize("number", range(len(SCHEMAS)))
def test_random_logits_give_json_that_is_valid(grammars: Grammars, tokenizer: Tokenizer, number: int) -> None:
    schema = SCHEMAS[number]
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    answers = random_answers(grammars, tokenizer, Constraint.json_schema(schema), 300)
    ended = [text for text, is_over in answers if is_over]
    # Keys may be as long as one likes: some answers do not come to their end.
    assert len(ended) >= (100 if schema.get("additionalProperties") else 290)
    for text in ended:
        validator.validate(json.loads(text))


def test_any_object_and_any_regular_expression(grammars: Grammars, tokenizer: Tokenizer) -> None:
    ended = [text for text, is_over in random_answers(grammars, tokenizer, Constraint("json_object"), 60) if is_over]
    assert ended
    assert all(isinstance(json.loads(text), dict) for text in ended)
    for pattern in (r"[А-Яа-я]{3,9}(, [a-z]+)?", r"(да|нет)( \d{1,3}%)?", r"\+7 \(\d{3}\) \d{3}-\d\d-\d\d"):
        answers = random_answers(grammars, tokenizer, Constraint("regex", pattern), 150)
        assert all(re.fullmatch(pattern, text) for text, is_over in answers if is_over)
        assert sum(is_over for _, is_over in answers) > 140


def test_a_lark_grammar_and_a_choice(grammars: Grammars, tokenizer: Tokenizer) -> None:
    sums = Constraint("lark", 'start: sum\nsum: NUMBER (" + " NUMBER){1,4}\nNUMBER: /[1-9][0-9]{0,2}/')
    for text, is_over in random_answers(grammars, tokenizer, sums, 200):
        assert is_over
        assert eval(text) > 1
    choice = Constraint.choice(["чай", 'кофе с "молоком"', "чайник"])
    found = {text for text, _ in random_answers(grammars, tokenizer, choice, 200)}
    assert found == {"чай", 'кофе с "молоком"', "чайник"}


def test_marks_are_special_tokens_and_quoted_text_is_not(grammars: Grammars, tokenizer: Tokenizer) -> None:
    opening = tokenizer.special_ids["<tool_call>"]
    marked = grammars.follow(Constraint("lark", 'start: "a" <tool_call> "b"'))
    assert marked.forced() == [*tokenizer.encode("a"), opening, *tokenizer.encode("b")]
    written = grammars.follow(Constraint("lark", 'start: "a<tool_call>b"'))
    assert opening not in written.forced()
    assert tokenizer.decode(written.forced()) == "a<tool_call>b"
    # Free text does not hold marks, which would begin a call or end the turn.
    free = grammars.follow(Constraint("lark", 'start: TEXT <tool_call> "b"\nTEXT: /(?s:.+)/'))
    assert not may_come(free, opening)
    for token in tokenizer.encode("hello"):
        free.accept(token)
    assert may_come(free, opening)
    assert not may_come(free, tokenizer.special_ids["<tool_response>"])
    assert not may_come(free, tokenizer.eos_id)


def test_forced_tokens_are_those_of_the_tokenizer(grammars: Grammars, tokenizer: Tokenizer) -> None:
    schema = {"type": "object", "properties": {"the samovar": {"const": "самовар"}}, "required": ["the samovar"],
              "additionalProperties": False}  # fmt: skip
    state = grammars.follow(Constraint.json_schema(schema))
    assert state.forced() == tokenizer.encode('{"the samovar": "самовар"}')
    for token in state.forced():
        state.accept(token)
    assert state.is_done
    assert not state.has_failed
    assert state.forced() == []


def test_states_of_one_constraint_are_apart(grammars: Grammars, tokenizer: Tokenizer) -> None:
    constraint = Constraint("regex", "ab|cd")
    one, other = grammars.follow(constraint), grammars.follow(constraint)
    one.accept(tokenizer.encode("a")[0])
    assert may_come(one, tokenizer.encode("b")[0])
    assert may_come(other, tokenizer.encode("c")[0])
    assert not may_come(other, tokenizer.encode("b")[0])
    one.accept(tokenizer.encode("x")[0])
    assert one.has_failed
    assert one.is_done
    assert not other.has_failed


def test_nobody_waits_while_another_constraint_is_compiled(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    grammars, may_end = Grammars(tokenizer), threading.Event()
    grammars.follow(Constraint("json_object"))
    compiled = grammars._compiled

    def slow(constraint: Constraint) -> Any:
        assert may_end.wait(10)
        return compiled(constraint)

    monkeypatch.setattr(grammars, "_compiled", slow)
    with ThreadPoolExecutor(2) as pool:
        large = pool.submit(grammars.follow, Constraint("regex", "[a-z]+"))
        known = pool.submit(grammars.follow, Constraint("json_object"))
        try:
            assert not known.result(timeout=10).is_done
            assert not large.done()
        finally:
            may_end.set()
        assert not large.result(timeout=10).is_done


def test_the_grammar_wins_where_another_rule_forbids_all_it_allows(grammars: Grammars, tokenizer: Tokenizer) -> None:
    state = grammars.follow(Constraint("regex", "[ab]"))
    allowed = [tokenizer.encode(letter)[0] for letter in "ab"]
    logits = torch.zeros(2, tokenizer.vocab_size)
    logits[:, allowed] = -torch.inf
    masks = Masks()
    masks.apply(logits, [None, state])
    assert logits[1].isfinite().nonzero().flatten().tolist() == sorted(allowed)
    assert logits[0].isfinite().sum() == tokenizer.vocab_size - 2
    wider = torch.zeros(1, tokenizer.vocab_size + 60)
    masks.apply(wider, [state])
    assert wider[0].isfinite().nonzero().flatten().tolist() == sorted(allowed)


@pytest.mark.parametrize(
    ("constraint", "reason"),
    [
        (Constraint("regex", "(a"), "unclosed|regex"),
        (Constraint("regex", r"[^\s\S]"), "no text"),
        (Constraint("lark", "start: foo"), "foo"),
        (Constraint("lark", ""), "[Ee]mpty"),
        (Constraint("lark", 'start: "a" <nope>'), "nope"),
        (Constraint("json_schema", '{"type":'), "line 1"),
        (Constraint("json_schema", "[1]"), "JSON object"),
        (Constraint("json_schema", '{"type": "objec"}'), "objec"),
        (Constraint("json_schema", '{"not": {}}'), "not"),
        (Constraint("json_schema", '{"enum": []}'), "[Uu]nsatisfiable"),
        (Constraint("json_schema", '{"$ref": "#/$defs/a"}'), "does not exist"),
        (Constraint("json_schema", '{"$ref": "https://example.com/schema.json"}'), "not"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_reason(
    grammars: Grammars, constraint: Constraint, reason: str
) -> None:
    with pytest.raises(RequestError, match=reason) as caught:
        grammars.follow(constraint)
    assert caught.value.code == ("invalid_schema" if constraint.kind == "json_schema" else "invalid_grammar")
    assert caught.value.param == ("response_format" if constraint.kind == "json_schema" else "constraint")
    assert "\n" not in str(caught.value)


def test_constraints_are_bounded() -> None:
    with pytest.raises(RequestError, match="200001"):
        Constraint("regex", "a" * (MAX_CONSTRAINT_CHARACTERS + 1))
    with pytest.raises(RequestError, match="choose"):
        Constraint.choice([])


@pytest.mark.parametrize("pattern", ["(a|b)*c(a|b){2000}", r"(\w+\s?){1,400}x"])
def test_a_grammar_too_large_to_follow_fails_and_does_not_hang(
    grammars: Grammars, tokenizer: Tokenizer, pattern: str
) -> None:
    try:
        state = grammars.follow(Constraint("regex", pattern))
    except RequestError:
        return
    token = tokenizer.encode("a")[0]
    for _ in range(60):
        state.compute()
        if state.is_done:
            assert state.has_failed
            return
        assert may_come(state, token)
        state.accept(token)


def test_a_missing_library_is_named(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Callable[..., Any]:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(extras.importlib, "import_module", missing)
    with pytest.raises(MissingError, match="llguidance") as caught:
        Grammars(tokenizer).follow(Constraint("json_object"))
    assert "samovar[constraints]" in str(caught.value.hint)


def test_tokenizers_of_other_kinds_are_kept_within_a_language(tmp_path: Path) -> None:
    """Pieces of SentencePiece, with a letter for the space and tokens of single bytes; and a space put before texts."""
    other = Tokenizer.load(configure(sentencepiece_like(tmp_path / "pieces"), None, eos_token="</s>", bos_token="<s>"))
    schema = {"type": "object", "properties": {"чай": {"enum": ["горячий чай", "no tea"]}, "n": {"type": "integer",
              "minimum": 0, "maximum": 99}}, "required": ["чай", "n"], "additionalProperties": False}  # fmt: skip
    grammars = Grammars(other)
    answers = random_answers(grammars, other, Constraint.json_schema(schema), 100)
    for text, is_over in answers:
        assert is_over
        jsonschema.validate(json.loads(text), schema)
    words = {text for text, _ in random_answers(grammars, other, Constraint.choice(["a b", " c  d", "чай"]), 200)}
    # A space at the very beginning is what such a tokenizer puts there itself.
    assert {word.strip() for word in words} == {"a b", "c  d", "чай"}
