"""The judge's book: every paid reply kept under its key, and a spend that cannot pass the cap.

Before a call its worst cost is booked; after it the real cost takes its place, in one transaction with the reply. A
killed process leaves its calls in flight booked at their worst. One SQLite file in WAL mode, safe for several
processes. Money is counted in whole pico-dollars (1e-12), so that nothing is rounded away.

Not covered: what a provider bills beyond the usage it reports, and power failure (the last replies may be lost and
asked again; their bookings may be lost with them).
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from buckets import InputError

PICO = 10**12
_TABLES = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, text TEXT, finish TEXT, refusal TEXT, input INTEGER, output INTEGER, judge TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, booked TEXT NOT NULL, cost TEXT, outcome TEXT);
CREATE TABLE IF NOT EXISTS total (one INTEGER PRIMARY KEY CHECK (one = 1), spent TEXT NOT NULL);
INSERT OR IGNORE INTO total VALUES (1, '0');
"""


@dataclass(frozen=True)
class Reply:
    """What came back for one call, as it came."""

    text: str | None
    finish: str | None
    refusal: str | None
    input: int | None = None
    """Prompt tokens as billed; None when the server did not say."""
    output: int | None = None


def pico(usd: Decimal) -> int:
    """Whole pico-dollars, rounded down: for a cap."""
    return math.floor(usd * PICO)


def per_token(usd_per_million: Decimal) -> int:
    """Pico-dollars a token from dollars a million tokens, rounded up."""
    return math.ceil(usd_per_million * PICO / 10**6)


def usd(amount: int) -> float:
    return amount / PICO


class Ledger:
    """One file; `spent` holds everything ever booked in it. Amounts are text in SQLite: they may pass 63 bits."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Autocommit: every transaction below is begun by hand.
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_TABLES)
        except (sqlite3.Error, OSError) as error:
            raise InputError(f"{path}: cannot serve as the judge's ledger: {error}") from error

    def close(self) -> None:
        self._db.close()

    def reply(self, key: str) -> Reply | None:
        row = self._db.execute(
            "SELECT text, finish, refusal, input, output FROM replies WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else Reply(*row)

    def book(self, key: str, worst: int, cap: int) -> int | None:
        """The number of a call that may be made now, its worst cost booked; None when that could pass the cap."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            spent = self.spent()
            if spent + worst > cap:
                self._db.execute("ROLLBACK")
                return None
            call = self._db.execute("INSERT INTO calls (key, booked) VALUES (?, ?)", (key, str(worst))).lastrowid
            self._db.execute("UPDATE total SET spent = ?", (str(spent + worst),))
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
        return call

    def settle(self, call: int, cost: int | None, outcome: str, judge: str, reply: Reply | None = None) -> None:
        """Put the real cost in place of the booked one (None: unknown, so the worst stays), with the reply if any."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            key, booked = self._db.execute("SELECT key, booked FROM calls WHERE id = ?", (call,)).fetchone()
            paid = int(booked) if cost is None else cost
            self._db.execute("UPDATE calls SET cost = ?, outcome = ? WHERE id = ?", (str(paid), outcome, call))
            self._db.execute("UPDATE total SET spent = ?", (str(self.spent() + paid - int(booked)),))
            if reply is not None:
                row = (key, reply.text, reply.finish, reply.refusal, reply.input, reply.output, judge)
                self._db.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise

    def spent(self) -> int:
        return int(self._db.execute("SELECT spent FROM total").fetchone()[0])

    def outcomes(self) -> dict[str, int]:
        """Calls by outcome; `in_flight` are those that no process has settled."""
        rows = self._db.execute("SELECT coalesce(outcome, 'in_flight'), count(*) FROM calls GROUP BY 1 ORDER BY 1")
        return dict(rows.fetchall())

    def mean_tokens(self, judge: str) -> tuple[float, float] | None:
        """Mean billed prompt and reply tokens of the calls of one judge; None before twenty of them."""
        row = self._db.execute(
            "SELECT count(*), avg(input), avg(output) FROM replies WHERE judge = ? AND input IS NOT NULL", (judge,)
        ).fetchone()
        return (float(row[1]), float(row[2])) if row[0] >= 20 else None
