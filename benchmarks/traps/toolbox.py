"""Tools to declare in tool-call rows: each with its arguments, and requests that call it."""

from __future__ import annotations

import json
import random
from typing import Any

from benchmarks.traps.subjects import CITIES, NAMES, SUBJECTS

_TOOLS = {
    "get_forecast": ("Weather forecast for a city and a day.", {"city": "city name", "day": "weekday"}),
    "book_table": ("Reserve a table in a restaurant.", {"city": "city name", "guests": "how many people"}),
    "find_train": ("Find train connections between cities.", {"city": "destination", "day": "weekday of travel"}),
    "send_mail": ("Send a mail to a known contact.", {"to": "first name", "subject": "subject line"}),
    "set_reminder": ("Remind the user of something.", {"subject": "what to remember", "day": "weekday"}),
    "search_papers": ("Search scientific papers.", {"subject": "search words", "limit": "at most so many results"}),
    "translate_text": ("Translate a text.", {"subject": "text", "language": "target language code"}),
    "convert_money": ("Convert between currencies.", {"limit": "amount", "currency": "target currency code"}),
    "play_music": ("Play music in a room.", {"subject": "mood or title", "room": "room of the house"}),
    "order_food": ("Order food for delivery.", {"subject": "dish", "guests": "how many portions"}),
    "create_ticket": ("Open a support ticket.", {"subject": "summary", "to": "person in charge"}),
    "lookup_contact": ("Look up a person in the address book.", {"to": "first name", "city": "city of residence"}),
}
_VALUES: dict[str, tuple[str | int, ...]] = {
    "city": CITIES,
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "guests": tuple(range(2, 15)),
    "to": NAMES,
    "subject": tuple(SUBJECTS),
    "limit": tuple(range(5, 96)),
    "language": ("de", "fr", "sw", "ja", "pt", "hi"),
    "currency": ("EUR", "JPY", "NGN", "BRL", "CHF", "INR"),
    "room": ("kitchen", "bathroom", "garage", "nursery", "attic"),
}
_ASKED = {
    "get_forecast": "What will the weather be like in {city} on {day}?",
    "book_table": "I need a table in {city} for {guests}.",
    "find_train": "Which trains go to {city} on {day}?",
    "send_mail": "Write to {to} about {subject}, please.",
    "set_reminder": "Don't let me forget {subject} on {day}.",
    "search_papers": "Look for research on {subject}, {limit} results will do.",
    "translate_text": "Put the words {subject} into language {language}.",
    "convert_money": "How much is {limit} dollars in {currency}?",
    "play_music": "Something that fits {subject} in the {room}, please.",
    "order_food": "We are hungry: a dish named after {subject} for {guests} people.",
    "create_ticket": "There is a problem with {subject}; {to} should look at it.",
    "lookup_contact": "Do I have the number of {to} who lives in {city}?",
}


def declared(names: list[str]) -> list[dict[str, Any]]:
    """OpenAI tool declarations of these tools, in this order."""
    return [_declaration(name, *_TOOLS[name]) for name in names]


def _declaration(name: str, description: str, arguments: dict[str, str]) -> dict[str, Any]:
    kinds = {key: "integer" if isinstance(_VALUES[key][0], int) else "string" for key in arguments}
    fields = {key: {"type": kinds[key], "description": text} for key, text in arguments.items()}
    schema = {"type": "object", "properties": fields, "required": sorted(fields)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def some_tools(rng: random.Random, size: int) -> list[str]:
    return rng.sample(sorted(_TOOLS), size)


def request(rng: random.Random, name: str) -> tuple[str, dict[str, str | int]]:
    """What a user says, and the arguments of the call that answers it."""
    arguments = {key: rng.choice(_VALUES[key]) for key in _TOOLS[name][1]}
    return _ASKED[name].format(**arguments), arguments


def call(name: str, arguments: dict[str, str | int]) -> str:
    """The call as the JSON string that a canonical row holds."""
    text = json.dumps(arguments, ensure_ascii=False)
    return json.dumps([{"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}])
