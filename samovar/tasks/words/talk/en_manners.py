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
        You are [so|very|really] [bad|stupid|dumb|slow|annoying|boring|rude][!|.]
        You're [awful|terrible|horrible|pathetic|annoying|the worst][!|.|, {name}!]
        You are [an idiot|a fool|a moron|a loser|a liar|a failure][!|.]
        [Idiot|Fool|Moron|Dummy|Loser|You fool][!|.|, {name}!]
        [I think|It seems|I see that] you are [stupid|dumb|useless|broken|a fool][.|!]
        You are [no good|good for nothing|no use|no help][!|.| at all!| to me!]
        You [can't|cannot] [do anything|think|answer|help anyone|even count][!|.]
        You [never|don't] [help|understand me|get it right|listen|help me][!|.]
        [Your answer is|Your answer was|All you say is] [wrong|stupid|awful|useless|nonsense|rubbish][!|.]
        [A child|A stone|A cat|Any bot] [is smarter than you|is better than you|knows more than you][!|.]
        [Nonsense|Rubbish|Wrong|Garbage|Wrong again][!|.|, {name}!]
        [No|Nope], that is [wrong|not right|not true|false|a mistake|an error|a lie][!|.]
        You made [a mistake|an error|a big mistake|many mistakes][!|.| again!]
        You [got|did|understood] [it|that|this] [wrong|all wrong][!|.]
        I [can't stand|despise|dislike|am sick of] you[!|.|, {name}!]
        [Shut up|Get lost|Go away|Leave me alone][!|.|, {name}!|, you fool!]
        [Shut up|Be quiet|Stop it|Go away], [you idiot|you annoy me|I can't stand you|I am sick of you][!|.]
        You [really|always|only] [annoy|irritate|disappoint|bore] me[!|.|, {name}!]
        I am [disappointed in|angry with|annoyed with|fed up with] you[!|.|, {name}!]
        You [let me down|failed|disappointed me|annoyed me|lied to me][!|.| again!]
        [Even my|My] [cat|dog|phone|toaster] is [smarter|better|more useful] than you[!|.]
        [Why are you|How can you be] so [stupid|dumb|slow|bad|useless|annoying][?|!]
        The worst [bot|assistant|program|answer|robot] [ever|of all][!|.]
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
        [So|Very|Really|Too] bored[.|!| now.| today.| right now.]
        [I am|I'm] [dying of|sick with|going mad from] boredom[.|!| here.| today.]
        Boredom [is killing me|again|all day][.|!]
        [I'm|I am] [getting|feeling|a bit|a little|kind of] bored[.|!| here.]
        [Nothing|There is nothing] [to do|interesting|fun] [here|today|now|at home][.|!]
        [Nothing|Nothing fun] [happens|is happening|ever happens] [here|at home|to me][.|!]
        [It is|It's] [dull|so dull|no fun|too boring] [here|today|at home|without friends][.|!]
        My [day|evening|weekend|job|lesson] is [dull|boring|so boring|no fun][.|!]
        [This|Work|School|Today] is [boring|dull|so boring|no fun][.|!]
        I am [sitting|stuck] [at home|here|in a queue] [with nothing to do|doing nothing][.|!]
        I have [a free evening|too much free time|nothing planned] [today|tonight|and I am bored].
        What do people do when [they are bored|it is boring|there is nothing to do]?
        [How can I|How do I|How should I] [kill time|have fun|spend my free time|fight boredom]?
        [I want to|Help me|Let's] [kill time|have fun|pass the time|fight boredom][.|!]
        [Cheer me up|Talk to me|Do something], I am [bored|so bored|dying of boredom][.|!]
        [Keep me busy|Surprise me|Distract me|Make it fun][.|!|, please.|, {name}.]
        [Can|Could|Will] you [entertain|amuse|surprise|distract] me[?|, please?]
        [I want|I need|I would like] [some fun|something fun|something new|something interesting][.|!]
        Any [ideas|idea] what [to do|I can do] [today|now|for fun|tonight]?
        I [need|want] [an idea|any idea|some ideas] [of what to do|for the evening|against boredom][.|!]
        [Can you suggest|Can you find|Suggest|Think of|Find me] something [fun|to do|interesting].
        What is there to do [here|for fun|today|around here]?
        I [can't find|don't have|can't think of] anything [to do|fun to do|interesting to do][.|!| today.]
        [Bored|Boring|So boring|Boredom][.|!]
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
        [I am|I'm] [depressed|heartbroken|miserable|down|feeling blue|in tears][.|!| today.]
        I feel [miserable|depressed|awful|empty|hopeless|unhappy][.|!| today.]
        I am [sad|upset] because [my dog died|I failed my exam|I lost my job|she left me|they laughed at me].
        [Feeling|So|Very] [sad|down|lonely|low|unhappy] [today|now|tonight][.|!]
        I [cried|have been crying|am crying|was crying] [all day|all night|today|again][.|!]
        I [feel like crying|could cry|want to cry all day|feel like giving up][.|!]
        My [heart|soul] [is broken|hurts|is heavy|is sad][.|!]
        [She|He|My wife|My husband] [left me|dumped me|betrayed me|broke my heart][.|!| today.]
        [My girlfriend and I|My boyfriend and I|We] [broke up|had a fight][.|!| today.]
        My [dog|cat|grandma|friend] [died|is very ill|passed away|is in hospital][.|!]
        I [lost|have lost] [my job|my dog|my cat|my money|all hope|everything][.|!]
        I failed [my exam|the test|at everything|again] [and I am sad|and feel bad|today][.|!]
        I [really|] miss my [family|friends|mother|home|girlfriend][.|!| so much.]
        I have [nobody|no one] [to talk to|who loves me|to be with][.|!]
        [Nobody|No one] [needs|wants|cares about|listens to] me[.|!]
        I [am|feel] [all alone|so alone|alone|left out][.|!| today.| and miss my friends.| and miss home.]
        Life [is hard|is unfair|hurts|makes me sad][.|!|, nothing goes right.|, nothing works out.]
        Nothing [goes right|makes me happy|works out|goes well][.|!| lately.]
        I [broke up with|had a fight with|lost] my [girlfriend|boyfriend|wife|husband|friend][.|!]
        My mood is [bad|terrible|low|awful|so bad][.|!| today.]
        [Someone|A friend|Everybody] [shouted at me|laughed at me|was mean to me|hurt me][.|!| and I am sad.]
        [Something|Today something] [bad|sad|terrible] happened [to me|at work|at home][.|!]
        [Comfort me|Cheer me up|Say something kind], I am [sad|unhappy|lonely|down][.|!]
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
        [So|Very|Really|Too] [tired|sleepy|exhausted] [today|now|tonight][.|!]
        [I am|I'm] [sleepy|very sleepy|so sleepy|drowsy][.|!| today.]
        [I am|I'm] [beat|dead tired|wiped out|drained|half dead][.|!| today.]
        [I am|I'm] [a bit|a little|really|too|kind of] tired[.|!| now.]
        I feel [sleepy|drained|worn out|very tired|half dead][.|!| now.]
        [I'm|I am] [getting|feeling] [tired|sleepy|weak|exhausted][.|!]
        I [could use|want|would like] [a nap|some rest|a rest|a holiday|a break][.|!]
        I [want to|would like to|just want to] [rest|relax|lie down|take a nap][.|!| now.]
        [Let me|I must|I should] [rest|relax|lie down|take a break][.|!| now.]
        [It was|I had|What] a [long|busy|tiring] day[.|!| at work.| at school.]
        [Today|The day|Work|School] was [tiring|exhausting|so long|very tiring|too busy][.|!]
        I [worked|studied|ran|walked] [all day|for hours|so much] [and got tired|, I need rest][.|!]
        I have been [working|studying|running|on my feet] [all day|since morning|for hours][.|!]
        I slept [badly|too little|poorly|only three hours][.|!| and feel tired.]
        I [slept badly|could not sleep|couldn't sleep] [last night|all night|again][.|!]
        I [did not|didn't] get [enough|much|any] [sleep|rest][.|!| last night.]
        I have no [strength|energy|power] [to work|for anything|to do more|today][.|!]
        [My energy|My strength|All my energy] is [gone|used up|running out][.|!]
        I can [hardly|barely] [stand|move|think|walk][.|!|, I am so tired.]
        My [legs|eyes|feet|hands] are [tired|heavy|weak][.|!| after work.| today.]
        [Work|My job|Studying|Training] [wore me out|exhausts me|takes all my energy][.|!]
        [Tired|Sleepy|Exhausted|Worn out][.|!| after work.| after school.]
        After [work|school] I am [tired|exhausted|always tired|worn out][.|!]
        [I am|I'm] too tired to [work|think|go on|stand|move|walk|do anything][.|!]
        [I'm|I am] [overworked|out of energy|out of strength|low on energy][.|!| today.]
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
        [I require|I could use|I'd like] [help|some help|assistance|a little help][.|!]
        [Could|Can|Would] you [assist|support|advise] me[?|, please?| with something?]
        [Assist|Support|Advise] me[.|!|, please.|, {name}.]
        [Give|Lend] me a hand[.|!|, please.|, {name}.]
        [Can|Could|Will] you [give|lend] me a hand[?|, please?]
        [Give me|I want|I'd like] [some advice|advice|a tip][.|!|, please.]
        [Can|Could] you give me [advice|some advice|a tip|a hint][?|, please?]
        I have a [request|task|job|small request] for you[.|!]
        I need [an answer|some information|a tip|a hint|support][.|!|, please.]
        Are you [available|able|there] to [help|assist|advise] me?
        [I've got|I have got|Got] a [quick|small|] question[.|!| for you.]
        [Quick|Small|One] [question|request][.|!|, please.| for you.|, {name}.]
        [Let me|I'd like to|I need to] ask [you|] [a question|for help|for advice][.|!]
        [May|Can|Could] I [bother|trouble] you with a [question|request|problem|task]?
        [May|Can] I [ask for|get|have] [help|some help|your help|advice][?| here?|, please?]
        I [don't know how to do|can't do|cannot solve] [it|this|my task], [help me|please help].
        I am [stuck|lost|confused] [and need help|, help me|, please help][.|!]
        I [can't|cannot] [do it|manage|solve it] [alone|without you|without help][.|!]
        I [urgently|really|badly] need [help|your help|assistance|your advice][.|!]
        [I beg|I am asking|I ask] you [for help|to help me|to assist me][.|!]
        [I wonder|I was wondering] if you [can|could] help[.| me.| me with something.]
        [Help me out|Help me a little|Do me a favour][.|!|, please.|, {name}.]
        [Can|Could|Will] you [do me a favour|help me out|help me a little][?|, please?]
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
        [Okay|OK|Alright|Fine] then[.|!|, {name}.]
        [Okay okay|Ok ok|Okey okey|Okey dokey][.|!]
        [K|Kk|Oki|Okie|Okey][.|!| then.]
        [Sure|Right|Of course|Exactly|Agreed][.|!]
        [Right|Sure|Agreed|Deal|Fair enough|Good point|K|Oki], [okay|good|fine|I agree][.|!]
        I [agree|agree with you|think so too|have no questions][.|!]
        [Yes|Yeah|Yep], [sure|right|of course|exactly|you are right|clear|I agree][.|!]
        [Oh|Ah|Aha|Hmm], [I see|okay|I understand|got it|now I see|I will try|I will think][.|!]
        Now I [understand|get it|see|know][.|!|, okay.]
        [That|It|This] [makes sense|is logical|sounds good|sounds right][.|!]
        [Sounds|Looks] [good|great|right|fine|logical|perfect|excellent|awesome|super][.|!| to me.]
        [Fair enough|Good enough|Fair point|Good point][.|!|, {name}.]
        No [more questions|questions|further questions][.|!| for now.|, all clear.]
        [Noted|Accepted|Roger|Roger that|Copy that][.|!|, okay.|, {name}.]
        [Noted|Clear|Understood|Got it|Roger|Copy that], [I will remember|I see|no questions][.|!]
        [I will|I'll] [remember that|keep that in mind|think about it|try it][.|!]
        [Good|Nice|Useful|Interesting] to know[.|!|, okay.]
        [That is|It is|How] [interesting|curious|useful][.|!]
        [Very|Quite|Really] [interesting|clear|good|nice|curious][.|!]
        [You are|You're] right[.|!| about that.|, I agree.]
        [Excellent|Perfect|Super|Awesome|Very well][.|!]
        [Everything is|All is|It is|It's all] clear[.|!| now.| to me.]
        [Fine|Okay|All right] [with|by] me[.|!|, {name}.|, I agree.]
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
        [Pardon|Pardon me|I beg your pardon|Beg your pardon][.|!|, {name}.]
        [So|Very|Really|Terribly] sorry[!|.|, {name}.| about that.]
        [I am|I'm] [terribly|deeply|truly] sorry[!|.| for this.| about it.]
        [Oops|Whoops|Oh], [sorry|my mistake|my bad|my fault][!|.]
        [It|That|This] [was|is] my [fault|mistake|error][!|.|, sorry.]
        [I am sorry|Forgive me|Pardon me|Sorry], [don't|please don't|do not] be [angry|mad|upset][!|.]
        [I|Oops, I|Oh, I] made a [mistake|stupid mistake|big mistake], [sorry|forgive me|I am sorry][!|.]
        I [am wrong|was mistaken|am the one to blame|was unfair], [sorry|forgive me|pardon me][.|!]
        [I am|I'm] [guilty|to blame|ashamed|in the wrong][.|!|, sorry.|, forgive me.]
        I feel [guilty|ashamed|bad] about [my words|what I said|being rude][.|!]
        I regret [it|my words|what I said|what I did][.|!|, sorry.| and take it back.]
        I [did not|didn't] mean [it|to hurt you|to be rude|to offend you|any harm|any offence][.|!|, sorry.]
        I [should not|shouldn't] have [said that|shouted|done that|been rude][.|!|, sorry.]
        I take [it|that|my words] back[.|!|, sorry.|, I regret it.]
        [Can|Could|Will] you forgive me[?|, please?|, {name}?]
        [I ask|I am asking|I beg] for [forgiveness|your forgiveness|pardon|your pardon][.|!]
        [Please don't|Don't|Do not] be [angry|mad|upset] [with me|at me][.|!|, sorry.]
        [No offence|I meant no harm|I meant no offence|I mean no harm][.|!|, sorry.]
        [Accept|Please accept] my [apology|apologies|excuses][.|!|, {name}.]
        [I must|I want to|Let me|I would like to] [apologize|apologise|say sorry|offer my apology][.|!]
        [Sincere|A thousand|My sincere|Many] apologies[!|.|, {name}.| to you.]
        Sorry [to bother you|to disturb you|for the trouble|for being late][.|!]
        [Excuse|Pardon|Please forgive] my [words|rudeness|mistake|bad manners][.|!]
        [That|It] was [rude|bad|unkind|wrong] of me[.|!|, sorry.|, I should not have done it.]
        """,
        """
        No problem at all!
        It is all right, no problem.
        """,
        r"\bno problem\b",
    ),
}
