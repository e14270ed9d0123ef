"""What a confirmation says, as lines for a terminal."""

from __future__ import annotations

from typing import Any

_REGRESSION = {"none": "", "open": "  loss not ruled out", "shown": "  LOSS"}


def confirmation_text(found: dict[str, Any]) -> str:
    """`found` is confirmation.json: status, means, differences over all buckets, and buckets that may have lost."""
    lines = [f"Mixture: {found['status']}. {found['headline']}"]
    for name, score in found["scores"].items():
        tokens = found["trained_tokens"][f"mix:{name}"]
        lines.append(f"  {name:<13} {_number(score)} {found['metric']}, {tokens:,} trained tokens")
    for line in found["differences"]:
        if line["bucket"] == "all":
            lines.append(f"  proposal - {line['baseline']:<13} {line['split']:<5} {_interval(line['interval'])}")
        elif line["regression"] != "none" and line["split"] == "dev" and line["baseline"] == found["best"]:
            lines.append(f"    {line['bucket']:<22} {_interval(line['interval'])}{_REGRESSION[line['regression']]}")
    return "\n".join([*lines, *(f"  Note: {note}." for note in found["notes"])])


def _interval(value: dict[str, Any]) -> str:
    ends = f"{_number(value['estimate'])} [{_number(value['low'])}, {_number(value['high'])}]"
    return f"{ends} ({100 * value['level']:.3g}%)"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:+.3f}"
