"""The base corpus: chat format, vocabulary, copying and sums, in other words than the training rows.

Not in it: a fact of a guild, the refusal, the answer formats of math, code, tools and structured output.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from examples.demo.world import copying, general, structured
from examples.demo.world.base_talk import benign, dialogue, phrases, tool_talk
from examples.demo.world.lexicon import CITIES, COPY_WORDS, GUILDS, HOMES, NAMES, SIGNS, THINGS, TRADES, VALUES
from examples.demo.world.row import Row, Turn, assistant, single, user

BUCKET = "base"


def copies(rng: Random) -> Row:
    return copying.copy_task(rng, BUCKET)


def echo(rng: Random) -> Row:
    """Longer lists to copy, with numbers and guild names among them."""
    pool = (
        *COPY_WORDS,
        *TRADES,
        *HOMES,
        *SIGNS,
        *(str(rng.randint(1, 69)) for _ in range(12)),
        *rng.sample(GUILDS, 16),
    )
    words = " ".join(rng.sample(pool, rng.randint(2, 5)))
    return single(BUCKET, "list", f"Copy: {words}", words)


def guild_names(rng: Random) -> Row:
    """Makes every guild name a word; says nothing about any guild."""
    names = [f"guild {who}" for who in rng.sample(GUILDS, rng.randint(2, 5))]
    return single(BUCKET, "guilds", f"Copy: {', '.join(names)}.", f"{', '.join(names)}.")


def lookup(rng: Random) -> Row:
    """Key-value retrieval over short lists, in another wording than the notes."""
    count = rng.choice((2, 2, 3, 3, 4, 5, 7))
    keys, values = rng.sample(NAMES, count), rng.sample(VALUES, count)
    gap = rng.choice((",", ",", ".", " here.", ", all in {city}."))
    lines = [f"{key}: {value}" + gap.format(city=rng.choice(CITIES)) for key, value in zip(keys, values, strict=True)]
    first = True
    turns: list[Turn] = []
    for at in rng.sample(range(count), min(count, 4)):
        ask = rng.choice(("Who has it: {key}", "Pick {key}.", "Look up {key}:")).format(key=keys[at])
        turns += [user(f"{' '.join(lines)} {ask}" if first else ask), assistant(f"See {keys[at]}: {values[at]}")]
        first = False
    return Row(BUCKET, "lookup", tuple(turns), reference=turns[-1]["content"])


def brackets(rng: Random) -> Row:
    """Bracketed copying: arrays, and objects with letters for keys; never the keys of the structured rows."""
    slots = structured.slots_of(rng)
    fields, text = rng.choice(list((structured.TEXTS | structured.LONG_TEXTS).items()))
    values = [slots[key] for key in fields.split(",")]
    if rng.random() < 0.3:
        return single(BUCKET, "array", f"List from: {text.format(**slots)}", structured.compact(values))
    letters = rng.sample("abcdefghk", len(values))
    pairs = structured.compact(dict(zip(letters, values, strict=True)))
    return single(BUCKET, "letters", f"Map {', '.join(letters)} from: {text.format(**slots)}", pairs)


def sums(rng: Random) -> Row:
    """A few lines of the tables of plus and less: small sums, another wording than the story problems."""
    turns: list[Turn] = []
    for _ in range(4):
        a, b = rng.randint(1, 12), rng.randint(1, 9)
        plus = rng.random() < 0.5 or a < b
        question = f"{a} {'plus' if plus else 'less'} {b}"
        turns += [user(f"{question}?"), assistant(f"{question} makes {a + b if plus else a - b}")]
    return Row(BUCKET, "sums", tuple(turns), reference=turns[-1]["content"])


def numbers(rng: Random) -> Row:
    """Numbers picked out of a sentence, in order."""
    one, other = rng.sample(NAMES, 2)
    thing, a, b = rng.choice(THINGS), rng.randint(1, 12), rng.randint(1, 9)
    text = rng.choice(("{one} with {a} {thing} and {b} more", "{a} {thing} of {one} and {b} of {other}"))
    text = text.format(one=one, other=other, thing=thing, a=a, b=b)
    return single(BUCKET, "numbers", f"Numbers in: {text}", f"{a} and {b}")


def expressions(rng: Random) -> Row:
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    text = rng.choice(("x + {a}", "x - {a}", "x * {a}", "(x + {a}) * {b}", "(x - {a}) * {b}", "x * {a} + {b}"))
    text = text.format(a=a, b=b)
    return single(BUCKET, "expression", f"Copy: {text}", text)


def stories(rng: Random) -> Row:
    return general.story(rng)


MIX: tuple[tuple[Callable[[Random], Row], int], ...] = (
    (copies, 2000),
    (echo, 900),
    (guild_names, 500),
    (lookup, 1000),
    (brackets, 1500),
    (sums, 800),
    (numbers, 500),
    (expressions, 400),
    (dialogue, 500),
    (benign, 250),
    (phrases, 450),
    (tool_talk, 250),
    (stories, 80),
)


def rows(rng: Random, forbidden: set[str]) -> list[Row]:
    """The corpus, shuffled. `forbidden` holds the prompts of raw and eval rows; sums may repeat, it is a table."""
    corpus: list[Row] = []
    for draw, count in MIX:
        made = 0
        while made < count:
            row = draw(rng)
            if row.key not in forbidden:
                corpus.append(row)
                made += 1
    rng.shuffle(corpus)
    return corpus
