"""Human labels against what a run decided: the judge's agreement, and what each rule dropped wrongly.

LABELS is JSON Lines, one row a line: {"id": "...", "label": "good" | "bad"}. Label a random sample of all rows that the
judge scored; a sample chosen by its scores gives another kappa.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from buckets import InputError, digest_file, read_frame, read_json, read_rows
from verifiers import Agreement, Outcome, agreement_of, wilson

JUDGED = "judge.parquet"
_LABELS = {"good": True, "bad": False}


@dataclass(frozen=True)
class Shown:
    """An agreement, and the judge that it was shown for."""

    judge: str
    pass_at: int
    agreement: Agreement


def read_labels(path: Path) -> dict[str, bool]:
    """Id -> whether people call the row good. Raises InputError naming file and row."""
    found: dict[str, bool] = {}
    for raw in read_rows(path):
        value = raw.value
        where = f"{path}, row {raw.row}"
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise InputError(f'{where}: a label is {{"id": "...", "label": "good" or "bad"}}')
        label = value.get("label")
        if not isinstance(label, str) or label not in _LABELS:
            raise InputError(f'{where}: label must be "good" or "bad", found {label!r}')
        if value["id"] in found:
            raise InputError(f"{where}: {value['id']} is labelled twice")
        found[value["id"]] = _LABELS[label]
    if not found:
        raise InputError(f"{path}: holds no label")
    return found


def measure(run: Path, labels: Path) -> dict[str, Any]:
    """What agreement.json holds. Raises InputError for a folder without a judge, or when no label meets a row of it."""
    said = read_labels(labels)
    stage = _judge_stage(run)
    judged = dict(read_frame(run / JUDGED).select("id", "outcome").iter_rows())
    met = [id for id in said if id in judged]
    if not met:
        raise InputError(f"{labels}: none of its {len(said)} ids was judged in {run}")
    found = agreement_of((Outcome(judged[id]), said[id]) for id in met)
    return {
        "judge": stage["notes"]["judge"],
        "pass_at": stage["notes"]["pass_at"],
        "counts": asdict(found),
        "labels": {"file": labels.name, "digest": digest_file(labels), "rows": len(said), "judged": len(met)},
        "figures": figures(found),
        "rules": rules(read_frame(run / "ledger.parquet"), said),
    }


def figures(found: Agreement) -> dict[str, Any]:
    """The rates with their 95% intervals."""
    return {
        "precision": found.precision(),
        "precision_interval": found.precision_interval(),
        "kappa": found.kappa(),
        "kappa_interval": found.kappa_interval(),
        "false_drop_interval": found.false_drop_interval(),
        "false_pass_interval": found.false_pass_interval(),
    }


def rules(ledger: pl.DataFrame, said: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Every rule that dropped labelled rows: how many, and how many of them people call good."""
    labels = pl.DataFrame({"id": list(said), "good": list(said.values())}, schema={"id": pl.String, "good": pl.Boolean})
    met = ledger.filter(pl.col("fate") == "dropped").join(labels, on="id")
    counts = met.group_by("stage", "rule").agg(labelled=pl.len(), good=pl.col("good").sum()).sort("stage", "rule")
    return [row | {"false_drop_interval": wilson(row["good"], row["labelled"])} for row in counts.to_dicts()]


def read_agreement(path: Path) -> Shown:
    """What `curate agreement` wrote; its figures are computed again from the counts. Raises InputError."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; `curate agreement LABELS --run DIR --out FILE` writes one")
    try:
        entry = json.loads(path.read_bytes())
        counts = {name: entry["counts"][name] for name in asdict(Agreement())}
        if not all(type(count) is int and count >= 0 for count in counts.values()):
            raise ValueError("a count is no count")
        return Shown(str(entry["judge"]), int(entry["pass_at"]), Agreement(**counts))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not written by `curate agreement` ({error})") from error


def agreement_text(entry: Mapping[str, Any], shortfalls: list[str]) -> str:
    """The same for a person."""
    counts, shown = entry["counts"], entry["figures"]

    def share(name: str) -> str:
        value = shown[name]
        low, high = shown[f"{name}_interval"]
        return "not defined" if value is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"

    def between(name: str) -> str:
        return f"[{shown[name][0]:.3f}, {shown[name][1]:.3f}]"

    lines = [
        f"{entry['labels']['judged']} of {entry['labels']['rows']} labelled rows were judged, "
        f"{counts['abstained']} of them unscored",
        f"  judge FAIL: {counts['true_fail']} bad, {counts['false_fail']} good; "
        f"judge PASS: {counts['false_pass']} bad, {counts['true_pass']} good",
        f"  precision of FAIL {share('precision')}, kappa {share('kappa')} (95% intervals)",
        f"  good rows failed {between('false_drop_interval')}, bad rows passed {between('false_pass_interval')}",
    ]
    for rule in entry["rules"]:
        low, high = rule["false_drop_interval"]
        lines.append(
            f"  {rule['stage']} {rule['rule']}: {rule['good']} of {rule['labelled']} labelled drops are good rows "
            f"[{low:.3f}, {high:.3f}]"
        )
    lines += [f"  not enough to drop rows: {each}" for each in shortfalls] or ["  enough to drop rows at this level"]
    return "\n".join(lines)


def _judge_stage(run: Path) -> dict[str, Any]:
    journal = run / "run.json"
    stages = read_json(journal)["stages"] if journal.exists() else []
    for line in stages:
        if line["stage"] == "judge" and (run / JUDGED).exists():
            found: dict[str, Any] = line
            return found
    raise InputError(f"{run}: no judge has scored rows there; run a recipe with a `judge:` table first")
