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
    "[Hey|Good day|Greetings], [I am|I'm|my name is] {user}.",
    "[They|My friends|All my friends|Some people] call me {user}.",
    "[You may|You should|Please|Feel free to] call me {user}.",
    "[Just|Simply|Always] call me {user}[.|, okay?]",
    "[My parents|My mother|They] [named|called] me {user}.",
    "I was [named|called] {user}[.| by my parents.| at birth.]",
    "[The name's|Name's|My name's] {user}.",
    "My [first|full|real|own] name is {user}.",
    "My name: {user}[.|, remember it.]",
    "{user}[.|, that is my name.|, that's me.]",
    "{user} here[.|, hello!|, nice to meet you!]",
    "[It is|It's] me, {user}[.|!]",
    "[I'm called|I am called|People know me as] {user}.",
    "[Allow me|I want|I'd like] to introduce myself: [I am|my name is] {user}.",
    "You are [talking|speaking|chatting] [to|with] {user}.",
    "[Pleased|Nice|Glad|Happy] to meet you, [I am|I'm|my name is] {user}.",
    "[I forgot to say|I should say|You should know], [I am|my name is] {user}.",
    "[Note|Remember|Don't forget] that [my name is|I am called] {user}.",
    "[Write down|Save|Remember|Note] my name: {user}.",
    "[So|Well|Okay], [my name is|I am|call me] {user}.",
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
    "Remind me [of my name|what my name is|what I am called|who I am][.|, please.]",
    "[Can|Could|Will] you remind me [of my name|what my name is|who I am]?",
    "You [know|remember] my name, [right|don't you]?",
    "[What was|So what was|And what was] my name[?| again?]",
    "What name did I [give you|tell you|use|say]?",
    "[How|What|By what name] [will|should|would] you call me?",
    "What do [you|people|my friends|others] call me?",
    "I [forgot|have forgotten] my name, [what is it?|remind me.|can you tell me?]",
    "Who [did I say I was|do you think I am|do you know me as]?",
    "[Tell me|Say] who I am[.|, please.]",
    "[Do you know|Do you remember|Can you say] who I am?",
    "Do you still [remember|know] [my name|who I am|what I am called]?",
    "Did you [forget|remember|save|note] my name?",
    "You [have not|haven't] forgotten [my name|me|who I am], have you?",
    "My name[?|, please?|, do you remember?|, what is it?]",
    "I [want|would like] to hear my name[.| from you.|, please.]",
    "I told you my name, [what is it?|do you remember it?|say it.|what was it?]",
    "I [said my name|introduced myself] [earlier|before|at first], [who am I|what am I called]?",
    "[Let me check|A test|Let's see]: [what is my name|who am I|do you know my name]?",
    "[Write|Repeat|Spell|Type] my name[.|, please.]",
    "[Can|Could] you [say|repeat|write|spell] my name[?|, please?]",
    "[How|By what name] did I introduce myself[?| to you?]",
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
