"""What is sorted out of preferences before anybody trains on them."""

from __future__ import annotations

import pytest

from samovar.chat.preferences import Judged, Pair, read_preference
from samovar.train.preference_check import check_preferences


@pytest.mark.parametrize("prompt", ["", "  \n", [{"role": "user", "content": ""}]])
def test_a_prompt_that_says_nothing_is_none(prompt: object) -> None:
    rows = [{"prompt": words, "chosen": "tea", "rejected": "mud"} for words in ("Drink?", prompt)]
    checked = check_preferences([one for row in rows for one in read_preference(row)], (Pair,))
    assert len(checked.kept) == 1
    assert checked.left_out.counts == {"no_prompt": 1}


def test_an_answer_called_good_and_bad_is_a_contradiction() -> None:
    verdicts = (("tea", True), ("mud", False), ("tea", False), ("mud", False))
    rows = [{"prompt": "Drink?", "completion": answer, "label": label} for answer, label in verdicts]
    checked = check_preferences([one for row in rows for one in read_preference(row)], (Judged,))
    assert [one.answer[0].content for one in checked.kept if isinstance(one, Judged)] == ["mud"]
    assert checked.left_out.counts == {"contradiction": 2, "duplicate": 1}
    assert checked.left_out.words() == [
        "2 of the preferences say the opposite of another one and were left out (the first: 'Drink?')",
        "1 of the preferences says the same as an earlier one and was left out (the first: 'Drink?')",
    ]
