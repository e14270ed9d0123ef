"""The second signal: whether two rows whose prompts are near in embedding space also agree in what can be checked.

An embedding cannot tell a paraphrase from another task: "Add two numbers" and "Multiply two numbers" are nearer than
many a paraphrase. A veto comes first (numbers, operators, negations and opposites that differ, other tools); then
one of two signals must hold. Not covered: what only domain knowledge tells apart, and answers that say the same in
other words without a gold answer beside them (those rows stay).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from curate.agree import NEGATIONS, OPPOSITES, TELLING_ANSWER, bare, changes, is_sentence, is_vital, same_answer

Signal = Literal["answer", "lexical"]
SIGNALS: tuple[Signal, ...] = ("answer", "lexical")

COMMON_ANSWER = 16
"""A short answer, or gold answer, that more prompts than this share says nothing about them (yes, B, 0)."""

STOPWORDS = frozenset(
    """a an the this that these those is are was were be been being am do does did done has have had having it its he
    she they them his her their we us our you your i me my of in on at by to for from with as about into over and or
    if then than so such what which who whom whose when where why how can could would will shall should may might must
    there here please give tell show me let explain describe write provide find some any just also following
    的 了 是 在 我 你 他 她 它 们 请 一 个 和 与 吗 呢 吧 把 给""".split()  # noqa: SIM905 - a list of words reads best as words
)
"""Words whose exchange leaves the question as it was; all others are content."""


@dataclass(frozen=True)
class Side:
    """What of a row the second signal looks at."""

    prompt: Sequence[str]
    answer: Sequence[str]
    tools: str | None = None
    gold: str | None = None
    """The reference answer, normalised; null when the row has none."""
    refuses: bool = False
    shared: int = 1
    """Prompts that have this answer."""
    gold_shared: int = 1
    """Prompts that have this gold answer."""


@dataclass(frozen=True)
class Judged:
    """What the second signal says of a pair."""

    signal: Signal | None
    """The signal that holds, when nothing speaks against it."""
    veto: str | None
    """What speaks against it: `numbers`, `negation`, `opposite`, `tools`, or the words that were exchanged."""
    lexical: float
    """Jaccard of the content words of both prompts."""


def judge(one: Side, other: Side, least: float, signals: Sequence[Signal] = SIGNALS) -> Judged:
    """Whether `other` repeats `one`; `least` is the lowest lexical overlap that counts. Symmetric in the two rows."""
    mine, theirs = content(one.prompt), content(other.prompt)
    overlap = len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0
    against = veto(one, other)
    if against is not None:
        return Judged(None, against, overlap)
    swapped = exchanged(mine, theirs)
    if "answer" in signals and _answers_agree(one, other, swapped is not None):
        return Judged("answer", None, overlap)
    if swapped is not None:
        return Judged(None, swapped, overlap)
    if "lexical" in signals and overlap >= least and _no_contrary(one.answer, other.answer, least):
        return Judged("lexical", None, overlap)
    return Judged(None, None, overlap)


def _answers_agree(one: Side, other: Side, swapped: bool) -> bool:
    """The same answer, and one that says something about its question.

    When words of the prompt were exchanged, only a long answer that is the same word for word tells that the
    exchange was a paraphrase, and only where the prompt was put in another way altogether.
    """
    if one.refuses or other.refuses:
        return False
    rare = max(one.shared, other.shared) <= COMMON_ANSWER
    if swapped:
        long = min(len(one.answer), len(other.answer)) >= TELLING_ANSWER
        return rare and long and bare(one.answer) == bare(other.answer) and not _same_template(one.prompt, other.prompt)
    same = same_answer(one.answer, other.answer) and same_answer(other.answer, one.answer)
    return (same and rare) or _same_gold(one, other)


def _same_template(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether nothing but words in the same places differs: "Add two numbers", "Multiply two numbers"."""
    return len(one) == len(other) and all(len(c.left) == len(c.right) for c in changes(bare(one), bare(other)))


def veto(one: Side, other: Side) -> str | None:
    """What makes two prompts different questions however near they are; None when nothing does."""
    if one.tools != other.tools:
        return "tools"
    if _vital(one.prompt) != _vital(other.prompt):
        return "numbers"
    if _negations(one.prompt) != _negations(other.prompt):
        return "negation"
    mine, theirs = set(one.prompt), set(other.prompt)
    if any(frozenset((a, b)) in OPPOSITES for a in mine - theirs for b in theirs - mine):
        return "opposite"
    return None


def content(tokens: Sequence[str]) -> set[str]:
    """The words that carry the question; all of them when there is nothing else."""
    return {token for token in tokens if token not in STOPWORDS} or set(tokens)


def exchanged(mine: set[str], theirs: set[str]) -> str | None:
    """What each side has and the other lacks ("add / multiply"); None when only one side has more words."""
    stems, others = {_stem(word) for word in mine}, {_stem(word) for word in theirs}
    left = [word for word in mine if _stem(word) not in others]
    right = [word for word in theirs if _stem(word) not in stems]
    return " / ".join(sorted((min(left), min(right)))) if left and right else None


def _stem(word: str) -> str:
    """Without the ending of a plural or a verb (number, numbers; reduce, reducing); three letters stay."""
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) >= len(ending) + 3:
            return word[: -len(ending)]
    return word


def _vital(tokens: Sequence[str]) -> Counter[str]:
    return Counter(token for token in tokens if is_vital(token))


def _negations(tokens: Sequence[str]) -> Counter[str]:
    return Counter(token for token in tokens if token in NEGATIONS)


def _same_gold(one: Side, other: Side) -> bool:
    rare = max(one.gold_shared, other.gold_shared) <= COMMON_ANSWER
    return one.gold is not None and one.gold == other.gold and rare


def _no_contrary(one: Sequence[str], other: Sequence[str], least: float) -> bool:
    """Whether two answers overlap and no number, operator, negation or opposite changed between them."""
    a, b = set(bare(one)), set(bare(other))
    if a | b and len(a & b) / len(a | b) < least:
        return False
    return not any(change.turns() for change in changes(one, other) if not is_sentence(change))
