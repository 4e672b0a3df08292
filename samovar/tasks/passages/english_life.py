"""English passages about a child's life: journeys, pets, school."""

from __future__ import annotations

from samovar.tasks.passages.domain import Domain, closed, fact, opened
from samovar.tasks.words import invented
from samovar.tasks.words.listing import listed

JOURNEYS = Domain(
    "journeys",
    "who",
    (
        fact(
            "{who} came to {city} on {day}. | On {day} {who} came to {city}.",
            (
                "on {day}",
                "When did {who} come to {city}? | On what day did {who} come to {city}? | When did {who} arrive?",
            ),
            ("{city}", "Where did {who} come on {day}? | What city did {who} come to? | Where did {who} arrive?"),
            ("{who}", "Who came to {city}? | Who arrived on {day}? | Who was in {city}?"),
        ),
        fact(
            "{who} travelled {transport}. | This time {who} travelled {transport}.",
            ("{transport}", "How did {who} travel? | How did {who} get there?"),
            ("{who}", "Who travelled {transport}? | Who went {transport}?"),
        ),
        fact(
            "{who} took a {thing} for the trip. | For the trip {who} took a {thing}.",
            ("a {thing}", "What did {who} take for the trip? | What did {who} bring?"),
            ("{who}", "Who took a {thing}? | Who had a {thing} for the trip?"),
        ),
        fact(
            "{who} stayed {stay}. | All that time {who} stayed {stay}.",
            ("{stay}", "Where did {who} stay? | Where did {who} sleep?"),
            ("{who}", "Who stayed {stay}? | Who slept {stay}?"),
        ),
        fact(
            "{who} paid {price} for the ticket. | The ticket of {who} cost {price}.",
            ("{price}", "How much did {who} pay for the ticket? | What did the ticket of {who} cost?"),
            ("{who}", "Who paid {price} for the ticket? | Who paid {price}?"),
        ),
        fact(
            "{who} went home on {date}. | On {date} {who} went home.",
            ("on {date}", "When did {who} go home? | On what date did {who} go home?"),
            ("{who}", "Who went home on {date}?"),
        ),
    ),
    {
        "transport": closed(
            (
                *("by train", "by bus", "by car", "by bike", "by taxi", "by plane"),
                *("by ship", "by tram", "on foot", "on a horse"),
            )
        ),
        "stay": closed(
            (
                *("with an aunt", "in a hotel", "with friends", "in a tent", "with a cousin", "on a farm"),
                *("near the sea", "in a small cabin", "on a boat", "in an old house"),
            )
        ),
    },
)

PETS = Domain(
    "pets",
    "pet",
    (
        fact(
            "{pet} lives with {who}. | {who} has a {animal} called {pet}.",
            ("{who}", "Who does {pet} live with? | Who has a pet called {pet}?"),
            ("{pet}", "Who lives with {who}? | What is the name of the pet that lives with {who}?"),
        ),
        fact(
            "{pet} likes to eat {food}. | Most of all {pet} likes to eat {food}.",
            ("{food}", "What does {pet} like to eat? | What food does {pet} like?"),
            ("{pet}", "Who likes to eat {food}? | Which pet eats {food}?"),
        ),
        fact(
            "{pet} sleeps {spot}. | At night {pet} sleeps {spot}.",
            ("{spot}", "Where does {pet} sleep? | Where is {pet} at night?"),
            ("{pet}", "Who sleeps {spot}? | Which pet sleeps {spot}?"),
        ),
        fact(
            "{pet} is afraid of {fear}. | More than anything {pet} is afraid of {fear}.",
            ("{fear}", "What is {pet} afraid of? | What does {pet} fear?"),
            ("{pet}", "Who is afraid of {fear}? | Which pet is afraid of {fear}?"),
        ),
        fact(
            "{pet} is {age} old. | Now {pet} is {age} old.",
            ("{age}", "How old is {pet}? | What is the age of {pet}?"),
            ("{pet}", "Who is {age} old? | Which pet is {age} old?"),
        ),
        fact(
            "The color of {pet} is {color}. | {pet} has a {color} tail.",
            ("{color}", "What color is {pet}? | What is the color of {pet}?"),
        ),
        fact(
            "{pet} goes for a walk at {time}. | At {time} {pet} goes for a walk.",
            ("at {time}", "When does {pet} go for a walk? | At what time does {pet} go out?"),
            ("{pet}", "Who goes for a walk at {time}?"),
        ),
    ),
    {
        "pet": opened(
            listed(
                "Biscuit Bubbles Cookie Duke Fluffy Ginger Lucky Misty Muffin Patch Pepper Pickle Rusty "
                "Shadow Snowy Spot "
                "Sunny Tiger Toffee Whiskers"
            ),
            invented.english,
        ),
        "animal": closed(listed("cat dog hamster parrot rabbit goose goat hen pony duck")),
        "food": closed(listed("fish carrots cheese apples nuts cabbage pumpkin bread berries corn beans chicken")),
        "spot": closed(
            (
                *("on the sofa", "under the table", "in a basket", "by the stove", "in a box", "on the mat"),
                *("under the stairs", "in the barn", "on a pillow", "by the window"),
            )
        ),
        "fear": closed(
            (
                *("thunder", "water", "the dark", "cars", "loud music", "big dogs"),
                *("strangers", "fireworks", "high places", "the vacuum cleaner"),
            )
        ),
        "color": closed(listed("white black brown grey orange yellow golden red")),
    },
)

SCHOOL = Domain(
    "school",
    "who",
    (
        fact(
            "{who} is in grade {grade}. | In grade {grade} there is a child named {who}.",
            ("in grade {grade}", "What grade is {who} in? | In which grade is {who}?"),
            ("{who}", "Who is in grade {grade}?"),
        ),
        fact(
            "{who} likes {lesson} best. | The favorite lesson of {who} is {lesson}.",
            ("{lesson}", "What lesson does {who} like best? | What is the favorite lesson of {who}?"),
            ("{who}", "Who likes {lesson} best? | Who likes {lesson}?"),
        ),
        fact(
            "{who} sits at the {desk} desk. | At the {desk} desk sits {who}.",
            ("at the {desk} desk", "At which desk does {who} sit? | Where does {who} sit?"),
            ("{who}", "Who sits at the {desk} desk?"),
        ),
        fact(
            "After school {who} goes to {club}. | {who} goes to {club} after school.",
            ("to {club}", "Where does {who} go after school? | Where is {who} going after school?"),
            ("{who}", "Who goes to {club}? | Who goes to {club} after school?"),
        ),
        fact(
            "{who} got {mark} for the {lesson} test. | For the {lesson} test {who} got {mark}.",
            ("{mark}", "What did {who} get for the {lesson} test? | What was the mark of {who} for {lesson}?"),
            ("{who}", "Who got {mark} for the {lesson} test?"),
        ),
        fact(
            "{who} left a {thing} at home. | At home {who} left a {thing}.",
            ("a {thing}", "What did {who} leave at home? | What did {who} forget?"),
            ("{who}", "Who left a {thing} at home? | Who forgot a {thing}?"),
        ),
        fact(
            "The first lesson starts at {morning}. | At {morning} the first lesson starts.",
            ("at {morning}", "When does the first lesson start? | At what time does the first lesson start?"),
        ),
        fact(
            "The name of the teacher is {person}. | The teacher is {person}.",
            ("{person}", "Who is the teacher? | What is the name of the teacher?"),
        ),
    ),
    {
        "lesson": closed(listed("math history biology music drawing reading geography chemistry singing spelling")),
        "grade": closed(listed("one two three four five six seven eight nine")),
        "desk": closed(listed("first second third fourth fifth last")),
        "mark": closed(("an A", "a B", "a C", "a D")),
        "club": closed(
            (
                *listed("swimming chess dancing football hockey gymnastics tennis painting"),
                *("the drama club", "the library"),
            )
        ),
    },
)

DOMAINS = (JOURNEYS, PETS, SCHOOL)
