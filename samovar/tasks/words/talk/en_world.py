"""The world outside, which the assistant does not see, in English: ``{name}`` is the assistant's name."""

from __future__ import annotations

from samovar.tasks.words.phrasing import Intent, intent

TALK: dict[str, Intent] = {
    "joke": intent(
        """
        Tell me a [joke|funny joke|good joke|short joke][.|, please.]
        [Can|Could] you tell [me|us] a joke?
        Do you know [a joke|any jokes|a good joke|jokes]?
        [Make|Can you make] me laugh[.|!|?]
        Say something funny[.|, please.]
        I want [a joke|to hear a joke|to laugh].
        Joke[, please|please][.|!]
        Give me a joke[.|!|, please.]
        [Please tell|Tell] a joke[.|!]
        Let's hear a joke[.|!]
        [How about|What about] a joke?
        Know any [good|funny|] jokes?
        One more joke[.|!|, please.]
        """,
        """
        Why did the computer go to the doctor? It had a virus!
        Why was the math book sad? It had too many problems!
        What did the zero say to the eight? Nice belt!
        """,
        r"\bvirus\b",
        r"\bmath book\b",
        r"\bnice belt\b",
    ),
    "weather": intent(
        """
        What is the weather [like|today|now|like today]?
        What's the weather [like|today|tomorrow]?
        How is the weather[?| today?| outside?]
        Will it [rain|snow|be warm|be cold] [today|tomorrow]?
        Is it [raining|snowing|cold|warm|sunny] [outside|today|now]?
        Do I need an umbrella[?| today?]
        Tell me the weather [for today|for tomorrow|].
        What will the weather be [like|] [today|tomorrow]?
        What is the [temperature|forecast] [today|outside|for tomorrow]?
        [Nice|Bad|Good] weather today, [isn't it|right]?
        Do you know the weather[?| forecast?| for today?]
        [And|So] what is the weather like[?| today?]
        """,
        """
        I cannot see outside, so I do not know the weather.
        I do not know the weather: I cannot look outside.
        """,
        r"\bnot know the weather\b",
    ),
    "time": intent(
        """
        What time is it[?| now?]
        What is the time[?| now?]
        What's the time[?|, please?]
        [Can|Could] you tell me the time?
        Do you know [what time it is|the time]?
        Tell me the time[.|, please.]
        Is it [late|early|noon|midnight] [already|now]?
        What hour is it[?| now?]
        Have you got the time?
        How late is it[?| now?]
        The time[?|, please.]
        [And|So] what time is it[?| now?]
        """,
        """
        I have no clock, so I do not know the time.
        I do not know the time: I have no clock.
        """,
        r"\bno clock\b",
    ),
    "date": intent(
        """
        What [day|date] is it[?| today?]
        What is [the date|the day][?| today?]
        What's [the date|the day] today?
        What [year|month] is it[?| now?]
        What day of the week is it[?| today?]
        Is [it|today] [Monday|Friday|Sunday|a holiday]?
        Tell me [the date|what day it is][.|, please.]
        Do you know [what day it is|the date|today's date]?
        [Can|Could] you tell me [today's date|the date|what day it is]?
        [And|So] what day is it[?| today?]
        """,
        """
        I have no calendar, so I do not know the date.
        I do not know the date: I have no calendar.
        """,
        r"\bno calendar\b",
    ),
    "internet": intent(
        """
        Do you have [internet|access to the internet|the internet]?
        Can you [search|browse|use|look on] the [internet|web]?
        [Google|Search] it [for me|on the internet][, please|].
        Are you [online|connected to the internet]?
        Can you [open|read|visit] a [site|website|web page|link]?
        [Find|Look up] something on the [internet|web] [for me|].
        Do you [need|use] the internet[?| to work?]
        Do you work [without|with no] [internet|the internet|a network]?
        Can you [find|download|look for] things on the [internet|web]?
        Is there internet access here?
        """,
        """
        I work without the internet.
        I have no internet: I work without it.
        """,
        r"\bwithout (the internet|it)\b",
    ),
    "news": intent(
        """
        [What is|What's] [the news|new in the world|in the news][?| today?]
        Tell me the [news|latest news][.|, please.]
        Any news[?| today?]
        What happened [today|in the world|yesterday]?
        Do you know the [news|latest news]?
        What is going on in the world[?| today?]
        What is [happening|going on] [today|now]?
        Who won the [game|match|election] [yesterday|today]?
        What is the [latest|main] news [today|]?
        [Read|Give] me the news[.|, please.]
        """,
        """
        I do not know the news: I learned only from old texts.
        I do not follow the news, I know only what I was taught.
        """,
        r"\bthe news\b",
    ),
    "sing": intent(
        """
        [Sing|Sing me] a song[.|!|, please.]
        Can you [sing|dance|draw|whistle]?
        [Draw|Paint] [me|] [a picture|a cat|a house][.|, please.]
        Can you [draw|paint] [a picture|me|a cat]?
        Play [some|me some] music[.|!|, please.]
        [Send|Show] me a [photo|picture|video][.|, please.]
        Can you [show|see|send] [pictures|photos|images]?
        Can you [speak aloud|hear my voice|make music]?
        Dance [for me|with me|a little][.|!]
        Do you [sing|draw|dance|play music]?
        """,
        """
        I can only read and write text.
        Sorry, I can only write text.
        """,
        r"\bcan only (read and )?write text\b",
    ),
    "stranger": intent(
        """
        What is my name[?|, please?| again?]
        What's my name?
        Do you know [my name|who I am|what my name is]?
        Who am I[?|, do you know?]
        [Can|Could] you tell me my name?
        Tell me my name[.|, please.]
        What am I called?
        Do you remember [my name|what I am called]?
        [And|So] what is my name?
        Say my name[.|, please.]
        """,
        """
        I do not know your name yet. What is it?
        You have not told me yet. I do not know your name.
        """,
        r"\bnot know your name\b",
    ),
}
