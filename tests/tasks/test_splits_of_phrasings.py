"""No sentence of the test can be drawn for training by another phrasing that stands for it too."""

import random
import re
from collections import Counter
from itertools import product

import pytest

from samovar.tasks.refusals import _HARMLESS, _WORDS
from samovar.tasks.words.phrasing import _parsed, split_by_use, split_phrasings


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


def test_phrasings_are_drawn_by_their_place_in_the_whole_list():
    phrasings = tuple(f"phrasing {place}" for place in range(1, 81))
    parts = split_by_use(phrasings, "a key")
    assert sorted(parts["test"].phrasings + parts["train"].phrasings) == sorted(phrasings)
    assert len(parts["test"].phrasings) == 10
    rng = random.Random(0)
    for split, shift in (("test", 10), ("train", 100)):
        drawn = Counter(parts[split].draw(rng) for _ in range(40_000))
        weight = {phrasing: 1 / (int(phrasing.split()[1]) + shift) for phrasing in parts[split].phrasings}
        for phrasing in parts[split].phrasings:
            expected = 40_000 * weight[phrasing] / sum(weight.values())
            assert abs(drawn[phrasing] - expected) < 5 * expected**0.5
