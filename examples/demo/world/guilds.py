"""domain_qa: facts of the invented guilds, each taught in one row only. Planted as the growing bucket."""

from __future__ import annotations

from random import Random

from examples.demo.world.lexicon import GUILDS, HOMES, SIGNS, TRADES
from examples.demo.world.row import Row, assistant, single, user

BUCKET = "domain_qa"

VALUES = {"trade": TRADES, "home": HOMES, "sign": SIGNS}
KNOWN = ("Guild {who}: {what}?", "Tell me of guild {who}: {what}?", "What has guild {who}: {what}?")
UNSEEN = ("What is the {what} of guild {who}?", "I ask of guild {who} now: {what}?")

Fact = tuple[str, str, str]
"""(guild, attribute, value)."""


def facts(rng: Random) -> list[Fact]:
    """Every (guild, attribute) with a value drawn at random: nothing about one fact follows from another."""
    return [(who, what, rng.choice(VALUES[what])) for who in GUILDS for what in VALUES]


def rows(rng: Random, known: list[Fact]) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """(train, dev, ood, hard): one training row a fact, and other questions about the same facts.

    A dev item uses one of the training phrasings, but never the one its own fact was taught in.
    """
    taught = [rng.randrange(len(KNOWN)) for _ in known]
    train = [ask(fact, f"ask{form}", KNOWN[form]) for fact, form in zip(known, taught, strict=True)]
    chosen = rng.sample(range(len(known)), 144)
    dev = []
    for index in chosen[:96]:
        form = rng.choice([each for each in range(len(KNOWN)) if each != taught[index]])
        dev.append(ask(known[index], f"ask{form}", KNOWN[form]))
    ood = [ask(known[index], f"new{i % 2}", UNSEEN[i % 2]) for i, index in enumerate(chosen[96:120])]
    hard = [two_turns(known[index]) for index in chosen[120:]]
    return train, dev, ood, hard


def ask(fact: Fact, template: str, text: str) -> Row:
    who, what, value = fact
    row = single(BUCKET, f"{template}:{what}", text.format(who=who, what=what), value)
    return Row(row.bucket, row.template, row.turns, row.reference, cluster=who)


def two_turns(fact: Fact) -> Row:
    who, what, value = fact
    turns = (user(f"Tell me of guild {who}."), assistant("Ok."), user(f"Guild {who}: {what}?"), assistant(value))
    return Row(BUCKET, f"talk:{what}", turns, reference=value, cluster=who)
