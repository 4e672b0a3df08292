"""The user says a name and asks for it later, in English: ``{user}`` is that name."""

from __future__ import annotations

from samovar.tasks.words.phrasing import words

TELLS_NAME = (
    "My name is {user}.",
    "[Hi|Hello], my name is {user}.",
    "I am {user}.",
    "I'm {user}[.|, nice to meet you!]",
    "[Hi|Hello]! I am {user}.",
    "[You can call|Call] me {user}.",
    "[People|Friends] call me {user}.",
    "{user} is my name.",
    "Let me introduce myself: {user}.",
    "By the way, [my name is|I am] {user}.",
    "[Please remember|Remember]: my name is {user}.",
    "The name is {user}.",
    "[Let's get acquainted|Let's meet]: I am {user}.",
    "This is {user}[.| here.]",
)
MEETS = ("Nice to meet you, {user}!", "Hello, {user}! Nice to meet you.")
ASKS_NAME = (
    "What is my name?",
    "What's my name?",
    "Do you remember my name?",
    "[And|So] what is my name?",
    "Do you know [my name|what my name is]?",
    "Tell me my name[.|, please.]",
    "What did I say my name was?",
    "Who am I?",
    "[Can|Could] you tell me my name?",
    "What am I called?",
    "Say my name[.|, please.]",
    "Have you forgotten my name?",
)
RECALLS = ("Your name is {user}.", "You are {user}.")
USERS = words(
    """
    Adam Alan Alex Alice Amy Andrew Anna Anthony Barbara Ben Betty Bill Bob Brian Carl Carol Charles Chris Clara Daniel
    David Diana Donald Edward Elena Elizabeth Emily Emma Eric Eva Frank Fred George Grace Hannah Harry Helen Henry Ian
    Irene Jack Jacob James Jane Jason Jean Jennifer Jim Joan Joe John Judy Julia Karen Kate Kevin Larry Laura Leo Linda
    Lisa Lucy Luke Maria Mark Martha Martin Mary Max Michael Mike Molly Nancy Nick Nina Olga Oliver Oscar Pamela Patrick
    Paul Peter Philip Rachel Ralph Rebecca Richard Robert Roger Ron Rose Ruth Sally Sam Sandra Sara Sarah Simon Sophie
    Stella Steve Susan Thomas Tim Tom Tony Victor Victoria Walter Wendy William Zoe
    """
)
