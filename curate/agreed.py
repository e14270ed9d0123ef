"""Labelled records against every verifier: how often each passes a bad one and drops a good one.

LABELS is JSON Lines: {"verifier": "answers", "label": "good" | "bad", "record": {"messages": [...], "reference": ...,
"tests": ..., "tools": ..., "schema": ..., "bucket": ...}}, or {"verifier", "label", "id"} of a row of a run. Does not
cover: trainability, whose verdicts are those of one tokenizer, and programs that only the sandbox can decide (they
abstain).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from buckets import Draft, InputError, Message, Record, digest_file, dumps, read_frame, read_rows, records
from curate.shards import StageFolder
from curate.stored import journal
from verifiers import VERIFIERS, Agreement, Outcome, Verdict, agreement_of

_LABELS = {"good": True, "bad": False}
Judges = Mapping[str, Callable[[Record], Verdict]]


def measure_verifiers(labels: Path, judges: Judges = VERIFIERS, run: Path | None = None) -> dict[str, Any]:
    """Verifier -> its counts and figures, over the labelled records; ids are looked up in the folder `run`.

    Raises InputError naming file and row.
    """
    pairs: dict[str, list[tuple[Outcome, bool]]] = defaultdict(list)
    for name, record, good in labelled(labels, judges, run):
        pairs[name].append((judges[name](record).outcome, good))
    if not pairs:
        raise InputError(f"{labels}: holds no label")
    found = {name: agreement_of(pairs[name]) for name in judges if name in pairs}
    return {
        "labels": {"file": labels.name, "digest": digest_file(labels), "rows": sum(map(len, pairs.values()))},
        "verifiers": {name: {"counts": asdict(one), "figures": figures_of(one)} for name, one in found.items()},
    }


def names_verifiers(path: Path) -> bool:
    """Whether the first label asks a verifier; the others are of rows that a judge scored."""
    first = next(iter(read_rows(path)), None)
    return first is not None and isinstance(first.value, dict) and "verifier" in first.value


def labelled(path: Path, judges: Judges, run: Path | None = None) -> Iterator[tuple[str, Record, bool]]:
    """(verifier, record, whether people call it good). Raises InputError."""
    stored = {} if run is None else _stored(path, run)
    for raw in read_rows(path):
        where, value = f"{path}, row {raw.row}", raw.value
        if not isinstance(value, dict) or not (isinstance(value.get("record"), dict) or "id" in value):
            raise InputError(
                f'{where}: a label is {{"verifier": ..., "label": "good" or "bad", "record": {{...}}}}, '
                'or has "id": ... for the record, with --run DIR'
            )
        name, label = value.get("verifier"), value.get("label")
        if not isinstance(name, str) or name not in judges:
            raise InputError(f"{where}: no verifier {name!r}; there are {', '.join(judges)}")
        if not isinstance(label, str) or label not in _LABELS:
            raise InputError(f'{where}: label must be "good" or "bad", found {label!r}')
        if isinstance(value.get("record"), dict):
            yield name, _record(value["record"], where), _LABELS[label]
            continue
        if run is None:
            raise InputError(f"{where}: has an id and no record; name the run that holds the row with --run DIR")
        if not isinstance(value["id"], str) or value["id"] not in stored:
            raise InputError(f"{where}: no row {value['id']!r} in {run}, or it could not be read there")
        yield name, stored[value["id"]], _LABELS[label]


def _stored(path: Path, run: Path) -> dict[str, Record]:
    """The records of the ids that the labels name, as the last stage that let them through left them."""
    wanted = {row.value["id"] for row in read_rows(path) if isinstance(row.value, dict) and "record" not in row.value
              and isinstance(row.value.get("id"), str)}  # fmt: skip
    found: dict[str, Record] = {}
    for line in reversed(journal(run)["stages"]):
        folder = StageFolder(run / "stages", line["stage"], line["fingerprint"])
        if not folder.is_whole():
            raise InputError(f"{run}: the shards of its {line['stage']} stage are gone; run the recipe there again")
        for name in folder.names() if wanted else ():
            rows = read_frame(folder.kept(name)).filter(pl.col("id").is_in(list(wanted)))
            found |= {record.id: record for record in records(rows)}
            wanted -= found.keys()
    return found


def _record(value: dict[str, Any], where: str) -> Record:
    turns = value.get("messages")
    if not isinstance(turns, list) or not all(isinstance(turn, dict) and "role" in turn for turn in turns):
        raise InputError(f"{where}: a record has `messages`, a list of turns with a role")
    messages = tuple(
        Message(
            role=turn["role"],
            content=_text(turn.get("content")) or "",
            reasoning=_text(turn.get("reasoning")),
            tool_calls=_text(turn.get("tool_calls")),
            tool_call_id=_text(turn.get("tool_call_id")),
            name=_text(turn.get("name")),
        )
        for turn in turns
    )
    tools, reference, tests, schema = (_text(value.get(name)) for name in ("tools", "reference", "tests", "schema"))
    draft = Draft(messages, tools, reference, tests, schema)
    return Record(str(value.get("id", where)), "labels", draft, _text(value.get("bucket")))


def _text(value: Any) -> str | None:
    """JSON columns may be given as JSON or as text."""
    return value if value is None or isinstance(value, str) else dumps(value)


def figures_of(found: Agreement) -> dict[str, Any]:
    """The rates with their 95% intervals; a rate over no row is None."""
    total = found.judged + found.abstained
    return {
        "rows": total,
        "abstained": found.abstained / total if total else None,
        "false_pass": found.false_pass_rate(),
        "false_pass_interval": found.false_pass_interval(),
        "false_drop": found.false_drop_rate(),
        "false_drop_interval": found.false_drop_interval(),
        "kappa": found.kappa(),
        "kappa_interval": found.kappa_interval(),
    }


def verifiers_text(entry: Mapping[str, Any]) -> str:
    """The table for a person."""

    def share(figures: Mapping[str, Any], name: str) -> str:
        value, (low, high) = figures[name], figures[f"{name}_interval"]
        return "no such row" if value is None else f"{value:.4f} [{low:.4f}, {high:.4f}]"

    lines = [f"{entry['labels']['rows']} labels; rates with 95% Wilson intervals, abstentions in none of them"]
    for name, one in entry["verifiers"].items():
        figures = one["figures"]
        kappa = "not defined" if figures["kappa"] is None else f"{figures['kappa']:.3f}"
        lines.append(
            f"  {name}: {figures['rows']} rows, bad ones passed {share(figures, 'false_pass')}, good ones dropped "
            f"{share(figures, 'false_drop')}, abstained {figures['abstained']:.3f}, kappa {kappa}"
        )
    return "\n".join(lines)


def read_verifiers(path: Path) -> dict[str, Agreement]:
    """Verifier -> agreement, from what `curate agreement` wrote; figures are computed again. Raises InputError."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; `curate agreement LABELS --out FILE` writes one")
    try:
        table = json.loads(path.read_bytes())["verifiers"]
        found = {}
        for name, one in table.items():
            counts = {field: one["counts"][field] for field in asdict(Agreement())}
            if not all(type(count) is int and count >= 0 for count in counts.values()):
                raise ValueError("a count is no count")
            found[str(name)] = Agreement(**counts)
        return found
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not written by `curate agreement` without a run ({error})") from error
