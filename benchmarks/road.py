"""Runs a recipe the whole road and keeps its numbers: `python -m benchmarks.road RECIPE --out DIR --result F`."""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from buckets import cores


def numbers(out: Path) -> dict[str, Any]:
    """Counts, speeds, memory, verdict and mixture of a finished run; no text of any row."""
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    cleaning = report["costs"]["cleaning_seconds"]
    decision, mixture = report["decision"], report["mixture"]
    return {
        "created": report["created"],
        "versions": report["versions"],
        "cores": cores(),
        "sources": len(report["sources"]),
        "formats": sorted({file["format"] for source in report["sources"] for file in source["files"]}),
        "rows_in": report["funnel"][0]["rows_in"],
        "rows_kept": report["funnel"][-1]["kept"],
        "cleaning_rows_per_second": round(report["funnel"][0]["rows_in"] / cleaning),
        "costs": report["costs"],
        "funnel": report["funnel"],
        "drops": [
            {key: drop[key] for key in ("stage", "rule", "count", "share_of_source")} for drop in report["drops"]
        ],
        "buckets": [{key: bucket[key] for key in ("id", "rows", "tokens")} for bucket in report["buckets"]],
        "truth": report["truth"],
        "plan": report["ablation"]["plan"] if report["ablation"] else None,
        "gain_matrix": report["ablation"]["gain_matrix"] if report["ablation"] else None,
        "curves": [_curve(curve) for curve in report["ablation"]["curves"]] if report["ablation"] else [],
        "verdicts": {b["bucket"]: [b["verdict"], b["label"]] for b in decision["buckets"]} if decision else None,
        "headline": decision["headline"] if decision else report["headline"],
        "mixture": mixture["weights"] if mixture else None,
    }


def _curve(curve: dict[str, Any]) -> dict[str, Any]:
    points = [{key: point[key] for key in ("dose", "score", "low", "high")} for point in curve["points"]]
    return {"bucket": curve["bucket"], "split": curve["split"], "metric": curve["metric"], "points": points}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    options = parser.parse_args()
    command = [sys.executable, "-m", "curate.cli", "run", str(options.recipe), "--out", str(options.out)]
    subprocess.run(command, check=True)
    said = shlex.join(["python", "-m", "benchmarks.road", *sys.argv[1:]])
    options.result.write_text(json.dumps({"command": said, **numbers(options.out)}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
