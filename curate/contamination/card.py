"""How much of an eval set the stage would find: every item injected into a row in eight ways, and looked for.

Each row holds one item and nothing of the others; an item counts as found when a hit names it (or, for items that a
set holds twice, names its twin). A class is counted too: "found" as template-only is a report, not a removal.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from buckets import Problem, digest, frame_of, row_of
from curate.contamination.hits import hits
from curate.contamination.index import EvalIndex
from curate.contamination.transforms import TRANSFORMS, Made, code_alone
from verifiers import wilson

BATCH = 5_000
MISSED = 10
"""Items listed by id for each transform; the count is of all."""


def card(
    problems: Sequence[Problem],
    index: EvalIndex,
    seed: int = 1,
    most: int | None = None,
    notify: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """Per eval set and transform: n, found, dropped, recall with its 95% Wilson interval, and the first items missed.

    `most` limits the items of a set to a sample drawn by the seed.
    """
    sets: dict[str, list[Problem]] = {}
    for problem in problems:
        sets.setdefault(problem.set or "items", []).append(problem)
    twins = _twins(problems)
    found: dict[str, Any] = {}
    for done, (name, items) in enumerate(sets.items()):
        notify("card", done, len(sets))
        drawn = items if most is None or len(items) <= most else _sample(items, most, seed)
        found[name] = {
            "items": len(items),
            "sampled": len(drawn),
            "under_13_words": sum(len(" ".join(p.turns).split()) < 13 for p in drawn),
            "transforms": {how: _measure(drawn, index, how, seed, twins, make) for how, make in TRANSFORMS.items()},
        }
        found[name]["not_detectable"] = _blind(items, index, found[name]["transforms"])
    notify("card", len(sets), len(sets))
    return {"seed": seed, "sets": found}


def _sample(items: Sequence[Problem], most: int, seed: int) -> list[Problem]:
    ordered = sorted(items, key=lambda p: digest([str(seed), p.key]))
    return sorted(ordered[:most], key=lambda p: p.key)


def code_alone_line(problems: Sequence[Problem], index: EvalIndex, seed: int) -> dict[str, Any] | str:
    """The same measure for reference solutions under other names and without their questions: the tree alone."""
    return _measure(problems, index, "code alone", seed, _twins(problems), code_alone)


def _measure(
    items: Sequence[Problem],
    index: EvalIndex,
    how: str,
    seed: int,
    twins: dict[str, frozenset[str]],
    transform: Callable[[Problem, random.Random], Made],
) -> dict[str, Any] | str:
    classes: Counter[str] = Counter()
    missed: list[str] = []
    n = 0
    for start in range(0, len(items), BATCH):
        part = items[start : start + BATCH]
        drafts = [transform(p, random.Random(f"{seed} {how} {p.key}")) for p in part]
        made = [(p, draft) for p, draft in zip(part, drafts, strict=True) if draft is not None]
        rows = [
            row_of(draft, source="card", path="card", file="card", row=at, format="card")
            for at, (_, draft) in enumerate(made)
        ]
        frame = frame_of(rows)
        by_row: dict[str, list[tuple[str, str]]] = {}
        for id, item, kind in hits(frame, index).select("id", "item", "class").iter_rows():
            by_row.setdefault(id, []).append((item, kind))
        for id, (problem, _) in zip(frame["id"], made, strict=True):
            n += 1
            kind = next((kind for item, kind in by_row.get(id, ()) if item in twins[problem.key]), None)
            if kind is None:
                missed.append(problem.key)
            else:
                classes[kind] += 1
    if not n:
        return "does not apply"
    hit = sum(classes.values())
    dropped = classes["verbatim"] + classes["near"]
    return {
        "n": n,
        "found": hit,
        "recall": round(hit / n, 5),
        "interval": [round(edge, 5) for edge in wilson(hit, n)],
        "dropped": dropped,
        "classes": {name: classes[name] for name in ("verbatim", "near", "template-only")},
        "missed": len(missed),
        "missed_first": missed[:MISSED],
    }


def _twins(problems: Sequence[Problem]) -> dict[str, frozenset[str]]:
    """Key -> keys of the problems with the same turns."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for problem in problems:
        groups.setdefault(tuple(" ".join(turn.lower().split()) for turn in problem.turns), []).append(problem.key)
    return {key: frozenset(keys) for keys in groups.values() for key in keys}


def _blind(items: Sequence[Problem], index: EvalIndex, measured: dict[str, Any]) -> dict[str, str]:
    """Items that not even a verbatim or wrapped copy shows, or that only a whole turn can: id -> why."""
    reasons = {key: why for key, why in index.blind.items() if key in {problem.key for problem in items}}
    for how in ("verbatim", "prefix/suffix wrap"):
        line = measured[how]
        for key in line["missed_first"] if isinstance(line, dict) else ():
            reasons.setdefault(key, f"not found under the transform {how!r}")
    return dict(sorted(reasons.items()))


def card_text(found: dict[str, Any]) -> str:
    """The card as lines for a terminal."""
    lines = []
    for name, part in found["sets"].items():
        sampled = "" if part["sampled"] == part["items"] else f" ({part['sampled']:,} sampled)"
        lines.append(f"{name}: {part['items']:,} items{sampled}, {part['under_13_words']:,} under 13 words")
        for how, line in part["transforms"].items():
            if isinstance(line, str):
                lines.append(f"  {how:<25} {line}")
                continue
            low, high = line["interval"]
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in line["classes"].items() if count)
            lines.append(
                f"  {how:<25} {line['found']:>6,} of {line['n']:>6,}  {line['recall']:>7.2%} "
                f"[{low:.1%}, {high:.1%}]  {kinds or 'none'}"
            )
        for key, why in list(part["not_detectable"].items())[:MISSED]:
            lines.append(f"  cannot be detected: {key}: {why}")
        more = len(part["not_detectable"]) - MISSED
        if more > 0:
            lines.append(f"  ... and {more:,} more; --json lists all")
    return "\n".join(lines)
