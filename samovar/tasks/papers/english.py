"""English papers."""

from __future__ import annotations

import random

from samovar.tasks.papers.paper import Paper, chosen, entry
from samovar.tasks.words.calendar import clock, english_date
from samovar.tasks.words.listing import listed
from samovar.tasks.words.people import ENGLISH_BOYS, ENGLISH_GIRLS, ENGLISH_SURNAMES
from samovar.tasks.words.places import ENGLISH_CITIES, ENGLISH_STREETS
from samovar.tasks.words.things import ENGLISH_THINGS

CHATTER = (
    *("Thank you.", "Please answer soon.", "I hope you are well.", "We wait for your answer.", "Have a nice day."),
    *("Please check it.", "We worked 3 days on it.", "Call me if something is wrong.", "See you soon."),
    *("Sorry for the delay.", "It is our second letter.", "Best wishes."),
)
_FIRST = (*ENGLISH_GIRLS, *ENGLISH_BOYS)


def _person(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(ENGLISH_SURNAMES)}"


def _doctor(rng: random.Random) -> str:
    return f"Doctor {rng.choice(ENGLISH_SURNAMES)}"


def _phone(rng: random.Random) -> str:
    return f"{rng.choice(('', '', '202-', '303-'))}555-01{rng.randint(0, 99):02d}"


def _email(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST).lower()}{rng.randint(1, 99)}@example.{rng.choice(('com', 'org', 'net'))}"


def _company(rng: random.Random) -> str:
    first = rng.choice(listed("Blue Bright Golden Green Happy Northern Red Silver Sunny White"))
    return f"{first} {rng.choice(listed('Bridge Cloud Door Garden Hill Lake Leaf Lion River Star Stone Tree'))}"


def _address(rng: random.Random) -> str:
    return f"{rng.randint(1, 99)} {rng.choice(ENGLISH_STREETS)}"


def _time(rng: random.Random) -> str:
    return clock(rng, 8, 19)


def _amount(rng: random.Random) -> int:
    return rng.randint(2, 99) * rng.choice((1, 5, 10, 100))


def _number(rng: random.Random) -> str:
    return str(rng.randint(100, 9999))


def _count(rng: random.Random) -> int:
    return rng.randint(2, 60)


_PHONE = entry("phone", _phone, "My phone is {}.|Phone: {}.|You can call me at {}.|The number to call is {}.")
_EMAIL = entry("email", _email, "My email is {}.|Email: {}.|Write to {}.|Send the papers to {}.")
_CITY = entry("city", chosen(*ENGLISH_CITIES), "I live in {}.|City: {}.|I am writing from {}.|We are in {}.")

PAPERS = (
    Paper(
        "order",
        ("Hello!", "Good morning!", "Dear shop!", "A new order.", ""),
        (
            entry("name", _person, "My name is {}.|This is {} writing.|{} is my name.|Name: {}."),
            entry("item", chosen(*ENGLISH_THINGS), "I want to order this: {}.|Item: {}.|The thing I need is a {}."),
            entry("count", _count, "How many: {}.|I need {} of them.|Please send {} pieces."),
            entry("city", chosen(*ENGLISH_CITIES), "Please send it to {}.|City: {}.|I live in {}."),
            entry("date", english_date, "I need it by {}.|The date is {}.|Please bring it on {}."),
            entry("amount", _amount, "I can pay {} dollars.|The price is {} dollars.|Total: ${}."),
            _PHONE,
        ),
    ),
    Paper(
        "invoice",
        ("Invoice.", "A bill for you.", "Dear customer!", ""),
        (
            entry("number", _number, "Invoice number {}.|The number of the bill is {}.|Bill no. {}."),
            entry("company", _company, "From: {}.|The seller is {}.|The bill is from {}."),
            entry("payer", _person, "Payer: {}.|The payer is {}.|To be paid by {}."),
            entry("amount", _amount, "Total: {} dollars.|Please pay ${}.|The sum is {} dollars."),
            entry("date", english_date, "Pay before {}.|Due date: {}.|The last day to pay is {}."),
            entry("email", _email, "Questions: {}.|Email: {}.|Write to {}."),
        ),
    ),
    Paper(
        "appointment",
        ("Clinic.", "A visit to the clinic.", "Good afternoon!", ""),
        (
            entry("patient", _person, "Patient: {}.|The patient is {}.|We are waiting for {}."),
            entry("doctor", _doctor, "Your doctor is {}.|You will see {}.|The visit is to {}."),
            entry("date", english_date, "Come on {}.|Date: {}.|The visit is on {}."),
            entry("time", _time, "Come at {}.|Time: {}.|It starts at {}."),
            entry("room", _count, "Room {}.|Go to room {}.|The room is number {}."),
            entry("phone", _phone, "Phone: {}.|Call us at {}.|The clinic's number is {}."),
        ),
    ),
    Paper(
        "contact",
        ("Hello!", "A new client.", "My card.", ""),
        (
            entry("name", _person, "I am {}.|Name: {}.|My name is {}."),
            entry(
                "job",
                chosen(*listed("lawyer cook driver designer teacher gardener translator baker painter nurse clerk")),
                "I work as a {}.|Job: {}.|By profession I am a {}.",
            ),
            entry("company", _company, "My company is {}.|Company: {}.|I work at {}."),
            _CITY,
            _PHONE,
            _EMAIL,
        ),
    ),
    Paper(
        "delivery",
        ("Delivery note.", "Your parcel is on the way.", "Hello!", ""),
        (
            entry("number", _number, "Parcel number {}.|The parcel has number {}.|Parcel no. {}."),
            entry("name", _person, "For: {}.|The parcel is for {}.|The parcel goes to {}."),
            entry("address", _address, "Address: {}.|We bring it to {}.|Deliver to {}."),
            entry("date", english_date, "It comes on {}.|Date: {}.|Wait for it on {}."),
            entry("weight", _count, "It weighs {} pounds.|Weight: {} pounds."),
            entry("phone", _phone, "The driver's phone is {}.|Phone: {}.|Call the driver at {}."),
        ),
    ),
    Paper(
        "booking",
        ("Hotel booking.", "Dear hotel!", "Good evening!", ""),
        (
            entry("guest", _person, "Guest: {}.|The guest is {}.|My name is {}."),
            entry("city", chosen(*ENGLISH_CITIES), "The hotel is in {}.|City: {}.|We are going to {}."),
            entry("date", english_date, "We come on {}.|Date: {}.|From {}."),
            entry("nights", _count, "We stay {} nights.|Nights: {}.|The room is for {} nights."),
            entry("price", _amount, "The price is {} dollars.|We pay {} dollars.|Price: ${}."),
            _EMAIL,
        ),
    ),
    Paper(
        "event",
        ("Welcome!", "An invitation.", "Dear friends!", ""),
        (
            entry(
                "event",
                chosen(*listed("concert show lecture play fair tour quiz seminar meeting festival")),
                "You are invited to a {}.|Event: {}.|We are having a {}.",
            ),
            entry("host", _person, "The host is {}.|It is led by {}.|Host: {}."),
            entry("city", chosen(*ENGLISH_CITIES), "It is in {}.|City: {}.|We meet in {}."),
            entry("date", english_date, "It is on {}.|Date: {}.|Come on {}."),
            entry("time", _time, "It starts at {}.|Time: {}.|The doors open at {}."),
            entry("price", _amount, "A ticket costs {} dollars.|Ticket: ${}.|The price is {} dollars."),
        ),
    ),
    Paper(
        "loan",
        ("To the bank.", "A request for a loan.", "Good morning!", ""),
        (
            entry("client", _person, "Client: {}.|I am {}.|The client is {}."),
            entry("amount", _amount, "I ask for {} dollars.|Sum: {} dollars.|I need ${}."),
            entry("months", _count, "For {} months.|Term: {} months.|I will pay it back in {} months."),
            _CITY,
            entry("contract", _number, "Contract number {}.|My contract is number {}.|Contract: {}."),
            _PHONE,
        ),
    ),
)
