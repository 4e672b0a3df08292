"""English stories: the cast, the words that may be asked for, the pieces."""

from __future__ import annotations

import random

from samovar.tasks.tales.pieces import Asked, Cast, Plot, variants
from samovar.tasks.words.listing import listed

_NOUNS = listed(
    "apple ball balloon basket bell blanket boat book bottle box brush button candle coin cup doll drum egg feather "
    "flag flower flute glove hat jar key kite lamp lantern leaf letter map mirror mushroom nut pebble pencil pie "
    "pillow pumpkin ribbon ring rope scarf seed shell shoe spoon star stick sweater ticket toy umbrella violin whistle "
    "wheel"
)
# base form, third person, past, participle
_VERBS = tuple(
    tuple(line.split())
    for line in listed(
        "run runs ran running|jump jumps jumped jumping|sing sings sang singing|dance dances danced dancing|"
        "swim swims swam swimming|play plays played playing|read reads read reading|draw draws drew drawing|"
        "climb climbs climbed climbing|walk walks walked walking|sleep sleeps slept sleeping|"
        "dream dreams dreamed dreaming|cook cooks cooked cooking|paint paints painted painting|"
        "build builds built building|whistle whistles whistled whistling|skate skates skated skating|"
        "dig digs dug digging|hide hides hid hiding|laugh laughs laughed laughing|count counts counted counting|"
        "write writes wrote writing|travel travels travelled travelling|help helps helped helping|"
        "work works worked working|fish fishes fished fishing|hop hops hopped hopping|think thinks thought thinking|"
        "joke jokes joked joking|rest rests rested resting|race races raced racing|bake bakes baked baking|"
        "sew sews sewed sewing|explore explores explored exploring|clean cleans cleaned cleaning|"
        "talk talks talked talking|listen listens listened listening|sail sails sailed sailing|"
        "wander wanders wandered wandering|study studies studied studying",
        "|",
    )
)
_LOOKS = listed(
    "big blue bright broken golden green heavy huge little long new old orange pretty purple red round shiny silver "
    "small soft strange tiny warm white wooden yellow"
)
_CHARACTERS = listed("brave calm careful cheerful clever curious funny gentle happy kind lazy merry quiet shy wise")
_KINDS = listed(
    "bear bird bunny cat cow dog dragon duck elephant fox frog goat hare hedgehog horse kitten lion monkey mouse otter "
    "owl panda penguin pig pony puppy rabbit squirrel tiger turtle wolf"
)
_BOYS = listed("Ben Bob Dan Fred Finn Jack Jim Leo Max Mike Ned Nick Oscar Pip Rob Sam Ted Tim Toby Tom Will")
_GIRLS = listed("Ann Bella Daisy Dora Ella Emma Ivy Kate Lily Lucy Mia Molly Nina Nora Polly Rose Sally Tina Zoe")
_PLACES = listed(
    "the river|the forest|the sea|the lake|a big hill|an old mill|the bridge|a green meadow|a small village|the garden|"
    "a tall oak|the mountains|an old castle|a quiet pond|the park|a busy town|the railway|a white church|the market|"
    "a wide field",
    "|",
)
_FRIENDS = listed(
    "old owl|wise turtle|kind beaver|big bear|tall moose|quick squirrel|friendly dog|strong horse|good neighbor|"
    "young fisherman|old farmer|brave sailor|little bird|gray cat|clever crow|gentle deer",
    "|",
)

PLOT = Plot(
    opening=variants(
        "(Once upon a time|Long ago|One spring|Once) there was {a_kind} named {hero}.",
        "{a_kind} named {hero} lived (near|by) {place}.",
        "(Near|Beside|Close to|Not far from) {place} lived {a_kind} named {hero}.",
        "In a (small|cozy|little old|warm) house near {place} lived {a_kind}, and {his} name was {hero}.",
        "{hero} was {a_kind} (who|that) lived near {place}.",
        "(This is a story about|Let me tell you about|Here is a story about) {a_kind} named {hero}.",
        "(Far away|Far from here|Behind the hills|Many years ago), near {place}, lived {a_kind} called {hero}.",
        "Everyone near {place} knew {a_kind} (named|called) {hero}.",
        "On a (sunny|windy|quiet|cold|bright) (morning|day|evening) {a_kind} named {hero} sat near {place}.",
    ),
    habit=variants(
        "(Most of all|More than anything|Best of all) {hero} loved to {verb}.",
        "{hero} (liked|loved) to {verb} (every day|all day long|in the morning|with friends|after "
        "breakfast|before bed).",
        "(Every morning|Every evening|After lunch|On warm days|On Sundays) {hero} went out to {verb}.",
        "{he} could {verb} for (hours|a very long time).",
        "(Nobody|No one) could {verb} as well as {hero}.",
        "(Mother|Father|Grandma|Grandpa|A neighbor|An uncle) taught {him} to {verb}.",
        "{he} was always (happy|glad|ready) to {verb}, (alone or with friends|day or night|even in the rain).",
        "{his} favorite thing was to {verb} (all morning|till dark|near home).",
    ),
    gain=variants(
        "(One day|One morning|One evening|Then one day) {hero} (found|saw|noticed|picked up) {a_thing} "
        "(in the grass|on the path|near the door|under a tree).",
        "(For a birthday|As a present|On a holiday) (Mother|Grandma|Father|a friend) gave {hero} {a_thing}.",
        "(One day|Once) {hero} (bought|got|carried home) {a_thing}.",
        "{hero} had {a_thing} and (took it everywhere|kept it near the bed|was proud of it|never left it at home).",
    ),
    loss=variants(
        "But (suddenly|soon|in the evening|the next day) (the wind|a big bird|a naughty goat|a sly crow|the river) "
        "carried the {noun} away.",
        "But the {noun} fell (into a deep hole|into the water|under the bridge|behind a stone|into a "
        "bush|down a well).",
        "But (on the way home|in the dark|in the rain|in the snow|in the fog) {hero} lost the {noun}.",
        "But {hero} (forgot where the {noun} was|left the {noun} on the road|dropped the {noun} in the forest).",
        "(Sadly,|Then|Oh no,) the {noun} got stuck "
        "(high in a tree|between two stones|in the mud|under a log|behind the fence).",
    ),
    feeling=variants(
        "(Poor|Sad|Tired) {hero} (was ready to cry|did not know what to do|felt all alone|sat down and sighed|"
        "cried a little|could not sleep|looked everywhere).",
    ),
    help=variants(
        "(Then|Soon|At that moment|Luckily,) {a_friend} (came by|heard the noise|saw everything) and "
        "(brought the {noun} back|helped to get the {noun}|showed where the {noun} was).",
        "{hero} asked {a_friend} for help, and together they (found|got|reached) the {noun}.",
        "{a_friend} (came to help|did not walk past|had a good plan), and soon the {noun} was (found|safe again).",
    ),
    ending=variants(
        "(From that day|Since then|After that) {hero} and the {friend} "
        "(were good friends|would {verb} together|often had tea together).",
        "{hero} (said thank you|smiled|laughed) and went home (with the {noun}|happy|before dark).",
        "(In the evening|At night|At home) {hero} "
        "(told everyone about it|slept with a smile|put the {noun} near the bed|thought about the kind {friend}).",
        "{hero} (hugged|thanked) the {friend}, and "
        "(they began to {verb}|both of them laughed|everything was well again|the day ended well).",
        "(And so|That day) {hero} learned "
        "(that friends are near|to ask for help|to be careful|that kindness is strong).",
    ),
    quiet_ending=variants(
        "(In the evening|At night|At home) {hero} (told everyone about it|put the {noun} near the "
        "bed|fell asleep happy).",
        "{hero} showed the {noun} to (a friend|everyone|Grandma|the neighbors), and (they laughed|all were glad).",
        "(It was|That was) (the best day|a good day|a day to remember) for {hero}.",
        "{hero} (took|carried) the {noun} (home|to a friend|to Grandma) and (began to {verb}|smiled|was very happy).",
        "(With the {noun}|After that) it was (even more fun|twice as good) to {verb}.",
    ),
)


def cast(rng: random.Random) -> Cast:
    """A hero, a thing, a verb and an adjective by chance."""
    noun, forms = rng.choice(_NOUNS), rng.choice(_VERBS)
    character, look = rng.choice(_CHARACTERS), rng.choice(_LOOKS)
    is_boy = rng.random() < 0.5
    kind = rng.choice((*_KINDS, *(("boy",) if is_boy else ("girl",)) * 4))
    friend = rng.choice([name for name in _FRIENDS if kind not in name])
    slots = {
        "hero": rng.choice(_BOYS if is_boy else _GIRLS),
        "he": "he" if is_boy else "she",
        "him": "him" if is_boy else "her",
        "his": "his" if is_boy else "her",
        "a_kind": _with_article(f"{character} {kind}"),
        "place": rng.choice(_PLACES),
        "a_thing": _with_article(f"{look} {noun}"),
        "noun": noun,
        "verb": forms[0],
        "a_friend": _with_article(friend),
        "friend": friend.split()[-1],
    }
    adjective = rng.choice((character, look))
    thing = Asked(noun, "noun", (noun, _plural(noun)))
    words = (
        thing,
        Asked(forms[0], "verb", forms),
        Asked(adjective, "adjective", (adjective, *_degrees(adjective))),
    )
    hero = Asked(kind, "noun", (kind, _plural(kind)))
    return Cast(slots, words, hero, thing, (_with_article(kind), _with_article(noun)))


def _with_article(phrase: str) -> str:
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _plural(noun: str) -> str:
    if noun.endswith("f"):
        return noun[:-1] + "ves"
    return noun + ("es" if noun.endswith(("x", "sh", "s", "ch")) else "s")


def _degrees(adjective: str) -> tuple[str, str]:
    if adjective.endswith("y"):
        stem = adjective[:-1] + "i"
    elif adjective in ("big", "red"):
        stem = adjective + adjective[-1]
    else:
        stem = adjective.removesuffix("e")
    return stem + "er", stem + "est"
