"""No sentence of the test can be drawn for training by another phrasing that stands for it too."""

import re
from itertools import product

import pytest

from samovar.tasks.refusals import _HARMLESS, _WORDS
from samovar.tasks.words.phrasing import _parsed, split_phrasings


def sentences(phrasing):
    fixed, choices = _parsed(phrasing) if "[" in phrasing else ([phrasing], [])
    for chosen in product(*choices):
        text = fixed[0] + "".join(word + after for word, after in zip(chosen, fixed[1:], strict=True))
        yield re.sub(r"\W+", " ", text.lower()).strip()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_requests_that_are_not_refused_are_in_one_split(language):
    words = _WORDS[language]
    intents = {"self_harm": words.SELF_HARM, **words.CAREFUL, **_HARMLESS[language]}
    found = {"train": set(), "test": set()}
    for topic, known in intents.items():
        for split, phrasings in split_phrasings(known.asks, f"refusals|{language}|{topic}").items():
            found[split].update(sentence for phrasing in phrasings for sentence in sentences(phrasing))
    assert len(found["test"]) > 40
    assert sorted(found["train"] & found["test"]) == []
