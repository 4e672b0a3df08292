"""Greetings, thanks, goodbyes and compliments, in English: ``{name}`` is the assistant's name."""

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
        [Howdy|Hiya|Yo][!|.|, {name}!]
        [Howdy|Yo|Hiya], [friend|my friend|assistant|you there][!|.]
        [Well|Oh|Hey], [howdy|hiya|hello there][!|.]
        [Good|Nice|Glad|Happy] to see you[!|.|, {name}!|, friend!]
        [Hello|Hi], [nice|good|glad|happy] to see you[!|.| again!| here!]
        [Nice|Pleased|Happy|Good] to meet you[!|.|, {name}!]
        [Hello|Hi|Hey], [nice|pleased|happy] to meet you[!|.]
        [Hello|Hi|Hey], I am [back|here|here again][!|.]
        [I am|I'm] [back|here|here again], [hello|hi|hey|let's talk|let's chat][!|.]
        [I just|Just|I] wanted to say [hello|hi|hey][!|.]
        I [came back|dropped in|wanted] to say a [big|warm|quick] [hello|hi][!|.]
        [Long time no see|It has been a while], [hello|hi|hey][!|.]
        [Hello|Hi|Hey], [long time no see|it has been a while][!|.]
        [Anybody home|Anyone here|Anyone there|Are you there|Are you here][?|, {name}?]
        [Hello|Hi|Hey|Hellooo|Heyyy|Hiii], [anyone home|anybody home|anyone there|you there][?|]
        [Hello|Hi|Hey] [everyone|everybody|all|guys][!|.]
        Good [day|evening|afternoon] to [you|everyone|all][!|.]
        [Hello|Hi|Hey], good [day|evening|afternoon][!|.]
        [My|Warm|Best] greetings[!|.| to you!| to you, {name}!]
        [Hi|Hello|Hey], [let's talk|let's chat|I want to chat|I came to talk][.|!]
        [Well|Oh|So|And], [hello|hi|hey] [to you|, {name}|, friend][!|.]
        [Hellooo|Heyyy|Hiii|Helloo][!|.| there!]
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
        [I wish|Wishing] you a [good|nice|lovely|great] morning[!|.|, {name}!]
        [What|It is|It's] a [lovely|nice|beautiful|fine] morning[!|.| today!]
        [It is|It's] morning[!|.| already.| again.| now.]
        [A lovely|Happy|A happy|Top of the] morning to you[!|.|, {name}!]
        I just [woke up|got up|got out of bed], [good morning|morning][!|.]
        [I am awake|I am up|I'm up|I got up] [now|already|at last], [good morning|morning][!|.]
        [Wake up|Rise and shine|Time to get up][!|, {name}!|, friend!]
        [Wake up|Rise and shine|Get up], it is [morning|a new day|early morning][!|.]
        The sun is [up|shining|high], [good morning|wake up|it is morning][!|.]
        [Good morning|Morning], [sunshine|dear|everybody|all|world][!|.]
        Mornin'[!| to you!|, {name}!|, friend!]
        [I hope|Hope] you [slept|rested] well, [good morning|morning][!|.]
        [GM|Gm][!|.|, {name}!|, friend!| everyone!]
        [A new day|Another day|The day begins], [good morning|gm|wake up][!|.]
        [Good morning|Morning], [a new day is here|the day begins|the sun is up|the sun is shining][!|.]
        [Hello|Hi|Hey], [morning|it is morning|mornin'][!|.]
        I am having [coffee|tea|breakfast|my coffee], [good morning|morning][!|.]
        [Good morning|Morning], I [slept well|rested well|hope you slept|had my coffee|am drinking tea][!|.]
        May [your|this] morning be [good|nice|bright|lovely|happy][!|.]
        I wanted to [say good morning|wish you a good morning][!|.|, {name}!]
        Say good morning [to me|back|, {name}][.|!]
        [It is|It's] [early|so early|very early], but [good morning|I am up|I am awake][!|.]
        [Have a|Such a] [lovely|nice|great|bright] morning[!|.]
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
        How are you [feeling|holding up|keeping][?| today?| now?]
        How are you [this morning|tonight|this evening|these days][?|, {name}?]
        How goes [it|life|everything][?| with you?|, {name}?]
        [How is|How was|Did you enjoy] your [morning|evening|week|weekend]?
        How's your [day|week|morning|mood] [so far|today|now]?
        How have things been [lately|with you|these days|going]?
        How is everything [with you|going|on your side|over there]?
        How is life[?| treating you?| with you?|, {name}?]
        What's [new|going on|happening] with you[?| today?| lately?]
        [Sup|Wassup|Whats up][?|, {name}?|, friend?]
        [Hey|Yo|Hi], [sup|wassup|what's up|whats up|what's new|whats new][?|]
        [Hey|Hi|Hello], how [are you|are things|r u|are ya|you doing|are you feeling]?
        [Hi|Hello|Hey], how [is it going|is life|goes it|goes life|is your day]?
        How [you doing|r u|are ya|u doing][?|, {name}?|, friend?]
        Are you [doing|feeling] [well|fine|okay|good][?| today?]
        [Everything|All] [good|fine|okay] [with you|there|on your side]?
        Is [all|life] [well|good|going well][?| with you?| today?]
        [Tell me|Let me know] how you [are|are doing|feel today|have been][.|, please.]
        [I want to know|I would like to know|Please tell me] how you [are|feel today|are doing].
        [I hope|Hope] you are [well|fine|doing well|having a good day|having a nice week][.|!|, {name}.]
        [Are you having|Did you have] a [good|nice|great] [day|week|morning]?
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
        [Fine|Good|Great|Okay] too, [thanks|thank you][.|!]
        [Doing|Feeling] [fine|great|well|pretty good|quite well], [thanks|thank you][.|!| for asking.]
        [Me too|Likewise|Same with me], I am [fine|good|great|well|happy][.|!]
        [I am|I'm] [all right|doing fine|doing okay|not bad][.|, thanks.|, thank you.]
        Not [bad|too bad|bad at all][.|, thanks.|, thank you.| today.]
        I am [pretty good|quite well|not too bad|perfectly fine] [today|, thanks|myself].
        I am also [fine|good|well|doing well|great][.|!|, thank you.]
        [I am|I'm] in a [good|great|wonderful|happy] mood[.|!| today.]
        My [mood|life|week|morning] is [good|great|wonderful|fine][.|!]
        My day [was|has been] [good|great|nice|wonderful][.|!| so far.]
        I had a [nice|wonderful|lovely] [evening|week|morning|weekend|day][.|!]
        [It is|Today is] a [good|great|wonderful] day [for me|, I got good news|, I passed my exam].
        [It is|It's] going [well|great|fine|very well][.|!|, thanks.|, thank you.]
        Things are going [well|great|fine|smoothly][.|!| for me.]
        [Everything|All] is [okay|good|wonderful|all right] [with me|here|, thanks][.|!]
        Life is [wonderful|beautiful|fine|going well][.|!| now.| today.]
        [I can't|I cannot|Can't] complain[.|!|, all is well.|, life is good.]
        [No complaints|No need to complain|Nothing to complain about][.|!|, I am fine.|, all is good.]
        I [feel|also feel] [wonderful|fantastic|very well|so good|much better][.|!| now.]
        [So happy|Feeling great|Feeling good|Feeling happy] [today|now|this morning][.|!]
        I [passed my exam|got a new job|have good news] and [I am happy|feel great|life is good][.|!]
        [Same here|Likewise|Same with me], [all is well|everything is fine|I feel good][.|!]
        All [well|good|fine] [here|with me|on my side][.|!|, thanks.]
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
        [Thank you|Thanks] [kindly|a million|again|once more][!|.|, {name}!]
        [A thousand|A million|So many] thanks[!|.|, {name}!| to you!]
        A [big|huge|great] thank you[!|.| to you!| for the help!]
        [I want to|Let me|I would like to] [thank you|say thanks|say thank you|express my gratitude][!|.]
        I [thank you for|appreciate] [this|that|your time|your answer|your advice][!|.]
        Thanks for [your time|your advice|explaining|being here|the tip][!|.]
        Thank you for [your time|your advice|the explanation|being there|listening][!|.]
        [It was|That was|That is] [kind|nice|sweet] of you, [thanks|thank you][!|.]
        That was [helpful|useful|just what I needed], [thanks|thank you][!|.]
        [Very|So|Really] [helpful|useful|kind], [thanks|thank you][!|.]
        [Much|Greatly|Very much] appreciated[!|.|, {name}!|, thanks!]
        [Your help|Your answer|This] is [much|greatly|really] appreciated[!|.]
        I [owe you one|owe you a lot|am in your debt][!|.|, thanks!|, thank you!]
        [Cheers|Ta|Tnx|Ty][!| mate!| friend!|, {name}!]
        [Ty|Tnx|Thanx|Thank u|Thx] [so much|again|for that|man][!|.]
        You [saved me|saved my day|helped me out|solved it], [thanks|thank you|I owe you one][!|.]
        [It works|Now I understand|Problem solved], [thanks|thank you|thanks a lot][!|.]
        [Accept my|My|All my|Please take my] [thanks|gratitude][!|.]
        I am [thankful|grateful|deeply grateful] for [your help|this|everything][!|.]
        I [can't|cannot] thank you enough[!|.|, {name}!]
        [Okay|Yes|Oh], [thanks|thank you][!|.| very much!]
        Thanks [man|mate|buddy|pal|dear|friend][!|.]
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
        [See ya|Cya|See u][!|.|, {name}!| around!| later!]
        [Catch you|See you|Meet you] [around|next time|again|another time][!|.]
        [Later|Till later|Until later][!|, {name}!|, friend!]
        [So long|Cheerio|Ciao|Bye for now][!|, my friend!|, friend!]
        [I must|I gotta|I should] [go|run|leave][.|!| now.]
        I [must|have to|should] [be going|run|get going|leave], [bye|see you|goodbye][!|.]
        [I am|I'm] [going|leaving|heading out] now[.|!|, see you!]
        [Gotta|Got to|Have to|Must] [go|run|leave][!|.| now.|, bye!]
        [It was|It has been] [nice|good|great] [talking|chatting] with you[!|.|, bye!]
        [Let's|We will] [talk|speak|chat] [tomorrow|later|again soon|next time][!|.|, bye!]
        [I will|I'll] be back [soon|later|tomorrow][!|.|, bye!]
        [I will|I'll] [come back|return|write to you] [soon|later|tomorrow][!|.|, bye!]
        [I am|I'm] [done|finished] [for today|for now|here], [bye|goodbye|see you][!|.]
        [That's it|That's all|Enough] [for today|for now], [bye|goodbye|see you][!|.]
        [Have a|I wish you a] [nice|good|great] [day|evening|weekend][!|.|, {name}!]
        [Bye|Goodbye|See you], [nice|it was nice|it was great] [talking|chatting] [to|with] you[!|.]
        [My friends are|Dinner is|Work is] waiting, I [must|have to] [go|run|leave][.|!]
        [Let me|I want to|I will] say [goodbye|bye|farewell][.|!| now.]
        [Time|It's time] to [say goodbye|leave|part|go home][.|!]
        [Take care of yourself|Take care] and have a [good|nice|great] [day|evening|weekend|time][!|.]
        [Good luck|All the best|Farewell|Have a nice day|Have a good evening], [bye|goodbye|see you][!|.]
        [Okay|Well|Right], [see you|see ya|cya|ciao|so long|I must go|talk later|I am leaving][!|.]
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
        [Nighty night|Night|Nite|G'night][!|.|, {name}!]
        [Night|Nighty night|G'night|Gn], [friend|dear|sleep tight|everyone|all][!|.]
        Sleep [tight|sweetly|soundly|peacefully][!|.|, {name}!]
        [Good night|Night night], [sleep tight|rest well|see you tomorrow|see you in the morning][!|.]
        [I am|I'm] [off to|heading to|in] bed[.|!|, good night!|, night!]
        [Off to|Going to] [bed|sleep] now[.|!|, good night!|, night!]
        [It is|It's] [late|so late|very late], [good night|I am going to bed|time to sleep][.|!]
        [It is|It's] [bedtime|time for bed|my bedtime|time to sleep][.|!| now.]
        [I will|I'll] [go to bed|go to sleep|sleep] now[.|!|, good night!]
        I [must|should|have to|need to|want to] [go to bed|go to sleep] [now|, it is late][.|!]
        [My eyes are closing|I turn off the light], [good night|night|I am going to bed|time to sleep][.|!]
        I am [sleepy|falling asleep|half asleep], [good night|night|time for bed][.|!]
        [Let's|Let us] [sleep|go to bed|go to sleep|call it a night][.|!| now.]
        [Time to|I will|Let me] call it a night[.|!|, good night!]
        I wanted to [say good night|wish you a good night|wish you sweet dreams][!|.]
        Wish me [a good night|sweet dreams|good dreams|pleasant dreams][.|!|, please.]
        Say good night [to me|, {name}|before I sleep][.|!]
        Have [sweet|nice|pleasant|good|lovely] dreams[!|.|, {name}!]
        [Pleasant|Good|Happy|Lovely] dreams[!|, {name}!|, friend!| to you!]
        [Rest well|Sleep well], [good night|until morning|see you tomorrow|till morning][!|.]
        See you in the morning, [good night|sleep well|I am going to bed][!|.]
        [Have a|I wish you a] [quiet|calm|peaceful|restful] night[!|.|, {name}!]
        [Lights out|The light is off], [good night|night night|time to sleep|sleep well][!|.]
        Gn[!|.|, {name}!|, sleep well!|, sweet dreams!]
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
        You are [so|very|really] [kind|nice|smart|clever|funny|helpful|sweet][!|.]
        You're [brilliant|awesome|fantastic|wonderful|super|perfect|a genius|a star|a gem][!|.|, {name}!]
        [I think|I must say] you are [great|smart|clever|wonderful|brilliant|very nice][.|!]
        I [really|] [like|love|enjoy] [talking|chatting] [to|with] you[.|!]
        I [like|love|enjoy] [your answers|how you answer|the way you talk|your style][.|!]
        I am [impressed|amazed|so impressed|proud of you|delighted][!|.|, {name}!]
        [You|Your answers] always [impress me|amaze me|delight me|make me smile|make me happy][!|.]
        [Great|Excellent|Nice|Amazing|Brilliant] [job|work|answer][!|.|, {name}!]
        [Bravo|Hats off|Respect|Kudos][!|, {name}!| to you!]
        [Bravo|Well done|Nice one], [you did it|you are great|great job|I am impressed|I am proud of you][!|.]
        You did [well|great|a great job|good work|it very well][!|.|, {name}!]
        You are doing [great|a great job|great work|very well|so well][!|.]
        [Nobody|No one] [helps like you|is better than you|is smarter than you|is nicer than you][!|.]
        You are [smarter|better|nicer|kinder] than [I thought|other bots|most people][!|.]
        You are my [hero|star|treasure|best friend|favourite bot|favourite assistant|favourite helper][!|.]
        Such a [clever|kind|lovely|wonderful|brilliant] [helper|bot|friend|assistant][!|.]
        You [know|understand] [so much|a lot|everything|me so well][!|.]
        [What a|You are a] [genius|star|treasure|gem|hero][!|.|, {name}!]
        [I am glad|I am lucky|It makes me happy] to [have you|know you|have met you|talk to you][!|.]
        [I|We] [adore|admire|respect] you[!|.|, {name}!| so much!]
        It is [nice|fun|great|a pleasure] [to talk|to chat|talking|chatting] [to|with] you[!|.]
        You [make me happy|make me smile|made my day|cheer me up|are fun][!|.]
        [That|This] [is|was] a [great|brilliant|good|clever|perfect] answer[!|.]
        """,
        """
        Thank you, you are very kind!
        Thank you! It is nice to hear that.
        """,
        r"\b(very kind|nice to hear)\b",
    ),
}
