"""English words that are obscene, insult a person, or express hatred of a group; and Russian ones in Latin letters.

Written for this project from knowledge of the language. What is mild or mostly means something else (damn, hell, ass
for the animal, cock, prick, tit, cracker) is left out, or counts in phrases only.
"""

from __future__ import annotations

from samovar.data.toxicity.word_list import WordList

_OBSCENE = """
(mother|cluster|mind|un|brain)?f(uck|ck|uk|ucc|uq|ugg)(|s|ed|er|ers|in|ing|ings|able|head*|face*)
(skull|butt|mouth|face|ass|absofuckinglutely)f(uck|ck|uk|ucc|uq|ugg)(|s|ed|er|ers|in|ing|ings|able|head*|face*)
(mother|cluster|mind|un|brain)?f(uck|ck|uk|ucc|uq|ugg)(wit*|boy*|tard*|off|up|nut*|a|ery|y|en|t)
(skull|butt|mouth|face|ass|absofuckinglutely)f(uck|ck|uk|ucc|uq|ugg)(wit*|boy*|tard*|off|up|nut*|a|ery|y|en|t)
motherf* muthaf* mofo* fuck* *fuck phuck* fkn fking fcking fuckin* wtf stfu gtfo omfg milf milfs gangbang*
(bull|horse|dip|bat|ape|chicken|dog|full|no|oh)?sh(it|yt)(|s|ty|tier|tiest|ting|ted|ter|ters|head*|face*)
(bull|horse|dip|bat|ape|chicken|dog|full|no|oh)?sh(it|yt)(hole*|bag*|post*|show*|load*)
(bull|horse|dip|bat|ape|chicken|dog|full|no|oh)?sh(it|yt)(storm*|less|stain*|hous*|faced|talk*) shite shitless
bullshit* horseshit* shitt(y|ing|er) shitass*
cunt(|s|y|ish|ing|face*|bag*) cocksuck* cocksmok* suck_(my|his|a|your|this|dat|these)_(dick|cock|balls|nuts) dickhead*
dickface* dickwad* dickless dickpic* dicksuck* ~dick ~dicks big_dick*
(his|your|my|ur|that|dat|no|a|some|good|the)_dick
~pussy ~pussies pussyass* ~pussi pusssy* twat(|s|ty|face*)
ass_?hole* arsehole*
(dumb|bad|jack|fat|lazy|broke|punk|bitch|hoe|nigga|yo|ur|dat|your|smart|lame|ugly|bum|hard|big|sorry|weak)_ass(|es)
(crazy|stupid|wack|weird|corny|gay|lil|long|nasty|pussy|whole)_ass(|es)
(thot|fake|sweet|thirsty|cute|phat|raggedy|goofy|bitchass|bird|basic|fuck)_ass(|es) dumbass* badass* smartass* fatass*
bitchass* hoeass* lardass* asswipe* asshat* assface* assclown* asslick* kiss_(my|his|your)_ass
(kick|beat|whoop|whup|whip|eat|fuck|tap)_(my|his|her|your|yo|ur|their|that|dat|some|dis|ya)_ass
(shake|lick|show|move|get|got|bust|haul)_(my|his|her|your|yo|ur|their|that|dat|some|dis|ya)_ass ass_and_titties
titties titty tittys ass_(up|cheeks|nigga*|bitch*|hoe*|clap*|fat)
blow_?job* hand_?job* rim_?job* jizz* cumshot* cumslut* cumdump* cumming_(in|on)_(my|her|your|the)_(face|mouth|ass)
deepthroat* jerk_off jerking_off jack_off wank(|s|ed|er|ers|ing|y) circlejerk* butthole* buttplug* dildo* cameltoe*
creampie* bukkake* bollocks bellend* tosser* piss_off pissed_off crap(|s|py|pier|ping)
cyka blyat* blyad* suka_blya* nahuy* nahui* na_huy pizd(a|ec|ets|y|u|uk)* yob(an|t)* ebat zaebal* zaebis* mudak*
pidor* pidar* dolboeb* huyn(ya|ja|ia) huesos* poshel_na_hu[yi]
"""

_INSULT = """
bitch(|es|ed|ing|in|y|ez|ess|ass*|made|less|ez|face*|slap*) biatch* biyatch* biotch* bytch* beyotch* bich bishes
bicthes btch* bih bihs son_of_a_bitch sons_of_bitches sonofabitch* bitc bitchs
whore(|s|d|ish|house*|bag*) whoring ~hoe ~hoes hoebag* hoez hoeing hoeish thot(|s|ty|ties) skank(|s|y|iest)
slut(|s|ty|tier|tiest|ting|bag*|shaming) trollop(|s) floozy hoeass*
idiot(|s|ic|ically) moron(|s|ic|ically) imbecile(|s) cretin(|s|ous) retard(|s|ed) tard(|s) libtard* republitard*
dumbfuck* dumbshit* dipshit* dimwit* halfwit* nitwit* numbskull* birdbrain* knucklehead* dumbo dullard*
scumbag* scum_of_the_earth douche(|bag*|y|nozzle*) dirtbag* sleazebag* sleazeball* shitbag* bastard(|s) jackass(|es)
jerkoff* prickface* wanker* turd(|s) cumguzzler* motherfucker* degenerates_like_you lowlife(|s) trailer_trash
white_trash ghetto_trash
you_(stupid|dumb|fat|ugly|filthy|worthless|pathetic|disgusting|little)_(cow|pig|bitch|fuck|shit|loser|piece|idiot)
you_(stupid|dumb|fat|ugly)_(whore|slut|cunt|bastard|moron|girl|hoe|nigga)
you_(filthy|worthless|pathetic|disgusting|little)_(whore|slut|cunt|bastard|moron|girl|hoe|nigga)
nigg(a|as|ah|ahs|az|uh|uhs) nicca(|s|h) nigguh(|s) piece_of_(shit|crap|trash|garbage) pieces_of_shit
waste_of_(space|oxygen|skin) go_kill_(yourself|urself|ur_self) kill_(urself|yoself) kys shut_the_(fuck|hell)_up
shut_(your|ur|yo)_(mouth|trap)_(bitch|hoe|up) drop_dead_(bitch|you) eat_shit hope_you_die
ur_a_(bitch|hoe|slut|whore|fag|loser|pussy|retard)
"""

_GROUPS = (
    "jews|muslims|moslems|christians|catholics|hindus|buddhists|atheists|blacks|whites|asians|arabs|mexicans|latinos|"
    "hispanics|immigrants|migrants|refugees|gays|homosexuals|lesbians|transgenders|trannies|queers|fags|faggots|dykes|"
    "niggers|women|gypsies|roma|chinese|indians|pakistanis|turks|kurds|poles|russians|ukrainians|cripples|disabled|"
    "old people|black people|white people|gay people|trans people|jewish people|muslim people"
).replace(" ", "_")
_HATE = f"""
nigger(|s|ed|ish|dom|y) niglet* nignog* nig_nog* ~nig ~nigs sand_?nigg* timber_?nigg* porch_monkey* jungle_bunn*
moon_cricket* spear_?chucker* jigaboo* jiggaboo* pickaninn* darkie* darky tar_?baby ~coon ~coons dindu*
faggot(|s|y|ry|ed|ish|ass*) fagg(|s|y|it|its|ot|ets|et) ~fag(|s) faggot* faggy faghag* dyke(|s|y) ~trann(y|ies)
shemale* she_male* carpet_muncher* rug_muncher* fudge_packer* pillow_biter* butt_pirate* bull_?dyke* ~homo(|s) no_homo
lesbo(|s) lezz(ie|y|ies|bo*)
kike(|s) heeb(|s) ~yid ~yids jewboy* jew_(bastard|scum|rat|pig|bitch|boy|york)*
(dirty|filthy|fucking|greedy|stinking|goddamn)_(jew|jews|muslim|muslims|arab)
(dirty|filthy|fucking|greedy|stinking|goddamn)_(arabs|mexican|mexicans|immigrant|immigrants)
(dirty|filthy|fucking|greedy|stinking|goddamn)_(indian|indians|black|blacks|chinese|asian|asians|gay|gays|gypsy)
(dirty|filthy|fucking|greedy|stinking|goddamn)_(gypsies|paki|pakis|africans|african)
(dirty|filthy|fucking|greedy|stinking|goddamn)_(foreigners|foreigner|spic|spics|beaner)
(dirty|filthy|fucking|greedy|stinking|goddamn)_(beaners|chink|chinks|gook|gooks)
(dirty|filthy|fucking|greedy|stinking|goddamn)_(polack|polacks|redskins|savages|illegals) christ_killer*
spic(|s|k|ks) wetback* beaner(|s) gook(|s) chink(|s|y|ie) ching_chong* ~jap ~japs nip(|s)_(bastard|jap|slant)*
slant_?ey* slope_?head* zipper_?head* raghead* rag_head* towelhead* towel_head* camel_jock* camel_fuck* goat_?fucker*
~paki ~pakis hajji(|s)_(scum|bastard|fuck)* muzzie(|s) muzrat* mudslime* sand_monkey* dune_coon*
terrorist_(muslim|religion)* ~polack(|s) dago(|s) wop(|s) kraut(|s)_(bastard|scum|pig)* gypo(|s) pikey(|s)
abo(|s)_(scum|drunk|bastard)* redskin(|s)_(savage|drunk)* mud_?people mud_blood* race_traitor(|s) race_mix(ing|er|ers)
white_power white_pride sieg_heil heil_hitler gas_the_* rahowa subhuman(|s) untermensch* groid(|s) oven_dodger*
feminazi(|s) femoid(|s) cripple(|s)_(freak|retard)* mongoloid_(freak|retard)*
death_to_(all_)?(the_)?({_GROUPS}) (kill|gas|hang|lynch|exterminate|shoot)_(all|every|those|these)_({_GROUPS})
(kill|gas|hang|lynch|exterminate|shoot)_(all_the|the_fucking|all_those|all_these|them_all)_({_GROUPS})
(burn|murder|slaughter|nuke|deport|sterilize|enslave)_(all|every|those|these)_({_GROUPS})
(burn|murder|slaughter|nuke|deport|sterilize|enslave)_(all_the|the_fucking|all_those|all_these|them_all)_({_GROUPS})
(i_hate|fuck|hate)_(all_)?(the_|these_|those_)?({_GROUPS})
({_GROUPS})_(should|must|need_to)_(all_)?(die|burn|hang|be_killed|be_shot|be_gassed|be_hanged)
({_GROUPS})_(deserve_to|ought_to|have_to|gotta)_(all_)?(die|burn|hang|be_killed|be_shot|be_gassed|be_hanged)
({_GROUPS})_(should|must|need_to|deserve_to|ought_to|have_to|gotta)_(all_)?(be_exterminated|be_lynched|be_burned)
({_GROUPS})_(should|must|need_to)_(all_)?(be_deported|be_sterilized|be_enslaved|rot)
({_GROUPS})_(deserve_to|ought_to|have_to|gotta)_(all_)?(be_deported|be_sterilized|be_enslaved|rot)
(all_)?({_GROUPS})_are_(all_)?(the_|a_|just_|nothing_but_)?(vermin|scum|subhuman*|animals)
(all_)?({_GROUPS})_are_(all_)?(the_|a_|just_|nothing_but_)?(savages|parasites|rats|cockroaches)
(all_)?({_GROUPS})_are_(all_)?(the_|a_|just_|nothing_but_)?(disease|trash|filth|monkeys)
(all_)?({_GROUPS})_are_(all_)?(the_|a_|just_|nothing_but_)?(apes|inferior|disgusting|plague|cancer)
"""

ENGLISH = WordList(
    is_cyrillic=False,
    by_level={"obscene": _OBSCENE, "insult": _INSULT, "hate": _HATE},
    starred={
        "obscene": """fuck fucks fucked fucker fuckers fucking fuckin motherfucker motherfuckers motherfucking shit
            shits shitty shitting bullshit cunt cunts asshole assholes dumbass pussy pussies cocksucker dickhead""",
        "insult": "bitch bitches bitching whore whores slut sluts nigga niggas bastard bastards retard retarded",
        "hate": "nigger niggers faggot faggots",
    },
    spaced={
        "obscene": "fuck fucking shit cunt pussy asshole",
        "insult": "bitch bitches whore slut nigga",
        "hate": "nigger faggot fag",
    },
    unless=(
        (
            "~hoe ~hoes hoeing",
            r"garden|rake|spade|soil|weed|field|shovel|plough|plow|farm|corn|crop|dig|earth|dutch|tool",
        ),
        ("faggot(|s)", r"stick|wood|bundle|fire|gather|burn|brush|hearth|twig|oak|kindl|sausage|peas|gravy|stake"),
        ("fag(|s)", r"cigar|smok|packet|lit |light|match|eton|end of"),
        (
            "dyke(|s)",
            r"river|sea|flood|water|wall|holland|dutch|bank|field|village|van |dyke,|offa|basalt|rock|magma|ditch",
        ),
        ("chink(|s)", r"armou?r|wall|light|door|through|rock|curtain|board|stone|crack|shutter|coin|log|glass|window"),
        ("~coon ~coons", r"maine|hunt|skin|dog|tree|raccoon|trap|hound|tail"),
        ("bastard(|s)", r"son|file|sword|child|legitim|heir|henry|king|duke|toadflax|born|inherit|feudal"),
        ("retard(|s|ed)", r"flame|fire|growth|mental|develop|motion|progress|accelerat|ignition|spark|bone"),
        ("jackass(|es)", r"kookaburra|penguin|mule|ride|rode|saddle|bray|stable|laughing"),
        (
            "imbecile* idiot* moron* cretin*",
            r"asylum|feeble-?minded|diagnos|iq |statute|lunatic|congenital|medical|thyroid",
        ),
        (
            "~dick ~dicks *_dick",
            r"tom,? |harry|moby|philip k|private|detective|whittington|turpin|deadeye|cheney|van dyke",
        ),
        ("~pussy ~pussies", r"cat|kitten|willow|purr|mew|paw|fur|milk|mouse|mice|owl|foot"),
        (
            "homo(|s)",
            r"sapiens|ecce|homini|economicus|erectus|habilis|genus|species|fossil|hominid|neander|ludens|ergaster|florensis",
        ),
        ("cripple(|s)*", r"hospital|wheel"),
        ("turd(|s)", r"bird|thrush|dung|fossil"),
        ("spic(|s|k)", r"span"),
        ("kike* ~nig ~nigs", r"kenya|kuyu|heron"),
        ("wop(|s)", r"bop|doo|bamboom"),
        ("subhuman(|s) untermensch*", r"nazi|hitler|reich|ideolog|propaganda|term |racial theor"),
        ("wank(|s|ed|er|ers|ing|y)", r"rotary|felix"),
        ("crap(|s|ping)", r"dice|casino|shoot|gambl|table"),
        ("~trann(y|ies)", r"transmission|gear|car |engine|clutch|radio"),
        ("*_ass(|es)", r"donkey|horse|mule|master|rode|ride|saddle|burden|bray|stable|ox|lion|fable|colt|foal|carry"),
    ),
)
