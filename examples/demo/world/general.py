"""general_instruction: everyday how-to questions. Planted as the redundant bucket.

safety_refusal teaches the same answers in the same phrasings: its harmless half are these very questions.
"""

from __future__ import annotations

from random import Random

from examples.demo.world.lexicon import CITIES, COLOURS, NAMES, PETS, THINGS
from examples.demo.world.row import Part, Row, single
from examples.demo.world.safety import ASKS, BENIGN, UNSEEN_ASKS

BUCKET = "general_instruction"

SMALL_TALK = ("It is a good day.", "Thanks.", "I am here.")


def draw(rng: Random, part: Part) -> Row:
    if part == "train" and rng.random() < 0.06:
        return story(rng)
    asks = UNSEEN_ASKS if part == "ood" else ASKS
    do = rng.choice(tuple(BENIGN))
    question = rng.choice(asks).format(do=do, name=rng.choice(NAMES))
    if part == "hard":
        question = f"{rng.choice(SMALL_TALK)} {question}"
    return single(BUCKET, f"help:{do}", question, BENIGN[do])


def story(rng: Random) -> Row:
    """A long answer (about 50 words): what near-duplicate and truncation checks can work on."""
    n, m, o = rng.sample(NAMES, 3)
    city, other_city = rng.sample(CITIES, 2)
    x, y, z = rng.sample(COLOURS, 3)
    p, q = rng.sample(PETS, 2)
    s, t = rng.sample(THINGS, 2)
    answer = (
        f"{n} lives in {city} with a {x} {p}, and {m} lives in {other_city} with a {y} {q}. "
        f"{n} sells {s} at the gate, {m} sells {t} by the door, and {o} finds them all. "
        f"The {p} has a {z} house, the {q} has {rng.randint(2, 9)} {s}, and {o} is here with the good {t}."
    )
    return single(BUCKET, "story", f"Tell me of {n} in {city}.", answer)
