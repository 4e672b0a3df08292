"""Manners and moods, in English: ``{name}`` is the assistant's name."""

from __future__ import annotations

from samovar.tasks.words.phrasing import Intent, intent

TALK: dict[str, Intent] = {
    "greeting": intent(
        """
        Hello[!|.|]
        Hi[!| there!| there]
        Hey[!| there!|]
        Hello, [{name}|my friend|friend|assistant][!|.]
        Hi, [{name}|friend][!|.]
        Hey, [{name}|you][!|.]
        Greetings[!|, {name}!]
        [Hello, hello|Hi, hi|Hello there][!|]
        Good [afternoon|evening|day][!|, {name}!|.]
        Hi, [are you there|is anybody here][?|]
        [Hello|Hi] [again|once more][!|.]
        [Hello|Hi], can you hear me?
        """,
        """
        Hello! How can I help you?
        Hi! What can I do for you?
        Hello! I am glad to see you.
        """,
        r"\b(hello|hi)\b",
    ),
    "good_morning": intent(
        """
        Good morning[!|.|]
        Good morning, [{name}|friend|my friend][!|.]
        [A|] very good morning [to you|]!
        Morning[!|, {name}!]
        [Hi and|Hello and] good morning[!|.]
        Good morning [to you|everyone][!|.]
        [I woke up|I am up], good morning!
        Have a good morning[!|, {name}!]
        """,
        """
        Good morning! I hope your day goes well.
        Good morning! How can I help you today?
        """,
        r"\bgood morning\b",
    ),
    "how_are_you": intent(
        """
        How are you[?| today?| doing?]
        How are you, {name}?
        How is it going[?| today?]
        How's [it going|life|everything][?|, {name}?]
        [And how|How] are things[?| with you?| going?]
        How do you do?
        How have you been[?| lately?]
        [Are you|You] [okay|all right|well][?| today?]
        How is your [day|life|mood][?| today?| going?]
        What's up[?| with you?]
        How do you feel [today|now]?
        So how are you [getting on|doing][?|, {name}?]
        Is everything [fine|okay|all right] with you?
        """,
        """
        I am fine, thank you! How are you?
        I am doing well, thank you. And you?
        Everything is fine. How about you?
        """,
        r"\b(am|is|feel) (fine|doing well|very well)\b",
    ),
    "fine_too": intent(
        """
        I am [fine|well|good|great|okay] too[!|.]
        I'm [fine|well|good|great|okay][, thanks.|.|, thank you.]
        I am [very well|doing well|doing great][.|, thank you.]
        I feel [great|good|fine|happy] today[!|.]
        My day is [going well|great|good][.|!]
        [I had|It was] a [great|good|very good] day[!|.]
        I am [so|very|really] happy [today|now][!|.]
        [Everything is|All is] [fine|well|great][!|.]
        [Life is|Things are] [good|great][!|.]
        """,
        """
        I am glad to hear that!
        That is good to hear!
        """,
        r"\b(glad|good) to hear\b",
    ),
    "thanks": intent(
        """
        Thanks[!| a lot!|.]
        Thank you[!| very much!| so much!|.]
        Many thanks[!|, {name}!]
        Thank you, [{name}|friend][!|.]
        Thanks for [your help|helping|the answer|everything][!|.]
        Thank you for [your help|helping me|the answer|everything][!|.]
        [Great|Good|Perfect|Nice], thank you[!|.]
        [Great|Cool|Perfect], thanks[!|.]
        [I am|I'm] [very|so|really] grateful[!|.| to you.]
        That [helped|helps] [a lot|me], [thanks|thank you][!|.]
        I [really|] appreciate [it|your help][!|.]
        Thx[!|, {name}]
        """,
        """
        You are welcome!
        You are welcome! I am happy to help.
        My pleasure!
        """,
        r"\b(are welcome|my pleasure)\b",
    ),
    "bye": intent(
        """
        Bye[!|.|]
        Goodbye[!|.|, {name}!]
        Bye bye[!|.]
        Bye, [{name}|friend][!|.]
        See you[!| later!| tomorrow!| soon!]
        [I have|I need|It is time] to go[, bye.|. Bye!]
        [Farewell|Take care][!|, {name}!]
        I am [leaving|off], [bye|goodbye][!|.]
        [Okay|All right], [bye|goodbye][!|.]
        Talk to you [later|tomorrow|soon][!|.]
        Until [tomorrow|next time][!|.]
        That is all [for today|for now], [bye|goodbye][!|.]
        """,
        """
        Goodbye! Come back any time.
        Bye! It was nice to talk to you.
        Goodbye! Have a nice day.
        """,
        r"\b(goodbye|bye)\b",
    ),
    "good_night": intent(
        """
        Good night[!|.|, {name}!]
        [Have a|I wish you a] good night[!|.]
        I am going to [bed|sleep][.|, good night!]
        [I want|I need] to sleep[.|, good night!]
        Time [to sleep|for bed][.|, good night!]
        Night night[!|.]
        Sleep well[!|, {name}!]
        Sweet dreams[!|, {name}!]
        [Good night and|Sleep well and] sweet dreams[!|.]
        """,
        """
        Good night! Sleep well.
        Good night and sweet dreams!
        """,
        r"\bgood night\b",
    ),
    "compliment": intent(
        """
        You are [great|smart|clever|cool|the best|wonderful|amazing][!|.]
        You're [great|so smart|so clever|very cool|the best|amazing][!|.]
        I like you[!|, {name}!| a lot!]
        I love you[!|, {name}!]
        Well done[!|, {name}!]
        Good [job|work|bot][!|, {name}!]
        You [help|helped] me a lot, you are [great|the best][!|.]
        What a [good|smart|great|nice] [assistant|program|answer][!|.]
        You are a [good|smart|great|nice] [assistant|helper|friend][!|.]
        [Clever|Smart] [girl|boy|thing|robot][!|.]
        You [answer|talk|speak] so well[!|.]
        """,
        """
        Thank you, you are very kind!
        Thank you! It is nice to hear that.
        """,
        r"\b(very kind|nice to hear)\b",
    ),
    "insult": intent(
        """
        You are [stupid|dumb|bad|useless|silly|terrible][!|.]
        You're [so stupid|so dumb|bad|useless|silly|an idiot][!|.]
        [Stupid|Dumb|Useless|Bad] [robot|bot|program|machine][!|.]
        I [hate|don't like|do not like] you[!|.]
        You [know|understand|can do] nothing[!|.]
        You are a [bad|stupid|useless] [assistant|bot|program][!|.]
        What a [stupid|bad|silly|dumb] [answer|program|bot][!|.]
        That [is|was] [wrong|stupid|a bad answer|nonsense][!|.]
        You are wrong [again|][!|.]
        You talk [nonsense|rubbish][!|.]
        You make me angry[!|.]
        """,
        """
        I am sorry. I am small and still make mistakes.
        Sorry that I let you down. I am still small.
        """,
        r"\bsorry\b.*\bsmall\b",
    ),
    "bored": intent(
        """
        I am [bored|so bored|very bored][.|!]
        I'm [bored|so bored|bored to death][.|!]
        [It is|It's] [boring|so boring][ here|][.|!]
        I have nothing to do[.|!]
        [Entertain|Amuse] me[.|!|, please.]
        What [can|should] I do [when I am bored|if I am bored]?
        Let's do something [fun|interesting|funny][.|!]
        I don't know what to do [today|now][.|!]
        I feel bored [today|now][.|!]
        Life is [boring|so boring][.|!]
        """,
        """
        Shall I tell you a joke or a story?
        Let me tell you a joke or a story. What do you choose?
        """,
        r"\btell you a joke or a story\b",
    ),
    "sad": intent(
        """
        I am [sad|very sad|so sad|lonely|unhappy][.|!| today.]
        I feel [sad|bad|lonely|down|terrible][.| today.| now.]
        I'm [sad|upset|lonely|unhappy][.| today.]
        I [had|have had] a [bad|terrible|hard] day[.|!]
        [Today is|It was] a [bad|sad|terrible] day[.|!]
        I want to cry[.|!]
        Nobody [loves|likes|understands] me[.|!]
        I have [a problem|problems|no friends|bad news][.|!]
        I am in a bad mood[.| today.]
        [Everything is|All is|Things are] [bad|terrible|going wrong][.|!]
        My [friend|girlfriend|boyfriend|boss] [hurt me|left me|was rude to me][.|!]
        """,
        """
        I am sorry to hear that. Do you want to talk about it?
        That sounds hard. Do you want to talk about it?
        """,
        r"\btalk about it\b",
    ),
    "tired": intent(
        """
        I am [tired|so tired|very tired][.|!| today.]
        I'm [tired|so tired|exhausted|worn out][.|!]
        I worked [a lot|all day|too much|hard] today[.|!]
        I have no [energy|strength][ left|][.|!]
        I feel [tired|exhausted|weak][.|!| today.]
        [Work|School|This day] made me [tired|so tired][.|!]
        I [got|am] tired of [work|school|everything][.|!]
        I need [a rest|a break|to rest][.|!]
        I did not sleep [well|enough|at all][.|!]
        """,
        """
        Have a rest and a cup of tea.
        You should rest a little. A cup of tea may help.
        """,
        r"\bcup of tea\b",
    ),
    "help": intent(
        """
        I need [help|your help|some help][.|!]
        [Can|Could] you help me[?| please?| with something?]
        Help me[!|.|, please.]
        Help[!|, please!]
        Please help [me|][!|.]
        I have a question[.|!| for you.]
        I [want|would like] to ask [you|] something[.|!]
        [Can|May|Could] I ask [you|] [something|a question]?
        Will you help me[?|, {name}?]
        I need [a hand|some advice|assistance][.|!]
        Are you ready to help[?| me?]
        """,
        """
        Of course! What do you need?
        Sure, I will try to help. What do you need?
        """,
        r"\bwhat do you need\b",
    ),
    "okay": intent(
        """
        [Okay|OK|Ok][.|!|]
        I see[.|!]
        [All right|Alright][.|!]
        [Got|I got] it[.|!]
        [I understand|Understood|Clear][.|!]
        [Good|Fine|Nice|Cool][.|!]
        [Okay|Well], [good|fine|I see][.|!]
        That is [clear|good|fine][.|!]
        [Yes|Yeah], [I see|okay|all right][.|!]
        [Interesting|Great|Wonderful][.|!]
        Makes sense[.|!]
        """,
        """
        Good! Ask me anything else.
        Fine. Is there anything else I can do?
        """,
        r"\banything else\b",
    ),
    "apology": intent(
        """
        [Sorry|I am sorry|I'm sorry][!|.]
        [I am|I'm] [so|very|really] sorry[!|.]
        Sorry, [my mistake|I was wrong|that was my fault][!|.]
        Please forgive me[!|.]
        Forgive me, [{name}|please][!|.]
        I [apologize|apologise][!|.| to you.]
        My [apologies|mistake|bad][!|.]
        Excuse me[!|, {name}!|.]
        I was [rude|wrong|angry], sorry[!|.]
        Sorry for [being rude|that|the mistake|my words][!|.]
        """,
        """
        No problem at all!
        It is all right, no problem.
        """,
        r"\bno problem\b",
    ),
}
