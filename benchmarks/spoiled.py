"""Published answers, and the same with one fault of content at a seeded place: what the content rules are for.

The kinds are those of verifiers.rules, and one that no rule can tell for sure: a text cut at any letter. Answers are
the references of GSM8K and MATH-500, which their authors checked; that they are sound in content is taken from there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

Spoil = Callable[[str, str, random.Random], tuple[str, str]]
"""(question, answer) to the same with a fault."""


def _inside(what: str) -> Spoil:
    """A piece of text put between two words of the answer."""

    def spoil(question: str, answer: str, rng: random.Random) -> tuple[str, str]:
        words = answer.split(" ")
        at = rng.randrange(1, max(2, len(words)))
        return question, " ".join([*words[:at], what, *words[at:]])

    return spoil


def _cut(_question: str, answer: str, rng: random.Random) -> str:
    return answer[: rng.randrange(len(answer) // 2, len(answer))]


SPOILS: dict[str, Spoil] = {
    "no answer": lambda q, _a, rng: (q, rng.choice(["", " ", "\n\n", "\t"])),
    "a placeholder": lambda q, _a, rng: (q, rng.choice(["<nooutput>", "N/A", "No output.", "..."])),
    "no question": lambda _q, a, rng: (rng.choice(["", " \n"]), a),
    "a control character": _inside("\x07"),
    "a token of a chat template": _inside("<|im_end|>"),
    "the next instruction": lambda q, a, rng: (q, f"{a}\n{rng.randrange(2, 99)}. Instruction: Name a city in Peru."),
    "an unfilled slot": _inside("{{name}}"),
    "a loop": lambda q, a, rng: (q, a + " " + " ".join(["and so it goes on and on,"] * rng.randrange(40, 80))),
    "cut behind a word of grammar": lambda q, a, rng: (
        q,
        f"{a} {a} Then we see that {rng.choice(['it is the', 'they were of'])}",
    ),
    "an open block of code": lambda q, a, rng: (q, f"{a}\n```python\nprint({rng.randrange(99)}\n"),
    "cut at any letter": lambda q, a, rng: (q, _cut(q, a, rng)),
}


def spoiled(pairs: list[tuple[str, str]], seed: int) -> Iterator[tuple[str, str, str]]:
    """(fault, question, answer): kinds in turn."""
    names = list(SPOILS)
    for at, (question, answer) in enumerate(pairs):
        name = names[at % len(names)]
        yield name, *SPOILS[name](question, answer, random.Random(f"{seed} {at}"))
