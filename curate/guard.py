"""Stops a run in which one rule takes more of one source than the recipe allows: most often the rule, or the way the
source is read, is wrong, and not the data.

On unless the recipe says otherwise. Checked after every stage, also one that stood already, so that a stopped run does
not go on by being started twice; no stage is done again when the recipe then allows it, or excludes the source. Does
NOT look at `balance`, whose quotas are meant to take rows, nor at rows that reading passes over as told (`only` of a
mapping, the false labels of KTO), unless nothing is left of the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from pydantic import Field

from buckets import NOT_WANTED, RefusedError, read_frame
from curate.shards import StageFolder
from curate.stage import Table

_EXAMPLES = 5
_PASSED_OVER = (NOT_WANTED, "rejected_answer")
"""At reading, rows that a mapping or a format leaves out by their own word: no reading error, unless it is all rows."""
_ANY = "any rule"
"""At reading, all reasons together: a wrong format shows as many of them."""


class Guard(Table):
    """How much of one source one rule may take."""

    max_share: float = Field(0.5, gt=0, le=1)
    """Of the rows read from a source (1: no limit)."""
    min_rows: int = Field(100, ge=1)
    """Sources with fewer rows are not guarded: in them a share says little."""
    allow: dict[str, float] = Field(default_factory=dict)
    """Other shares, by rule, stage, or either of one source: `empty_answer: 0.8`, `dedup: 0.9`,
    `check.empty_answer@medquad: 0.8`. The narrowest that fits holds."""

    def limit(self, stage: str, rule: str, source: str) -> float:
        names = (f"{stage}.{rule}", rule, stage)
        for key in (*(f"{name}@{source}" for name in names), *names):
            if key in self.allow:
                return self.allow[key]
        return 1.0 if stage == "balance" else self.max_share

    def mistakes(self, sources: Sequence[str]) -> Iterator[str]:
        """Keys of `allow` that can never hold."""
        for key, share in self.allow.items():
            name, _, source = key.partition("@")
            if not name:
                yield f"guard.allow: {key!r} names no rule and no stage; write rule, stage.rule, or rule@source"
            if source and source not in sources:
                yield f"guard.allow.{key}: no source {source!r}; known here: {', '.join(sources)}"
            if not 0 < share <= 1:
                yield f"guard.allow.{key}: {share} is no share; write a number above 0, up to 1"


@dataclass(frozen=True)
class Taken:
    """What one rule took of one source."""

    stage: str
    rule: str
    source: str
    rows: int
    of: int
    limit: float

    @property
    def share(self) -> float:
        return self.rows / self.of

    def text(self) -> str:
        return f"{self.stage}.{self.rule} took {self.rows:,} of {self.of:,} rows ({self.share:.1%}) of {self.source!r}"


def guarded(guard: Guard, stood: Sequence[StageFolder], sizes: dict[str, int], out: str) -> list[dict[str, Any]]:
    """What the last of the stages took above `max_share` and is allowed to.

    `sizes`: rows read of each source. Raises RefusedError with the evidence when it took more than it may.
    """
    folder = stood[-1]
    fell = pl.concat([read_frame(folder.fallen(name), ["source", "rule"]) for name in folder.names()])
    allowed = []
    for taken in _taken(guard, folder.stage, fell, sizes):
        if taken.share > taken.limit:
            raise RefusedError(_evidence(taken, folder, out))
        if taken.share > guard.max_share and folder.stage != "balance":
            allowed.append(asdict(taken) | {"share": taken.share})
    return allowed


def _taken(guard: Guard, stage: str, fell: pl.DataFrame, sizes: dict[str, int]) -> Iterator[Taken]:
    """Largest share first, so that the same run is always stopped by the same rule."""
    counted = [(source, rule, count) for source, rule, count in fell.group_by("source", "rule").len().iter_rows()]
    if stage == "read":
        several = (
            fell.filter(~pl.col("rule").is_in(_PASSED_OVER))
            .group_by("source")
            .agg(pl.len(), rules=pl.col("rule").n_unique())
            .filter(pl.col("rules") > 1)
        )
        counted += [(source, _ANY, count) for source, count, _ in several.iter_rows()]
        counted = [(s, rule, count) for s, rule, count in counted if rule not in _PASSED_OVER or count == sizes[s]]
    big = [(s, rule, count) for s, rule, count in counted if sizes[s] >= guard.min_rows]
    for source, rule, count in sorted(big, key=lambda line: (-line[2] / sizes[line[0]], line[0], line[1])):
        yield Taken(stage, rule, source, count, sizes[source], guard.limit(stage, rule, source))


def _evidence(taken: Taken, folder: StageFolder, out: str) -> str:
    rows = _examples(taken, folder)
    lines = [
        f"  {row['id']}: {_short(row['reason'])}" + f" [{_short(row['evidence'])}]" * bool(row["evidence"])
        for row in rows
    ]
    key = f"{taken.stage}@{taken.source}" if taken.rule == _ANY else f"{taken.stage}.{taken.rule}@{taken.source}"
    listed = "" if taken.rule == _ANY else f" --rule {taken.rule}"
    return "\n".join(
        [
            f"stopped by the guard: {taken.text()}; the recipe allows {taken.limit:.0%}. The first:",
            *lines,
            f"All of them: curate ledger {out} --source {taken.source} --stage {taken.stage}{listed}",
            f"If that is right, write `guard: {{allow: {{{key}: {_above(taken.share)}}}}}` into the recipe; else "
            f"change how {taken.source!r} is read or checked. The same command then goes on from here.",
        ]
    )


def _examples(taken: Taken, folder: StageFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in folder.names():
        rows = read_frame(folder.fallen(name), ["id", "source", "rule", "reason", "evidence"])
        mine = rows.filter(source=taken.source)
        found += (mine if taken.rule == _ANY else mine.filter(rule=taken.rule)).head(_EXAMPLES - len(found)).to_dicts()
        if len(found) == _EXAMPLES:
            break
    return found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else line[:120] + " ..."


def _above(share: float) -> float:
    """The next whole percent."""
    return min(1.0, int(share * 100 + 1) / 100)


def allowed_text(allowed: Sequence[dict[str, Any]]) -> list[str]:
    """A sentence for each rule that took more than `max_share` because the recipe lets it."""
    return [
        f"{line['stage']}.{line['rule']} took {line['rows']:,} of {line['of']:,} rows ({line['share']:.1%}) of "
        f"{line['source']!r}; the recipe allows {line['limit']:.0%}."
        for line in allowed
    ]
