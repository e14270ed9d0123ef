"""Labelled records against every verifier: how often each passes a bad one and drops a good one.

LABELS is JSON Lines: {"verifier": "answers", "label": "good" | "bad", "record": {"messages": [...], "reference": ...,
"tests": ..., "tools": ..., "schema": ..., "bucket": ...}}. Does not cover: trainability, whose verdicts are those of
one tokenizer, and programs that only the sandbox can decide (they abstain).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from buckets import Draft, InputError, Message, Record, digest_file, dumps, read_rows
from verifiers import VERIFIERS, Agreement, Outcome, Verdict, agreement_of

_LABELS = {"good": True, "bad": False}
Judges = Mapping[str, Callable[[Record], Verdict]]


def measure_verifiers(labels: Path, judges: Judges = VERIFIERS) -> dict[str, Any]:
    """Verifier -> its counts and figures, over the labelled records. Raises InputError naming file and row."""
    pairs: dict[str, list[tuple[Outcome, bool]]] = defaultdict(list)
    for name, record, good in labelled(labels, judges):
        pairs[name].append((judges[name](record).outcome, good))
    if not pairs:
        raise InputError(f"{labels}: holds no label")
    found = {name: agreement_of(pairs[name]) for name in judges if name in pairs}
    return {
        "labels": {"file": labels.name, "digest": digest_file(labels), "rows": sum(map(len, pairs.values()))},
        "verifiers": {name: {"counts": asdict(one), "figures": figures_of(one)} for name, one in found.items()},
    }


def labelled(path: Path, judges: Judges) -> Iterator[tuple[str, Record, bool]]:
    """(verifier, record, whether people call it good). Raises InputError."""
    for raw in read_rows(path):
        where, value = f"{path}, row {raw.row}", raw.value
        if not isinstance(value, dict) or not isinstance(value.get("record"), dict):
            raise InputError(f'{where}: a label is {{"verifier": ..., "label": "good" or "bad", "record": {{...}}}}')
        name, label = value.get("verifier"), value.get("label")
        if not isinstance(name, str) or name not in judges:
            raise InputError(f"{where}: no verifier {name!r}; there are {', '.join(judges)}")
        if not isinstance(label, str) or label not in _LABELS:
            raise InputError(f'{where}: label must be "good" or "bad", found {label!r}')
        yield name, _record(value["record"], where), _LABELS[label]


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
