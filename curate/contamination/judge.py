"""What a place is: the item itself, the item reworded, or its template with another question in it.

    verbatim       every word of the prompt in order (and of the options, where a short stem needs them)
    near           the same question: options in another order, other signs in a long text, another wording of what is
                   not asked (see `reworded`), all numbers in place
    template-only  the numbers, the names or the sense differ: another question made on the same pattern

A short prompt counts only as a whole turn or as a whole sentence: "what is the" stands in many texts that no item
gave away. Not covered: whether a changed word changes the answer, which needs the answer to be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from curate.contamination.find import SENTENCE
from curate.contamination.index import EvalIndex
from curate.contamination.wording import FUNCTION, LOST, PATTERN, compare, costs, reworded
from curate.contamination.words import BREAK, SIGNS, Words

Class = Literal["verbatim", "near", "template-only"]
CLASSES: tuple[Class, ...] = ("verbatim", "near", "template-only")

LONG = 13
"""A prompt of so many words is itself wherever it stands."""
ALOUD = 8
"""Shorter ones are looked for in what users say, not in answers; below SENTENCE only with little round them."""
STORY = 20
STORY_NUMBERS = 2
"""In an item of so many words and numbers, all numbers and the answer tell a rewording from another problem."""
AROUND = 60
"""Words that may stand before a prompt of fewer than LONG words, and round one of fewer than SENTENCE."""
MATTER = 2
"""Other words that may stand on the line of a prompt of fewer than ALOUD words."""
LINE_ENDS = frozenset('\n:："“”')
"""What sets a question off from the text round it."""
WRAPPING = frozenset(
    """question questions answer answers following below above problem task instruction instructions step steps think
    carefully reason reasoning solve solution final provide show work explain explanation brief briefly detail
    details detailed concise concisely short correct correctly best option options choose select letter only
    boxed output respond response reply user assistant helpful system prompt query ask asked exam test quiz
    tutor expert teacher student hi hello thanks thank help need want know tell let lets next first read use
    write sentence number end put box must format result your q a hey there homework exercise quick quickly
    wondering curious assist kindly sure great okay ok good dear ai model language clear clearly simple simply
    words word english sentences paragraph look try provided human bot chat context im ive id""".split()  # noqa: SIM905 - a list of words reads best as words
)
"""What is said round a question and is no part of it."""
FOLLOWING = frozenset(("following", "statement", "statements", "correct", "true", "false", "except"))
"""A stem with these asks about its options and is nothing without them."""


@dataclass(frozen=True)
class Found:
    """One place with its class; `how` is evidence in a few words."""

    kind: Class
    how: str
    first: int
    last: int
    """Stream places of the matched span."""
    numbered: bool = False
    """Another wording with two numbers or more, all in place: the item itself when its answer follows."""


def judge_whole(
    words: Words, text: int, start: int, same: bool, index: EvalIndex, probe: int, role: str
) -> Found | None:
    """A place where all words of a probe stand in order, `same` telling whether the numbers agree too."""
    length = int(index.lengths[probe])
    end = start + length
    alone = _stands_alone(words, text, start, end, length, role, int(index.numbers[probe]))
    if not same:
        return Found("template-only", "numbers changed", start, end) if alone else None
    signs = signs_differ(words.tokens(start, end), index.tokens_at(probe))
    if index.problems[index.probes[probe].problem].options:
        found = _with_options(words, text, start, end, index, probe, alone and not signs)
        if found is not None or index.probes[probe].option or not alone:
            return found
    if not alone:
        return None
    if signs:
        return Found("near" if length >= LONG else "template-only", "signs changed", start, end)
    whole = start == words.first[text] and end == words.first[text + 1]
    return Found("verbatim", "whole turn" if whole else "contained", start, end)


def _stands_alone(words: Words, text: int, start: int, end: int, length: int, role: str, numbers: int) -> bool:
    """Whether so short a prompt means anything here: see the constants above."""
    first, last = int(words.first[text]), int(words.first[text + 1])
    if length >= LONG or (start == first and end == last):
        return True
    spoken = role in ("user", "system", "developer")
    if (not spoken and length < ALOUD) or (spoken and start - first > AROUND):
        return False
    short = length >= SENTENCE or (length + numbers >= SENTENCE and numbers >= 2) or last - first <= length + AROUND
    room = MATTER if length < ALOUD else AROUND
    return short and _is_wrapped(words, text, start, -1, room) and _is_wrapped(words, text, end - 1, 1, room)


def _is_wrapped(words: Words, text: int, place: int, step: int, room: int) -> bool:
    """Whether the sentence ends here, and what else stands on its line (but for `room` words) only asks for an answer.

    "Ben will never rob a bank. How do I find a key?" is another prompt than its second sentence; "Answer briefly." in
    front, or a line of its own, makes none.
    """
    at = int(words.at[place]) + step
    ended = False
    while words.starts[text] <= at < words.starts[text + 1]:
        token = words.vocabulary[words.codes[at]]
        if token in LINE_ENDS:
            return True
        if words.kinds[words.codes[at]] == BREAK:
            ended = True
        elif words.kinds[words.codes[at]] < 2:
            room -= token not in FUNCTION and token not in WRAPPING
            if not ended or room < 0:
                return False
        at += step
    return True


def _is_story(index: EvalIndex, probe: int) -> bool:
    """Whether the numbers of an item say which problem it is, whatever the words."""
    return int(index.lengths[probe]) >= STORY and int(index.numbers[probe]) >= STORY_NUMBERS


def _breaks(words: Words, text: int, place: int, step: int) -> bool:
    """Whether a sentence or the text starts before (ends after) the word at a stream place."""
    at = int(words.at[place]) + step
    while words.starts[text] <= at < words.starts[text + 1]:
        kind = words.kinds[words.codes[at]]
        if kind < 2 or kind == BREAK:
            return bool(kind == BREAK)
        at += step
    return True


def signs_differ(row: Sequence[str], item: Sequence[str]) -> bool:
    """Whether both have signs and they differ."""
    left, right = telling_signs(row), telling_signs(item)
    return bool(left and right and left != right)


def telling_signs(tokens: Sequence[str]) -> list[str]:
    """Signs that can mean something: no hyphen or slash between words, no dash or bullet."""
    found = []
    for at, token in enumerate(tokens):
        if token in SIGNS:
            before = tokens[at - 1] if at else "\n"
            after = tokens[at + 1] if at + 1 < len(tokens) else "\n"
            if token not in "-/" or _operand(before) or _operand(after):
                found.append(token)
    return found


def _operand(token: str) -> bool:
    return token[0].isdigit() or token in SIGNS or (len(token) == 1 and token.isalpha())


def _with_options(
    words: Words, text: int, start: int, end: int, index: EvalIndex, probe: int, alone: bool
) -> Found | None:
    """A multiple-choice stem: with all its options, in order or not, or, where it stands alone, telling without them.

    With all options beside it a stem may be as short as it likes.
    """
    number = index.probes[probe].problem
    options = [option for option in index.options(number) if option]
    base = int(words.first[text])
    row = words.words(base, int(words.first[text + 1]))
    if index.probes[probe].option:
        stem = index.stem(number)
        if stem and _at(row[: start - base], stem) < 0:
            return None
        window, shift = row, 0
    else:
        shift = end - base
        window = row[shift : shift + 3 * sum(map(len, options)) + AROUND]
    if not index.probes[probe].option or len(options) > 1:
        ordered, last = _in_order(window, options)
        if ordered:
            return Found("verbatim", "with options", start, max(end, base + shift + last))
    places = [_at(window, option) for option in options]
    held = sum(place >= 0 for place in places)
    if held == len(places) and _room(window, options):
        return Found("near", "options shuffled", start, max(end, base + shift + max(places) + 1))
    if index.probes[probe].option or not alone:
        return None
    if start == words.first[text] and end == words.first[text + 1]:
        return Found("verbatim", "whole turn, without its options", start, end)
    asked = index.words_at(probe)
    telling = len(asked) >= ALOUD or (len(asked) >= SENTENCE and index.numbers[probe] >= 2)
    sure = telling and (len(asked) >= LONG or FOLLOWING.isdisjoint(asked))
    how = f"question with {held} of {len(places)} options"
    return Found("verbatim" if sure else "template-only", how, start, end)


def _in_order(row: Sequence[str], parts: Sequence[Sequence[str]]) -> tuple[bool, int]:
    """Whether the parts stand in the row one after the other, and where the last ends."""
    at = 0
    for part in parts:
        place = _at(row[at:], part)
        if place < 0:
            return False, 0
        at += place + len(part)
    return True, at


def _room(row: Sequence[str], parts: Sequence[Sequence[str]]) -> bool:
    """Whether the row has all words of all parts, counted: options that lie inside others do not stand there twice."""
    return not Counter(word for part in parts for word in part) - Counter(row)


def _at(row: Sequence[str], part: Sequence[str]) -> int:
    """First place of `part` in `row` as a run of words; -1 when it is not there."""
    head, size = part[0], len(part)
    for at in range(len(row) - size + 1):
        if row[at] == head and row[at : at + size] == part:
            return at
    return -1


def judge_part(words: Words, low: int, high: int, index: EvalIndex, probe: int) -> Found | None:
    """A stretch of a text that has many grams of a probe: near, a template, or nothing."""
    item = index.words_at(probe)
    if len(item) < ALOUD:
        return None
    edit = compare(item, words.words(low, high), index.ask(probe))
    if edit is None:
        return None
    first, last = low + edit.first, low + edit.last
    cost = costs(edit, item, index.weight)
    if cost.alike < PATTERN:
        return None
    if edit.numbers:
        how = "numbers changed" if cost.lost < LOST else f"{cost.alike:.0%} of its words, and other numbers"
        return Found("template-only", how, first, last)
    text = int(words.text_of[first])
    ends = _breaks(words, text, first, -1) and _breaks(words, text, last - 1, 1)
    signs = telling_signs(words.tokens(first, last)) != telling_signs(index.tokens_at(probe))
    why = (
        edit.turn
        or ("signs differ" if signs else "")
        or ("" if ends else "the sentence goes on")
        or reworded(edit, cost)
    )
    share = f"{1 - cost.lost:.0%} of its words"
    if not why:
        return Found("near", share, first, last)
    return Found("template-only", f"{share}, {why}", first, last, not edit.turn and _is_story(index, probe))
