"""Many records as a polars frame: the one schema, in memory, on disk and in the docs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from buckets.errors import RefusedError
from buckets.record import Draft, Message, Record, content_hash, dumps, record_id

MESSAGE = pl.Struct(
    {
        "role": pl.String(),
        "content": pl.String(),
        "reasoning": pl.String(),
        "tool_calls": pl.String(),
        "tool_call_id": pl.String(),
        "name": pl.String(),
    }
)

SCHEMA = pl.Schema(
    {
        "id": pl.String(),  # source/file:row:hash8
        "content_hash": pl.String(),  # 32 hex digits over messages and tools
        "source": pl.String(),
        "origin": pl.Struct({"file": pl.String(), "row": pl.Int64()}),  # path as read, row counted from 0
        "format": pl.String(),  # the format that read the row
        "messages": pl.List(MESSAGE),
        "tools": pl.String(),  # JSON
        "reference": pl.String(),  # gold final answer
        "tests": pl.String(),  # Python asserts
        "schema": pl.String(),  # JSON Schema of the answer
        "bucket": pl.String(),  # one of the nine, or null: unsure
        "bucket_confidence": pl.Float32(),  # 0..1
        "bucket_reason": pl.String(),
        "tokens": pl.Int32(),  # all turns: an estimate, or those of `read.tokenizer`
        "answer_tokens": pl.Int32(),  # assistant turns
        "turns": pl.Int32(),  # messages
        "n_tool_calls": pl.Int32(),
        "chars": pl.Int32(),
        "language": pl.String(),  # ISO 639 code of the answers, or und: unsure (see buckets/language.py)
        "difficulty": pl.Float32(),  # 0..1 within the bucket
        "licence": pl.String(),
        "meta": pl.String(),  # JSON
    }
)

FALLEN_SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "source": pl.String(),
        "bucket": pl.String(),
        "origin": pl.Struct({"file": pl.String(), "row": pl.Int64()}),
        "fate": pl.String(),  # dropped | quarantined
        "stage": pl.String(),
        "rule": pl.String(),  # stable slug, counted and filtered on
        "reason": pl.String(),  # a sentence for a person
        "evidence": pl.String(),  # the matched text, the numbers: at most a few hundred characters
        "witness": pl.String(),  # id of the surviving twin, or of the eval item
    }
)


@dataclass(frozen=True)
class Sorted:
    """What a stage returns. `kept` has SCHEMA, `dropped` has FALLEN_SCHEMA; together they are the input.

    `seen` is what the stage found in rows without acting on it, in a schema of its own; `counted` is what its parts
    counted of their own work (part -> measure -> number, seconds among them). Neither takes part in the law.
    """

    kept: pl.DataFrame
    dropped: pl.DataFrame
    seen: pl.DataFrame | None = None
    counted: dict[str, dict[str, float]] | None = None


def empty_frame() -> pl.DataFrame:
    return pl.DataFrame(schema=SCHEMA)


def no_fallen() -> pl.DataFrame:
    return pl.DataFrame(schema=FALLEN_SCHEMA)


def fallen_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=FALLEN_SCHEMA, orient="row") if rows else no_fallen()


def split(frame: pl.DataFrame, falls: pl.DataFrame) -> Sorted:
    """Take the rows named in `falls` out of `frame`.

    `falls` holds at least id, stage, rule, reason, evidence, witness (fate defaults to "dropped"), one
    row an id; source, bucket and origin are filled in from the frame. Ids that are not in the frame
    are ignored, so one list of falls can be applied shard by shard.
    """
    if "fate" not in falls.columns:
        falls = falls.with_columns(fate=pl.lit("dropped"))
    keys = frame.select("id", "source", "bucket", "origin")
    dropped = keys.join(
        falls.select("id", "fate", "stage", "rule", "reason", "evidence", "witness"),
        on="id",
        how="inner",
        maintain_order="left",
    )
    kept = frame.filter(~pl.col("id").is_in(dropped["id"].implode()))
    return Sorted(kept, dropped.select(FALLEN_SCHEMA.names()).cast(FALLEN_SCHEMA))


def conserve(stage: str, before: pl.DataFrame, after: Sorted) -> None:
    """The row law: every id that went in came out exactly once. Raises RefusedError naming the stage."""
    check_counts(stage, before.height, after.kept.height, after.dropped.height)
    out = pl.concat([after.kept["id"], after.dropped["id"]])
    if out.n_unique() != before.height or not out.is_in(before["id"].implode()).all():
        raise RefusedError(f"stage {stage!r} changed row ids: some rows came out twice, renamed or not at all")


def check_counts(stage: str, rows_in: int, kept: int, fallen: int) -> None:
    """rows in = kept + fallen, or RefusedError with the numbers."""
    if rows_in != kept + fallen:
        raise RefusedError(
            f"stage {stage!r} lost rows: {rows_in} in, {kept} kept + {fallen} fallen = {kept + fallen}; "
            "this is a bug in the stage, nothing was written"
        )


def row_of(draft: Draft, *, source: str, path: str, file: str, row: int, format: str) -> dict[str, Any]:
    """One SCHEMA row (as a dict; columns that later stages fill are left out) from a draft."""
    digest = content_hash(draft)
    return {
        "id": record_id(source, file, row, digest),
        "content_hash": digest,
        "source": source,
        "origin": {"file": path, "row": row},
        "format": format,
        "messages": [
            {
                "role": m.role,
                "content": m.content,
                "reasoning": m.reasoning,
                "tool_calls": m.tool_calls,
                "tool_call_id": m.tool_call_id,
                "name": m.name,
            }
            for m in draft.messages
        ],
        "tools": draft.tools,
        "reference": draft.reference,
        "tests": draft.tests,
        "schema": draft.schema,
        "meta": dumps(draft.meta) if draft.meta else None,
    }


def frame_of(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """A SCHEMA frame from `row_of` dicts; missing columns become null."""
    rows = list(rows)
    if not rows:
        return empty_frame()
    flat = {name: [row.get(name) for row in rows] for name in SCHEMA.names() if name not in _NESTED}
    frame = pl.DataFrame(flat, schema={name: SCHEMA[name] for name in flat}, strict=True)
    origin = _structs([row["origin"] for row in rows], SCHEMA["origin"])
    turns = _columns([message for row in rows for message in row["messages"]], MESSAGE)
    messages = message_lists(turns, [len(row["messages"]) for row in rows])
    return frame.with_columns(origin=origin, messages=messages).select(SCHEMA.names())


_NESTED = ("origin", "messages")


def _structs(values: Sequence[dict[str, Any]], dtype: pl.DataType) -> pl.Series:
    """Structs built column by column: many times faster than row by row."""
    return _columns(values, dtype).to_struct()


def _columns(values: Sequence[dict[str, Any]], dtype: pl.DataType) -> pl.DataFrame:
    fields = dtype.fields if isinstance(dtype, pl.Struct) else []
    columns = {field.name: [value[field.name] for value in values] for field in fields}
    return pl.DataFrame(columns, schema={field.name: field.dtype for field in fields}, strict=True)


def message_lists(turns: pl.DataFrame, counts: Sequence[int]) -> pl.Series:
    """A list-of-MESSAGE column from all turns in order (one column a field) and how many each row has; 0 gives []."""
    rows = pl.DataFrame({"count": counts}, schema={"count": pl.UInt32()}).with_row_index("row")
    owners = rows.select(pl.col("row").repeat_by("count").explode(empty_as_null=False))["row"].set_sorted()
    flat = pl.DataFrame([owners, turns.to_struct("messages")])
    filled = flat.group_by("row", maintain_order=True).agg("messages")
    if filled.height == rows.height:
        return filled["messages"].cast(pl.List(MESSAGE))
    joined = rows.join(filled, on="row", how="left", maintain_order="left")["messages"]
    return joined.fill_null(pl.Series([[]], dtype=pl.List(MESSAGE))).cast(pl.List(MESSAGE))


def records(frame: pl.DataFrame) -> Iterator[Record]:
    """The rows of a frame as Record objects, in order; meta where the frame has that column."""
    wanted = ["id", "source", "bucket", "messages", "tools", "reference", "tests", "schema"]
    wanted += ["meta"] if "meta" in frame.columns else []
    for row in frame.select(wanted).iter_rows(named=True):
        draft = Draft(
            messages=tuple(Message(**m) for m in row["messages"] or ()),
            tools=row["tools"],
            reference=row["reference"],
            tests=row["tests"],
            schema=row["schema"],
            meta=orjson.loads(row["meta"]) if row.get("meta") else {},
        )
        yield Record(id=row["id"], source=row["source"], draft=draft, bucket=row["bucket"])
