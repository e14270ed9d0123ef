"""Mixtures and losses that others published (RegMix, olmix): fit on some runs, rank unseen mixtures at every scale.

DIR holds train_mixture_S.csv and train_*loss_S.csv (S the smallest scale by name) and test_mixture_*, test_*loss_* at
one or more scales; or ratios.csv and metrics.csv alone, of which the runs not fitted are the test. Columns are matched
by name, rows by `index` or `run`.
"""

from __future__ import annotations

import argparse
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from ablation.front import propose_mixture
from ablation.replay.outcome import Outcome
from ablation.runs import Runs, read_runs
from ablation.stats import Array, Codes
from ablation.surface import FEWEST, fit_surface
from buckets import InputError

HELP = "rank unseen mixtures from a few runs (train_mixture_*.csv, train_*loss_*.csv, test_*)"
RIVALS = ("surface", "linear", "trees")


@dataclass(frozen=True)
class Tables:
    """The runs to fit on and, per scale, those to rank. `same` is the scale of the training runs."""

    train: Runs
    tests: dict[str, Runs]
    same: str


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, help="folder with the tables")
    parser.add_argument("--runs", type=int, default=64, help="training runs to fit on (default 64)")
    parser.add_argument("--target", help="part of a metric's name to report and propose for (default: all metrics)")
    parser.add_argument("--draws", type=int, default=8, help="seeded random subsets of that many runs (default 8)")


def replay(options: argparse.Namespace) -> Outcome:
    """Raises InputError when tables are missing, do not match, or no metric has the target in its name."""
    tables = read_tables(options.dir)
    total = len(tables.train.names)
    if total < FEWEST:
        raise InputError(f"{options.dir}: the training table has {total} runs; at least {FEWEST} are needed")
    if not FEWEST <= options.runs <= total:
        raise InputError(f"--runs {options.runs}: the training table allows {FEWEST} to {total}")
    if options.draws < 1:
        raise InputError(f"--draws {options.draws}: at least one subset is needed")
    metrics = _targets(tables.train, options.target)
    picks = subsets(total, options.runs, options.draws)
    found: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for metric in metrics:
        for pick in picks:
            for scale, by_rival in _ranked(tables, metric, pick).items():
                for rival, rho in by_rival.items():
                    found.setdefault(scale, {}).setdefault(metric, {}).setdefault(rival, {"all": []})["all"].append(rho)
    for by_metric in found.values():
        for rivals in by_metric.values():
            for line in rivals.values():
                line.update(_summary(line["all"]))
    proposal = propose_mixture(tables.train.take(picks[0]), weights=dict.fromkeys(metrics, 1.0), lower_is_better=True)
    values = {
        "runs": options.runs,
        "subsets": len(picks),
        "first_subset": "the first runs of the table",
        "metrics": metrics,
        "notes": [*tables.train.notes, *_unranked(metrics, found)],
        "spearman": found,
        "proposal": proposal.to_json(),
    }
    return Outcome(tuple(_lines(values, found, proposal.words())), values)


def read_tables(folder: Path) -> Tables:
    """Raises InputError when neither set of names is there."""
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is a file; give its folder' if folder.exists() else 'no such folder'}")
    if (folder / "ratios.csv").is_file() and (folder / "metrics.csv").is_file():
        return Tables(read_runs(folder / "ratios.csv", folder / "metrics.csv"), {}, "same")
    mixtures = _scales(folder, "train", "mixture")
    losses = _scales(folder, "train", "loss")
    both = sorted(set(mixtures) & set(losses), key=_size)
    if not both:
        raise InputError(f"{folder}: holds neither train_mixture_*.csv with train_*loss_*.csv nor ratios.csv")
    train = read_runs(mixtures[both[0]], losses[both[0]])
    seen, told = _scales(folder, "test", "mixture"), _scales(folder, "test", "loss")
    tests = {scale: read_runs(seen[scale], told[scale]) for scale in sorted(set(seen) & set(told), key=_size)}
    return Tables(train, tests, both[0])


def subsets(total: int, runs: int, draws: int) -> list[Codes]:
    """The first `runs` runs, then seeded random subsets; only one when all runs are used."""
    first: Codes = np.arange(runs, dtype=np.int64)
    if runs == total:
        return [first]
    drawn = [np.random.default_rng(seed).permutation(total)[:runs] for seed in range(draws)]
    return [first, *(np.sort(pick).astype(np.int64) for pick in drawn)]


def _ranked(tables: Tables, metric: str, pick: Codes) -> dict[str, dict[str, float | None]]:
    """Scale -> method -> Spearman of predicted and true metric."""
    train = tables.train.take(pick)
    tests = tables.tests or {tables.same: tables.train.take(np.setdiff1d(np.arange(len(tables.train.names)), pick))}
    points = train.points
    fits: dict[str, Any] = {
        "linear": fit_surface(points, train.metrics[metric], only="linear"),
        "trees": fit_surface(points, train.metrics[metric], only="trees"),
    }
    found: dict[str, dict[str, float | None]] = {}
    for scale, runs in tests.items():
        if metric not in runs.metrics or not runs.names:
            continue
        transfer = scale != tables.same
        key = "surface for another scale" if transfer else "surface for the same scale"
        if key not in fits:
            fits[key] = fit_surface(points, train.metrics[metric], transfer=transfer)
        at = runs.matched(train.buckets)
        found[scale] = {
            rival: rank(fits[key if rival == "surface" else rival].predict(at), runs.metrics[metric])
            for rival in RIVALS
        }
    return found


def rank(predicted: Array, true: Array) -> float | None:
    """Spearman's rho over runs that were measured; None with fewer than three or when either side is constant."""
    seen = np.isfinite(true)
    if seen.sum() < 3 or np.ptp(true[seen]) == 0 or np.ptp(predicted[seen]) == 0:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return round(float(spearmanr(predicted[seen], true[seen]).statistic), 4)


def _summary(values: list[float | None]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    if not known:
        return {"first": None, "median": None, "low": None, "high": None}
    return {
        "first": values[0],
        "median": round(float(np.median(known)), 4),
        "low": min(known),
        "high": max(known),
    }


def _targets(train: Runs, target: str | None) -> list[str]:
    metrics = [name for name in train.metrics if target is None or target in name]
    usable = [name for name in metrics if np.isfinite(train.metrics[name]).sum() >= FEWEST]
    if not usable:
        raise InputError(f"no metric with {target!r} in its name; there are: {', '.join(sorted(train.metrics))}")
    return usable


def _scales(folder: Path, part: str, kind: str) -> dict[str, Path]:
    """Scale (the last word of the name) -> file."""
    return {
        path.stem.rsplit("_", 1)[-1]: path
        for path in sorted(folder.glob(f"{part}_*.csv"))
        if kind in path.stem.removeprefix(f"{part}_")
    }


def _size(scale: str) -> tuple[float, str]:
    """ "60m" -> 6e7: numbers with k, m, b; other words last, by name."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmbt]?)", scale.lower())
    if match is None:
        return float("inf"), scale
    return float(match[1]) * {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}[match[2]], scale


def _lines(values: dict[str, Any], found: dict[str, Any], proposal: list[str]) -> list[str]:
    lines = [
        f"Fitted on {values['runs']} runs: the first ones, and {values['subsets'] - 1} seeded random subsets.",
        "Spearman of predicted and true, median [lowest, highest] over subsets; surface | linear | boosted trees",
        *values["notes"],
    ]
    for scale, by_metric in found.items():
        lines.append(f"scale {scale}")
        for metric, rivals in by_metric.items():
            cells = [_cell(rivals[rival]) for rival in RIVALS]
            lines.append(f"  {metric}: {' | '.join(cells)}")
        lines.append(f"  mean of medians: {' | '.join(_mean_of_medians(by_metric, rival) for rival in RIVALS)}")
    return [*lines, "", *proposal]


def _unranked(metrics: list[str], found: dict[str, Any]) -> list[str]:
    """Metrics that no test mixture was measured on: fitted and proposed for, but not ranked."""
    lost = [metric for metric in metrics if not any(metric in by_metric for by_metric in found.values())]
    return [f"no test mixture was measured on {', '.join(lost)}: not ranked"] if lost else []


def _mean_of_medians(by_metric: dict[str, Any], rival: str) -> str:
    known = [rivals[rival]["median"] for rivals in by_metric.values() if rivals[rival]["median"] is not None]
    return f"{np.mean(known):.3f}" if known else "not defined"


def _cell(line: dict[str, Any]) -> str:
    if line["median"] is None:
        return "not defined"
    return f"{line['median']:.3f} [{line['low']:.3f}, {line['high']:.3f}]"
