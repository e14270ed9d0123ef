"""One row's life: its raw text, where it came from, each stage, every verdict that is known, why it fell, its witness.

Loads no polars: on a run of a million rows the answer is there before polars would be imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curate.ids import Ids
from curate.rawtext import raw_text
from curate.stored import journal, recipe_of

_MOST = 5
"""Rows that one stands for, shown one by one; all are counted."""


def life(folder: Path, id: str, raw: bool = False) -> dict[str, Any]:
    """Everything a run knows of one row; InputError when the id is not in it.

    `raw`: read the raw text also from files in which a row is only found by reading from the start.
    """
    stages = journal(folder)["stages"]
    ids = Ids.of(folder, stages)
    record = _one(ids.rows(id, "text", 1))
    fell = _one(ids.rows(id, "fell", 1))
    if record is None and fell is None:
        from buckets import InputError

        raise InputError(
            f"{folder}: no record {id!r}; ids look like source/file:row:hash. Rows that stayed carry theirs in the "
            f"export; of rows that fell `curate ledger {folder}` lists some"
        )
    origin = (record or fell or {})["origin"]
    tables, base = recipe_of(folder)
    source = (record or fell or {})["source"]
    declared: dict[str, Any] = next((one for one in tables["read"]["sources"] if one["name"] == source), {})
    against = (tables.get("dedup") or {}).get("against", [])
    return {
        "id": id,
        "fate": fell["fate"] if fell else "kept",
        "origin": origin,
        "raw": asdict(raw_text(ids, base, origin, raw, declared)),
        "record": record,
        "stages": _stages(ids, stages, id, fell),
        "fell": fell,
        "witness": _witness(ids, base, against, fell),
        "witness_for": _witness_for(ids, id),
        "near": [*ids.rows(id, "near", 1), *ids.rows(id, "named", _MOST)],
    }


def _one(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    return rows[0] if rows else None


def _stages(ids: Ids, stages: list[dict[str, Any]], id: str, fell: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Every stage up to the one that the row fell to, with what the stage found in the row without acting on it."""
    found: list[dict[str, Any]] = []
    for line in stages:
        name = line["stage"]
        here: dict[str, Any] = {"stage": name, "verdict": "kept"}
        if seen := ids.rows(id, f"seen:{name}"):
            here["seen"] = seen
        if fell is not None and fell["stage"] == name:
            found.append(here | {"verdict": fell["fate"]} | {k: fell[k] for k in ("rule", "reason", "evidence")})
            break
        found.append(here)
    return found


def _witness(ids: Ids, base: Path, against: Sequence[str], fell: dict[str, Any] | None) -> dict[str, Any] | None:
    """The row for which this one fell, in full where it can be read, with what became of it."""
    if fell is None or fell["witness"] is None:
        return None
    id = fell["witness"]
    found = _one(ids.rows(id, "text", 1))
    if found is not None:
        after = _one(ids.rows(id, "fell", 1))
        told = {key: after[key] for key in ("stage", "rule", "witness")} if after else None
        return found | {"fell": told}
    name = next((name for name in against if id.startswith(f"{name}#")), None)
    return {"id": id} if name is None else _earlier(ids.folder, base, name, id)


def _earlier(folder: Path, base: Path, name: str, id: str) -> dict[str, Any]:
    """A row that stood before the run (`dedup.against`): in the earlier run, or in the files of a corpus."""
    there = id.removeprefix(f"{name}#")
    run = base / Path(name).expanduser()
    if (run / "run.json").is_file():
        found = _one(Ids.of(run, journal(run)["stages"]).rows(there, "text", 1))
        return {"id": id, "unreadable": f"{name} holds no such row any more"} if found is None else found | {"id": id}
    from buckets import InputError
    from curate.earlier import earlier_rows

    try:
        rows = earlier_rows(folder, [id]).to_dicts()
    except InputError as error:
        return {"id": id, "unreadable": str(error)}
    return dict(rows[0]) if rows else {"id": id}


def _witness_for(ids: Ids, id: str) -> dict[str, Any]:
    """Rows that fell because this one stays: how many, and the first of them."""
    rows = ids.rows(id, "witness", _MOST)
    first = [{key: row[key] for key in ("id", "stage", "rule", "evidence")} for row in rows]
    return {"rows": ids.count(id, "witness"), "first": first}
