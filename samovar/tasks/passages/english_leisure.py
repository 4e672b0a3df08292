"""English passages about free time: presents, sport, cooking, a town, a hotel."""

from __future__ import annotations

from samovar.tasks.passages.domain import Domain, closed, fact
from samovar.tasks.words.listing import listed

PRESENTS = Domain(
    "presents",
    "who",
    (
        fact(
            "The birthday of {who} is on {date}. | On {date} {who} has a birthday.",
            ("on {date}", "When is the birthday of {who}? | On what date is the birthday of {who}?"),
            ("{who}", "Who has a birthday on {date}? | Whose birthday is on {date}?"),
        ),
        fact(
            "{who} is {age} old. | This year {who} is {age} old.",
            ("{age}", "How old is {who}? | What is the age of {who}?"),
            ("{who}", "Who is {age} old?"),
        ),
        fact(
            "{who} got a {thing}. | Friends gave {who} a {thing}.",
            ("a {thing}", "What did {who} get? | What did friends give to {who}? | What was the present for {who}?"),
            ("{who}", "Who got a {thing}? | To whom did friends give a {thing}?"),
        ),
        fact(
            "{who} cooked {dish}. | For the guests {who} cooked {dish}.",
            ("{dish}", "What did {who} cook? | What food did {who} make?"),
            ("{who}", "Who cooked {dish}? | Who made {dish}?"),
        ),
        fact(
            "{who} invited {who2}. | As a guest {who} invited {who2}.",
            ("{who2}", "Who did {who} invite? | Who was invited by {who}?"),
            ("{who}", "Who invited {who2}?"),
        ),
        fact(
            "{who} lives on {street}. | The house of {who} is on {street}.",
            ("on {street}", "Where does {who} live? | On what street does {who} live?"),
            ("{who}", "Who lives on {street}?"),
        ),
        fact(
            "The party started at {time}. | At {time} the party started.",
            ("at {time}", "When did the party start? | At what time did the party start?"),
        ),
    ),
    {
        "dish": closed(
            (
                *("a cake", "a pie", "a salad", "soup", "rice", "pizza", "pancakes", "fish"),
                *("an omelet", "cookies", "chicken", "noodles"),
            )
        )
    },
)

SPORT = Domain(
    "sport",
    "who",
    (
        fact(
            "{who} took {rank} place. | {rank} place went to {who}.",
            ("{rank} place", "What place did {who} take? | Which place went to {who}?"),
            ("{who}", "Who took {rank} place? | Who got {rank} place?"),
        ),
        fact(
            "{who} ran {km}. | In one week {who} ran {km}.",
            ("{km}", "How far did {who} run? | How many miles did {who} run?"),
            ("{who}", "Who ran {km}?"),
        ),
        fact(
            "{who} plays {game}. | On free days {who} plays {game}.",
            ("{game}", "What does {who} play? | What game does {who} play?"),
            ("{who}", "Who plays {game}?"),
        ),
        fact(
            "{who} wears number {house}. | Number {house} belongs to {who}.",
            ("number {house}", "What number does {who} wear? | Which number belongs to {who}?"),
            ("{who}", "Who wears number {house}? | Who has number {house}?"),
        ),
        fact(
            "{who} trains on {day}. | On {day} {who} trains.",
            ("on {day}", "When does {who} train? | On what day does {who} train?"),
            ("{who}", "Who trains on {day}?"),
        ),
        fact(
            "The coach of {who} is {person}. | {person} is the coach of {who}.",
            ("{person}", "Who is the coach of {who}? | What is the name of the coach of {who}?"),
            ("{who}", "Who is trained by {person}?"),
        ),
        fact(
            "{who} is from {city}. | From {city} came {who}.",
            ("from {city}", "Where is {who} from? | What city is {who} from?"),
            ("{who}", "Who is from {city}? | Who came from {city}?"),
        ),
    ),
    {
        "rank": closed(listed("first second third fourth fifth sixth last")),
        "game": closed(listed("football hockey tennis chess volleyball basketball golf cricket badminton rugby")),
    },
)

COOKING = Domain(
    "cooking",
    "dish",
    (
        fact(
            "The {dish} takes {minutes}. | It takes {minutes} to cook the {dish}.",
            ("{minutes}", "How long does the {dish} take? | How long does it take to cook the {dish}?"),
            ("the {dish}", "What takes {minutes}? | What dish takes {minutes}?"),
        ),
        fact(
            "The cook puts {food} in the {dish}. | In the {dish} there is always {food}.",
            ("{food}", "What does the cook put in the {dish}? | What is in the {dish}?"),
        ),
        fact(
            "The {dish} costs {price}. | On the menu the {dish} costs {price}.",
            ("{price}", "How much does the {dish} cost? | What is the price of the {dish}?"),
            ("the {dish}", "What costs {price}? | What dish costs {price}?"),
        ),
        fact(
            "The {dish} is served on {day}. | On {day} the {dish} is served.",
            ("on {day}", "When is the {dish} served? | On what day is the {dish} served?"),
            ("the {dish}", "What is served on {day}? | What dish is served on {day}?"),
        ),
        fact(
            "{who} invented the {dish}. | The recipe of the {dish} comes from {who}.",
            ("{who}", "Who invented the {dish}? | Whose recipe is the {dish}?"),
            ("the {dish}", "What did {who} invent? | What dish did {who} invent?"),
        ),
        fact(
            "Lunch starts at {time}. | At {time} lunch starts.",
            ("at {time}", "When does lunch start? | At what time does lunch start?"),
        ),
        fact(
            "The name of the cook is {person}. | The cook is {person}.",
            ("{person}", "Who is the cook? | What is the name of the cook?"),
        ),
    ),
    {
        "dish": closed(listed("soup pie cake salad pizza stew omelet pudding curry lasagna porridge burger")),
        "food": closed(listed("garlic cheese cabbage pumpkin salt pepper butter honey rice onion ginger corn")),
    },
)

TOWN = Domain(
    "town",
    "place",
    (
        fact(
            "The {place} was built in {year}. | In {year} the {place} was built.",
            ("in {year}", "When was the {place} built? | In what year was the {place} built?"),
            ("the {place}", "What was built in {year}?"),
        ),
        fact(
            "The {place} is on {street}. | On {street} there is the {place}.",
            ("on {street}", "Where is the {place}? | On what street is the {place}?"),
            ("the {place}", "What is on {street}? | What building is on {street}?"),
        ),
        fact(
            "The {place} is closed on {day}. | On {day} the {place} is closed.",
            ("on {day}", "When is the {place} closed? | On what day is the {place} closed?"),
            ("the {place}", "What is closed on {day}?"),
        ),
        fact(
            "The walk to the {place} takes {minutes}. | It takes {minutes} to walk to the {place}.",
            ("{minutes}", "How long is the walk to the {place}? | How long does it take to walk to the {place}?"),
        ),
        fact(
            "Bus {house} goes to the {place}. | To the {place} you take bus {house}.",
            ("bus {house}", "What bus goes to the {place}? | Which bus do you take to the {place}?"),
            ("the {place}", "Where does bus {house} go?"),
        ),
        fact(
            "The {place} opens at {morning}. | At {morning} the {place} opens.",
            ("at {morning}", "When does the {place} open? | At what time does the {place} open?"),
            ("the {place}", "What opens at {morning}?"),
        ),
        fact(
            "The mayor of the town is {person}. | {person} is the mayor of the town.",
            ("{person}", "Who is the mayor of the town? | What is the name of the mayor?"),
        ),
    ),
    {
        "place": closed(
            listed("museum theater library market hospital school station circus pharmacy stadium castle zoo")
        )
    },
)

HOTEL = Domain(
    "hotel",
    "room",
    (
        fact(
            "Room {room} costs {price} a night. | One night in room {room} costs {price}.",
            ("{price}", "How much is room {room}? | What does room {room} cost?"),
            ("room {room}", "Which room costs {price}? | What room costs {price} a night?"),
        ),
        fact(
            "From room {room} you can see the {view}. | The windows of room {room} look at the {view}.",
            ("the {view}", "What can you see from room {room}? | What is the view from room {room}?"),
            ("room {room}", "Which room looks at the {view}? | From which room can you see the {view}?"),
        ),
        fact(
            "{person} is staying in room {room}. | In room {room} there is a guest, {person}.",
            ("{person}", "Who is staying in room {room}? | Who is in room {room}?"),
            ("in room {room}", "Where is {person} staying? | In which room is {person}?"),
        ),
        fact(
            "Room {room} is free from {date}. | From {date} room {room} is free.",
            ("from {date}", "From what date is room {room} free? | When is room {room} free?"),
            ("room {room}", "Which room is free from {date}?"),
        ),
        fact(
            "Room {room} is on the {floor} floor. | On the {floor} floor there is room {room}.",
            ("on the {floor} floor", "On which floor is room {room}? | Where is room {room}?"),
            ("room {room}", "Which room is on the {floor} floor?"),
        ),
        fact(
            "Breakfast starts at {morning}. | At {morning} breakfast starts.",
            ("at {morning}", "When does breakfast start? | At what time does breakfast start?"),
        ),
        fact(
            "Guests must leave before {morning}. | On the last day guests must leave before {morning}.",
            ("before {morning}", "When must guests leave? | Before what time must guests leave?"),
        ),
        fact(
            "The phone of the hotel is {phone}. | To call the hotel, dial {phone}.",
            ("{phone}", "What is the phone of the hotel? | What number do you dial to call the hotel?"),
        ),
        fact(
            "The hotel stands on {street}. | On {street} stands the hotel.",
            ("on {street}", "Where does the hotel stand? | On what street is the hotel?"),
        ),
    ),
    {"view": closed(listed("sea forest river park lake mountain garden square station church bridge yard"))},
)

DOMAINS = (PRESENTS, SPORT, COOKING, TOWN, HOTEL)
