"""Scaling replay: loss against fine-tuning size, fitted on the small sizes, compared with what the large ones gave.

Columns: `config name`, one column a size (its name is the number of examples; 0 is no fine-tuning, which has no place
on a logarithmic axis, and is not fitted), and any others (`size`, `family`: model size and family), which are not used.
Cells may be missing. The error of a series is sqrt(mean over predicted sizes of (ln predicted - ln measured)^2); a
table is summed up by the median over its series.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ablation.forecast import Forecast, forecast
from ablation.replay.outcome import Outcome
from ablation.series import Law, last_points_line, law
from ablation.stats import Array, Mask
from buckets import InputError

HELP = "loss curves of many models: fit on small sizes, predict the large"
NAME = "config name"


@dataclass(frozen=True)
class Losses:
    """`loss` is series x sizes, NaN where a cell is empty; sizes ascend and are above 0."""

    names: tuple[str, ...]
    sizes: Array
    loss: Array


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV: config name, one column a size, size, family")
    parser.add_argument("--fit-max", type=float, required=True, help="largest size to fit on; all larger are predicted")
    parser.add_argument("--level", type=float, default=0.9, help="of the prediction intervals (default .9)")


def replay(options: argparse.Namespace) -> Outcome:
    return score(read_losses(options.file), options.fit_max, options.level, str(options.file))


def read_losses(path: Path) -> Losses:
    """Raises InputError, with file, row and column, on what is no table of positive losses."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from error
    head = [cell.strip() for cell in lines[0]] if lines else []
    if NAME not in head:
        raise InputError(f"{path}: the first row must name the columns, among them {NAME!r}")
    places = sorted((float(cell), at) for at, cell in enumerate(head) if _is_number(cell) and float(cell) > 0)
    if len(places) < 3 or len({size for size, _ in places}) < len(places):
        raise InputError(f"{path}: needs at least three different columns named by a size above 0 (200, 400, ...)")
    rows = [(number, row) for number, row in enumerate(lines[1:], 2) if any(cell.strip() for cell in row)]
    for number, row in rows:
        if len(row) != len(head):
            raise InputError(f"{path}, row {number}: {len(row)} cells under {len(head)} column names")
    if not rows:
        raise InputError(f"{path}: no series under the column names")
    loss = [[_loss(path, number, head[at], row[at]) for _, at in places] for number, row in rows]
    names = tuple(row[head.index(NAME)].strip() for _, row in rows)
    return Losses(names, np.array([size for size, _ in places]), np.array(loss))


def _is_number(cell: str) -> bool:
    return cell.replace(".", "", 1).isdecimal()


def _loss(path: Path, row: int, column: str, cell: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
        if cell.strip().lower() in {"nan", "na"}:
            return value
    if not 0 < value < float("inf"):
        raise InputError(
            f"{path}, row {row}, column {column}: {cell!r} is no loss above 0; leave the cell empty if it is missing"
        )
    return value


def score(table: Losses, fit_max: float, level: float, source: str) -> Outcome:
    """Forecast of every series beside the single laws. Raises InputError when there is nothing to fit or to predict."""
    if not 0 < level < 1:
        raise InputError(f"--level must lie between 0 and 1, it is {level:g}")
    known = table.sizes <= fit_max
    seen, later = table.loss[:, known], table.loss[:, ~known]
    if known.sum() < 2 or not (~known).any():
        raise InputError(f"{source}: --fit-max {fit_max:.10g} must leave two sizes to fit and one to predict")
    kept = (np.isfinite(seen).sum(axis=1) >= 2) & np.isfinite(later).any(axis=1)
    if not kept.any():
        raise InputError(f"{source}: no series has two losses up to {fit_max:.10g} and one beyond")
    sizes, ahead = table.sizes[known], table.sizes[~known]
    ours = forecast(sizes, seen[kept], ahead, scale="loss", level=level)
    truth = later[kept]
    single: tuple[Law, ...] = ("power", "rectified")
    found = {"forecast": ours.value, "line": last_points_line(sizes, seen[kept], ahead)}
    found |= {name: law(name, sizes, seen[kept], ahead) for name in single}
    replayed = Replayed(
        names=tuple(name for name, keep in zip(table.names, kept, strict=True) if keep),
        left_out=tuple(name for name, keep in zip(table.names, kept, strict=True) if not keep),
        fit_max=fit_max,
        ahead=ahead,
        truth=truth,
        forecast=ours,
        errors={name: log_rmse(value, truth) for name, value in found.items()},
    )
    return Outcome(_lines(replayed, source), _values(replayed, source))


def log_rmse(found: Array, truth: Array) -> Array:
    """Per series sqrt(mean (ln found - ln truth)^2) over its measured sizes; NaN without any."""
    both = np.isfinite(found) & np.isfinite(truth)
    gap = np.where(both, np.log(np.where(both, found, 1.0)) - np.log(np.where(both, truth, 1.0)), 0.0)
    count = both.sum(axis=1)
    return np.where(count > 0, np.sqrt((gap**2).sum(axis=1) / np.maximum(count, 1)), np.nan)


@dataclass(frozen=True)
class Replayed:
    """One table at one cut; `truth` is series x ahead, `errors` the log-RMSE of each series by forecaster."""

    names: tuple[str, ...]
    left_out: tuple[str, ...]
    fit_max: float
    ahead: Array
    truth: Array
    forecast: Forecast
    errors: dict[str, Array]

    @property
    def measured(self) -> Mask:
        return np.isfinite(self.truth)

    @property
    def covered(self) -> Mask:
        return self.measured & (self.forecast.low <= self.truth) & (self.truth <= self.forecast.high)

    @property
    def coverage(self) -> float:
        return float(self.covered.sum() / self.measured.sum())


def _lines(replayed: Replayed, source: str) -> tuple[str, ...]:
    ahead = ", ".join(f"{size:.10g}" for size in replayed.ahead)
    width = max(len("log-RMSE"), *map(len, replayed.names))
    lines = [
        f"{source}: {len(replayed.names)} series, fitted up to {replayed.fit_max:.10g}, predicted at {ahead}",
        f"forecast: {replayed.forecast.why}",
        f"{'log-RMSE':{width}}  " + "  ".join(f"{name:>9}" for name in replayed.errors) + "  covered",
    ]
    covered, measured = replayed.covered.sum(axis=1), replayed.measured.sum(axis=1)
    for row, name in enumerate(replayed.names):
        cells = "  ".join(_cell(_finite(values[row])) for values in replayed.errors.values())
        lines.append(f"{name:{width}}  {cells}  {covered[row]}/{measured[row]}")
    medians = "  ".join(_cell(_median(values)) for values in replayed.errors.values())
    unbounded = "" if np.isfinite(replayed.forecast.high).any() else " (no bounds: no forecast could be checked)"
    lines.append(f"{'median':{width}}  {medians}")
    lines.append(
        f"coverage of the {100 * replayed.forecast.level:g}% prediction intervals: {replayed.coverage:.3f}"
        f" of {int(measured.sum())} measured points{unbounded}"
    )
    if replayed.left_out:
        lines.append(f"left out, too few points: {', '.join(replayed.left_out)}")
    return tuple(lines)


def _cell(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:9.4f}"


def _values(replayed: Replayed, source: str) -> dict[str, Any]:
    covered, measured = replayed.covered.sum(axis=1), replayed.measured.sum(axis=1)
    return {
        "source": source,
        "fit_max": replayed.fit_max,
        "level": replayed.forecast.level,
        "series": len(replayed.names),
        "left_out": list(replayed.left_out),
        "weights": dict(replayed.forecast.weights),
        "why": replayed.forecast.why,
        "median_log_rmse": {name: _median(values) for name, values in replayed.errors.items()},
        "coverage": replayed.coverage,
        "points": int(measured.sum()),
        "predictions": [
            {
                "series": name,
                "log_rmse": {law_name: _finite(values[row]) for law_name, values in replayed.errors.items()},
                "covered": int(covered[row]),
                "of": int(measured[row]),
                "ahead": _ahead(replayed, row),
            }
            for row, name in enumerate(replayed.names)
        ],
    }


def _ahead(replayed: Replayed, row: int) -> list[dict[str, float | None]]:
    return [
        {
            "size": float(size),
            "predicted": _finite(replayed.forecast.value[row, at]),
            "low": _finite(replayed.forecast.low[row, at]),
            "high": _finite(replayed.forecast.high[row, at]),
            "measured": _finite(replayed.truth[row, at]),
        }
        for at, size in enumerate(replayed.ahead)
    ]


def _median(values: Array) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
