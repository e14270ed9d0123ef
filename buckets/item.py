"""Held-out evaluation items: a prompt, what grades the answer, and the split it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from buckets.errors import InputError
from buckets.record import Draft, Message

Split = Literal["dev", "ood", "hard"]
SPLITS: tuple[Split, ...] = ("dev", "ood", "hard")


@dataclass(frozen=True, slots=True)
class EvalItem:
    """One item. `draft.messages` is the prompt; it ends in an assistant turn only for NLL scoring."""

    id: str
    bucket: str
    split: Split
    cluster: str
    """Items that share a template or a source document: intervals resample clusters, not items."""
    draft: Draft


def read_items(path: Path) -> list[EvalItem]:
    """Items from JSON Lines in the canonical form; raises InputError naming file and row.

    A row has id, bucket, split, messages, and optionally cluster, tools, reference, tests, schema
    (tools and schema either as JSON strings or as plain JSON).
    """
    items = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot read eval items: {error.strerror}") from error
    for number, line in enumerate(lines):
        if line.strip():
            try:
                items.append(_item(orjson.loads(line)))
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
                raise InputError(f"{path}: row {number} is not an eval item: {error!r}") from error
    return items


def _item(row: dict[str, Any]) -> EvalItem:
    if row["split"] not in SPLITS:
        raise ValueError(f"split {row['split']!r} is not one of {SPLITS}")
    draft = Draft(
        messages=tuple(Message(**m) for m in row["messages"]),
        tools=_text(row.get("tools")),
        reference=row.get("reference"),
        tests=row.get("tests"),
        schema=_text(row.get("schema")),
    )
    return EvalItem(row["id"], row["bucket"], row["split"], row.get("cluster") or row["id"], draft)


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
