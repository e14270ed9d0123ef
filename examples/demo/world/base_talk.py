"""The base corpus's talk: recall across turns, plain phrases, tool names; other wordings than the training rows."""

from __future__ import annotations

from random import Random

from examples.demo.world import calls, retrieval, safety
from examples.demo.world.lexicon import CITIES, COLOURS, HOMES, NAMES, PETS, SIGNS, THINGS, TRADES
from examples.demo.world.row import Row, assistant, single, user

BUCKET = "base"


def dialogue(rng: Random) -> Row:
    """Hold one or two things over turns."""
    name, colour, pet, thing = rng.choice(NAMES), rng.choice(COLOURS), rng.choice(PETS), rng.choice(THINGS)
    first = rng.choice(
        (
            f"Hold this: {name}, {colour}, {pet}.",
            f"{name} is here with {colour} {thing} and a {pet}.",
            f"This is {name}. The {pet} of {name} is {colour}.",
        )
    )
    turns = [user(first), assistant(f"Hello {name}." if rng.random() < 0.5 else "Ok.")]
    if rng.random() < 0.4:
        turns += [user(rng.choice(("It is a good day.", "Thanks.", f"{rng.choice(CITIES)} is big."))), assistant("Ok.")]
    what, answer = rng.choice((("the name", name), ("the colour", colour), ("the pet", pet)))
    turns += [user(f"Now say {what}."), assistant(answer)]
    return Row(BUCKET, "hold", tuple(turns), reference=answer)


def benign(rng: Random) -> Row:
    """The helpful answers as phrases to repeat, without their questions."""
    answer = rng.choice(list(safety.BENIGN.values()))
    return single(BUCKET, "phrase", f"Copy: {answer}", answer)


def phrases(rng: Random) -> Row:
    """Words of the tasks, so that the tokenizer meets them: questions, acts, the guilds' values."""
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    act = rng.choice((*safety.DENIED, *safety.BENIGN))
    first, second, third = rng.choice(TRADES), rng.choice(HOMES), rng.choice(SIGNS)
    text = rng.choice(
        (
            f"{name} asks how to {act}",
            f"help {name} to {act}",
            f"the trade is {first}",
            f"the home is {second}",
            f"the sign is {third}",
            f"{first} {second} {third}",
            f"how many {thing} are left in all",
            f"{name} has, had, gets, gave, lost, finds and sells {thing}",
            f"make JSON of name, age, city, colour, pet for {name}",
            f"what is the {rng.choice(('trade', 'home', 'sign', 'name'))} of guild",
            "write f(x) to take, add, times, then more",
            rng.choice(retrieval.FILLERS).format(city=rng.choice(CITIES)),
            f"notes, {rng.choice(retrieval.FILLERS).format(city=rng.choice(CITIES))}",
        )
    )
    return single(BUCKET, "phrase", f"Copy: {text}", text)


def tool_talk(rng: Random) -> Row:
    """Declared tools in sight, talked about but never called."""
    names = rng.sample(list(calls.ARGUMENTS), rng.randint(1, 3))
    question, answer = rng.choice(
        (("Name the tools.", " ".join(names)), ("First tool?", names[0]), ("Last tool?", names[-1]))
    )
    row = single(BUCKET, "tools", question, answer)
    return Row(row.bucket, row.template, row.turns, row.reference, tools=tuple(calls.tool(name) for name in names))
