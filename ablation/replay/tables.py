"""Published ladders from CSV: the header says what is score, level, diversity or an outcome that came later.

Not covered: percent signs, thousands separators, more than one ladder axis. Columns that no list names are ignored and
named in the output.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ablation.ladder import SIGNALS, Ladder, Rung, Yardstick
from buckets import InputError

_NAMES: Mapping[str, str] = {
    "dose": r"step|steps|epochs?|sft_epochs|epoch_fraction|tokens|dose|checkpoint|samples",
    "score": r"psft|score|accuracy|acc|pass_at_1|pass@1",
    "hard": r"hard_sft|hard|hard_score|ood|ood_score",
    "macro": r"macro_sft|macro|macro_score",
    "pass@k": r"pass(_at_|@)(n|k|\d+)",
    "level": r"probe|level|probe_score",
    "level_hard": r"probeh|probe_hard|level_hard",
    "entropy": r"entropy|entropy_nats(_t1)?",
    "train_accuracy": r"train_token_accuracy|train_accuracy",
    "train_loss": r"train_loss",
    "valid_loss": r"valid_loss|val_loss|eval_loss",
    "n": r"n|n_prompts|n_items|n_problems",
}
"""Meaning -> header, whole and without regard to case; the first meaning that fits wins ("pass_at_1" is a score)."""
_GROUPS = r"data|set|dataset|model|run"
"""Together they name a ladder."""
_OUTCOMES = (r"macro_best", r"rlbest", r"peak_\w+", r"hard_best", r"rllast")
"""Measured after RL, the one that regret is counted in first: never read for a verdict, nor for the choice."""
_UNUSED = r"a_post|rlmaxef|npts|x"
"""Known and not used (x, the compute, stands in where there is no dose)."""


@dataclass(frozen=True)
class Published:
    """One ladder of a table, in points, and what came of each rung."""

    name: str
    ladder: Ladder
    outcomes: Mapping[str, Mapping[str, float]]
    """Outcome column -> rung -> points; rungs without one are absent."""


@dataclass(frozen=True)
class Table:
    sets: tuple[Published, ...]
    columns: Mapping[str, str]
    """Meaning -> header of what was read."""
    outcome_columns: tuple[str, ...]
    """The one that regret is counted in first."""
    ignored: tuple[str, ...]
    in_points: bool
    """False: the file had rates from 0 to 1."""


@dataclass(frozen=True)
class _Header:
    groups: tuple[str, ...]
    found: dict[str, str]
    errors: dict[str, str]
    """Signal -> column of its standard error."""
    outcomes: tuple[str, ...]
    ignored: tuple[str, ...]


def read_table(path: Path, yardstick: Yardstick, outcome: str | None = None) -> Table:
    """Raises InputError: one sentence with file, row and column."""
    header_names, rows = _rows(path)
    header = _header(path, header_names)
    outcomes = _ordered(path, header.outcomes, outcome)
    parsed = [_numbers(path, line, row, header, outcomes) for line, row in rows]
    factor = _factor(path, header, [values for _, _, values in parsed])
    grouped: dict[str, list[tuple[int, str, dict[str, float]]]] = {}
    for (line, _), (name, label, values) in zip(rows, parsed, strict=True):
        grouped.setdefault(name, []).append((line, label, values))
    sets = tuple(_published(path, name, part, header, outcomes, factor, yardstick) for name, part in grouped.items())
    return Table(sets, header.found, outcomes, header.ignored, factor == 1.0)


def _rows(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give a CSV file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text at byte {error.start}; save it as a UTF-8 CSV") from error
    try:
        numbered = enumerate(csv.reader(text.splitlines()), start=1)
        lines = [(line, row) for line, row in numbered if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(
            f"{path}: not a CSV table ({error}); write one header line and one row a checkpoint"
        ) from error
    if len(lines) < 2:
        raise InputError(f"{path}: no rows under a header line; give one row a checkpoint")
    names = [cell.strip() for cell in lines[0][1]]
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise InputError(f"{path}, row 1: column {doubled[0]} is there twice; keep one of them")
    found = []
    for line, cells in lines[1:]:
        if len(cells) != len(names):
            raise InputError(f"{path}, row {line}: {len(cells)} cells under {len(names)} columns; mend the row")
        found.append((line, dict(zip(names, (cell.strip() for cell in cells), strict=True))))
    return names, found


def _header(path: Path, names: Sequence[str]) -> _Header:
    found: dict[str, str] = {}
    errors: dict[str, str] = {}
    groups = tuple(name for name in names if re.fullmatch(_GROUPS, name.lower()))
    outcomes: list[str] = []
    ignored: list[str] = []
    for name in names:
        if name in groups:
            continue
        low = name.lower()
        stem = re.sub(r"_(se|stderr)$", "", low)
        meaning = next((m for m, pattern in _NAMES.items() if re.fullmatch(pattern, stem)), None)
        if any(re.fullmatch(pattern, low) for pattern in _OUTCOMES):
            outcomes.append(name)
        elif stem != low and meaning in SIGNALS and meaning is not None:
            errors[meaning] = name
        elif stem == low and meaning is not None and meaning not in found:
            found[meaning] = name
        elif name:
            ignored.append(name)
    if "score" not in found:
        stand_in = next((m for m in ("macro", "hard", "pass@k") if m in found), None)
        if stand_in is None:
            raise InputError(f"{path}, row 1: no column of scores; name one psft, score, accuracy or pass_at_1")
        found["score"] = found.pop(stand_in)
        if stand_in in errors:
            errors["score"] = errors.pop(stand_in)
    compute = next((name for name in ignored if name.lower() == "x"), None)
    if "dose" not in found and compute is not None:
        found["dose"] = compute
        ignored.remove(compute)
    if "dose" not in found:
        raise InputError(f"{path}, row 1: no column of doses; name one step, epochs, epoch_fraction or tokens")
    quiet = tuple(name for name in ignored if not re.fullmatch(_UNUSED, name.lower()))
    return _Header(groups, found, errors, tuple(outcomes), quiet)


def _ordered(path: Path, names: Sequence[str], wanted: str | None) -> tuple[str, ...]:
    if wanted is not None and wanted not in names:
        known = ", ".join(names) or "none"
        raise InputError(f"{path}, row 1: no outcome column {wanted}; its outcome columns are: {known}")
    rank = {name: next(i for i, p in enumerate(_OUTCOMES) if re.fullmatch(p, name.lower())) for name in names}
    return tuple(sorted(names, key=lambda name: (name != wanted, rank[name])))


def _numbers(
    path: Path, line: int, row: Mapping[str, str], header: _Header, outcomes: Sequence[str]
) -> tuple[str, str, dict[str, float]]:
    """(set, dose as written, values by meaning, by "se <signal>" and by outcome column)."""
    columns = dict(header.found)
    columns |= {f"se {m}": c for m, c in header.errors.items()} | {name: name for name in outcomes}
    values: dict[str, float] = {}
    for meaning, column in columns.items():
        cell = row[column]
        if cell.lower() in ("", "na", "n/a", "nan", "-", "null", "none"):
            continue
        try:
            value = float(cell)
        except ValueError:
            raise InputError(f"{path}, row {line}: column {column} holds {cell!r}, not a number; mend it") from None
        if not math.isfinite(value) or value < 0:
            raise InputError(f"{path}, row {line}: column {column} holds {cell}; it must be 0 or more and finite")
        if value > 100 and (meaning in (*SIGNALS, "train_accuracy") or meaning in outcomes):
            raise InputError(f"{path}, row {line}: column {column} holds {cell}; a score is a rate or at most 100")
        values[meaning] = value
    for meaning in ("dose", "score"):
        if meaning not in values:
            raise InputError(f"{path}, row {line}: column {header.found[meaning]} is empty; fill it or drop the row")
    name = " / ".join(row[column] for column in header.groups) if header.groups else path.stem
    return name or "(no name)", row[header.found["dose"]], values


def _factor(path: Path, header: _Header, rows: Sequence[Mapping[str, float]]) -> float:
    """100 for a table of rates, 1 for one of points; it is one or the other."""
    tops = {m: max((row[m] for row in rows if m in row), default=math.nan) for m in ("score", "level", "macro")}
    known = {m: top for m, top in tops.items() if math.isfinite(top)}
    rates = {m for m, top in known.items() if top <= 1.0}
    if rates and len(rates) < len(known) and min(top for m, top in known.items() if m not in rates) > 5.0:
        odd, even = sorted(rates)[0], sorted(set(known) - rates)[0]
        both = f"{header.found[even]} is in points and {header.found[odd]} in rates"
        raise InputError(f"{path}: {both}; write both on one scale")
    return 100.0 if rates else 1.0


def _published(
    path: Path,
    name: str,
    part: Sequence[tuple[int, str, dict[str, float]]],
    header: _Header,
    outcomes: Sequence[str],
    factor: float,
    yardstick: Yardstick,
) -> Published:
    seen: dict[float, int] = {}
    for line, label, values in part:
        first = seen.setdefault(values["dose"], line)
        if first != line:
            column = header.found["dose"]
            said = f"column {column} holds {label} as row {first} of set {name} does"
            more = "" if header.groups else ", or name the sets in a column `data`"
            raise InputError(f"{path}, row {line}: {said}; keep one row a checkpoint{more}")
    ordered = sorted(part, key=lambda item: item[2]["dose"])
    ladder = Ladder(tuple(_rung(label, values, factor) for _, label, values in ordered), yardstick)
    later = {
        column: {label: values[column] * factor for _, label, values in ordered if column in values}
        for column in outcomes
    }
    return Published(name, ladder, later)


def _rung(label: str, values: Mapping[str, float], factor: float) -> Rung:
    shares = (*SIGNALS, "train_accuracy")
    found = {m: values[m] * factor for m in shares if m in values}
    found |= {m: values[m] for m in ("entropy", "train_loss", "valid_loss") if m in values}
    errors = {m: values[f"se {m}"] * factor for m in SIGNALS if f"se {m}" in values and m in values}
    n = values.get("n", 0.0)
    if n >= 1 and "score" not in errors:
        p = (values["score"] * factor / 100.0 * n + 2.0) / (n + 4.0)
        errors["score"] = 100.0 * math.sqrt(p * (1.0 - p) / n)
    return Rung(label, values["dose"], found, errors)
