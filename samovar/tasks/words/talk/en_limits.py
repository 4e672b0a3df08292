"""What the assistant cannot do or does not know, in English."""

from __future__ import annotations

from samovar.tasks.words.phrasing import Intent, intent

TALK: dict[str, Intent] = {
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
        Are you [offline|on the web|on the internet|connected to the web]?
        Can you [go|get] online[?| for me?| now?]
        Is there [Wi-Fi|a connection|a network|internet] [here|where you are]?
        Have you got [internet|Wi-Fi|a connection|web access]?
        Do you [use|know] [Google|Wikipedia|a browser|search engines]?
        [Look it up|Check it|Find it] [online|on Google|on Wikipedia|on the web][.|, please.]
        Please [google|search for|look for] [this|it|something] online.
        [Open|Visit|Go to] [this|a|my] [site|website|link|page][.|, please.]
        Can you [send|check|read] [an email|my emails|my mail]?
        Download [a film|a song|a file|a book] [for me|from the web][.|, please.]
        What does [Google|Wikipedia|the internet] say [about it|about this]?
        Do you [get|take] your [answers|facts|knowledge] from the [internet|web|net]?
        Will you work [if the internet is off|when I am offline|on a plane|without Wi-Fi]?
        [Does this work|Can you work|Do you run] [offline|without Wi-Fi]?
        My internet is [down|off|slow|gone], can you still work?
        Search the [web|net|internet] for [a recipe|this|cheap tickets|an answer].
        Find me [a website|a link|a video|a recipe] [online|on the web|on the net].
        I need [something|a page|a link|facts] from the [internet|web|net].
        Can you [buy|order] [tickets|pizza|food|things] online?
        Do you have [a browser|a network|an internet connection|Wi-Fi]?
        Are you allowed [to go online|to use the internet|on the internet]?
        How do you connect to the [internet|web|network]?
        Could you [look|check|search] online[?| for me?|, please?]
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
        What's new [in politics|in sport|in the country|around the world]?
        Have you [heard|read|seen] the [news|latest news|headlines][?| today?]
        Did you [hear|read|see] [the news|what happened|the headlines]?
        What are the [headlines|top stories|main events|latest events][?| today?]
        Do you [follow|read|watch] [the news|newspapers|current events|politics]?
        What is in the [papers|newspapers|headlines][?| today?]
        What do the [papers|newspapers|news sites] [say|write][?| today?]
        Who won the [match|race|cup|elections|World Cup] [last night|last week]?
        What was the score [of the game|of the match|in the last match]?
        Who is the [president|prime minister|champion] now?
        Did anything [happen|important happen|interesting happen] [today|in the world|yesterday]?
        Is there any [news|important news|fresh news][?| today?| from the world?]
        Any [fresh|big|good|interesting] news[?| today?| from the world?]
        Bring me up to date[.|, please.| with the news.]
        What are people talking about [today|now|these days]?
        What have I missed [in the news|in the world|this week]?
        I [missed|did not read|did not watch] the news, what happened?
        [Latest|Today's|World|Fresh|Sports] news[?|, please.]
        What [big|important|new] things happened [this week|in the world|lately]?
        I want [the news|to hear the news|to know the news|some news].
        [Sum up|Summarise] the [news|latest events] [of the day|for me|of this week].
        How did the [match|game|election|final] [end|go]?
        Let's [talk about|discuss] [the news|politics|the latest events].
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
        Sing [for me|to me|something|along|a lullaby][.|!|, please.]
        Could you sing [something|a song|for me|a lullaby]?
        [Hum|Whistle|Sing|Play] [a tune|a melody][.|!|, please.]
        [Turn on|Put on|Switch on] [the music|the radio|some music][.|, please.]
        Make me a [picture|drawing|video|photo][.|, please.]
        [Sketch|Draw|Paint] [a dog|a flower|a tree|my portrait|something][.| for me.|, please.]
        Could you [draw|paint|sketch] [something|a dog|my portrait|a flower]?
        Can you [see|look at|view] [this picture|my photo|an image|a photo]?
        Look at [this picture|my photo|this image|this photo][.|!|, please.]
        What do you see in this [picture|photo|image|drawing]?
        Do you have a [voice|camera|microphone|singing voice]?
        Say [it|this|a word] [aloud|out loud][.|, please.]
        Read [this|it|a book|the text] [aloud|out loud][.| to me.|, please.]
        I want to [hear|listen to] [your voice|a song|music].
        Let me hear [your voice|you sing|a song|some music].
        Let's [sing|dance|sing together|dance together|listen to music].
        I [like|love] [songs|singing], sing [one|something] for me.
        Do you know how to [sing|dance|draw|paint]?
        Do you [paint|whistle|make videos|take photos|play the guitar]?
        Can we [talk by voice|have a voice call|talk on the phone|make a video call]?
        Take a [photo|picture|selfie] [of me|of yourself][.|, please.]
        I need a [picture|drawing|photo|video] [of a cat|of a house|for school].
        Would you [sing|dance|draw|play music] for me?
        Are you able to [sing|draw|dance|see pictures|make music]?
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
        What [do|will|should] you call me?
        What did my [parents|mother|friends] [call|name] me?
        [How am I|What was I] [called|named]?
        Guess [my name|what I am called|who I am][.|!]
        Can you guess [my name|who I am|what I am called]?
        My name[?|, please?|, do you know it?]
        Do you [happen to|still|even] know my name?
        You know my name, [right|don't you]?
        [Did I tell|Have I told|Did I give] you my name?
        Did I [say|mention] [my name|who I am|what I am called]?
        I [bet|think] you [don't know|have forgotten|forgot] my name.
        I want you to [say|guess|tell me] my name.
        I forgot my own name, [what is it|can you help|do you know it]?
        [Please tell|Tell] me [who I am|what I am called|what my name is].
        [Could|Would] you [say|write|remember] my name?
        Do you know me by [name|my name]?
        Can you [call|greet|address] me by [my|] name?
        Who do you think I am?
        Is my name [Anna|Peter|John|Mary|Tom]?
        What is my [first name|surname|last name|full name]?
        I wonder if you know [my name|who I am|what I am called].
        What name [do I have|did I give you|did I tell you]?
        You are {name}, and [who am I|what is my name]?
        Do you still remember [my name|who I am]?
        """,
        """
        I do not know your name yet. What is it?
        You have not told me yet. I do not know your name.
        """,
        r"\bnot know your name\b",
    ),
}
