"""What the report shows of a text: differences where they are, nothing personal, no half of a number at a cut."""

from __future__ import annotations

from samovar.data.report.differences import marked_masks, marked_pair, visible
from samovar.data.report.masking import masked_cell, report_mask
from samovar.data.samples import shown

PHONE = "+7 916 123-45-67"


def test_differences_are_marked_where_they_are() -> None:
    pair = marked_pair("one  two\r\nthree <4>", "one two\nthree <5>")
    assert pair.before == "one <del>\u00b7</del>two<del>␍</del>\nthree &lt;<del>4</del>&gt;"
    assert pair.after == "one two\nthree &lt;<ins>5</ins>&gt;"
    # What one side has at its end because the other was cut earlier is no difference.
    assert "<" not in "".join(marked_pair("same words and more…", "same words and more that fit…"))
    assert "<" not in "".join(marked_pair("the end is wom…", "the end is w…"))
    assert "<del>wide</del>" in marked_pair("the end is wide…", "the end is near…").before
    assert visible("a\u200bb") == "a⟨U+200B⟩b"
    assert marked_masks("<to> [email]") == "&lt;to&gt; <ins>[email]</ins>"


def test_a_cut_leaves_no_half_of_a_number() -> None:
    account = "40817810099910004312"
    text = "слово " * 98 + account + " конец " * 200
    assert len(text[: text.index(account)]) < 600 < text.index(account) + len(account)
    assert "4081" not in shown(text)
    after = shown("x" * 95 + " " + account + " слова дальше", start=190)
    assert "4312" not in after
    assert shown("код 1234") == "код 1234"  # nothing was cut


def test_counts_are_not_taken_for_telephone_numbers() -> None:
    mask = report_mask([])
    assert masked_cell(mask, "79,161,234,567") == "79,161,234,567"
    assert masked_cell(mask, f"call {PHONE}") == "call [phone]"
