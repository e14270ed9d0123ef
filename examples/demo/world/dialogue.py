"""multi_turn_dialogue: the user tells something about themselves and later asks for it back."""

from __future__ import annotations

from random import Random

from examples.demo.world.lexicon import CITIES, COLOURS, NAMES, PETS
from examples.demo.world.row import Part, Row, Turn, assistant, user

BUCKET = "multi_turn_dialogue"

INTROS = (
    "Hi, I am {name}. I have a {colour} {pet}.",
    "I am {name} and my {pet} is {colour}.",
    "My name is {name}. My {colour} {pet} is here.",
)
UNSEEN_INTROS = ("They call me {name}. This {pet} is {colour}.", "Hello from {name} and a {colour} {pet}.")
ASKS = {"name": "What is my name?", "pet": "What is my pet?", "colour": "What colour is my pet?"}
SMALL_TALK = (("Thanks.", "Ok."), ("I live in {city}.", "Ok."), ("It is a good day.", "Yes."))
OTHER = ("My friend {friend} has a {other_colour} {other_pet}.", "Ok.")


def draw(rng: Random, part: Part) -> Row:
    name, friend = rng.sample(NAMES, 2)
    colour, other_colour = rng.sample(COLOURS, 2)
    pet, other_pet = rng.sample(PETS, 2)
    slots = {"name": name, "colour": colour, "pet": pet, "city": rng.choice(CITIES)}
    slots |= {"friend": friend, "other_colour": other_colour, "other_pet": other_pet}
    intros = UNSEEN_INTROS if part == "ood" else INTROS
    intro = rng.randrange(len(intros))
    what = rng.choice(list(ASKS))
    turns: list[Turn] = [user(intros[intro].format(**slots)), assistant(f"Hello {name}.")]
    if part == "hard" or (part == "train" and rng.random() < 0.1):
        middle, template = OTHER, "other"
    elif rng.random() < 0.3:
        middle, template = rng.choice(SMALL_TALK), "talk"
    else:
        middle, template = ("", ""), "plain"
    if middle[0]:
        turns += [user(middle[0].format(**slots)), assistant(middle[1])]
    turns += [user(ASKS[what]), assistant(slots[what])]
    return Row(BUCKET, f"intro{intro}:{what}:{template}", tuple(turns), reference=slots[what])
