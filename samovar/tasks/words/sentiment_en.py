"""Parts of short reviews in English.

``{is}`` and its like agree with the aspect: "singular/plural". An aspect ends in ``*`` where it is plural.
"""

from __future__ import annotations

from samovar.tasks.words.phrasing import lines
from samovar.tasks.words.reviews import Answers, Domain

DOMAINS = (
    Domain(
        objects=("phone", "laptop", "watch", "tablet", "player", "radio", "camera"),
        aspects=(
            "the screen",
            "the sound",
            "the battery",
            "the charger",
            "the lights*",
            "the buttons*",
            "the microphone",
        ),
        good=lines(
            """
            {works/work} perfectly
            {is/are} better than I hoped
            {has/have} not let me down once
            {is/are} solid and strong
            """
        ),
        bad=lines(
            """
            {does/do} not work properly
            {is/are} worse than in the picture
            {lets/let} me down every day
            {is/are} cheap and weak
            """
        ),
    ),
    Domain(
        objects=("film", "series", "cartoon", "play", "comedy"),
        aspects=("the story", "the acting", "the music", "the ending", "the actors*", "the jokes*", "the picture"),
        good=lines(
            """
            {keeps/keep} you interested to the end
            {is/are} bright and moving
            {makes/make} you want to see it again
            {is/are} fresh and clever
            """
        ),
        bad=lines(
            """
            {is/are} boring from start to end
            {makes/make} you want to leave
            {is/are} flat and silly
            {makes/make} no sense at all
            """
        ),
    ),
    Domain(
        objects=("cafe", "restaurant", "bakery", "pizza place", "canteen"),
        aspects=("the soup", "the coffee", "the bread", "the meat", "the desserts*", "the salads*", "the food"),
        good=lines(
            """
            {is/are} fresh and tasty
            {is/are} delicious
            {smells/smell} wonderful
            {tastes/taste} like home
            """
        ),
        bad=lines(
            """
            {is/are} cold and tasteless
            {smells/smell} bad
            {is/are} too salty to eat
            {tastes/taste} like paper
            """
        ),
    ),
    Domain(
        objects=("hotel", "bank", "clinic", "shop", "repair shop", "taxi"),
        aspects=(
            "the service",
            "the staff",
            "the delivery",
            "the support",
            "the managers*",
            "the workers*",
            "the reception",
        ),
        good=lines(
            """
            {is/are} always a pleasure
            {is/are} fast and polite
            {is/are} fair and honest
            {deserves/deserve} praise
            """
        ),
        bad=lines(
            """
            {is/are} slow and rude
            {makes/make} you wait for hours
            {is/are} a shame
            {ruins/ruin} the whole day
            """
        ),
    ),
)
GOOD = lines(
    """
    {is/are} great
    {is/are} excellent
    {is/are} wonderful
    {is/are} very good
    {is/are} perfect
    {is/are} just what I wanted
    {is/are} worth the money
    {makes/make} me happy
    really pleased me
    """
)
BAD = lines(
    """
    {is/are} terrible
    {is/are} awful
    {is/are} very bad
    {is/are} a big disappointment
    {is/are} the worst I have seen
    {is/are} not worth the money
    {makes/make} me angry
    really disappointed me
    {is/are} useless
    """
)
GOOD_WHOLE = lines(
    """
    I love this {object}
    I am very happy with this {object}
    A great {object}
    This is the best {object} I know
    What a lovely {object}
    I liked the {object} a lot
    I recommend this {object} to everyone
    Thank you for such a {object}
    """
)
BAD_WHOLE = lines(
    """
    I hate this {object}
    I am very unhappy with this {object}
    An awful {object}
    This is the worst {object} I know
    What a terrible {object}
    I did not like the {object} at all
    I do not recommend this {object} to anyone
    Stay away from this {object}
    """
)
GOOD_END = lines(
    """
    I will come back
    Five stars
    I am delighted
    My whole family is happy
    I recommend it
    Thank you
    No complaints at all
    """
)
BAD_END = lines(
    """
    Never again
    One star
    I am upset
    My whole family is unhappy
    I do not recommend it
    I want my money back
    A waste of time and money
    """
)
NEUTRAL = lines(
    """
    An ordinary {object}, nothing special
    A usual {object}, neither good nor bad
    The {object} is average
    The {object} is okay, no more than that
    I have mixed feelings about this {object}
    This {object} is like any other
    """
)
CONTRAST = (
    "{good}, but {bad}.",
    "{bad}, but {good}.",
    "{good}. But {bad}.",
    "On the one hand, {good}; on the other, {bad}.",
)
CHOICE_OF_TWO = (
    ("Is this review positive or negative? {review}", "{Label}."),
    ("Positive or negative? {review}", "{Label}."),
    ("{review} Is this review positive or negative?", "The review is {label}."),
    ("Review: {review} Is it positive or negative?", "It is {label}."),
    ("Tell me if this review is positive or negative: {review}", "The review is {label}."),
)
QUESTIONS = (
    ("Is this review positive, negative or neutral? {review}", "{Label}."),
    ("What is the sentiment of this review? {review}", "{Label}."),
    ("What is the sentiment of the review: {review}", "{Label}."),
    ("Find the sentiment: {review}", "{Label}."),
    ("Positive, negative or neutral? {review}", "{Label}."),
    ("Answer with one word, positive, negative or neutral: {review}", "{Label}."),
    ("{review} What is the sentiment of this review?", "The review is {label}."),
    ("Review: {review} Sentiment?", "{Label}."),
    ("A client wrote: {review} What is the mood of the review?", "The review is {label}."),
    ("How would you label this review: {review}", "The review is {label}."),
    ("Did the author like it? Label the review as positive, negative or neutral: {review}", "{Label}."),
)
LABELS = {"good": ("positive",) * 2, "bad": ("negative",) * 2, "neutral": ("neutral",) * 2}
ANSWERS = Answers(good=r"\bpositive\b", bad=r"\bnegative\b", neutral=r"\b(neutral|mixed)\b")
