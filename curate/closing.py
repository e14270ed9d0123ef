"""The last lines of a run on a terminal: what fell, the verdict, the mixture, and where everything is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from buckets import read_json
from curate.confirmed import confirmation_text
from curate.guard import allowed_text
from curate.look import passed_over_text


def closing(entry: dict[str, Any], out: Path) -> str:
    """The last lines of a run: what fell, the verdict, the mixture, and where everything is."""
    lines = []
    for line in entry["stages"]:
        counts = line["counts"]
        fell = counts["dropped"] + counts["quarantined"]
        lines.append(f"{line['stage']:>13}  {counts['rows_in']:>9,} in  {counts['kept']:>9,} kept  {fell:>7,} fell")
        lines += [f"{'':>13}  {told}" for told in asked_text(line["notes"].get("checks", []))]
    read = entry["stages"][0]
    if read["notes"]["raw_rows"] != read["counts"]["rows_in"]:
        lines.insert(
            1, f"{'':>13}  ({read['notes']['raw_rows']:,} raw rows gave {read['counts']['rows_in']:,} records)"
        )
    lines += [f"ALLOWED: {line}" for line in allowed_text(entry.get("allowed", []))]
    told = [*unread_sources(read["notes"]["files"]), *passed_over_sources(entry)]
    lines += [f"WARNING: {warning}" for warning in told]
    if (out / "decision.json").exists():
        lines += ["", *_verdict(read_json(out / "decision.json"))]
    if (out / "mixture.json").exists():
        lines += ["", *_mixture(read_json(out / "mixture.json"))]
    if (out / "confirmation.json").exists():
        lines += ["", confirmation_text(read_json(out / "confirmation.json"))]
    lines.append("")
    if (out / "export").exists():
        lines.append(f"Dataset: {out / 'export'} (each row with its id)")
    lines.append(f"Rows that fell: {out / 'ledger.parquet'} (`curate ledger {out}` counts and lists them)")
    if (out / "report.html").exists():
        lines.append(f"Report: {out / 'report.html'}")
    return "\n".join(lines)


def asked_text(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line: what each check failed of the rows that it judged, and its seconds; those that judged none."""
    asked = [one for one in checks if one["passed"] + one["failed"]]
    told = [
        f"{one['check']} {one['failed']:,} of {one['passed'] + one['failed']:,} ({one['seconds']:.1f} s)"
        for one in asked
    ]
    silent = [one["check"] for one in checks if one not in asked]
    rest = f"; no row to judge: {', '.join(silent)}" if silent else ""
    return [f"failed: {', '.join(told)}{rest}"] if told else []


def unread_sources(files: Sequence[dict[str, Any]]) -> list[str]:
    """A sentence for each source of which no row could be read, or none was wanted."""
    found = []
    for name in dict.fromkeys(file["source"] for file in files):
        mine = [file for file in files if file["source"] == name]
        rows, lost, unwanted = (sum(file.get(key, 0) for file in mine) for key in ("rows", "quarantined", "not_wanted"))
        if rows == lost + unwanted and unwanted:
            found.append(
                f"source {name!r}: none of its {rows:,} rows is kept: {unwanted:,} are not wanted by `only` in its "
                f"mapping, {lost:,} could not be read. Check the values that `only` asks for."
            )
        elif rows == lost:
            formats = " or ".join(dict.fromkeys(file["format"] for file in mine))
            found.append(
                f"source {name!r}: not one of its {rows:,} rows could be read as {formats}; all are quarantined. "
                "Check its format or mapping in the recipe."
            )
    return found


def passed_over_sources(entry: dict[str, Any]) -> list[str]:
    """A sentence for each source in whose folders files were not read; none for a journal older than this key."""
    return [f"source {name!r}: {passed_over_text(files)}" for name, files in entry.get("passed_over", {}).items()]


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
