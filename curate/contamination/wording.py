"""How an item and a stretch of a row differ in words, and whether that makes another question of it.

Decided on the words that differ, as for duplicates (`curate/agree.py`), and on where they stand: what is asked stands
in the last sentence. A number, a negation, a variable or an opposite makes another question anywhere; so does any
other content word in what is asked, and in a text of fewer than forty words. Not covered: synonyms. A paraphrase that
exchanges words of the question itself is reported as its template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel, Levenshtein

from curate.agree import NEGATIONS, OPPOSITES
from curate.contamination.words import NUMBER_WORDS

LOST = 0.12
"""Most of an item's words, by rarity, that a near copy may lack."""
ADDED = 0.35
"""Most words that a near copy may have between those of the item, by rarity."""
PATTERN = 0.65
"""Least share of an item's words, by rarity and with numbers counted as equal, to call it the same pattern."""
LONG_ITEM = 40
"""In an item of so many words one of the story may be another; what is asked may not."""
SAME_FORM = 0.75
"""Two spellings of a word (centre, center; lamp, lamps) are so similar (Levenshtein, 0..1)."""
MOVED = 4
"""A run of fewer words that stands elsewhere changes what it is said of."""

FUNCTION = frozenset(
    """a an the this that these those it its he she they we you i his her their our your my me him them us one ones
    is are was were be been being am do does did done has have had having will would can could shall should may might
    must of in on at to from by for with as into onto about over per than then so and or but if when while where who
    whom whose which what why how there here s t also just only very too such please find compute determine calculate
    evaluate give given let suppose consider value many much now some following answer question
    的 了 是 在 有 和 与 这 那 请 吗 呢 个""".split()  # noqa: SIM905 - a list of words reads best as words
)
"""Words that carry no matter of their own, and the verbs that any question may open with."""


@dataclass(frozen=True)
class Edit:
    """From an item to the stretch `first` .. `last` of a row."""

    first: int
    last: int
    gone: tuple[tuple[str, bool], ...]
    """Words of the item that the row lacks; whether they stand in what is asked."""
    new: tuple[tuple[str, bool], ...]
    """Words of the row between those of the item."""
    numbers: bool
    """Whether a number differs or stands in another place."""
    turn: str
    """Why the sense differs, or empty."""


@dataclass(frozen=True)
class Cost:
    """Shares of the item's words by rarity: those gone, those new, and those in common when numbers count as equal."""

    lost: float
    added: float
    alike: float
    words: int


def compare(item: Sequence[str], row: Sequence[str], ask: int) -> Edit | None:
    """The edit from an item to the stretch of the row that is most like it; None when they share no two words."""
    codes = list(Indel.opcodes(item, row))
    equal = [code for code in codes if code.tag == "equal"]
    solid = [code for code in equal if code.src_end - code.src_start >= 2]
    if not solid:
        return None
    first, last = solid[0].dest_start, solid[-1].dest_end
    first = max(0, first - sum(1 for word in item[: solid[0].src_start] if is_number(word)))
    gone: list[tuple[str, int]] = []
    new: list[tuple[str, int]] = []
    runs: list[list[str]] = []
    for code in codes:
        if code.tag == "equal" and code.dest_start >= first and code.dest_end <= last:
            continue
        out = list(item[code.src_start : code.src_end])
        if out:
            runs.append(out)
        gone += [(word, code.src_start + at) for at, word in enumerate(out)]
        within = row[max(code.dest_start, first) : min(code.dest_end, last)]
        new += [(word, code.src_start) for word in within]
    order = [word for word in item if is_number(word)] != [word for word in row[first:last] if is_number(word)]
    return Edit(
        first,
        last,
        tuple((word, at >= ask) for word, at in gone),
        tuple((word, at >= ask) for word, at in new),
        order,
        _turn([word for word, _ in gone], [word for word, _ in new], runs),
    )


def _turn(gone: Sequence[str], new: Sequence[str], runs: Sequence[Sequence[str]]) -> str:
    """Whether a negation, a variable or an opposite differs, or a word or two stands elsewhere."""
    for word in (*gone, *new):
        if word in NEGATIONS:
            return f"{word!r} is in one only"
        if len(word) == 1 and word.isascii() and word not in FUNCTION:
            return f"the variable {word!r} differs"
    for left in dict.fromkeys(gone):
        for right in dict.fromkeys(new):
            if frozenset((left, right)) in OPPOSITES:
                return f"{left!r} against {right!r}"
    there = set(new)
    for run in runs:
        moved = [word for word in run if word in there and word not in FUNCTION]
        if moved and len(run) < MOVED:
            return f"{moved[0]!r} stands elsewhere"
    return ""


def costs(edit: Edit, item: Sequence[str], weight: Callable[[str], float]) -> Cost:
    """What the edit costs; a word that only moved costs nothing."""
    gone, new = Counter(word for word, _ in edit.gone), Counter(word for word, _ in edit.new)
    gone, new = gone - new, new - gone
    total = sum(map(weight, item)) or 1.0
    numbers = sum(weight(word) * n for word, n in gone.items() if is_number(word))
    lost = sum(weight(word) * n for word, n in gone.items() if not is_number(word))
    matched = min(sum(n for w, n in gone.items() if is_number(w)), sum(n for w, n in new.items() if is_number(w)))
    missing = 0.0 if matched else numbers
    added = sum(weight(word) * n for word, n in new.items() if not is_number(word))
    return Cost(lost / total, added / total, 1 - (lost + missing) / total, len(item))


def reworded(edit: Edit, cost: Cost) -> str:
    """Why a stretch with all numbers and no turned sense is another question all the same; empty when it is not."""
    if cost.lost > (LOST if cost.words >= LONG_ITEM else LOST / 2) or cost.added > ADDED:
        return "too many words differ"
    gone = [(word, asked) for word, asked in edit.gone if word not in FUNCTION]
    new = [(word, asked) for word, asked in edit.new if word not in FUNCTION]
    for word, asked in gone:
        if not _has_form(word, [other for other, _ in new]) and (asked or cost.words < LONG_ITEM):
            return f"without {word!r}"
    for word, asked in new:
        if asked and not _has_form(word, [other for other, _ in gone]):
            return f"with {word!r}"
    return ""


def _has_form(word: str, others: Sequence[str]) -> bool:
    return any(Levenshtein.normalized_similarity(word, other) >= SAME_FORM for other in others)


def is_number(word: str) -> bool:
    return word[0].isdigit() or word in NUMBER_WORDS
