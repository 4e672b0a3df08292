"""Words that say nothing of what a text is about, in Russian and English."""

from __future__ import annotations

_RUSSIAN = """
без благодаря больше будем будет будете будешь будто буду будут будь бы бывает был была были было быть вам вами вас
ваш ваша ваше ваши вдруг ведь весь вместо вниз во вот впрочем все всего всей всем всеми всему всех всею всю всюду вся
всё вы где говорит говорить год года году даже далее для до довольно должен должна должно должны другая другие других
друго другого другой другом другую его ее ей ему если есть еще ею же за зачем здесь и из или им ими иногда иной их
каждая каждого каждое каждой каждом каждый как какая какие каким каких какого какое какой какую кем ко когда кого кое
ком кому конечно которая которого которое которой котором которому которую которые которым которыми которых который
кто куда либо лишь лучше мало между меня мне много мной мною мог могла могли могу могут может можете можно мой мол моя
моё мою мы на над надо нам нами нас наш наша наше нашего нашей наши него нее ней некоторые некоторых нельзя нем нему
нет нибудь никак никогда никто ним ними них ничего но ну об оба однако один одна одно одного одной одном одну около он
она они оно опять от откуда отчего очень перед по под поэтому после потом потому почему почти при про просто пусть
пока раз разве сам сама сами самих само самого самой самом самому самый сама самые свое своего своей своем своему
свои своим своими своих свой свою своя себе себя сегодня сейчас сих сказал сказала сказать со собой собою совсем стал
стала стали стало стать так также такая такие таким таких такого такое такой таком такую там те тебе тебя тем теми
теперь тех то тобой тобою тогда того тоже той только том тому тот тою три тут ты тысяч уж уже хорошо хоть хотя хочет
чего чей чем через что чтоб чтобы чуть чье чья эта эти этим этими этих это этого этой этом этому этот эту
поскольку согласно либо является являются именно иное иные кроме причем пред сквозь вдоль среди против вокруг
"""
_ENGLISH = """
a about above after again against ago ain all almost alone along already also although always am among an and another
any anybody anyone anything are aren around as at away back be became because become been before began behind being
below beside between both but by came can cannot come could couldn did didn do does doesn doing don done down during
each either else enough etc even ever every everybody everyone everything few first for from further gave get gets
getting give given go goes going gone good got had hadn has hasn have haven having he hence her here hers herself him
himself his how however if in indeed instead into is isn it its itself just keep kept knew know known last least less
let like little ll long look looked made make makes making many may maybe me might more most much must my myself near
nearly need never new next no nobody none nor not nothing now of off often oh old on once one only onto or other others
our ours ourselves out over own part per perhaps put quite rather re really right said same saw say says see seem
seemed seen several shall she should shouldn since so some somebody someone something soon still such take taken tell
than that the their theirs them themselves then there therefore these they thing things think this those though
thought three through thus till to together told too took toward towards two under until up upon us use used using ve
very via want wanted was wasn way we well went were weren what whatever when where whether which while who whole whom
whose why will with within without won would wouldn yes yet you your yours yourself yourselves
"""
STOP_WORDS = frozenset(word.replace("ё", "е") for word in (_RUSSIAN + _ENGLISH).split())
