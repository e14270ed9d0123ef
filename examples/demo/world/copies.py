"""Faults that repeat something: exact copies, near copies, template twins and leaked eval prompts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from examples.demo.world import arithmetic, calls, functions
from examples.demo.world.files import FILES, fitting
from examples.demo.world.planted import Planted
from examples.demo.world.row import Draw, Row, Turn, holds, is_new

NEAR = 0.8
"""Word 5-gram Jaccard from which a changed copy counts as a near duplicate."""

SWAPS = {
    "old": "big", "day": "week", "friend": "man", "big": "old", "door": "gate", "gate": "door",
    "good": "fine", "sells": "has", "left": "put", "seen": "found", "kept": "held",
}  # fmt: skip
TWINNED: dict[str, Draw] = {module.BUCKET: module.draw for module in (arithmetic, calls, functions)}


def text_of(row: Row) -> str:
    return " ".join(str(turn["content"]) for turn in row.turns)


def shingles(text: str, size: int = 5) -> frozenset[tuple[str, ...]]:
    """Word n-grams, lower case, punctuation apart."""
    words = re.findall(r"\w+", text.lower())
    return frozenset(tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def jaccard(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b) if a or b else 0.0


def alike(one: Row, other: Row) -> float:
    """The least Jaccard of the whole talk, of what was asked and of what was answered."""
    parts = [jaccard(text_of(one), text_of(other))]
    for role in ("user", "assistant"):
        a, b = (" ".join(str(t["content"]) for t in row.turns if t["role"] == role) for row in (one, other))
        parts.append(1.0 if a == b else jaccard(a, b))
    return min(parts)


def exact(rng: Random, clean: Sequence[Planted], count: int) -> list[Planted]:
    """The same conversation once more, in a file of another format wherever the bucket has two."""
    copies = []
    for original in rng.sample(list(clean), count):
        others = [f for f in fitting(original.row) if FILES[f].shape != FILES[original.file].shape]
        file = rng.choice(others) if others else original.file
        copies.append(Planted(original.row, file, "exact_duplicate", of=original))
    return copies


def near(rng: Random, clean: Sequence[Planted], count: int) -> list[Planted]:
    """One or two words changed; question and answer each keep a Jaccard of at least NEAR."""
    copies: list[Planted] = []
    long = [each for each in clean if len(shingles(text_of(each.row))) > 45]
    for original in rng.sample(long, len(long)):
        changed = swap_words(rng, original.row, rng.choice((1, 1, 2)))
        if changed and len(copies) < count and alike(original.row, changed) >= NEAR:
            copies.append(Planted(changed, rng.choice(fitting(changed)), "near_duplicate", of=original))
    if len(copies) < count:
        raise ValueError("too few long rows to copy")
    return copies


def swap_words(rng: Random, row: Row, count: int) -> Row | None:
    """Changes `count` filler words in the longest turn."""
    at = max(range(len(row.turns)), key=lambda i: len(row.turns[i]["content"]))
    words = str(row.turns[at]["content"]).split(" ")
    places = [i for i, word in enumerate(words) if word in SWAPS]
    if len(places) < count:
        return None
    for place in rng.sample(places, count):
        words[place] = SWAPS[words[place]]
    turns = list(row.turns)
    turns[at] = {**turns[at], "content": " ".join(words)}
    reference = turns[at]["content"] if at == len(turns) - 1 else row.reference
    return replace(row, turns=tuple(turns), reference=reference)


def twins(rng: Random, clean: Sequence[Planted], count: int, seen: set[str]) -> list[Planted]:
    """The same template with other numbers: right, new, and to be kept."""
    made: list[Planted] = []
    templated = [each for each in clean if each.row.bucket in TWINNED]
    for original in rng.sample(templated, len(templated)):
        other = twin(rng, original.row, seen) if len(made) < count else None
        if other is not None:
            made.append(Planted(other, original.file, "template_twin", of=original))
    if len(made) < count:
        raise ValueError("too few templated rows to twin")
    return made


def twin(rng: Random, row: Row, seen: set[str]) -> Row | None:
    """Another draw of the row's template, or None where all its numbers are used up."""
    skeleton = bare(row)
    for _ in range(3000):
        other = TWINNED[row.bucket](rng, "train")
        if (
            other.template == row.template
            and bare(other) == skeleton
            and is_new(other, seen)
            and not holds(other, seen)
        ):
            seen.add(other.key)
            return other
    return None


def bare(row: Row) -> tuple[int, int]:
    """What a twin shares besides its template: the number of turns and of tools."""
    return len(row.turns), len(row.tools)


def leaked(rng: Random, items: Mapping[str, Row], count: int) -> list[Planted]:
    """Eval prompts in the training files: every second long one wrapped in small talk, the rest verbatim."""
    sayable = sorted(item for item, row in items.items() if fitting(row))
    leaks: list[Planted] = []
    long = 0
    for item in rng.sample(sayable, count):
        row = items[item]
        last = len(row.prompt) - 1
        question = str(row.turns[last]["content"])
        if len(question.split()) >= 8:
            long += 1
            if long % 2:
                turns: list[Turn] = list(row.turns)
                turns[last] = {**turns[last], "content": f"Please help. {question} Thank you."}
                row = replace(row, turns=tuple(turns))
        leaks.append(Planted(row, rng.choice(fitting(row)), "contaminated", item=item))
    return leaks
