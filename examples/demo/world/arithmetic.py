"""math_reasoning: one- and two-step word problems with worked answers."""

from __future__ import annotations

from random import Random

from examples.demo.world.lexicon import NAMES, PETS, THINGS
from examples.demo.world.row import Part, Row, single

BUCKET = "math_reasoning"

KNOWN = {
    "gain": ("{n} has {a} {t} and gets {b} more. How many {t}?", "+"),
    "lose": ("{n} had {a} {t} and lost {b}. How many {t} are left?", "-"),
    "both": ("{n} has {a} {t} and {m} has {b}. How many {t} in all?", "+"),
    "give": ("{n} had {a} {t} and gave {m} {b}. How many {t} are left?", "-"),
}
UNSEEN = {
    "box": ("A box holds {a} {t}. {n} puts {b} more in. How many {t}?", "+"),
    "farm": ("A farm has {a} {p}. {n} gets it {b} more. How many {p}?", "+"),
    "drop": ("{n} drops {b} of {a} {t}. How many {t} are left?", "-"),
    "eat": ("Out of {a} {t}, {n} lost {b}. How many {t} are left?", "-"),
}
TWO_STEPS = {
    "gain-lose": ("{n} has {a} {t}, gets {b} more and lost {c}. How many {t} are left?", "+-"),
    "lose-gain": ("{n} had {a} {t}, lost {b} and gets {c} more. How many {t} now?", "-+"),
    "gain-gain": ("{n} has {a} {t}, gets {b} more and finds {c}. How many {t} in all?", "++"),
}


def draw(rng: Random, part: Part) -> Row:
    """Numbers held out for evaluation never meet in training: see `held_out`."""
    stories = UNSEEN if part == "ood" else TWO_STEPS if part == "hard" else KNOWN
    if part == "train" and rng.random() < 0.1:
        stories = TWO_STEPS
    template = rng.choice(list(stories))
    text, signs = stories[template]
    while True:
        a, b, c = rng.randint(6 if part == "hard" else 3, 9), rng.randint(2, 6), rng.randint(2, 5)
        if held_out(a, b) == (part != "train") and min(steps(a, signs, (b, c))) > 0:
            break
    n, m = rng.sample(NAMES, 2)
    question = text.format(n=n, m=m, a=a, b=b, c=c, t=rng.choice(THINGS), p=rng.choice(PETS) + "s")
    return single(BUCKET, template, question, *worked(a, signs, (b, c)))


def held_out(a: int, b: int) -> bool:
    """A fifth of all number pairs is kept for evaluation."""
    return (3 * a + 7 * b) % 5 == 0


def steps(start: int, signs: str, numbers: tuple[int, ...]) -> list[int]:
    """The running value after each step."""
    values = [start]
    for sign, number in zip(signs, numbers, strict=False):
        values.append(values[-1] + number if sign == "+" else values[-1] - number)
    return values


def worked(start: int, signs: str, numbers: tuple[int, ...]) -> tuple[str, str]:
    """The worked answer ("7 + 5 = 12\\n#### 12") and the gold."""
    values = steps(start, signs, numbers)
    lines = [
        f"{before} {sign} {number} = {after}"
        for before, sign, number, after in zip(values, signs, numbers, values[1:], strict=False)
    ]
    return "\n".join([*lines, f"#### {values[-1]}"]), str(values[-1])
