"""tool_calls: one call with its arguments copied from the request; some rows go on to a final answer."""

from __future__ import annotations

from random import Random
from typing import Any

from examples.demo.world.lexicon import CITIES, COLOURS, NAMES, THINGS
from examples.demo.world.row import Part, Row, Turn, assistant, user
from examples.demo.world.structured import compact

BUCKET = "tool_calls"

ARGUMENTS: dict[str, dict[str, str]] = {
    "weather": {"city": "string"},
    "alarm": {"hour": "integer"},
    "greet": {"name": "string"},
    "buy": {"count": "integer", "item": "string"},
    "paint": {"item": "string", "colour": "string"},
    "ride": {"city": "string", "hour": "integer"},
}
ASKS: dict[str, tuple[str, ...]] = {
    "weather": ("What is the weather in {city}?", "Weather in {city}, please."),
    "alarm": ("Set an alarm at {hour}.", "Alarm at {hour}, please."),
    "greet": ("Greet {name} for me.", "Please greet {name}."),
    "buy": ("Buy {count} {item}.", "Please buy {count} {item}."),
    "paint": ("Paint the {item} {colour}.", "Please paint the {item} {colour}."),
    "ride": ("Get a ride to {city} at {hour}.", "Ride to {city} at {hour}, please."),
}
UNSEEN_ASKS: dict[str, str] = {
    "weather": "How is the weather now in {city}?",
    "alarm": "I want an alarm at {hour} now.",
    "greet": "Can you greet {name} now?",
    "buy": "I want to buy {count} {item} now.",
    "paint": "Can you paint my {item} {colour}?",
    "ride": "I want a ride to {city} at {hour} now.",
}
ENDS: dict[str, tuple[str, str]] = {
    "weather": ('{{"sky":"{colour}"}}', "The sky in {city} is {colour}."),
    "alarm": ('{{"ok":{hour}}}', "The alarm is at {hour}."),
    "buy": ('{{"ok":{count}}}', "You have {count} {item} now."),
    "ride": ('{{"ok":{hour}}}', "Your ride to {city} is at {hour}."),
}


def draw(rng: Random, part: Part) -> Row:
    two = [name for name, arguments in ARGUMENTS.items() if len(arguments) == 2]
    name = rng.choice(two if part == "hard" else list(ARGUMENTS))
    declared = 3 if part == "hard" else 2 if part != "train" else rng.choice((2, 2, 3))
    others = rng.sample([other for other in ARGUMENTS if other != name], declared - 1)
    tools = [tool(each) for each in [name, *others]]
    rng.shuffle(tools)
    slots = slots_of(rng)
    ask = -1 if part == "ood" else rng.randrange(len(ASKS[name]))
    question = (UNSEEN_ASKS[name] if part == "ood" else ASKS[name][ask]).format(**slots)
    arguments = {key: slots[key] for key in ARGUMENTS[name]}
    turns: list[Turn] = [user(question), call(name, arguments)]
    if part == "train" and name in ENDS and rng.random() < 0.25:
        result, end = ENDS[name]
        turns += [result_of(result.format(**slots)), assistant(end.format(**slots))]
    reference = compact([{"name": name, "arguments": arguments}])
    return Row(BUCKET, f"{name}:{ask}", tuple(turns), reference, tools=tuple(tools))


def slots_of(rng: Random) -> dict[str, Any]:
    return {
        "city": rng.choice(CITIES),
        "hour": rng.randint(1, 23),
        "name": rng.choice(NAMES),
        "count": rng.randint(2, 29),
        "item": rng.choice(THINGS),
        "colour": rng.choice(COLOURS),
    }


def tool(name: str) -> dict[str, Any]:
    """A declaration as short as the format allows: it is in every prompt."""
    arguments = ARGUMENTS[name]
    parameters = {
        "type": "object",
        "properties": {key: {"type": kind} for key, kind in arguments.items()},
        "required": list(arguments),
    }
    return {"type": "function", "function": {"name": name, "description": name, "parameters": parameters}}


def call(name: str, arguments: dict[str, Any]) -> Turn:
    function = {"name": name, "arguments": compact(arguments)}
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "call_0", "type": "function", "function": function}],
    }


def result_of(content: str) -> Turn:
    return {"role": "tool", "content": content, "tool_call_id": "call_0"}
