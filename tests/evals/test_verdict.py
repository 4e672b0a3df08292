import pytest

from samovar.evals.intervals import wilson
from samovar.evals.tasks import TaskScore
from samovar.evals.verdict import level, verdict


def score(task, language, right, count=100):
    low, high = wilson(right, count)
    return TaskScore(task, language, right / count, count, low, high)


@pytest.mark.parametrize(
    ("right", "count", "expected"),
    [(97, 100, 3), (90, 100, 3), (9, 10, 2), (10, 10, 2), (70, 100, 2), (69, 100, 1), (30, 100, 1), (29, 100, 0)],
)
def test_levels_ask_for_enough_questions(right, count, expected):
    assert level(score("sums", "en", right, count)) == expected


def test_says_what_holds_in_which_language():
    said = verdict("Ёлка", 5e6, [score("sums", "en", 99), score("sums", "ru", 40), score("small_talk", "ru", 100)]).can
    assert "Ёлка is reliable at sums in English and small talk;" in said
    assert "right only some of the time at sums in Russian" in said
    assert "mostly wrong" not in said


def test_a_poor_model_is_not_praised():
    said = verdict("A", 5e6, [score("sums", "en", 3), score("sums", "ru", 0)]).can
    assert "A is mostly wrong at sums." in said
    assert "reliable" not in said


def test_uses_follow_from_the_scores():
    assert "what it does well above" in verdict("A", 5e6, [score("sums", "en", 99)]).cannot
    assert "what it does well" not in verdict("A", 5e6, [score("sums", "en", 9)]).cannot


def test_without_tasks_nothing_is_claimed():
    assert "nothing is known" in verdict("A", 5e6, []).can


def test_size_sets_the_limits():
    tiny, middle, large = (verdict("A", size, []).cannot for size in (4.8e6, 6e8, 8e9))
    assert "4.8 million" in tiny
    assert "ask it for no fact" in tiny
    assert "600.0 million" in middle
    assert "8.0 billion" in large
    assert len({tiny[24:], middle[24:], large[24:]}) == 3
