"""English passages of the kind that a clinic, a shop, a bank or an office keeps."""

from __future__ import annotations

from samovar.tasks.passages.domain import Domain, closed, fact
from samovar.tasks.words.listing import listed
from samovar.tasks.words.things import ENGLISH_GOODS

CLINIC = Domain(
    "clinic",
    "doctor",
    (
        fact(
            "{doctor} works in room {room}. | In room {room} works {doctor}.",
            ("in room {room}", "In which room does {doctor} work? | Where does {doctor} work?"),
            ("{doctor}", "Who works in room {room}? | Which doctor works in room {room}?"),
        ),
        fact(
            "{doctor} is a {job}. | Our {job} is {doctor}.",
            ("{job}", "What kind of doctor is {doctor}? | What is the profession of {doctor}?"),
            ("{doctor}", "Who is a {job}? | What is the name of the {job}?"),
        ),
        fact(
            "{doctor} starts work at {morning}. | At {morning} {doctor} starts work.",
            ("at {morning}", "When does {doctor} start work? | At what time does {doctor} start?"),
            ("{doctor}", "Who starts work at {morning}?"),
        ),
        fact(
            "{doctor} does not work on {day}. | On {day} {doctor} does not work.",
            ("on {day}", "When does {doctor} not work? | On what day does {doctor} not work?"),
            ("{doctor}", "Who does not work on {day}?"),
        ),
        fact(
            "The phone of {doctor} is {phone}. | To call {doctor}, dial {phone}.",
            ("{phone}", "What is the phone of {doctor}? | What number do you dial to call {doctor}?"),
        ),
        fact(
            "A visit to {doctor} costs {price}. | For a visit to {doctor} people pay {price}.",
            ("{price}", "How much is a visit to {doctor}? | What does a visit to {doctor} cost?"),
        ),
        fact(
            "Blood tests are done before {morning}. | You can have a blood test before {morning}.",
            ("before {morning}", "When are blood tests done? | Before what time can you have a blood test?"),
        ),
        fact(
            "Papers are given on the {floor} floor. | On the {floor} floor you can get your papers.",
            ("on the {floor} floor", "On which floor are papers given? | Where can you get your papers?"),
        ),
    ),
    {
        "job": closed(
            listed("dentist surgeon therapist psychiatrist pediatrician neurologist cardiologist nutritionist")
        )
    },
)

SHOP = Domain(
    "shop",
    "goods",
    (
        fact(
            "The {goods} costs {price}. | Today the {goods} costs {price}.",
            ("{price}", "How much does the {goods} cost? | What is the price of the {goods}?"),
            ("the {goods}", "What costs {price}? | Which product costs {price}?"),
        ),
        fact(
            "The {goods} is on the {shelf} shelf. | On the {shelf} shelf there is the {goods}.",
            ("on the {shelf} shelf", "On which shelf is the {goods}? | Where is the {goods}?"),
            ("the {goods}", "What is on the {shelf} shelf?"),
        ),
        fact(
            "The {goods} comes on {day}. | On {day} comes the {goods}.",
            ("on {day}", "When does the {goods} come? | On what day does the {goods} come?"),
            ("the {goods}", "What comes on {day}?"),
        ),
        fact(
            "The store has {kilos} of {goods}. | In the store there are {kilos} of {goods}.",
            ("{kilos}", "How much {goods} does the store have? | How many pounds of {goods} are there?"),
        ),
        fact(
            "The {goods} is made in {city}. | In {city} they make the {goods}.",
            ("in {city}", "Where is the {goods} made? | In what city do they make the {goods}?"),
            ("the {goods}", "What is made in {city}?"),
        ),
        fact(
            "The shop opens at {morning}. | At {morning} the shop opens.",
            ("at {morning}", "When does the shop open? | At what time does the shop open?"),
        ),
        fact(
            "The shop closes at {evening}. | At {evening} the shop closes.",
            ("at {evening}", "When does the shop close? | At what time does the shop close?"),
        ),
        fact(
            "The shop stands on {street}. | On {street} stands the shop.",
            ("on {street}", "Where does the shop stand? | On what street is the shop?"),
        ),
        fact(
            "The owner of the shop is {person}. | {person} is the owner of the shop.",
            ("{person}", "Who is the owner of the shop? | Who owns the shop?"),
        ),
    ),
    {
        "goods": closed(ENGLISH_GOODS),
        "shelf": closed(listed("first second third fourth top bottom middle")),
    },
)

LOANS = Domain(
    "loans",
    "person",
    (
        fact(
            "{person} signed the contract on {date}. | On {date} {person} signed the contract.",
            ("on {date}", "When did {person} sign the contract? | On what date did {person} sign?"),
            ("{person}", "Who signed the contract on {date}? | Who signed on {date}?"),
        ),
        fact(
            "The contract of {person} has number {number}. | {person} has contract number {number}.",
            ("number {number}", "What number has the contract of {person}? | What is the contract number of {person}?"),
            ("{person}", "Who has contract number {number}?"),
        ),
        fact(
            "{person} borrowed {sum}. | From the bank {person} borrowed {sum}.",
            ("{sum}", "How much did {person} borrow? | What sum did {person} borrow?"),
            ("{person}", "Who borrowed {sum}?"),
        ),
        fact(
            "The loan of {person} is for {months}. | {person} must pay back the loan in {months}.",
            ("{months}", "How long is the loan of {person}? | What is the term of the loan of {person}?"),
        ),
        fact(
            "The rate for {person} is {percent}. | {person} pays the rate of {percent}.",
            ("{percent}", "What is the rate for {person}? | What rate does {person} pay?"),
            ("{person}", "Who pays the rate of {percent}?"),
        ),
        fact(
            "The manager of {person} is {boss}. | {boss} is the manager of {person}.",
            ("{boss}", "Who is the manager of {person}? | What is the name of the manager of {person}?"),
            ("{person}", "Whose manager is {boss}?"),
        ),
        fact(
            "{person} pays on day {payday}. | Every month {person} pays on day {payday}.",
            ("on day {payday}", "On what day does {person} pay? | When does {person} pay?"),
            ("{person}", "Who pays on day {payday}?"),
        ),
        fact(
            "The bank is open until {evening}. | Until {evening} the bank is open.",
            ("until {evening}", "Until what time is the bank open? | How long is the bank open?"),
        ),
    ),
    {"payday": closed([str(day) for day in range(1, 29)])},
)

DELIVERY = Domain(
    "delivery",
    "number",
    (
        fact(
            "Order {number} will come on {day}. | On {day} order {number} will come.",
            ("on {day}", "When will order {number} come? | On what day will order {number} come?"),
            ("order {number}", "Which order will come on {day}? | What will come on {day}?"),
        ),
        fact(
            "In order {number} there is a {thing}. | Order {number} is a {thing}.",
            ("a {thing}", "What is in order {number}? | What is inside order {number}?"),
            ("order {number}", "Which order is a {thing}? | In which order is the {thing}?"),
        ),
        fact(
            "Order {number} costs {price}. | The price of order {number} is {price}.",
            ("{price}", "How much does order {number} cost? | What is the price of order {number}?"),
            ("order {number}", "Which order costs {price}?"),
        ),
        fact(
            "{who} brings order {number}. | The driver of order {number} is {who}.",
            ("{who}", "Who brings order {number}? | Who is the driver of order {number}?"),
            ("order {number}", "Which order does {who} bring? | What does {who} bring?"),
        ),
        fact(
            "Order {number} goes to {city}. | To {city} goes order {number}.",
            ("to {city}", "Where does order {number} go? | To what city does order {number} go?"),
            ("order {number}", "Which order goes to {city}?"),
        ),
        fact(
            "Order {number} is for {person}. | {person} will get order {number}.",
            ("{person}", "Who is order {number} for? | Who will get order {number}?"),
            ("order {number}", "Which order is for {person}? | What will {person} get?"),
        ),
        fact(
            "Order {number} weighs {kilos}. | The weight of order {number} is {kilos}.",
            ("{kilos}", "How much does order {number} weigh? | What is the weight of order {number}?"),
            ("order {number}", "Which order weighs {kilos}?"),
        ),
        fact(
            "The phone of the store is {phone}. | To call the store, dial {phone}.",
            ("{phone}", "What is the phone of the store? | What number do you dial to call the store?"),
        ),
    ),
)

EVENTS = Domain(
    "events",
    "event",
    (
        fact(
            "The {event} starts at {evening}. | At {evening} the {event} starts.",
            ("at {evening}", "When does the {event} start? | At what time does the {event} start?"),
            ("the {event}", "What starts at {evening}?"),
        ),
        fact(
            "The {event} will be {hall}. | Guests meet {hall} for the {event}.",
            ("{hall}", "Where will the {event} be? | Where do guests meet for the {event}?"),
            ("the {event}", "What will be {hall}?"),
        ),
        fact(
            "The {event} is on {date}. | On {date} comes the {event}.",
            ("on {date}", "On what date is the {event}? | What is the date of the {event}?"),
            ("the {event}", "What is on {date}?"),
        ),
        fact(
            "A ticket to the {event} costs {price}. | For the {event} you pay {price}.",
            ("{price}", "How much is a ticket to the {event}? | What do you pay for the {event}?"),
        ),
        fact(
            "{person} leads the {event}. | The host of the {event} is {person}.",
            ("{person}", "Who leads the {event}? | Who is the host of the {event}?"),
            ("the {event}", "What does {person} lead?"),
        ),
        fact(
            "The {event} is for {people}. | There are {people} coming to the {event}.",
            ("{people}", "How many people is the {event} for? | How many people come to the {event}?"),
            ("the {event}", "What is for {people}?"),
        ),
        fact(
            "The phone for tickets is {phone}. | To get tickets, dial {phone}.",
            ("{phone}", "What is the phone for tickets? | What number do you dial to get tickets?"),
        ),
    ),
    {
        "event": closed(listed("concert show lecture play fair tour quiz seminar meeting festival lesson dance")),
        "hall": closed(
            (
                *("in the big hall", "in the small hall", "in the library", "in the park", "at the school"),
                *("in the yard", "at the museum", "on the square", "in the garden", "on the roof"),
            )
        ),
        "people": closed([f"{number} people" for number in (*range(5, 31), 40, 50, 60, 80)]),
    },
)

OFFICE = Domain(
    "office",
    "unit",
    (
        fact(
            "The {unit} is on the {floor} floor. | On the {floor} floor there is the {unit}.",
            ("on the {floor} floor", "On which floor is the {unit}? | Where is the {unit}?"),
            ("the {unit}", "What is on the {floor} floor?"),
        ),
        fact(
            "The {unit} is open until {evening}. | Until {evening} the {unit} is open.",
            ("until {evening}", "Until what time is the {unit} open? | How long is the {unit} open?"),
            ("the {unit}", "What is open until {evening}?"),
        ),
        fact(
            "The phone of the {unit} is {phone}. | To call the {unit}, dial {phone}.",
            ("{phone}", "What is the phone of the {unit}? | What number do you dial to call the {unit}?"),
        ),
        fact(
            "The head of the {unit} is {person}. | {person} is the head of the {unit}.",
            ("{person}", "Who is the head of the {unit}? | Who leads the {unit}?"),
            ("the {unit}", "What does {person} lead?"),
        ),
        fact(
            "The {unit} does not work on {day}. | On {day} the {unit} does not work.",
            ("on {day}", "When does the {unit} not work? | On what day does the {unit} not work?"),
            ("the {unit}", "What does not work on {day}?"),
        ),
        fact(
            "Lunch in the office starts at {time}. | At {time} lunch in the office starts.",
            ("at {time}", "When does lunch in the office start? | At what time is lunch in the office?"),
        ),
        fact(
            "A pass is good for {months}. | Every pass is good for {months}.",
            ("{months}", "How long is a pass good for? | For how many months is a pass good?"),
        ),
        fact(
            "Parking costs {price}. | For parking people pay {price}.",
            ("{price}", "How much is parking? | What does parking cost?"),
        ),
        fact(
            "Ask for a holiday {notice} before it. | You must ask for a holiday {notice} before it.",
            ("{notice}", "How many days before a holiday must you ask for it? | When must you ask for a holiday?"),
        ),
    ),
    {
        "unit": closed(
            (
                *listed("archive store lab workshop canteen clinic library"),
                *("sales team", "law team", "money desk", "help desk", "mail room"),
            )
        ),
        "notice": closed([f"{number} days" for number in (*range(5, 21), 25, 30, 45)]),
    },
)

STAFF = Domain(
    "staff",
    "person",
    (
        fact(
            "{person} works as a {job}. | This year {person} works as a {job}.",
            ("as a {job}", "What does {person} work as? | What is the job of {person}?"),
            ("{person}", "Who works as a {job}?"),
        ),
        fact(
            "{person} lives in {city}. | In {city} lives {person}.",
            ("in {city}", "Where does {person} live? | In what city does {person} live?"),
            ("{person}", "Who lives in {city}?"),
        ),
        fact(
            "{person} earns {sum}. | Every year {person} earns {sum}.",
            ("{sum}", "How much does {person} earn? | What is the pay of {person}?"),
            ("{person}", "Who earns {sum}?"),
        ),
        fact(
            "The holiday of {person} starts on {date}. | On {date} {person} goes on holiday.",
            ("on {date}", "When does the holiday of {person} start? | On what date does {person} go on holiday?"),
            ("{person}", "Who goes on holiday on {date}?"),
        ),
        fact(
            "{person} was born in {year}. | In {year} {person} was born.",
            ("in {year}", "When was {person} born? | In what year was {person} born?"),
            ("{person}", "Who was born in {year}?"),
        ),
        fact(
            "{who} helps {person}. | The helper of {person} is {who}.",
            ("{who}", "Who helps {person}? | Who is the helper of {person}?"),
            ("{person}", "Who does {who} help?"),
        ),
        fact(
            "The phone of {person} is {phone}. | To call {person}, dial {phone}.",
            ("{phone}", "What is the phone of {person}? | What number do you dial to call {person}?"),
        ),
    ),
    {
        "job": closed(
            listed("lawyer cook driver designer teacher guard gardener translator baker painter nurse clerk")
        ),
        "year": closed([str(year) for year in range(1955, 2006)]),
    },
)

DOMAINS = (CLINIC, SHOP, LOANS, DELIVERY, EVENTS, OFFICE, STAFF)
