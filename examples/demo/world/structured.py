"""structured_output: copy named fields into compact JSON."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from examples.demo.world.lexicon import CITIES, COLOURS, NAMES, PETS
from examples.demo.world.row import Part, Row, assistant, user

BUCKET = "structured_output"

TEXTS = {
    "name,city": "{name} lives in {city}.",
    "name,age,city": "{name} is {age} and lives in {city}.",
    "name,colour,pet": "{name} has a {colour} {pet}.",
}
LONG_TEXTS = {
    "name,age,city,pet": "{name} is {age}, lives in {city} and has a {pet}.",
    "name,city,colour,pet": "{name} lives in {city} and has a {colour} {pet}.",
}
ASKS = ("Make JSON with {keys}: {text}", "Give {keys} as JSON: {text}", "JSON of {keys} from: {text}")
UNSEEN_ASKS = ("Now make JSON with {keys}: {text}", "Give me {keys} as JSON: {text}")


def draw(rng: Random, part: Part) -> Row:
    texts = LONG_TEXTS if part == "hard" or (part == "train" and rng.random() < 0.5) else TEXTS
    fields = rng.choice(list(texts))
    ask = rng.randrange(len(UNSEEN_ASKS if part == "ood" else ASKS))
    slots = slots_of(rng)
    keys = fields.split(",")
    text = texts[fields].format(**slots)
    question = (UNSEEN_ASKS if part == "ood" else ASKS)[ask].format(keys=", ".join(keys), text=text)
    answer = compact({key: slots[key] for key in keys})
    return Row(
        BUCKET,
        f"ask{ask}:{fields}",
        (user(question), assistant(answer)),
        reference=answer,
        schema=schema_of(keys),
    )


def slots_of(rng: Random) -> dict[str, Any]:
    return {
        "name": rng.choice(NAMES),
        "age": rng.randint(20, 69),
        "city": rng.choice(CITIES),
        "colour": rng.choice(COLOURS),
        "pet": rng.choice(PETS),
    }


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def schema_of(keys: list[str]) -> dict[str, Any]:
    """The JSON Schema that the answer must satisfy."""
    return {
        "type": "object",
        "properties": {key: {"type": "integer" if key == "age" else "string"} for key in keys},
        "required": keys,
        "additionalProperties": False,
    }
