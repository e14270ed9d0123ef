"""Assembles the whole world from one seed: clean rows, faults, eval items, base corpus, files."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from examples.demo.world import (
    arithmetic,
    base,
    calls,
    copies,
    damage,
    dialogue,
    functions,
    general,
    guilds,
    retrieval,
    safety,
    structured,
    write,
)
from examples.demo.world.files import FILES, homes
from examples.demo.world.planted import Planted
from examples.demo.world.row import Draw, Part, Row, take

DRAWS: dict[str, Draw] = {
    module.BUCKET: module.draw
    for module in (general, arithmetic, functions, calls, dialogue, safety, structured, retrieval)
}
EVAL_ROWS: dict[Part, int] = {"dev": 48, "ood": 24, "hard": 24}
SURE_ROWS = {"safety_refusal": 48, "general_instruction": 48}
"""Off-dev items where "flat" is planted: 24 leave an interval as wide as the margin, whatever the score."""
CLEAN_ROWS = 300
FEWER_ROWS = {"long_context": 240}
"""Rows of a hundred words weigh enough as it is."""


@dataclass(frozen=True)
class World:
    clean: list[Planted]
    faults: list[Planted]
    evals: dict[str, Row]
    """Eval rows with their answers, by item id."""
    base: list[Row]


def build(seed: int) -> World:
    """Eval rows are drawn first, so that no clean row can repeat one."""
    rng = Random(seed)
    seen: set[str] = set()
    evals: dict[str, Row] = {}
    train: dict[str, list[Row]] = {}
    for bucket, draw in DRAWS.items():
        for part, count in EVAL_ROWS.items():
            wanted = max(count, SURE_ROWS.get(bucket, 0))
            evals |= numbered(bucket, part, take(rng, draw, part, wanted, seen))
    for bucket, draw in DRAWS.items():
        train[bucket] = take(rng, draw, "train", FEWER_ROWS.get(bucket, CLEAN_ROWS), seen)
    taught, *asked = guilds.rows(rng, guilds.facts(rng))
    train[guilds.BUCKET] = taught
    for part, rows in zip(EVAL_ROWS, asked, strict=True):
        evals |= numbered(guilds.BUCKET, part, rows)
        seen |= {row.key for row in rows}
    clean = [each for rows in train.values() for each in placed(rng, rows)]

    def fresh(name: str) -> Row:
        if name == "story":
            return take(rng, lambda r, _: general.story(r), "train", 1, seen)[0]
        return take(rng, DRAWS[name], "train", 1, seen)[0]

    faults = copies.exact(rng, clean, 60)
    faults += copies.near(rng, clean, 40)
    faults += copies.twins(rng, clean, 40, seen)
    faults += copies.leaked(rng, evals, 40)
    faults += damage.planted(rng, fresh)
    forbidden = seen | {row.key for row in taught}
    return World(clean, faults, evals, base.rows(rng, forbidden))


def numbered(bucket: str, part: Part, rows: list[Row]) -> dict[str, Row]:
    return {f"{bucket}/{part}/{number:03}": row for number, row in enumerate(rows)}


def placed(rng: Random, rows: list[Row]) -> list[Planted]:
    """Shares a bucket's rows out over its files; the last file takes the rest."""
    order = rng.sample(rows, len(rows))
    names = homes(rows[0].bucket)
    out: list[Planted] = []
    for name in names:
        share = round(FILES[name].share[rows[0].bucket] * len(rows))
        stop = len(rows) if name == names[-1] else len(out) + share
        out += [Planted(row, name) for row in order[len(out) : stop]]
    return out


def raw(world: World, seed: int) -> dict[str, list[Planted]]:
    """The rows of each file in their final order."""
    rng = Random(seed + 1)
    rows = {name: [each for each in world.clean + world.faults if each.file == name] for name in FILES}
    for each in rows.values():
        rng.shuffle(each)
    return rows


def files(seed: int) -> dict[str, bytes]:
    """Every generated file by its path under the output folder."""
    world = build(seed)
    rows = raw(world, seed)
    made = {f"raw/{name}": write.raw_file(name, each) for name, each in rows.items()}
    made["truth.jsonl.gz"] = write.packed("truth.jsonl.gz", write.truth(rows))
    made["eval/items.jsonl"] = write.items(world.evals)
    made["base.jsonl.gz"] = write.base(world.base)
    return made
