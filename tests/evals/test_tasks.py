"""Scores, with scripted answers: which questions are asked, how they are counted, what is kept."""

import pytest

from samovar.chat.conversation import Message
from samovar.core.errors import ConfigError, RequestError
from samovar.engine.request import Sampling
from samovar.evals.tasks import evaluate_tasks, held_out
from samovar.tasks.task import Example, Task, assistant, final_text, user

SAMPLING = Sampling(temperature=0.0)


class Doubling(Task):
    """Twice a number."""

    name = "doubling"
    size = 1000

    def draw(self, rng, split, language):
        number = rng.randrange(self.size)
        return Example(
            self.name, language, (user(f"{language} {number}"),), (assistant(str(2 * number)),), {"sum": 2 * number}
        )

    def grade(self, example, completion):
        return float(final_text(completion) == str(example.check["sum"]))


class Scripted:
    """Answers right but for the questions that ``is_wrong`` names."""

    def __init__(self, is_wrong=lambda text: False, longest=10_000):
        self.is_wrong, self.longest = is_wrong, longest
        self.asked = []
        self.batches = []

    def complete_batch(self, conversations, sampling=None):
        self.batches.append(len(conversations))
        if any(len(conversation[-1].content) > self.longest for conversation in conversations):
            raise RequestError("too long", code="context_length_exceeded")
        return [self._answer(conversation[-1].content) for conversation in conversations]

    def _answer(self, text):
        self.asked.append(text)
        number = int(text.split()[1])
        return [assistant("wrong" if self.is_wrong(text) else str(2 * number))]


def test_counts_by_language_with_an_interval():
    agent = Scripted(is_wrong=lambda text: text.startswith("ru") and int(text.split()[1]) % 2 == 0)
    english, russian = evaluate_tasks(agent, {"doubling": Doubling()}, count=80, sampling=SAMPLING, wrong_kept=5)
    assert (english.language, english.score, english.count, english.wrong) == ("en", 1.0, 80, ())
    num_even = sum(text.startswith("ru") and int(text.split()[1]) % 2 == 0 for text in agent.asked)
    assert russian.score == pytest.approx(1 - num_even / 80)
    assert russian.low < russian.score < russian.high
    assert len(russian.wrong) == 5
    assert all(attempt.score == 0 and attempt.example.language == "ru" for attempt in russian.wrong)
    assert [final_text(attempt.completion) for attempt in russian.wrong] == ["wrong"] * 5


def test_no_question_is_asked_twice():
    """A task of 12 questions is scored on 12, however many are wanted."""
    task = Doubling()
    task.size = 12
    agent = Scripted()
    scores = evaluate_tasks(agent, {"doubling": task}, count=50, sampling=SAMPLING)
    assert len(agent.asked) == len(set(agent.asked)) == 24
    assert [score.count for score in scores] == [12, 12]


def test_many_questions_go_in_pieces():
    agent = Scripted()
    task = Doubling()
    task.size = 10**6
    evaluate_tasks(agent, {"doubling": task}, count=400, sampling=SAMPLING)
    assert sum(agent.batches) == 800
    assert max(agent.batches) <= 256


def test_a_question_that_does_not_fit_is_a_wrong_answer_and_the_others_count():
    agent = Scripted(longest=5)
    task = Doubling(languages=["en"])
    (score,) = evaluate_tasks(agent, {"doubling": task}, count=60, sampling=SAMPLING, wrong_kept=60)
    assert 0 < score.score < 1
    assert all(attempt.completion == () for attempt in score.wrong)
    assert all(len(attempt.example.prompt[-1].content) > 5 for attempt in score.wrong)


def test_an_exhausted_language_is_an_error():
    class English(Doubling):
        def draw(self, rng, split, language):
            return super().draw(rng, split, "en")

    with pytest.raises(ConfigError, match="no test question in 'ru'"):
        held_out(English(), 5)


def test_partial_scores_are_averaged():
    class Half(Doubling):
        def grade(self, example, completion):
            return 0.5

    (score,) = evaluate_tasks(Scripted(), {"half": Half(languages=["en"])}, count=10, sampling=SAMPLING)
    assert score.score == 0.5
    assert len(score.wrong) == 8


def test_tool_turns_reach_the_grader():
    class Calling(Scripted):
        def _answer(self, text):
            return [Message(role="assistant", content="…"), Message(role="tool", content="x"), *super()._answer(text)]

    (score,) = evaluate_tasks(Calling(), {"doubling": Doubling(languages=["en"])}, count=5, sampling=SAMPLING)
    assert score.score == 1.0
    assert len(score.first[0].completion) == 3
