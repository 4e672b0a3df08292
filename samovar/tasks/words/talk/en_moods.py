"""Blame and moods, in English: ``{name}`` is the assistant's name."""

from __future__ import annotations

from samovar.tasks.words.phrasing import Intent, intent

TALK: dict[str, Intent] = {
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
