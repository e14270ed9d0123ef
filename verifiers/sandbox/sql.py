"""Does a query give the rows of the gold query on a given SQLite database? Run read-only, limited, in a sandbox.

Does NOT cover other dialects than SQLite's, and does not prove two queries equal: they agree on this database. Order
counts only where the gold query orders at its top level; duplicates count always.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from verifiers.sandbox.limits import Program
from verifiers.sandbox.pool import Pool

_MAX_ROWS = 10_000
_MAX_BYTES = 32 << 20

_DRIVER = """
import base64, json, sqlite3, sys
job = json.loads(sys.stdin.buffer.read())
def database():
    made = sqlite3.connect(":memory:")
    if job["image"] is not None:
        made.deserialize(base64.b64decode(job["image"]))
    else:
        made.executescript(job["script"])
        made.commit()
    return made
READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
def only_reads(action, first, second, *rest):
    if action == sqlite3.SQLITE_FUNCTION and str(second).lower() in job["forbidden"]:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in READS else sqlite3.SQLITE_DENY
def plain(value):
    return ["bytes", value.hex()] if isinstance(value, bytes) else value
answers = []
for query in job["queries"]:
    try:
        made = database()
        made.text_factory = lambda data: data.decode("utf-8", "replace")
        made.execute("pragma query_only = on")
        made.set_authorizer(only_reads)
        steps = [job["steps"]]
        def tick():
            steps[0] -= 1
            return steps[0] < 0
        made.set_progress_handler(tick, 1000)
        rows = made.execute(query).fetchmany(job["rows"] + 1)
        answers.append(["rows", [[plain(cell) for cell in row] for row in rows]])
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        answers.append(["error", str(error)[:200]])
sys.stdout.write(json.dumps(answers))
"""


@dataclass(frozen=True)
class Agreement:
    """`outcome`: same, different, wrong (the query fails), or undecided (the gold fails, or a limit)."""

    outcome: str
    reason: str = ""


def compare_queries(pool: Pool, query: str, gold: str, database: str | bytes) -> Agreement:
    """`database`: an SQL script that builds it, or the bytes of an SQLite file."""
    if len(database) > _MAX_BYTES or len(query) + len(gold) > 200_000:
        return Agreement("undecided", "the database or the query is too big")
    image = base64.b64encode(database).decode() if isinstance(database, bytes) else None
    job = {
        "image": image, "script": None if image else database, "queries": [gold, query], "rows": _MAX_ROWS,
        "steps": 20_000, "forbidden": ["load_extension", "random", "randomblob"],
    }  # fmt: skip
    done = pool.check(Program(_DRIVER, stdin=json.dumps(job)))
    try:  # the driver is ours and no query can run Python, so what it prints is what the database gave
        (gold_kind, due), (kind, got) = json.loads(done.stdout)
    except (ValueError, TypeError):
        return Agreement("undecided", f"the sandbox gave no rows: {done.verdict} {done.reason}")
    if gold_kind == "error":
        return Agreement("undecided", f"the gold query fails: {due}")
    if kind == "error":
        limited = got in ("interrupted", "not authorized") or "denied" in got or "prohibited" in got
        return Agreement("undecided" if limited and got == "interrupted" else "wrong", f"the query fails: {got}")
    if max(len(due), len(got)) > _MAX_ROWS:
        return Agreement("undecided", f"more than {_MAX_ROWS} rows")
    same = due == got if _ordered(gold) else Counter(map(_row, due)) == Counter(map(_row, got))
    return Agreement("same" if same else "different", "" if same else f"{len(due)} gold rows, {len(got)} rows")


def _row(row: list[Any]) -> str:
    """1 and 1.0 are one value to SQLite; JSON would tell them apart."""
    return json.dumps([int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in row])


def _ordered(query: str) -> bool:
    """Whether there is an ORDER BY outside all brackets and texts."""
    bare = re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", " ", query, flags=re.DOTALL)
    while (inner := re.sub(r"\([^()]*\)", " ", bare)) != bare:
        bare = inner
    return re.search(r"\border\s+by\b", bare, re.IGNORECASE) is not None
