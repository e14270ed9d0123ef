"""Does a query give the rows of the gold query on a given SQLite database? Run read-only, limited, in a sandbox.

Does NOT cover other dialects than SQLite's, and does not prove two queries equal: they agree on this database. Order
counts where the gold query orders at its top level or the caller says so. Each query is asked twice, the second time
with SQLite's order of scans reversed, so that rows that come out right by luck are told from rows that were asked for.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from verifiers.sandbox.limits import Program
from verifiers.sandbox.pool import Pool
from verifiers.sandbox.rowset import Rows, as_bags, as_bags_of_columns, in_order

_MAX_ROWS = 10_000
_MAX_BYTES = 32 << 20

_DRIVER = """
import base64, json, sqlite3, sys
job = json.loads(sys.stdin.buffer.read())
READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
def image():
    if job["image"] is not None:
        return base64.b64decode(job["image"])
    made = sqlite3.connect(":memory:")
    made.executescript(job["script"])
    made.commit()
    return made.serialize()
def only_reads(action, first, second, *rest):
    if action == sqlite3.SQLITE_FUNCTION and str(second).lower() in job["forbidden"]:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in READS else sqlite3.SQLITE_DENY
def plain(value):
    return ["bytes", value.hex()] if isinstance(value, bytes) else value
def opened(whole, backwards):
    made = sqlite3.connect(":memory:")
    made.deserialize(whole)
    made.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    made.execute("pragma hard_heap_limit = 402653184")
    made.execute("pragma reverse_unordered_selects = " + ("on" if backwards else "off"))
    made.execute("pragma trusted_schema = off")
    made.execute("pragma query_only = on")
    for kind, most in ((sqlite3.SQLITE_LIMIT_LENGTH, 1 << 24), (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
                       (sqlite3.SQLITE_LIMIT_ATTACHED, 0), (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 100)):
        made.setlimit(kind, most)
    made.set_authorizer(only_reads)
    steps = [job["steps"]]
    def tick():
        steps[0] -= 1
        return steps[0] < 0
    made.set_progress_handler(tick, 1000)
    return made
def asked(whole, query, backwards, step=0):
    try:
        made, count = opened(whole, backwards), [0]
        def tie():
            count[0] += step
            return count[0]
        if step:
            made.create_function("sft_tie", 0, tie)
        rows = made.execute(query).fetchmany(job["rows"] + 1)
        return ["rows", [[plain(cell) for cell in row] for row in rows]]
    except MemoryError:
        return ["limit", "out of memory"]
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        told = str(error)[:200]
        limited = told == "interrupted" or "too big" in told or "out of memory" in told
        return ["limit" if limited else "error", told]
def filled(whole):
    made = opened(whole, False)
    tables = made.execute("select name from sqlite_master where type = 'table'").fetchall()
    for (name,) in tables:
        try:
            if made.execute('select 1 from "' + name.replace('"', '""') + '" limit 1').fetchone():
                return True
        except sqlite3.Error:
            continue
    return False
try:
    whole = image()
    answer = {"filled": filled(whole),
              "runs": [[asked(whole, query, back) for back in (False, True)] for query in job["queries"]],
              "ties": [asked(whole, job["tied"], False, step) for step in (1, -1)] if job["tied"] else []}
except (sqlite3.Error, sqlite3.Warning, ValueError, MemoryError) as error:
    answer = {"broken": str(error)[:200]}
sys.stdout.write(json.dumps(answer))
"""


@dataclass(frozen=True)
class Agreement:
    """`outcome`: same, different, wrong (the query fails), or undecided (the gold fails, a limit, chance, no rows)."""

    outcome: str
    reason: str = ""


def compare_queries(
    pool: Pool,
    query: str,
    gold: str | None,
    database: str | bytes,
    *,
    rows: Rows | None = None,
    ordered: bool | None = None,
    columns_free: bool = False,
    tolerance: float = 1e-9,
) -> Agreement:
    """`database`: an SQL script that builds it, or the bytes of an SQLite file. Due are the rows of `gold`, or `rows`.

    ordered: None reads it off the gold query. columns_free: another order of columns is no difference.
    """
    if len(database) > _MAX_BYTES or len(query) + len(gold or "") > 200_000:
        return Agreement("undecided", "the database or the query is too big")
    tied = _tied(gold) if gold is not None and ordered is not False else ""
    answer = _asked(pool, [query, *([gold] if gold is not None else [])], database, tied)
    if isinstance(answer, Agreement):
        return answer
    runs = answer["runs"]
    if gold is not None and (failed := [told for kind, told in runs[1] if kind != "rows"]):
        return Agreement("undecided", f"the gold query fails: {failed[0]}")
    for kind, told in runs[0]:
        if kind != "rows":
            return Agreement("wrong" if kind == "error" else "undecided", f"the query fails: {told}")
    got = [found for _, found in runs[0]]
    due = [found for _, found in runs[1]] if gold is not None else [rows or []] * 2
    if max(map(len, (*due, *got))) > _MAX_ROWS:
        return Agreement("undecided", f"more than {_MAX_ROWS} rows")
    in_rows = ordered if ordered is not None else gold is not None and _ordered(gold)
    loose = any(kind != "rows" or not in_order(due[0], told, 0.0) for kind, told in answer["ties"])
    found = _compared(due, got, in_rows, columns_free, tolerance, loose)
    if found.outcome == "same" and gold is not None and (not answer["filled"] or not due[0]):
        return Agreement("undecided", "the database holds no row that tells the two queries apart")
    return found


def _asked(pool: Pool, queries: list[str], database: str | bytes, tied: str) -> dict[str, Any] | Agreement:
    if isinstance(database, bytes) and database[18:20] == b"\x02\x02":
        database = database[:18] + b"\x01\x01" + database[20:]  # a write-ahead file cannot be opened in memory
    image = base64.b64encode(database).decode() if isinstance(database, bytes) else None
    job = {
        "image": image, "script": None if image is not None else database, "queries": queries, "tied": tied,
        "rows": _MAX_ROWS, "steps": 20_000, "forbidden": ["load_extension", "random", "randomblob", "fts3_tokenizer"],
    }  # fmt: skip
    done = pool.check(Program(_DRIVER, stdin=json.dumps(job)))
    try:  # the driver is ours and no query can run Python, so what it prints is what the database gave
        answer = json.loads(done.stdout)
    except ValueError:
        return Agreement("undecided", f"the sandbox gave no rows: {done.verdict} {done.reason}")
    if "broken" in answer:
        return Agreement("undecided", f"the database cannot be built: {answer['broken']}")
    return dict(answer)


def _compared(
    due: list[Rows], got: list[Rows], ordered: bool, columns_free: bool, tolerance: float, loose: bool
) -> Agreement:
    """`due` and `got` are the rows of both scan orders; `loose`: the gold query leaves the order of some rows open."""
    told = f"{len(due[0])} rows due, {len(got[0])} rows given"
    by_chance = not as_bags(due[0], due[1], tolerance)
    bags = [as_bags(one, other, tolerance) for one, other in zip(due, got, strict=True)]
    if not bags[0]:
        if by_chance:
            return Agreement("undecided", f"the gold query gives other rows in another order of scans; {told}")
        if as_bags_of_columns(due[0], got[0], tolerance):
            return Agreement("same", "") if columns_free and not ordered else Agreement(
                "undecided", "the same columns in another order"
            )  # fmt: skip
        return Agreement("different", told)
    if not bags[1]:
        return Agreement("undecided" if by_chance else "different", "the rows depend on the order of scans")
    if not ordered:
        return Agreement("same")
    lists = [in_order(one, other, tolerance) for one, other in zip(due, got, strict=True)]
    if all(lists):
        return Agreement("same")
    if loose or not in_order(due[0], due[1], tolerance):
        return Agreement("undecided", "the gold query leaves the order of some rows open")
    return Agreement("different", "another order" if not lists[0] else "the order is not asked for")


_UNSEEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)


def _bare(query: str) -> str:
    """The query with texts, comments and all that stands in brackets blanked out, as long as before."""
    bare = _UNSEEN.sub(lambda found: " " * len(found[0]), query)
    while (inner := re.sub(r"\([^()]*\)", lambda found: " " * len(found[0]), bare)) != bare:
        bare = inner
    return bare


def _ordered(query: str) -> bool:
    """Whether there is an ORDER BY outside all brackets and texts."""
    return re.search(r"\border\s+by\b", _bare(query), re.IGNORECASE) is not None


def _tied(query: str) -> str:
    """The query with a last sort key that the driver counts up, then down: where that moves rows, some were tied."""
    bare = _bare(query)
    found = list(re.finditer(r"\border\s+by\b", bare, re.IGNORECASE))
    if not found:
        return ""
    limit = re.compile(r"\blimit\b|;|\Z", re.IGNORECASE).search(bare, found[-1].end())
    end = limit.start() if limit else len(query)
    head = query[:end].rstrip()
    return f"{head}\n, sft_tie() {query[end:]}"
