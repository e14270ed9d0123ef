"""How a dedup does on the trap set: what it drops wrongly, and what it finds, over all and for each kind.

python -m benchmarks.traps.score --out benchmarks/results/traps.json
python -m benchmarks.traps.score --peers-python peers-venv/bin/python --out benchmarks/results/traps.json

All pairs lie in one corpus. A distinct pair is a false drop when any of its rows falls; a duplicate pair is found
when exactly one of its rows falls and, where a witness is named, for the other one. A fall for a row of another pair
is counted as cross-pair. Peers see one text a row: user, assistant and tool turns and the calls, without the system
prompt and the tool list (`--view talk`, which suits them best), or with them (`--view whole`).
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from benchmarks.traps.make import PAIRS
from buckets import Draft, InputError, Message, frame_of, row_of
from curate.dedup import Dedup
from verifiers import wilson

View = Literal["talk", "whole"]
PEERS = ("daft_minhash", "datasketch_lsh", "rensa_minhash", "textdedup_minhash")
Falls = dict[int, int | None]
"""Fallen row -> its witness row, or None where none is named. Rows 2k and 2k + 1 are sides a and b of pair k."""


def read_pairs(path: Path = PAIRS) -> list[dict[str, Any]]:
    """The committed pairs, in order."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; make it with `python -m benchmarks.traps.make`")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def frame(pairs: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """All rows as one frame: sides a and b of the first pair, then of the next."""
    rows = [pair[side] for pair in pairs for side in "ab"]
    where = {"source": "traps", "path": "traps.jsonl", "file": "traps.jsonl", "format": "openai"}
    return frame_of(row_of(_draft(row), row=place, **where) for place, row in enumerate(rows))


def _draft(row: dict[str, Any]) -> Draft:
    messages = tuple(Message(t["role"], t["content"], tool_calls=t.get("tool_calls")) for t in row["messages"])
    return Draft(messages, tools=row["tools"], reference=row.get("reference"))


def ours(rows: pl.DataFrame, stage: Dedup) -> Falls:
    """What the stage drops, through its public interface."""

    def fetch(ids: Sequence[str]) -> pl.DataFrame:
        return rows.filter(pl.col("id").is_in(list(ids)))

    place = {name: k for k, name in enumerate(rows["id"])}
    falls = stage.decide([stage.sketch(rows)], fetch).falls
    return {place[row]: place[witness] for row, witness in falls.select("id", "witness").iter_rows()}


def flat_text(row: dict[str, Any], view: View) -> str:
    """A row as the one text that a peer reads."""
    turns = [t for t in row["messages"] if view == "whole" or t["role"] != "system"]
    parts = [part for t in turns for part in (t["content"], t.get("tool_calls", "")) if part]
    return "\n".join([row["tools"], *parts] if view == "whole" and row["tools"] else parts)


def peer(name: str, python: Path, texts: Sequence[str]) -> Falls:
    """What a peer drops, run in its own interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "traps.parquet"), Path(folder, "removed.parquet")
        pl.DataFrame({"text": texts}).write_parquet(source)
        options = ["--input", str(source), "--column", "text", "--threshold", "0.8", "--out", str(out), "--json"]
        command = [str(python), "-m", f"benchmarks.peers.{name}", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InputError(f"{name} failed under {python}: {done.stderr[-500:]}; see benchmarks/peers/README.md")
        return dict(pl.read_parquet(out).select("row", "witness").iter_rows())


@dataclass(frozen=True)
class Rate:
    """`hits` of `n`, with the 95% Wilson score interval (Wilson 1927)."""

    hits: int
    n: int

    def as_dict(self) -> dict[str, Any]:
        share, (low, high) = self.hits / max(self.n, 1), wilson(self.hits, self.n)
        return {"hits": self.hits, "n": self.n, "rate": round(share, 4), "low": round(low, 4), "high": round(high, 4)}


def score(pairs: Sequence[dict[str, Any]], falls: Falls) -> dict[str, Any]:
    """False drops over distinct pairs, found over duplicate pairs, falls across pairs; all and by kind."""
    cross = sorted(row for row, witness in falls.items() if witness is not None and witness // 2 != row // 2)
    by_kind: dict[str, list[bool]] = {}
    for place, pair in enumerate(pairs):
        by_kind.setdefault(f"{pair['label']}/{pair['kind']}", []).append(_hit(pair["label"], place, falls))
    return {
        "false_drops": _total(by_kind, "distinct/").as_dict(),
        "found": _total(by_kind, "duplicate/").as_dict(),
        "cross_pair": len(cross),
        "cross_pairs": [[_side(pairs, row), _side(pairs, falls[row] or 0)] for row in cross[:20]],
        "kinds": {name: Rate(sum(hits), len(hits)).as_dict() for name, hits in sorted(by_kind.items())},
    }


def _hit(label: str, place: int, falls: Falls) -> bool:
    fallen = [row for row in (2 * place, 2 * place + 1) if row in falls]
    if label == "distinct":
        return bool(fallen)
    return len(fallen) == 1 and falls[fallen[0]] in (None, fallen[0] ^ 1)


def _total(by_kind: dict[str, list[bool]], label: str) -> Rate:
    hits = [hit for name, found in by_kind.items() if name.startswith(label) for hit in found]
    return Rate(sum(hits), len(hits))


def _side(pairs: Sequence[dict[str, Any]], row: int) -> str:
    return f"{pairs[row // 2]['id']}/{'ab'[row % 2]}"


def _table(results: dict[str, dict[str, Any]]) -> str:
    names = list(results)
    lines = [f"{'':44}" + "".join(f"{name:>20}" for name in names)]
    rows = {"false drops (bar <= 1%)": "false_drops", "found (bar >= 99%)": "found"}
    for title, key in rows.items():
        cells = [results[name][key] for name in names]
        shown = [f"{c['rate']:.1%} [{c['low']:.1%}, {c['high']:.1%}]" for c in cells]
        lines.append(f"{title:44}" + "".join(f"{cell:>20}" for cell in shown))
    lines.append(f"{'falls across pairs':44}" + "".join(f"{results[name]['cross_pair']:>20}" for name in names))
    for kind in results[names[0]]["kinds"]:
        cells = [results[name]["kinds"][kind] for name in names]
        lines.append(f"{kind:44}" + "".join(f"{c['hits']:>16}/{c['n']:<3}" for c in cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", type=Path, help="interpreter of the peers' environment; ours alone without")
    parser.add_argument("--view", choices=("talk", "whole"), default="talk")
    parser.add_argument("--out", type=Path, help="write the result as JSON")
    args = parser.parse_args()
    pairs = read_pairs()
    results = {"ours": score(pairs, ours(frame(pairs), Dedup()))}
    if args.peers_python:
        texts = [flat_text(pair[side], args.view) for pair in pairs for side in "ab"]
        results |= {name: score(pairs, peer(name, args.peers_python, texts)) for name in PEERS}
    sys.stdout.write(_table(results) + "\n")
    if args.out:
        head = {"command": f"python -m {' '.join(['benchmarks.traps.score', *sys.argv[1:]])}", "view": args.view}
        args.out.write_text(json.dumps({**head, "pairs": len(pairs), **results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
