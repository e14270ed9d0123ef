"""The copying tasks of the base corpus: what later training builds on."""

from __future__ import annotations

from random import Random

from examples.demo.world.lexicon import COPY_WORDS
from examples.demo.world.row import Row, single

ASKS = {
    "say": "Say {a} {b}.",
    "repeat": "Repeat the words {a} {b}.",
    "first": "First word of: {a} {b} {c}",
    "only": "Say only {a}.",
    "echo": "Echo {a} {b}.",
    "start": "Start of the list {a} {b} {c}",
}
LONG_ASKS = {"first5": "First word of: {a} {b} {c} {d} {e}", "say3": "Say {a} {b} {c}."}


def copy_task(rng: Random, bucket: str) -> Row:
    asks = LONG_ASKS if rng.random() < 0.25 else ASKS
    template = rng.choice(list(asks))
    a, b, c, d, e = rng.sample(COPY_WORDS, 5)
    one = template in ("only", "first", "first5", "start")
    answer = a if one else f"{a} {b} {c}" if template == "say3" else f"{a} {b}"
    return single(bucket, template, asks[template].format(a=a, b=b, c=c, d=d, e=e), answer)
