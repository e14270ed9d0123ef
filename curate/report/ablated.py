"""The ablation's part of the report: plan, curves, gain matrix and scores, from the stored analysis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from buckets import expand
from curate.report.curves import fit_name
from curate.report.evidence import Ablation, Cell, Curve, Fit, GainMatrix, Plan, Point, Score, Step

_LEFT_OUT = "loo:"


def ablation_part(ablation: dict[str, Any], analysis: dict[str, Any] | None) -> Ablation:
    """`ablation` is the journal's entry, `analysis` the stored `Analysis.to_json()`."""
    plan = _plan(ablation["notes"])
    if analysis is None:
        return Ablation(plan=plan)
    return Ablation(
        plan=plan,
        curves=tuple(_curve(curve) for curve in analysis["curves"]),
        gain_matrix=_matrix(analysis["gains"]),
        scores=_scores(analysis),
    )


def _plan(notes: dict[str, Any]) -> Plan:
    """The plan's totals; the smallest effect is the middle one over the buckets."""
    plan = notes["plan"]
    effects = sorted(bucket["mde"] for bucket in plan["buckets"].values() if bucket["mde"] is not None)
    failed = {status: count for status, count in notes["status"].items() if status != "ok"}
    remarks = [f"{count} trials ended as {status}; their scores are missing." for status, count in failed.items()]
    remarks += [f"{count} rows or items left out: {why}." for why, count in plan["skipped"].items()]
    if base := notes.get("base"):
        remarks.append(
            f"The base was made from {base['conversations']:,} conversations; {base['withheld']:,} more in its corpus "
            "open like an eval item or a held-out talk and were kept from it."
        )
    return Plan(
        trials=plan["trials"],
        seeds=len(plan["seeds"]),
        tokens=plan["tokens"],
        flops=plan["flops"],
        mde=effects[len(effects) // 2] if effects else None,
        model=f"{plan['parameters']:,} parameters",
        notes=tuple(remarks),
    )


def trial_warnings(recipe: dict[str, Any], base: Path, ablation: dict[str, Any] | None) -> Iterator[str]:
    """What makes scores say less than they seem to; `base` is where the recipe's paths start."""
    items, kept_out = (set(_files(recipe.get(name), base)) for name in ("ablate", "decontaminate"))
    if items - kept_out:
        yield (
            f"Eval items of {len(items - kept_out)} files were not kept out of the training data, so scores may be "
            "recall: add `decontaminate:` with the same items."
        )
    if ablation and (long := ablation["notes"]["plan"]["skipped"].get("longer_than_context")):
        yield (
            f"{long:,} kept rows are longer than the ablated model's context and were not trained on: the verdict "
            "does not speak of them. A larger `ablate.model.context`, or a model with one, takes them in."
        )


def no_verdict(recipe: dict[str, Any], ablation: dict[str, Any] | None) -> dict[str, str]:
    """Section -> why it is empty, where the recipe asks for trials: what stood of other data is not shown."""
    if recipe.get("ablate") is None:
        return {}
    if ablation is None:
        why = "No trials of this data under this recipe: run `curate ablate` (and `curate decide`) on the run folder."
    elif recipe.get("decide") is None:
        why = "The trials were run, but the recipe has no `decide:` table."
    else:
        why = "The trials were run, but not read under these margins: run `curate decide` on the run folder."
    return dict.fromkeys(("verdict", "buckets-verdict", "mixture", "gains", "scores"), why)


def _files(table: dict[str, Any] | None, base: Path) -> list[Path]:
    patterns = (table or {}).get("items") or []
    return [path.resolve() for path in expand(patterns, base)] if patterns else []


def _curve(curve: dict[str, Any]) -> Curve:
    base = curve.get("base")  # none without a base arm, and in an analysis stored before this was kept
    points = [] if base is None else [Point(dose=0, score=base)]
    for point in curve["points"]:
        gain = point["gain"]
        spread = (gain["estimate"] - gain["low"], gain["high"] - gain["estimate"]) if gain else (None, None)
        points.append(
            Point(
                dose=point["dose"],
                tokens=point["tokens"],
                score=point["score"],
                low=None if spread[0] is None else point["score"] - spread[0],
                high=None if spread[1] is None else point["score"] + spread[1],
                n=gain["n"] if gain else None,
            )
        )
    ahead = curve["next_doubling"]
    fit = None
    if ahead is not None:
        step = Step(estimate=ahead["estimate"], low=ahead["low"], high=ahead["high"])
        fit = Fit(kind=fit_name(curve["fit"]), next_doubling=step)
    level = next((p["gain"]["level"] for p in curve["points"] if p["gain"]), 0.95)
    return Curve(
        bucket=curve["bucket"], split=curve["split"], metric=curve["metric"], points=tuple(points), fit=fit, level=level
    )


def _matrix(gains: list[dict[str, Any]]) -> GainMatrix | None:
    """full - leave-one-out on the dev split, left-out buckets down and eval buckets across."""
    found = [g for g in gains if g["treated"] == "full" and g["control"].startswith(_LEFT_OUT) and g["split"] == "dev"]
    if not found:
        return None
    metric = found[0]["metric"]
    found = [g for g in found if g["metric"] == metric]
    cells = tuple(
        Cell(
            row=g["control"].removeprefix(_LEFT_OUT),
            col=g["bucket"],
            **{key: g["interval"][key] for key in ("estimate", "low", "high", "n")},
        )
        for g in found
    )
    return GainMatrix(
        rows=tuple(dict.fromkeys(cell.row for cell in cells)),
        cols=tuple(dict.fromkeys(cell.col for cell in cells)),
        cells=cells,
        level=found[0]["interval"]["level"],
        split="dev",
        metric=metric,
    )


def _scores(analysis: dict[str, Any]) -> tuple[Score, ...]:
    """Arms whose answers were sampled; a loss on references has no parts."""
    names = ("arm", "bucket", "split", "score", "terminates", "parses", "correct")
    parts = [part for part in analysis["decomposition"] if part["score"] is not None]
    return tuple(Score(**{name: part[name] for name in names}) for part in parts)
