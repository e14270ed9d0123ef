"""The gain ledger: what each filter rule dropped, how often wrongly, and what that bought over a random filter.

Rows come from the ledger of drops, labels from the recipe's `truth`, gains from the rule arms of the ablation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ablation import RuleVerdict, plain, rule_gains
from buckets import read_frame, read_json
from curate.recipe import RULE_STAGES
from curate.report.filters import Filter, FilterBucket, FilterGain
from curate.report.truth import clean_places, planted_rows
from curate.shards import StageFolder

_BY_DESIGN = ("balance",)
"""Stages that drop good rows on purpose: a false drop means nothing there."""

_NO_ROW = "put on trial, but no row that can be trained on and put back fell to it"


def filters_part(out: Path) -> tuple[Filter, ...]:
    """One line a rule, those measured first, then by rows dropped. `out` is a run folder."""
    journal, stored = read_json(out / "run.json"), read_json(out / "recipe.json")
    fell = read_frame(out / "ledger.parquet").filter(fate="dropped")
    measured = {verdict.rule: verdict for verdict in _measured(out, journal, stored["recipe"])}
    labels = _labels((out / stored["base"]).resolve(), stored["recipe"].get("truth"))
    stages = {line["stage"]: line for line in journal["stages"]}
    kept = {stage: _kept(out, line) for stage, line in stages.items() if stage != "read"}
    groups = [
        (str(stage), str(rule), rows) for (stage, rule), rows in fell.group_by("stage", "rule", maintain_order=True)
    ]
    asked = ((stored["recipe"].get("ablate") or {}).get("rules") or ()) if journal.get("ablation") else ()
    alone = {rule for stage, rule, _ in groups if stage == rule}  # the judge's one rule has the name of its stage
    wholes = [stage for stage in RULE_STAGES if stage in asked and stage in stages and stage not in alone]
    groups += [(stage, stage, fell.filter(stage=stage)) for stage in wholes]
    lines = []
    for stage, rule, rows in groups:
        if stage in kept:
            line = _line(stage, rule, rows, kept[stage], labels, measured.get(rule))
            lines.append(line.model_copy(update={"why": _NO_ROW}) if rule in asked and rule not in measured else line)
    return tuple(sorted(lines, key=lambda line: (line.word == "not measured", -line.dropped, line.stage, line.rule)))


def _measured(out: Path, journal: dict[str, Any], recipe: dict[str, Any]) -> Sequence[RuleVerdict]:
    """Verdicts of the rule arms, on the metric and level of the decision."""
    ablation = journal.get("ablation")
    if not ablation or not recipe["ablate"].get("rules"):
        return []
    decide = recipe.get("decide") or {}
    metric = decide.get("metric") or recipe["ablate"]["metric"]
    return rule_gains(read_frame(out / ablation["folder"] / "scores.parquet"), metric, decide.get("level", 0.95))


def _labels(base: Path, truth: str | None) -> tuple[set[Any], set[Any]]:
    return clean_places(planted_rows(base / truth)) if truth else (set(), set())


def _kept(out: Path, line: dict[str, Any]) -> dict[str, int]:
    """Rows per bucket that a stage kept."""
    folder = StageFolder(out / "stages", line["stage"], line["fingerprint"])
    names = folder.names()
    if not names:
        return {}
    counted = pl.concat([read_frame(folder.kept(name), ["bucket"]) for name in names])["bucket"].value_counts()
    return {bucket or "unsure": count for bucket, count in counted.iter_rows()}


def _line(
    stage: str,
    rule: str,
    rows: pl.DataFrame,
    kept: dict[str, int],
    labels: tuple[set[Any], set[Any]],
    verdict: RuleVerdict | None,
) -> Filter:
    dropped = {bucket or "unsure": count for bucket, count in rows["bucket"].value_counts().iter_rows()}
    places = list(rows.select(pl.col("origin").struct.field("file"), pl.col("origin").struct.field("row")).iter_rows())
    labelled = None if stage in _BY_DESIGN or not labels[0] else sum(place in labels[0] for place in places)
    return Filter(
        rule=rule,
        stage=stage,
        kept=sum(kept.values()),
        dropped=rows.height,
        labelled=labelled,
        false_drops=None if labelled is None else sum(place in labels[1] for place in places),
        word="not measured" if verdict is None else verdict.word,
        why="" if verdict is None else verdict.why,
        buckets=tuple(FilterBucket(bucket=b, kept=kept.get(b, 0), dropped=dropped[b]) for b in sorted(dropped)),
        gains=() if verdict is None else tuple(_gains(verdict)),
    )


def _gains(verdict: RuleVerdict) -> Iterator[FilterGain]:
    for gain in verdict.gains:
        interval = gain.interval
        yield FilterGain(
            control=gain.control,
            bucket=gain.bucket,
            **plain({"estimate": interval.estimate, "low": interval.low, "high": interval.high, "mde": gain.mde}),
            level=interval.level,
            n=interval.n,
            seeds=interval.seeds,
            word=gain.word,
        )


def filters_text(lines: Sequence[Filter]) -> str:
    """The gain ledger for a terminal."""
    if not lines:
        return "No row was dropped by any rule."
    found = []
    for line in lines:
        name = line.rule if line.rule == line.stage else f"{line.rule} ({line.stage})"
        found.append(f"{name}: {line.dropped:,} dropped, {line.kept:,} kept by the stage. {line.word.capitalize()}.")
        if line.false_rate is not None:
            rate, low, high = line.false_rate
            found.append(f"  false drops: {rate:.1%} [{low:.1%}, {high:.1%}] of {line.labelled:,} labelled")
        if line.why:
            found.append(f"  {line.why}")
        found += [f"  full - {_control(gain)}: {_interval(gain)}" for gain in (*line.overall, *line.shown)]
        if line.word != "not measured":
            found += [f"  {b.bucket}: {b.dropped:,} dropped, {b.kept:,} kept" for b in line.buckets]
    if all(line.word == "not measured" for line in lines):
        found.append("No rule was put on trial: name some in ablate.rules, and run `curate ablate` again.")
    return "\n".join(found)


def _control(gain: FilterGain) -> str:
    name = {"random": "random filter of equal size", "unfiltered": "no such filter", "only": "its drops alone"}[
        gain.control
    ]
    return name if gain.bucket == "all" else f"{name}, on {gain.bucket}"


def _interval(gain: FilterGain) -> str:
    ends = ("not known" if value is None else f"{value:+.3f}" for value in (gain.estimate, gain.low, gain.high))
    middle, low, high = ends
    return f"{middle} [{low}, {high}] ({100 * gain.level:.3g}%)"
