"""Hits of one rule for a reader, in a seeded order: `python -m benchmarks.alarms.draw RULE [--n 200]`.

What is printed is text of the sets; it is for reading, not for the repository.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence

import polars as pl

from benchmarks.alarms.hits import find, read_sets


def drawn(hits: pl.DataFrame, rule: str, n: int) -> Sequence[str]:
    """Up to `n` ids that the rule hits; the same ones whenever the hits are the same."""
    ids = sorted(hits.filter(rule=rule)["id"])
    return random.Random(f"alarms {rule}").sample(ids, min(n, len(ids)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Hits of one rule, to be read and labelled")
    parser.add_argument("rule")
    parser.add_argument("--n", type=int, default=200)
    options = parser.parse_args()
    frame = read_sets()
    picked = drawn(find(frame), options.rule, options.n)
    rows = dict(frame.filter(pl.col("id").is_in(picked)).select("id", "messages").iter_rows())
    for name in picked:
        asked, said = (
            "\n".join(turn["content"] or "" for turn in rows[name] if turn["role"] == role)
            for role in ("user", "assistant")
        )
        print(f"{name}\n  asked: {asked[-600:]!r}\n  said: {said[:300]!r} ... {said[-300:]!r}")


if __name__ == "__main__":
    main()
