"""code: one-line functions of x from a spoken chain of operations, with assert tests."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from examples.demo.world.row import Part, Row, assistant, user

BUCKET = "code"

Op = tuple[str, int]
WORDS = {"+": "add {n}", "-": "take {n}", "*": "times {n}"}
ASKS = ("Write f(x): {steps}.", "Code f(x) to {steps}.", "Please write f(x): {steps}.")
UNSEEN_ASKS = ("Make a function f of x: {steps}.", "I want f(x) to {steps}.")
IF_ASK = "Write f(x): if x is over {limit}, {yes}, else {no}."


def draw(rng: Random, part: Part) -> Row:
    if part in ("train", "dev") and rng.random() < 0.2:
        return branch(rng)
    length = 3 if part == "hard" or (part == "train" and rng.random() < 0.15) else rng.choice((1, 2, 2))
    ops = [an_op(rng) for _ in range(length)]
    asks = UNSEEN_ASKS if part == "ood" else ASKS
    ask = rng.randrange(len(asks))
    question = asks[ask].format(steps=", then ".join(WORDS[sign].format(n=n) for sign, n in ops))
    return row(f"ask{ask}:{''.join(sign for sign, _ in ops)}", question, expression(ops), lambda x: run(ops, x))


def branch(rng: Random) -> Row:
    limit, yes, no = rng.randint(2, 9), an_op(rng), an_op(rng)
    question = IF_ASK.format(limit=limit, yes=WORDS[yes[0]].format(n=yes[1]), no=WORDS[no[0]].format(n=no[1]))
    text = f"{expression([yes])} if x > {limit} else {expression([no])}"
    return row(f"if:{yes[0]}{no[0]}", question, text, lambda x: run([yes if x > limit else no], x))


def an_op(rng: Random) -> Op:
    return rng.choice("+-*"), rng.randint(2, 9)


def expression(ops: list[Op]) -> str:
    """The chain as Python, with brackets only where a product follows a sum."""
    text, is_sum = "x", False
    for sign, number in ops:
        if sign == "*" and is_sum:
            text = f"({text})"
        text, is_sum = f"{text} {sign} {number}", sign != "*"
    return text


def run(ops: list[Op], x: int) -> int:
    for sign, number in ops:
        x = x + number if sign == "+" else x - number if sign == "-" else x * number
    return x


def body(text: str) -> str:
    return f"def f(x):\n    return {text}"


def row(template: str, question: str, text: str, function: Callable[[int], int]) -> Row:
    answer = body(text)
    tests = tuple(f"assert f({x}) == {function(x)}" for x in (1, 4, 11))
    return Row(BUCKET, template, (user(question), assistant(answer)), reference=answer, tests=tests)
