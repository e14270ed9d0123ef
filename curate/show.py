"""What the command line tells a person: files, one record's life, the closing lines of a run."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from buckets import InputError, assign, empty_frame, read_frame, read_json
from curate.confirmed import confirmation_text
from curate.earlier import earlier, rows_behind
from curate.mistakes import near
from curate.read import InputFile, Source, all_of, chunks, found_files, input_files, read_chunk, try_rows
from curate.recipe import Recipe, parse
from curate.shards import StageFolder


def files_table(recipe: Recipe, base: Path) -> list[dict[str, str]]:
    """source, path, format, why and how the first rows read, for each input file.

    InputError names all files that cannot be read, or of whose first rows none can be read as the recipe says.
    """
    files, faults = found_files(recipe.read.sources, base)
    table = []
    for file in files:
        try:
            tried = try_rows(file)
        except InputError as error:
            faults.append(str(error))
            continue
        if not tried.readable:
            faults.append(
                f"{file.shown}: none of the first {tried.rows} rows can be read as {file.format} ({file.why}); "
                f"{tried.fault or 'there are none'}"
            )
        line = {"source": file.source.name, "path": file.shown, "format": file.format, "why": file.why}
        table.append(line | {"readable": f"{tried.readable} of the first {tried.rows} rows", "fault": tried.fault})
    if faults:
        raise InputError(all_of(faults))
    return table


def look_at(path: Path) -> list[dict[str, Any]]:
    """Each raw file that a path, a folder or a pattern names, seen as a source of its own."""
    return [_look_at(file) for file in input_files(Source(name="file", files=(str(path),)), Path.cwd())]


def _look_at(file: InputFile) -> dict[str, Any]:
    """Format found, rows, unreadable rows by reason, buckets that the signals see."""
    reasons: Counter[str] = Counter()
    first: dict[str, int] = {}
    buckets: Counter[str] = Counter()
    rows = records = 0
    for chunk in chunks(file, 20_000):
        out = read_chunk(chunk)
        rows += chunk.count()
        records += out.kept.height
        for rule, row in out.dropped.select("rule", pl.col("origin").struct.field("row")).iter_rows():
            reasons[rule] += 1
            first.setdefault(rule, row)
        buckets.update(bucket or "unsure" for bucket in assign(out.kept)["bucket"])
    return {
        "path": file.shown,
        "format": file.format,
        "why": file.why,
        "rows": rows,
        "records": records,
        "quarantined": dict(reasons.most_common()),
        "first": first,
        "buckets": dict(buckets.most_common()),
    }


def stored_recipe(folder: Path, changes: Sequence[str]) -> tuple[Recipe, Path]:
    """The resolved recipe of a run folder, with changes, and the folder its paths are relative to."""
    must_be_run(folder)
    stored = read_json(folder / "recipe.json")
    base = (folder / stored["base"]).resolve()
    return parse(stored["recipe"], base, changes, str(folder / "recipe.json")), base


def must_be_run(folder: Path) -> None:
    """Raises InputError unless a run has begun in `folder`."""
    if not (folder / "recipe.json").is_file():
        raise InputError(f"{folder}: not a run folder (it holds no recipe.json); give the --out of a `curate run`")


def last_stage(folder: Path) -> StageFolder:
    """The last cleaning stage of a run folder: the rows that stayed."""
    line = read_json(folder / "run.json")["stages"][-1]
    return StageFolder(folder / "stages", line["stage"], line["fingerprint"])


def life(folder: Path, id: str) -> dict[str, Any]:
    """Everything a run knows of one record; InputError when the id is not in it."""
    journal = read_json(folder / "run.json")
    fell = pl.scan_parquet(folder / "ledger.parquet").filter(pl.col("id") == id).collect().to_dicts()
    record: dict[str, Any] | None = None
    stages = []
    for line in journal["stages"]:
        rows = _find(folder, line, id)
        if rows:
            record = rows[0]
            stages.append({"stage": line["stage"], "verdict": "kept"})
        elif fell and fell[0]["stage"] == line["stage"]:
            stages.append({"stage": line["stage"], "verdict": fell[0]["fate"], **fell[0]})
    if record is None and not fell:
        raise InputError(
            f"{folder}: no record {id!r}; ids look like source/file:row:hash. Rows that stayed carry theirs in the "
            f"export, rows that fell in {folder / 'ledger.parquet'}: `curate show {folder} --rule RULE` lists some"
        )
    witness = fell[0]["witness"] if fell else None
    return {
        "id": id,
        "record": record,
        "stages": stages,
        "fell": fell[0] if fell else None,
        "witness": _witness(folder, journal, witness),
        "near": _near(folder, id),
    }


def _near(folder: Path, id: str) -> list[dict[str, Any]]:
    """What the semantic stage noted of a row: the kept row it is near to, and what confirms or denies that it repeats
    it; and the rows that it is named for. The five nearest of these."""
    path = folder / "flags.parquet"
    if not path.exists():
        return []
    touched = (pl.col("id") == id) | (pl.col("other") == id)
    rows = pl.scan_parquet(path).filter(touched).collect()
    mine, theirs = rows.filter(pl.col("id") == id), rows.filter(pl.col("id") != id)
    return [*mine.to_dicts(), *theirs.sort("cosine", "id", descending=[True, False]).head(5).to_dicts()]


def fallen_by(folder: Path, rule: str, most: int) -> dict[str, Any]:
    """How many rows fell to a rule, and the first of them; InputError when none did."""
    ledger = read_frame(folder / "ledger.parquet")
    rows = ledger.filter(pl.col("rule") == rule)
    if rows.is_empty():
        known = near(rule, sorted(ledger["rule"].unique()))
        raise InputError(f"{folder}: no row fell to a rule {rule!r}{known}")
    return {"rule": rule, "rows": rows.height, "first": rows.head(most).to_dicts()}


def fallen_text(found: dict[str, Any]) -> str:
    """Rows that fell to a rule as lines for a terminal: their ids first."""
    lines = [f"{found['rows']:,} rows fell to {found['rule']}; the first {len(found['first'])}:"]
    for row in found["first"]:
        origin = row["origin"]
        lines += [f"{row['id']}", f"  from {origin['file']} row {origin['row']}: {row['reason']} [{row['evidence']}]"]
    return "\n".join(lines)


def _find(folder: Path, line: dict[str, Any], id: str) -> list[dict[str, Any]]:
    place = StageFolder(folder / "stages", line["stage"], line["fingerprint"]).path
    shards = sorted(place.glob("*.kept.parquet"))
    return pl.scan_parquet(shards).filter(pl.col("id") == id).collect().to_dicts() if shards else []


def _witness(folder: Path, journal: dict[str, Any], id: str | None) -> dict[str, Any] | None:
    if id is None:
        return None
    found = _find(folder, journal["stages"][0], id)
    try:
        found = found or earlier_rows(folder, [id]).to_dicts()
    except InputError as error:
        return {"id": id, "unreadable": str(error)}
    return found[0] if found else {"id": id}


def earlier_rows(folder: Path, ids: Sequence[str]) -> pl.DataFrame:
    """Of some witnesses those that stood before the run (`dedup.against`), in full, as long as they can be read."""
    stored = read_json(folder / "recipe.json")
    against = (stored["recipe"].get("dedup") or {}).get("against", [])
    base = (folder / stored["base"]).resolve()
    return pl.concat([empty_frame(), *rows_behind(earlier(against, base), ids)])


def life_text(found: dict[str, Any]) -> str:
    """A life as lines for a terminal."""
    lines = [found["id"]]
    record = found["record"]
    if record is not None:
        origin = record["origin"]
        lines.append(f"  from     {origin['file']} row {origin['row']} ({record['format']})")
        if record["bucket"]:
            lines.append(
                f"  bucket   {record['bucket']} ({record['bucket_confidence']:.2f}: {record['bucket_reason']})"
            )
        lines += _talk(record["messages"])
    for stage in found["stages"]:
        lines.append(f"  {stage['stage']:<14} {stage['verdict']}" + _why(stage))
    if found["fell"] and found["fell"]["fate"] == "quarantined":
        lines.append(f"  raw      {found['fell']['evidence'][:600]}")
    witness = found["witness"]
    if witness is not None:
        lines.append(f"  witness  {witness['id']}")
        lines += _talk(witness.get("messages") or [])
        if "unreadable" in witness:
            lines.append(f"    (cannot be shown: {witness['unreadable']})")
    lines += [f"  near     {_near_words(flag, found['id'])}" for flag in found["near"]]
    return "\n".join(lines)


def _near_words(flag: dict[str, Any], id: str) -> str:
    other = flag["other"] if flag["id"] == id else flag["id"]
    verdict = f"confirmed by {flag['signal']}" if flag["signal"] else flag["veto"] or "no second signal"
    return f"{other} (cosine {flag['cosine']:.3f}, words in common {flag['lexical']:.2f}; {verdict})"


def _why(stage: dict[str, Any]) -> str:
    return f": {stage['rule']}, {stage['reason']} [{stage['evidence']}]" if "rule" in stage else ""


def _talk(messages: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for message in messages:
        text = " ".join(part for part in (message["content"], message["tool_calls"]) if part)
        shown = textwrap.shorten(json.dumps(text, ensure_ascii=False), 300, placeholder=" ...")
        lines.append(f"  {message['role']:<9} {shown}")
    return lines


def closing(entry: dict[str, Any], out: Path) -> str:
    """The last lines of a run: what fell, the verdict, the mixture, and where everything is."""
    lines = []
    for line in entry["stages"]:
        counts = line["counts"]
        fell = counts["dropped"] + counts["quarantined"]
        lines.append(f"{line['stage']:>13}  {counts['rows_in']:>9,} in  {counts['kept']:>9,} kept  {fell:>7,} fell")
    read = entry["stages"][0]
    if read["notes"]["raw_rows"] != read["counts"]["rows_in"]:
        lines.insert(
            1, f"{'':>13}  ({read['notes']['raw_rows']:,} raw rows gave {read['counts']['rows_in']:,} records)"
        )
    lines += [f"WARNING: {warning}" for warning in unread_sources(read["notes"]["files"])]
    if (out / "decision.json").exists():
        lines += ["", *_verdict(read_json(out / "decision.json"))]
    if (out / "mixture.json").exists():
        lines += ["", *_mixture(read_json(out / "mixture.json"))]
    if (out / "confirmation.json").exists():
        lines += ["", confirmation_text(read_json(out / "confirmation.json"))]
    lines.append("")
    if (out / "export").exists():
        lines.append(f"Dataset: {out / 'export'} (each row with its id)")
    lines.append(f"Rows that fell: {out / 'ledger.parquet'} (`curate show {out} --rule RULE` lists some, with ids)")
    if (out / "report.html").exists():
        lines.append(f"Report: {out / 'report.html'}")
    return "\n".join(lines)


def unread_sources(files: Sequence[dict[str, Any]]) -> list[str]:
    """A sentence for each source of which not one row could be read."""
    found = []
    for name in dict.fromkeys(file["source"] for file in files):
        mine = [file for file in files if file["source"] == name]
        rows, lost = (sum(file[key] for file in mine) for key in ("rows", "quarantined"))
        if rows == lost:
            formats = " or ".join(dict.fromkeys(file["format"] for file in mine))
            found.append(
                f"source {name!r}: not one of its {rows:,} rows could be read as {formats}; all are quarantined. "
                "Check its format or mapping in the recipe."
            )
    return found


def _verdict(decision: dict[str, Any]) -> list[str]:
    """The page's first screen in few lines; a decision stored before there was a boundary is told without one."""
    lines = [f"Verdict: {decision['headline']}"]
    lines += [f"  why: {reason}" for reason in decision["reasons"][:3]]
    lines += [_bucket(bucket) for bucket in decision["buckets"]]
    lines.append(f"Next: {decision['next']}")
    if boundary := decision.get("boundary"):
        lines.append(f"Boundary: {boundary['says']}")
        lines += [f"To be surer: {boundary['cheapest']}"] if boundary["cheapest"] != decision["next"] else []
    lines.append(f"Move to RL: {decision['move_to_rl']}; {decision['rl_reason']}")
    if decision["checkpoint"]:
        lines.append(f"Checkpoint: {decision['checkpoint']}; {decision['checkpoint_reason']}")
    return lines


def _bucket(bucket: dict[str, Any]) -> str:
    seen = [sign["name"] for sign in bucket.get("watch", []) if sign["state"] == "seen"]
    move = (bucket.get("boundary") or {}).get("move", "")
    told = f"  {bucket['bucket']:<20} {bucket['verdict']:<10} {bucket['label']:<14} {move:<18}"
    return told.rstrip() if not seen else f"{told} seen: {', '.join(seen)}"


def _mixture(mixture: dict[str, Any]) -> list[str]:
    lines = [f"Mixture ({mixture['status']}, {mixture['budget_tokens']:,} tokens):"]
    for weight in mixture["weights"]:
        lines.append(
            f"  {weight['bucket']:<20} {weight['weight']:>6.1%} [{weight['low']:.1%}, {weight['high']:.1%}]  "
            f"{weight['epochs']:.1f} epochs  {weight['why']}"
        )
    return lines
