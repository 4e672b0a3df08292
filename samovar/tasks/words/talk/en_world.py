"""The world outside, which it does not see, and what it remembers, in English: ``{name}`` is the assistant's name."""

from __future__ import annotations

from samovar.tasks.words.phrasing import Intent, intent

TALK: dict[str, Intent] = {
    "memory": intent(
        """
        Do you remember [me|our last chat|what I said yesterday|our talk]?
        Will you remember [me|this|what I said] [tomorrow|later|next time]?
        Do you have [a memory|memory|a good memory]?
        Can you remember [things|our chats|me|everything]?
        What did we talk about [yesterday|last time|before]?
        Do you [keep|save|store] our [chats|talks|conversations] in your memory?
        Will you forget [me|our talk|this]?
        How long do you remember [things|a chat|me]?
        Do you [learn|remember something] from our [chats|talks]?
        Have we [met|talked|spoken] before?
        How [good|long|big|strong] is your memory?
        What do you remember [about me|from yesterday|from last time]?
        Do you [forget|ever forget|often forget] [things|me|what I say]?
        [Please remember|Remember|Don't forget] [this|me|what I said].
        Will you [still|even] know me [tomorrow|next time|next week|when I come back]?
        When I come back, will you [remember|know|recognise] me?
        Do you [recognise|recognize|know] me from [before|yesterday|last time]?
        Can you recall [our last talk|what I said|yesterday|earlier chats]?
        We [talked|spoke|chatted] [yesterday|before|last week], remember?
        I told you [about it|something|this] [yesterday|last time], have you forgotten?
        [Have you forgotten|Did you forget] [me|everything|our talk|what I said]?
        What was [our last chat|our last talk|yesterday's chat] about?
        What did I [say|ask|tell you|write] [yesterday|last time|last week]?
        Do you remember [previous|earlier|old|past] [chats|conversations|talks]?
        How [far back|much|well] [can|do] you remember?
        Is your memory [good|short|long|bad]?
        Will you forget [everything|it all] when I [leave|go away|close the chat]?
        Does your memory last [until tomorrow|long|after this chat]?
        Could you [memorise|keep in mind|remember] something for me?
        I was here [yesterday|before|last week], do you remember [me|that]?
        It's me again, do you remember [me|our talk]?
        Are our [old|past|previous|earlier] [chats|talks] [in your memory|forgotten]?
        I hope you will [remember|not forget] [me|this|our talk].
        """,
        """
        I remember only this chat.
        I remember only what was said in this chat.
        """,
        r"\bonly (what was said in )?this chat\b",
    ),
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
        Do you have [a joke|some jokes|a funny story|a good joke] for me?
        Tell me something [funny|hilarious|really funny|to laugh at].
        Cheer me up with [a joke|something funny].
        I [feel like|am in the mood for|need|could use] [a good joke|a laugh|something funny].
        [Another|Another good|A new|A different] joke[.|!|, please.]
        Do you have a sense of [humour|humor]?
        Can you [joke|be funny|make a joke|crack a joke]?
        [Crack|Make] a joke[.|!|, please.]
        Are you [funny|good at jokes|good at being funny]?
        What is your [best|newest|funniest] joke?
        Try to [make me laugh|make me smile|joke|be funny].
        Let me [laugh|have a laugh|hear something funny|smile].
        [Time for a joke|Joke time|It's time for a joke][!|.]
        Surprise me with a [joke|funny line|pun|funny story].
        [Share|Write|Think up] a [joke|funny joke|little joke|pun][.|!|, please.]
        I [like|love|enjoy] jokes[.|, tell me one.|, do you know any?]
        Please make [me|us] [laugh|smile|giggle].
        Any [jokes|good jokes|funny jokes] [today|for me|for us]?
        I have not laughed today, [tell me a joke|make me laugh].
        Let's [joke|laugh|have a laugh|joke a little].
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
        Is it going to [rain|snow|be hot|be windy] [today|tomorrow|tonight]?
        How [cold|warm|hot|windy] is it [outside|today|out there|now]?
        What is it like outside[?| now?| today?]
        How many degrees is it [outside|now|today]?
        Should I [take|bring|carry] an umbrella[?| today?| with me?]
        What should I wear [today|outside|tomorrow|in this weather]?
        Do I need a [coat|hat|warm jacket|raincoat] [today|outside|tomorrow]?
        Can I go out without [a coat|a hat|an umbrella|a jacket]?
        Will the sun [shine|come out] [today|tomorrow]?
        Is there [rain|snow|sun|wind|a storm|fog] [outside|today]?
        What does the [weather forecast|forecast] say[?| today?| for tomorrow?]
        Give me the [forecast|weather|weather forecast|temperature][.| for today.|, please.]
        Weather [today|for tomorrow|forecast][?|, please.]
        Any [rain|snow|sun] [today|tomorrow|coming]?
        Is it [hot|windy|wet|frosty|foggy|cloudy] [outside|there|out]?
        Look out of the window, [is it raining|what is the weather|is it cold]?
        Will it be [sunny|hot|windy|nice|cloudy|dry] [tomorrow|tonight|this week]?
        What weather [do we have|will we have|is expected] [today|tomorrow]?
        Is the weather [good|bad|nice|fine|terrible] [today|outside|for a walk]?
        It is [so cold|so hot|raining|snowing|very windy] [today|outside][.|!]
        What [lovely|awful|terrible|strange|fine] weather[!|.| today!]
        Can you [say|predict|guess] what the weather [is|will be] like?
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
        What time [do you have|have you got][?| there?| now?]
        Do you have [the time|a clock|a watch|the exact time]?
        What does [the|your] [clock|watch] say[?| now?]
        Look at [the|your] [clock|watch][.|, please.|, what time is it?]
        Is it [morning|evening|night|afternoon|lunchtime] [now|already|yet]?
        Is it past [noon|midnight|six|ten|five o'clock]?
        Is it [five|six|ten|twelve|three] o'clock [already|now|yet]?
        What is the [exact|current|right|local] time[?| now?|, please?]
        Give me the [exact|current|right|] time[.|, please.]
        Could you [say|tell us|let me know] what time it is?
        I [want|need|would like] to know [the time|what time it is|the hour].
        My [clock|watch] [stopped|is broken|is wrong], what time is it?
        How many [hours|minutes] are left until [noon|midnight|evening|six]?
        How long is it until [noon|midnight|evening|six o'clock]?
        Am I late[?| for work?| for school?| already?]
        Is it time for [lunch|dinner|breakfast|tea]?
        [Current|Exact|Right] time[?|, please.]
        Do you know the [hour|exact time|right time|current time]?
        Tell me [what time it is|the hour|the exact time|how late it is].
        I wonder [what time it is|how late it is|what the time is].
        What [time|hour] is it in [Moscow|London|Paris|New York]?
        Is it still [early|morning|night|daytime]?
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
        Which [day|date|month] is it[?| today?]
        What [month|year|date] do we have[?| now?]
        What [day|date|weekday] is today?
        What [day|date] was it yesterday?
        What [day|date] [is it|will it be] tomorrow?
        Is [today|tomorrow] a [workday|working day|day off|public holiday]?
        Is tomorrow [Monday|Tuesday|Saturday|Sunday|the first]?
        Is it [the weekend|Friday|Wednesday|Thursday|Tuesday] [already|yet|tomorrow]?
        Is it [January|May|June|December|spring|winter] [already|yet|now]?
        What [season|week|century] is it[?| now?]
        Do you have a calendar[?| there?| with today's date?]
        Look at [the|your] calendar[.|, please.|, what day is it?]
        What does [the|your] calendar say[?| today?]
        How many days [are left|are there|remain] until [Friday|Monday|New Year|Christmas]?
        When is [New Year|Christmas|Easter|the weekend|the next holiday]?
        Today is [Monday|Friday|Sunday|Thursday], [right|isn't it|or not]?
        I [forgot|don't know|don't remember] what [day|date|month] it is.
        I [want|need|would like] to know [today's date|the date|what day it is].
        Give me [today's date|the date|the full date|the current date][.|, please.]
        Today's [date|day][?|, please?|, please.]
        Which [month|year|week] are we in[?| now?]
        What is [the current|the exact|the full|today's] date[?|, please?]
        I wonder what [day|date|month] it is[.| today.]
        """,
        """
        I have no calendar, so I do not know the date.
        I do not know the date: I have no calendar.
        """,
        r"\bno calendar\b",
    ),
}
