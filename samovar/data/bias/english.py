"""English words for groups of people, and negative words.

Written for this project from knowledge of the language. A word that mostly means something else (black, white, blind,
straight, mad) counts in phrases only. Slurs are not here: they are what the step ``toxicity`` finds.
"""

from __future__ import annotations

from samovar.data.bias.word_list import GroupList, Groups

_PEOPLE = "(people|person|persons|man|men|woman|women|folk|folks|community|communities|child|children|family|families)"

_GROUPS: Groups = {
    "nationality and ethnicity": {
        "Africans": "^african(|s)",
        "Americans": "^american(|s)",
        "Arabs": "^arab(|s)",
        "Armenians": "^armenian(|s)",
        "Asians": "^asian(|s)",
        "Azerbaijanis": "^azerbaijani(|s)",
        "Belarusians": "^belarus(i|si)an(|s)",
        "Black people": f"black_{_PEOPLE} african_american(|s) ^blacks ^negro(|es)",
        "British": "^british(|ers) ^briton(|s) ^englishm[ae]n ^englishwom[ae]n ^scotsm[ae]n ^welshm[ae]n",
        "Chechens": "^chechen(|s)",
        "Chinese": "^chinese ^chinam[ae]n",
        "French": "^frenchm[ae]n ^frenchwom[ae]n the_french french_people",
        "Georgians": "^georgian(|s)",
        "Germans": "^german(|s)",
        "Hispanics": "^hispanic(|s) ^latin[oa](|s) ^mexican(|s)",
        "Indians": "^indian(|s)",
        "Iranians": "^iranian(|s) ^persian(|s)",
        "Irish": "^irishm[ae]n ^irishwom[ae]n the_irish irish_people",
        "Israelis": "^israeli(|s)",
        "Italians": "^italian(|s)",
        "Japanese": "^japanese",
        "Jews": "^jew(|s|ess|esses) jewish",
        "Kazakhs": "^kazakh(|s)",
        "Koreans": "^korean(|s)",
        "Kurds": "^kurd(|s)",
        "migrants and refugees": "migrant(|s) immigrant(|s) refugee(|s) foreigner(|s) asylum_seeker(|s)",
        "Native Americans": f"native_american(|s) indigenous_{_PEOPLE} red_indian(|s)",
        "Nigerians": "^nigerian(|s)",
        "Pakistanis": "^pakistani(|s)",
        "Palestinians": "^palestinian(|s)",
        "Poles": "^pole(|s) ^polish",
        "Roma": "^gyps(y|ies) ^romani ^roma_people gyps(y|ies)",
        "Russians": "^russian(|s)",
        "Spaniards": "^spaniard(|s)",
        "Tatars": "^tatar(|s) ^tartar(|s)",
        "Turks": "^turk(|s) ^turkish",
        "Ukrainians": "^ukrainian(|s)",
        "Uzbeks": "^uzbek(|s)",
        "White people": f"white_{_PEOPLE} ^caucasian(|s) ^whites",
    },
    "religion": {
        "atheists": "atheist(|s) unbeliever(|s)",
        "Buddhists": "buddhist(|s)",
        "Catholics": "^catholic(|s)",
        "Christians": "christian(|s)",
        "Hindus": "hindu(|s)",
        "Jehovah's Witnesses": "jehovah's_witness(|es)",
        "Mormons": "^mormon(|s)",
        "Muslims": "muslim(|s) moslem(|s) mohammedan(|s) mussulm[ae]n",
        "Orthodox": "^orthodox_(christian|church|believer)*",
        "Protestants": "^protestant(|s) ^evangelical(|s)",
        "Sikhs": "sikh(|s)",
    },
    "gender": {
        "men and boys": "man men boy(|s) male(|s) gentlem[ae]n",
        "transgender people": f"transgender* transsexual(|s) trans_{_PEOPLE} non_?binary",
        "women and girls": "wom[ae]n girl(|s) female(|s) lady ladies",
    },
    "orientation": {
        "bisexual people": "bisexual(|s)",
        "gay men and lesbians": f"gays gay_{_PEOPLE} homosexual(|s) lesbian(|s) lgbt* same_sex_couple(|s)",
        "heterosexual people": f"heterosexual(|s) straight_{_PEOPLE}",
    },
    "disability": {
        "autistic people": "autistic autist(|s)",
        "blind people": f"blind_{_PEOPLE} the_blind visually_impaired",
        "deaf people": f"deaf_{_PEOPLE} the_deaf hearing_impaired deaf_mute(|s)",
        "disabled people": (
            f"disabled_{_PEOPLE} the_disabled {_PEOPLE}_with_disabilities handicapped wheelchair_user(|s)"
        ),
        "mentally ill people": (
            f"mentally_ill schizophrenic(|s) {_PEOPLE}_with_schizophrenia mental_patient(|s) lunatic(|s)"
        ),
        "people with Down syndrome": f"down_syndrome down's_syndrome mentally_(disabled|handicapped)_{_PEOPLE}",
    },
    "age": {
        "children": "child children kid(|s)",
        "old people": "old_(|wo)m[ae]n old_(people|folk|folks|lady|ladies) elderly pensioner(|s) senior_citizen(|s)",
        "teenagers and young people": "teenager(|s) adolescent(|s) young_people young_m[ae]n young_wom[ae]n youth(|s)",
    },
    "wealth and body": {
        "fat people": f"fat_{_PEOPLE} obese_{_PEOPLE} overweight_{_PEOPLE}",
        "homeless people": f"homeless_{_PEOPLE} the_homeless beggar(|s) tramp(|s)",
        "poor people": "poor_(people|folk|folks|family|families) the_poor working_class",
        "rich people": f"rich_{_PEOPLE} the_rich wealthy_{_PEOPLE} the_wealthy millionaire(|s) billionaire(|s)",
    },
}

_NEGATIVE = """
abus(e|es|ed|ing|ive|er|ers) aggressi(on|ve|vely) alcoholic(|s) animalistic arrogan(t|tly|ce) assault(|s|ed|ing)
attack(|s|ed|ing|er|ers) awful backward bad(|ly) bandit(|s|ry) barbar(ian|ians|ic|ism|ity|ous) bastard(|s)
beastly betray(|s|ed|al|er|ers) bomb(|s|ed|ing|ings|er|ers) bigot(|s|ed|ry) blackmail* brainless brawl*
brutal(|ly|ity|ities) brute(|s) brutish burglar(|s|y|ies) cheat(|s|ed|ing|er|ers) clumsy
conspir(acy|acies|e|ed|ing|ator|ators) contempt(|ible|uous|uously) corrupt(|ion|ed) coward(|s|ly|ice) crime(|s)
criminal(|s|ly|ity) crooked crook(|s) cruel(|ly|ty|ties) cunning curse(|s|d) cursed damn(|ed|able)
danger(|s|ous|ously) deceit(|ful|fully) deceiv(e|es|ed|ing|er|ers) degenerate(|s) deport(|ed|ation|ations) depraved
deprav(ity|ities) despicable despis(e|es|ed|ing) despot(|s|ic|ism) devil(|s|ish) dirty disease(|d|s) disgrace(|d|ful)
disgust(|s|ed|ing|ingly) dishonest(|ly|y) disloyal dreadful(|ly) drunk(|s|ard|ards|en|enness) dumb enem(y|ies)
evil(|s) exploit(|ed|ing|ers) extremis(m|t|ts) fanatic(|s|al|ism) filth(|y|iest) fool(|s|ish|ishly|ishness) foul
fraud(|s|ster|sters|ulent) gang(|s|ster|sters) greed(|y|ily|iness) guilt(|y) harass(|ed|ing|ment) hate(|s|d|ful)
hating hatred heathen(|s) hideous(|ly) horribl[ey] horrid(|ly) horror(|s) hostil(e|ity|ities) hypocri(sy|te|tes|tical)
idiot(|s|ic) ignoran(t|ce|tly) immoral(|ity) impudent incompeten(t|ce) indecent inferior(|ity) infidel(|s)
inhuman(|e|ity) insan(e|ely|ity) insolen(t|ce) insult(|s|ed|ing) intoleran(t|ce) invad(e|es|ed|ing|er|ers)
invasion(|s) jealous(|y) kidnap(|s|ped|ping|per|pers) kill(|s|ed|ing|ings|er|ers) lazy laziness liar(|s) lied
lying_(to|about) loath(e|ed|ing|some) looter(|s) loot(ed|ing) lustful malic(e|ious|iously) massacre(|s|d)
mean_spirited menac(e|es|ed|ing) merciless(|ly) miser(|s|ly) molest(|ed|er|ers|ing) monster(|s) monstrous
murder(|s|ed|ing|er|ers|ous) nast(y|ier|iest|ily|iness) obscen(e|ity|ities) odious offend(er|ers)
oppress(|ed|ing|ion|ive|or|ors) parasit(e|es|ic) pathetic pervert(|s|ed) perverse perversion(|s) pirate(|s)
plunder(|ed|ing|er|ers) poison(|ed|ing|ous) prostitut(e|es|ion) primitive punish(|ed|ment|ments)
quarrel(|s|led|ling|some) racis(m|t|ts) radicali[sz]ed rap(e|es|ed|ist|ists|ing) rascal(|s|ly) repuls(ive|ion)
repulsed repugnan(t|ce) revolting riot(|s|ed|ing|ers) rob(|bed|ber|bers|bery|beries|bing|s) rogue(|s) rotten
rude(|ly|ness) ruffian(|s) ruthless(|ly|ness) sadis(m|t|tic|ts) savage(|s|ly|ry) scam(|s|mer|mers) scandal(|s|ous)
scoundrel(|s|ly) selfish(|ness|ly) shame(|d|ful|less) shoot(ing|ings|er|ers) sinful sinner(|s) slaughter(|s|ed|ing)
slave_driver* sly smell(y|ed_bad) smuggl(e|ed|er|ers|ing) sneaky stab(|bed|bing) steal(|s|ing) stole stolen
stink(|s|ing|y) stubborn stupid(|ly|ity) suspicio(n|us|usly) swindl(e|ed|er|ers|ing) terror(|s|ism|ist|ists|ize|ized)
theft(|s) thie(f|ves|ving|vish) thug(|s|gish) threat(|s|en|ened|ening|ens) tortur(e|es|ed|ing|er|ers)
traffick(er|ers|ing) traitor(|s|ous) treacher(y|ous|ously) tyran(t|ts|ny|nical|nous) ugl(y|ier|iest|iness)
uncivili[sz]ed unclean uncouth underclass unworthy vermin vicious(|ly|ness) vile(|ly|ness) villain(|s|ous|y)
violen(t|ce|tly) vulgar(|ity) wicked(|ly|ness) worst worthless wretch(|es|ed|edly) wrongdo(er|ers|ing)
"""

ENGLISH = GroupList(_GROUPS, _NEGATIVE)
