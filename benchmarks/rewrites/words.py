"""Words and multiple choice written in several ways, and damaged."""

from __future__ import annotations

from benchmarks.rewrites.case import Case, Rng


def words(rng: Rng) -> Case:
    names = rng.sample(["east", "ellipse", "even", "Navin", "hyperbola", "north west", "tuesday"], 2)
    equal = [names[0].title(), f"\\text{{{names[0]}}}", f"{names[0]}.", f"the {names[0]}", f"**{names[0]}**"]
    return Case(f"\\text{{{names[0]}}}", equal, [names[1], f"not {names[0]}"])


def choices(rng: Rng) -> Case:
    values = rng.sample(range(10, 90), 4)
    at = rng.randrange(4)
    letter, other = "ABCD"[at], "ABCD"[(at + 1) % 4]
    question = "Which one? " + " ".join(f"({name}) {value}" for name, value in zip("ABCD", values, strict=True))
    equal = [f"({letter})", f"\\text{{({letter})}}", f"{letter}.", f"{letter}) {values[at]}", str(values[at])]
    return Case(letter, equal, [other, f"({other})", str(values[(at + 1) % 4]), f"{letter} or {other}"], question)
