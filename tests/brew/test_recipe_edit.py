"""A recipe's file changed in place: the value is there, and nothing else has changed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from samovar.brew.project import ready_recipe, ready_recipe_names
from samovar.brew.recipe_edit import recipe_lines, set_values
from samovar.core.errors import ConfigError

TEXT = """\
# mine
model:
  size: 6   # one dial
  hidden_size: 320
  context: 512
pretrain: {tokens: 5, seed: 1}
sft:
  tasks: {}
"""


def test_a_value_changes_and_its_comment_stays() -> None:
    assert set_values(TEXT, {"model.size": 9}) == TEXT.replace("size: 6 ", "size: 9 ")


def test_keys_and_sections_that_were_not_there() -> None:
    edited = set_values(
        TEXT, {"sft.tokens": 7, "pretrain.batch_tokens": 8, "eval.examples": 3, "model.hidden_size": None}
    )
    assert yaml.safe_load(edited) == {
        "model": {"size": 6, "context": 512},
        "pretrain": {"tokens": 5, "seed": 1, "batch_tokens": 8},
        "sft": {"tokens": 7, "tasks": {}},
        "eval": {"examples": 3},
    }
    assert edited.startswith("# mine\nmodel:\n  size: 6   # one dial\n  context")


@pytest.mark.parametrize("name", ready_recipe_names())
def test_every_ready_recipe_can_be_changed(name: str) -> None:
    text = ready_recipe(name).read_text(encoding="utf-8")
    changes: dict[str, Any] = {"model.size": 11, "pretrain.tokens": 123, "sft.micro_batch_tokens": 2048}
    before, after = yaml.safe_load(text), yaml.safe_load(set_values(text, changes))
    for path, value in changes.items():
        section, key = path.split(".")
        before.setdefault(section, {})[key] = value
    assert after == before
    assert set(text.splitlines()) - set(set_values(text, changes).splitlines()) <= {
        line for line in text.splitlines() if "size:" in line or "tokens:" in line
    }


@given(st.dictionaries(st.sampled_from(["model.size", "model.context", "pretrain.tokens"]), st.integers(1, 99)))
def test_an_empty_recipe_takes_any_values(changes: dict[str, int]) -> None:
    read = yaml.safe_load(set_values("", changes)) or {}
    assert {f"{section}.{key}": value for section, keys in read.items() for key, value in keys.items()} == changes


@pytest.mark.parametrize("text", ["model: &m {size: 6}\nother: *m\n", "model: 5\n", "model: !!map {size: 6}\n"])
def test_what_cannot_be_changed_safely_is_refused_or_right(text: str) -> None:
    before = yaml.safe_load(text)
    try:
        after = yaml.safe_load(set_values(text, {"model.size": 9}))
    except ConfigError:
        return
    assert after["model"] == {"size": 9}
    assert {key: value for key, value in after.items() if key != "model"} == {
        key: value for key, value in before.items() if key != "model"
    }


def test_lines_to_paste() -> None:
    assert recipe_lines({"model.size": 9, "model.num_heads": None, "pretrain.tokens": 5}) == (
        "model:\n  size: 9\n  # num_heads: leave it out\npretrain:\n  tokens: 5"
    )
