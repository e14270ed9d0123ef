"""What the data is: records, formats, files and the nine capability buckets."""

from buckets.assign import assign
from buckets.bucket import REFUSE, Bucket, Signal
from buckets.columns import Columns
from buckets.cores import cores
from buckets.encodings import codec_name
from buckets.errors import CurateError, IncompleteError, InputError, RecipeError, RefusedError, RowError
from buckets.evals import (
    READERS,
    Call,
    EvalMapping,
    EvalSet,
    Problem,
    eval_rows,
    problem_of,
    read_eval,
    read_evals,
    sniff_eval,
)
from buckets.files import DAMAGE, Layout, Rows, archive_members, is_plain_lines, read_rows
from buckets.formats import (
    FIRST_ROWS,
    FORMATS,
    NOT_WANTED,
    Format,
    Mapping,
    gold_in,
    last_boxed,
    sniff_format,
    turn_weights,
)
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
from buckets.hub import HUB
from buckets.inputs import Named, expand, located, passed_over
from buckets.item import SPLITS, EvalItem, Split, read_items
from buckets.kind import KINDS, Kind
from buckets.language import LanguageBy, languages
from buckets.measure import WORD_PATTERN, measure
from buckets.members import is_archive
from buckets.nine import BUCKETS
from buckets.raw import Fault, Raw
from buckets.record import ROLES, Draft, Message, Record, Role, content_hash, dumps, record_id
from buckets.safety_refusal import REFUSAL_PATTERN
from buckets.spans import Span, spans
from buckets.store import digest, digest_file, read_frame, read_json, rows_of, write_bytes, write_frame, write_json
from buckets.tokens import count_tokens, tokenizer_digest

__all__ = [
    "BUCKETS",
    "DAMAGE",
    "FALLEN_SCHEMA",
    "FIRST_ROWS",
    "FORMATS",
    "HUB",
    "KINDS",
    "NOT_WANTED",
    "READERS",
    "REFUSAL_PATTERN",
    "REFUSE",
    "ROLES",
    "SCHEMA",
    "SPLITS",
    "WORD_PATTERN",
    "Bucket",
    "Call",
    "Columns",
    "CurateError",
    "Draft",
    "EvalItem",
    "EvalMapping",
    "EvalSet",
    "Fault",
    "Format",
    "IncompleteError",
    "InputError",
    "Kind",
    "LanguageBy",
    "Layout",
    "Mapping",
    "Message",
    "Named",
    "Problem",
    "Raw",
    "RecipeError",
    "Record",
    "RefusedError",
    "Role",
    "RowError",
    "Rows",
    "Signal",
    "Sorted",
    "Span",
    "Split",
    "archive_members",
    "assign",
    "check_counts",
    "codec_name",
    "conserve",
    "content_hash",
    "cores",
    "count_tokens",
    "digest",
    "digest_file",
    "dumps",
    "empty_frame",
    "eval_rows",
    "expand",
    "fallen_frame",
    "frame_of",
    "gold_in",
    "is_archive",
    "is_plain_lines",
    "languages",
    "last_boxed",
    "located",
    "measure",
    "no_fallen",
    "passed_over",
    "problem_of",
    "read_eval",
    "read_evals",
    "read_frame",
    "read_items",
    "read_json",
    "read_rows",
    "record_id",
    "records",
    "row_of",
    "rows_of",
    "sniff_eval",
    "sniff_format",
    "spans",
    "split",
    "tokenizer_digest",
    "turn_weights",
    "write_bytes",
    "write_frame",
    "write_json",
]
