"""What the data is: records, formats, files and the nine capability buckets."""

from buckets.errors import CurateError, IncompleteError, InputError, RecipeError, RefusedError, RowError
from buckets.frame import (
    FALLEN_SCHEMA,
    SCHEMA,
    Sorted,
    check_counts,
    conserve,
    empty_frame,
    fallen_frame,
    frame_of,
    no_fallen,
    records,
    row_of,
    split,
)
from buckets.item import SPLITS, EvalItem, Split, read_items
from buckets.record import ROLES, Draft, Message, Record, Role, content_hash, dumps, record_id

__all__ = [
    "FALLEN_SCHEMA",
    "ROLES",
    "SCHEMA",
    "SPLITS",
    "CurateError",
    "Draft",
    "EvalItem",
    "IncompleteError",
    "InputError",
    "Message",
    "RecipeError",
    "Record",
    "RefusedError",
    "Role",
    "RowError",
    "Sorted",
    "Split",
    "check_counts",
    "conserve",
    "content_hash",
    "dumps",
    "empty_frame",
    "fallen_frame",
    "frame_of",
    "no_fallen",
    "read_items",
    "record_id",
    "records",
    "row_of",
    "split",
]
