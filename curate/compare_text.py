"""The difference of two runs as lines for a terminal."""

from __future__ import annotations

import json
from typing import Any

from curate.compare import CHANGES


def compare_text(found: dict[str, Any]) -> str:
    """Recipe, counts by change with sources and rules, examples."""
    lines = []
    for place, run in found["runs"].items():
        lines.append(
            f"{place:>6}  {run['folder']}: {run['kept']:,} of {run['inputs']:,} kept ({' > '.join(run['stages'])})"
        )
    lines += [f"recipe  {line['key']}: {_value(line['first'])} -> {_value(line['second'])}" for line in found["recipe"]]
    if not found["changes"]:
        return "\n".join([*lines, f"all {found['same']:,} rows are the same in both"])
    lines.append(f"{found['same']:,} rows are the same in both; {sum(found['changes'].values()):,} are not:")
    for change, count in found["changes"].items():
        lines += ["", f"{count:>9,}  {change}: {CHANGES[change]}"]
        lines.append(f"{'':>11}sources: {_listed(found['by_source'][change])}")
        rules = found["by_rule"][change]
        if set(rules) != {"kept"}:
            lines.append(f"{'':>11}rules:   {_listed(rules)}")
        for row in found["examples"][change]:
            lines += [f"{'':>11}{row['id']}", f"{'':>13}{_fate(row['first'])} -> {_fate(row['second'])}"]
            if change == "other reason":
                lines.append(f"{'':>13}{row['first']['reason']} -> {row['second']['reason']}")
            lines += [f"{'':>13}there: {row['id_there']}"] if row["id_there"] else []
    return "\n".join(lines)


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:60] + " ..."


def _listed(counts: dict[str, int], most: int = 5) -> str:
    first = [f"{name} {count:,}" for name, count in list(counts.items())[:most]]
    return ", ".join(first) + (f", and {len(counts) - most} more" if len(counts) > most else "")


def _fate(side: dict[str, Any]) -> str:
    if not side:
        return "not there"
    if side["fate"] == "kept":
        return "kept" + (f" in {side['bucket']}" if "bucket" in side else "")
    return f"{side['fate']} at {side['stage']} by {side['rule']}" + (
        f" for {side['witness']}" if "witness" in side else ""
    )
