"""Mixtures and what they scored, from the two tables that olmix and RegMix write: ratios.csv and metrics.csv.

One row a run in each, joined on `run` (or `run_id`, `index`, `name`, `id`); every other numeric column of the first is
a bucket, of the second a metric. Not covered: Parquet and JSON (read them with polars and call `Runs.of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ablation.stats import Array, Codes
from buckets import InputError

KEYS = ("run", "run_id", "index", "name", "id")
"""Columns that name a run, the first one that both tables have."""


@dataclass(frozen=True)
class Runs:
    """`points` is runs x buckets (shares, or tokens when rows do not add to about 1); metrics may hold NaN."""

    names: tuple[str, ...]
    buckets: tuple[str, ...]
    points: Array
    metrics: Mapping[str, Array]
    notes: tuple[str, ...] = ()

    def take(self, rows: Sequence[int] | Codes) -> Runs:
        """The runs at these positions."""
        index = np.asarray(rows, dtype=np.int64)
        names = tuple(self.names[i] for i in index)
        metrics = {name: values[index] for name, values in self.metrics.items()}
        return Runs(names, self.buckets, self.points[index], metrics, self.notes)

    def matched(self, buckets: Sequence[str]) -> Array:
        """`points` with its columns in the order of `buckets`. Raises InputError when the two sets differ."""
        if set(buckets) != set(self.buckets):
            odd = sorted(set(buckets) ^ set(self.buckets))
            raise InputError(f"the mixtures do not have the same buckets: {', '.join(odd[:5])} only on one side")
        return self.points[:, [self.buckets.index(name) for name in buckets]]

    @property
    def shares(self) -> bool:
        """Rows add to about 1 (published tables round each share to three digits)."""
        return bool((np.abs(self.points.sum(axis=1) - 1.0) < 0.05).all())


def read_runs(ratios: Path | str, metrics: Path | str) -> Runs:
    """Runs of two CSV files, joined by name; runs in only one of them are left out and counted in `notes`.

    An empty cell or NaN in metrics is "not measured"; in ratios it is an error, like a negative number. A run that
    stands twice with the same numbers counts once. Raises InputError, one sentence with file and row.
    """
    left, right = Path(ratios), Path(metrics)
    mixtures, scores = _read(left), _read(right)
    key = next((name for name in KEYS if name in mixtures.columns and name in scores.columns), None)
    if key is None:
        raise InputError(f"{left} and {right} share no column that names a run: add one called {KEYS[0]!r} to both")
    buckets, measured = _numeric(mixtures, left), _numeric(scores, right)
    one, two = _by_run(mixtures, key, buckets, left), _by_run(scores, key, measured, right)
    _checked(one, buckets, left)
    names = [name for name in one if name in two]
    if not names:
        raise InputError(f"{left} and {right} have no run in common: compare their {key!r} columns")
    lost = len(one) + len(two) - 2 * len(names)
    notes = (f"{lost} runs stand in only one of the two tables and were left out",) if lost else ()
    points = np.array([one[name] for name in names])
    columns = np.array([two[name] for name in names])
    return Runs(tuple(names), tuple(buckets), points, {m: columns[:, i] for i, m in enumerate(measured)}, notes)


def _read(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, infer_schema_length=None, null_values=["", "NA", "nan", "NaN", "null"])
        frame = frame.rename(str.strip)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: cannot be read as CSV ({str(error).splitlines()[0]})") from error
    if frame.height == 0:
        raise InputError(f"{path}: holds no row")
    texts = [name for name in frame.columns if name not in KEYS and frame[name].dtype == pl.String]
    return frame.with_columns(_numbers_in(frame[name], path) for name in texts)


def _numbers_in(column: pl.Series, path: Path) -> pl.Series:
    """Numbers with blanks around them are numbers; a column of words stays as it is.

    A stray word among numbers is refused: the column would else be taken for a remark, and a bucket lost in silence.
    """
    words = column.str.strip_chars().replace("", None)
    numbers = words.cast(pl.Float64, strict=False)
    stray = numbers.is_null() & words.is_not_null()
    if words.count() and not stray.any():
        return numbers
    if 2 * stray.sum() < words.count():
        row = int(stray.arg_true()[0])
        raise InputError(
            f"{path}, line {row + 2}: column {column.name!r} holds {column[row]!r} among numbers: "
            "mend the cell, or leave it empty where nothing was measured"
        )
    return column


def _numeric(frame: pl.DataFrame, path: Path) -> list[str]:
    """Columns with numbers that do not name the run; columns of words are remarks and are passed over."""
    names = [name for name in frame.columns if name not in KEYS and frame[name].dtype.is_numeric()]
    if not names:
        raise InputError(f"{path}: has no column of numbers beside the one that names the run")
    return names


def _by_run(frame: pl.DataFrame, key: str, columns: list[str], path: Path) -> dict[str, tuple[float, ...]]:
    found: dict[str, tuple[float, ...]] = {}
    rows = frame.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).rows()
    for number, (name, row) in enumerate(zip(frame[key].to_list(), rows, strict=True), start=2):
        if name is None:
            raise InputError(f"{path}, line {number}: the column {key!r} is empty: every row needs a run")
        said = str(name).strip()
        if said in found and not np.array_equal(found[said], row, equal_nan=True):
            raise InputError(f"{path}, line {number}: run {said} stands twice with different numbers: rename one")
        found[said] = row
    return found


def _checked(mixtures: Mapping[str, tuple[float, ...]], buckets: list[str], path: Path) -> None:
    for name, row in mixtures.items():
        for bucket, amount in zip(buckets, row, strict=True):
            if not np.isfinite(amount) or amount < 0:
                raise InputError(f"{path}, run {name}: {bucket} is {amount:g}: a share or a count of tokens is needed")
        if sum(row) <= 0:
            raise InputError(f"{path}, run {name}: all buckets are zero: a mixture needs at least one")
