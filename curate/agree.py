"""Whether two similar rows are the same exchange: what a similarity of sets cannot see.

Decided on the tokens that differ. One number, operator or negation makes another exchange; so does one other
word in a short question. Not covered: paraphrases (they are kept), and what only domain knowledge tells apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

ARTICLES = frozenset(("a", "an", "the"))
NEGATIONS = frozenset(
    """not no never none nor neither nobody nothing without cannot cant dont doesnt didnt isnt arent wasnt werent wont
    wouldnt shouldnt couldnt hasnt havent hadnt except unless nicht kein keine ne pas jamais nunca sin
    不 没 无 非 未 否""".split()  # noqa: SIM905 - a list of words reads best as words
)
OPPOSITES = frozenset(
    frozenset(pair.split("/"))
    for pair in """and/or true/false yes/no all/none all/some all/any every/no every/some any/every some/no
    both/neither
    both/either either/neither min/max minimum/maximum first/last before/after above/below over/under more/less
    more/fewer
    most/least most/fewest many/few greater/smaller greater/less larger/smaller bigger/smaller longer/shorter
    higher/lower high/low upper/lower increase/decrease increases/decreases increased/decreased increasing/decreasing
    ascending/descending rise/fall rises/falls left/right up/down upward/downward in/out into/from to/from on/off
    open/close opened/closed start/stop starts/stops begin/end begins/ends start/end starts/ends add/remove adds/removes
    add/subtract plus/minus sum/product sum/difference multiply/divide even/odd positive/negative right/wrong
    correct/incorrect correct/wrong always/never often/rarely often/seldom usually/rarely buy/sell buys/sells
    bought/sold import/export imports/exports push/pull enable/disable enabled/disabled allow/deny allowed/forbidden
    accept/reject accepts/rejects accepted/rejected include/exclude includes/excludes encrypt/decrypt encode/decode
    inner/outer internal/external old/new young/old hot/cold warm/cold wet/dry early/late earlier/later fast/slow
    faster/slower quickly/slowly strong/weak stronger/weaker hard/easy harder/easier safe/unsafe legal/illegal
    possible/impossible likely/unlikely gain/loss gains/losses profit/loss win/lose wins/loses won/lost success/failure
    succeed/fail succeeds/fails pass/fail passes/fails present/absent male/female man/woman he/she his/her son/daughter
    mother/father north/south east/west morning/evening day/night import/export synchronous/asynchronous
    大/小 多/少 上/下 前/后 是/否 增/减 有/无 对/错 真/假 高/低 快/慢 新/旧 买/卖 早/晚""".split()  # noqa: SIM905
)
"""Pairs of which one word for the other turns a statement round, however long it is."""

_VITAL = re.compile(r"\d|[^\w\s]")
"""Numbers and operators."""

LONG_RUN = 6
"""So many inserted tokens are a sentence more, and not another value in the same sentence."""
SHORT_ANSWER = 12
"""An answer of fewer tokens has none to spare: every word of it counts."""
EDITED = 0.8
"""Least share of tokens, in order, that an edited answer has in common with the first (Indel similarity, 0..1)."""
TELLING_ANSWER = 30
"""An answer of so many tokens belongs to one question; the same one under another wording is the same row."""
LONG_PROMPT = 40
"""In a prompt of so many tokens a single word in the middle is a slip of the pen, not another question."""
ASK = 8
"""Tokens at either end of a long prompt, where the question itself stands: no change is small there."""


@dataclass(frozen=True)
class Exchange:
    """The tokens of both sides of a row; `refuses` when the answer is a refusal, which fits any question."""

    prompt: Sequence[str]
    answer: Sequence[str]
    refuses: bool = False


@dataclass(frozen=True)
class Change:
    """One differing place: what the left text has there, what the right one has (either may be empty)."""

    start: int
    """Place in the left text, in tokens."""
    left: tuple[str, ...]
    right: tuple[str, ...]

    @property
    def is_insertion(self) -> bool:
        return not (self.left and self.right)

    def turns(self) -> bool:
        """Whether a number, an operator or a negation changed, or a word gave way to its opposite."""
        if any(is_vital(token) or token in NEGATIONS for token in self.left + self.right):
            return True
        return any(frozenset((left, right)) in OPPOSITES for left in self.left for right in self.right)


def same_exchange(one: Exchange, other: Exchange) -> bool:
    """Whether a careful person would train on only one of the two (given that they are similar as sets)."""
    if not same_answer(one.answer, other.answer):
        return False
    a, b = bare(one.prompt), bare(other.prompt)
    if a == b:
        return True
    found = list(changes(a, b))
    if any(change.turns() for change in found):
        return False
    if one.answer == other.answer and len(one.answer) >= TELLING_ANSWER and not one.refuses and _overlap(a, b) >= 0.5:
        return True
    last = len(a) - ASK
    return min(len(a), len(b)) >= LONG_PROMPT and all(
        max(len(change.left), len(change.right)) == 1 and ASK <= change.start < last for change in found
    )


def same_answer(left: Sequence[str], right: Sequence[str]) -> bool:
    """Edited, not replaced: no number, operator, negation or opposite changed; short answers word for word."""
    if left == right:
        return True
    if min(len(left), len(right)) < SHORT_ANSWER:
        return bare(left) == bare(right)
    if Indel.normalized_similarity(left, right) < EDITED:
        return False
    return not any(change.turns() for change in changes(left, right) if not is_sentence(change))


def bare(tokens: Sequence[str]) -> list[str]:
    """Without articles; all of them when there is nothing else."""
    return [token for token in tokens if token not in ARTICLES] or list(tokens)


def changes(left: Sequence[str], right: Sequence[str]) -> Iterator[Change]:
    """The differing places of the shortest edit by insertion and deletion, in order; neighbours are one place."""
    start = 0
    a: list[str] = []
    b: list[str] = []
    for code in Indel.opcodes(left, right):
        if code.tag == "equal":
            if a or b:
                yield Change(start, tuple(a), tuple(b))
            start, a, b = code.src_end, [], []
        else:
            a += left[code.src_start : code.src_end]
            b += right[code.dest_start : code.dest_end]
    if a or b:
        yield Change(start, tuple(a), tuple(b))


def is_vital(token: str) -> bool:
    """Whether a token is or holds a number or an operator."""
    return _VITAL.search(token) is not None


def is_sentence(change: Change) -> bool:
    """Whether a change puts in or takes out so many tokens in a row that it is a sentence of its own."""
    return change.is_insertion and len(change.left) + len(change.right) >= LONG_RUN


def _overlap(left: Sequence[str], right: Sequence[str]) -> float:
    a, b = set(left), set(right)
    return len(a & b) / len(a | b)
