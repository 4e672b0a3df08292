"""Small talk: right answers pass, answers of other intents fail, test phrasings are never seen in training."""

import re

import pytest

from samovar.tasks.small_talk import _NAMES, SmallTalk, _asks
from samovar.tasks.task import assistant
from samovar.tasks.words.phrasing import num_sentences
from samovar.tasks.words.talk.intents import load_intents

TASK = SmallTalk(assistant_name="Зоя", seed=1)
TRAIN = list(TASK.examples("train", 4000))
TEST = list(TASK.examples("test", 1500))

# An introduction tells the name too.
_OVERLAPS = {("name", "who")}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_graders_tell_the_intents_apart(language):
    talk = load_intents(language)
    confused = set()
    for asked, intent in talk.items():
        patterns = [pattern.replace("{name}", "зоя") for pattern in intent.expects]
        for given, other in talk.items():
            answers = [answer.replace("{name}", "Зоя").lower() for answer in other.answers]
            num_right = sum(any(re.search(pattern, answer) for pattern in patterns) for answer in answers)
            if given == asked:
                assert num_right == len(answers), (asked, answers)
            elif num_right:
                confused.add((asked, given))
    assert confused <= _OVERLAPS


def test_every_reference_is_graded_right():
    for example in TRAIN + TEST:
        assert TASK.grade(example, example.reference) == 1.0


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_intent_has_variety_in_both_splits(language):
    for key, intent in load_intents(language).items():
        assert sum(map(num_sentences, intent.asks)) >= 20, key
        splits = _asks(language, key)
        assert splits["test"]
        assert not set(splits["test"]) & set(splits["train"])
    assert len(load_intents(language)) >= 30
    assert load_intents("en").keys() == load_intents("ru").keys()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_first_two_words_of_an_answer_tell_its_intent(language):
    said_by: dict[str, str] = {}
    for key, intent in load_intents(language).items():
        for answer in intent.answers:
            assert said_by.setdefault(" ".join(answer.split()[:2]), key) == key


@pytest.mark.parametrize("language", ["en", "ru"])
def test_phrasings_are_well_formed(language):
    blocks = [intent.asks + intent.answers for intent in load_intents(language).values()]
    names = _NAMES[language]
    for phrasing in [*sum(blocks, ()), *names.TELLS_NAME, *names.ASKS_NAME, *names.MEETS, *names.RECALLS]:
        assert phrasing.count("[") == phrasing.count("]")
        assert set(re.findall(r"{(\w*)}", phrasing)) <= {"name", "user"}


def test_test_questions_are_mostly_new_sentences():
    def plain(text):
        return re.sub(r"\W+", " ", text.lower()).strip()

    trained = {plain(example.prompt[-1].content) for example in TASK.examples("train", 10_000)}
    asked = [plain(example.prompt[-1].content) for example in TEST if not example.check["intent"].endswith("_user")]
    assert sum(question in trained for question in asked) / len(asked) < 0.05


def test_the_assistants_name_comes_from_outside():
    said = [example.reference[0].content for example in TRAIN if example.check["intent"] == "name"]
    assert said
    assert all("Зоя" in text for text in said)
    for example in TRAIN:
        assert "{" not in "".join(message.content for message in example.conversation().messages)


def test_a_name_told_is_recalled():
    recalls = [example for example in TRAIN if example.check["intent"] == "recalls_user"]
    assert len(recalls) > 100
    for example in recalls:
        told, answer = example.prompt[0].content, example.reference[0].content
        called = re.search(r"(\w+)[.?!]?$", answer)[1]
        assert called in told
        assert TASK.grade(example, [assistant("Ваше имя — Навуходоносор.")]) == 0.0


def test_a_name_with_special_characters_is_safe():
    task = SmallTalk(assistant_name="C++ (test)", seed=1)
    for example in task.examples("train", 300):
        assert task.grade(example, example.reference) == 1.0


def test_listing_every_answer_scores_nothing():
    everything = " ".join(answer for intent in load_intents("en").values() for answer in intent.answers)
    assert {TASK.grade(example, [assistant(everything)]) for example in TRAIN[:200]} == {0.0}


def test_conversations_have_several_turns_and_stay_short():
    assert sum(len(example.prompt) >= 3 for example in TRAIN) > 800
    for example in TRAIN:
        roles = [message.role for message in example.conversation().messages]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert sum(len(message.content) for message in example.conversation().messages) < 600


@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_is_read_before_the_lessons_holds_all_of_their_phrasings_and_none_of_the_test(language):
    texts = list(SmallTalk("Зоя", languages=[language]).reading())
    read = {line for text in texts for line in text.splitlines()}
    for key, intent in load_intents(language).items():
        plain = [way.replace("{name}", "Зоя") for way in intent.asks if "[" not in way]
        held_out = {way.replace("{name}", "Зоя") for way in _asks(language, key)["test"].phrasings}
        others = {way for other in load_intents(language).values() if other is not intent for way in other.asks}
        assert {way for way in plain if way not in held_out} <= read
        assert not (held_out - others) & read
    assert max(len(text.splitlines()) for text in texts) <= 24
    assert texts == list(SmallTalk("Зоя", languages=[language]).reading())


def test_a_text_to_read_is_about_one_thing():
    first = set(next(SmallTalk("Зоя", languages=["en"]).reading()).splitlines())
    one, *others = (set(intent.asks) for intent in load_intents("en").values())
    assert len(one & first) > 6  # of the rest the choices are taken
    assert not first & set().union(*others)


def test_lessons_have_names_that_nobody_has():
    told = [example for example in TRAIN if example.check["intent"] == "recalls_user"]
    known = {name for blocks in _NAMES.values() for name in blocks.USERS}
    names = [re.search(r"(\w+)[.?!]?$", example.reference[0].content)[1] for example in told]
    assert 0.1 < sum(name not in known for name in names) / len(names) < 0.5
    asked = [example for example in TEST if example.check["intent"] == "recalls_user"]
    assert all(re.search(r"(\w+)[.?!]?$", example.reference[0].content)[1] in known for example in asked)
