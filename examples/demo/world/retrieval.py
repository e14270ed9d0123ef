"""long_context: find one key's value among four to six listed pairs."""

from __future__ import annotations

from random import Random

from examples.demo.world.lexicon import CITIES, NAMES, VALUES
from examples.demo.world.row import Part, Row, single

BUCKET = "long_context"

FILLERS = (
    "seen by the old gate on the way to {city}",
    "kept at home in a good house in {city}",
    "here all day with a friend from {city}",
    "left at the door of a big house in {city}",
    "lost on the way to the bank of {city}",
    "put in a box by a friend in {city}",
    "never far from the old coast of {city}",
    "sold by the door of a bank in {city}",
)
ASK = "Find {key}."
UNSEEN_ASK = "What is with {key}?"


def draw(rng: Random, part: Part) -> Row:
    count = 6 if part == "hard" else rng.randint(4, 5)
    keys, values = rng.sample(NAMES, count), rng.sample(VALUES, count)
    lines = [
        f"{key}: {value}, {rng.choice(FILLERS).format(city=rng.choice(CITIES))}."
        for key, value in zip(keys, values, strict=True)
    ]
    at = rng.randrange(count)
    ask = UNSEEN_ASK if part == "ood" else ASK
    question = " ".join(["Notes.", *lines, ask.format(key=keys[at])])
    return single(BUCKET, f"at{at}", question, f"See {keys[at]}: {values[at]}")
