"""Data-Juicer's own converters (tools/fmt_conversion/post_tuning_dialog). Runs in the peers' environment.

The package installs them beside itself, under `tools/`; they need fire, jsonlines, loguru and tqdm, and nothing else
of it. They read one JSON array and write JSON Lines, in one process: --workers is taken for symmetry.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import sysconfig
from pathlib import Path

SCRIPTS = {"alpaca": "alpaca_to_dj.py", "tools": "messages_to_dj.py"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=sorted(SCRIPTS), required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    tools = Path(sysconfig.get_paths()["purelib"]) / "tools" / "fmt_conversion" / "post_tuning_dialog"
    folder = tools / "source_format_to_data_juicer_format"
    sys.path.insert(0, str(folder))  # one converter imports another by its bare name
    sys.argv = [SCRIPTS[given.shape], given.input, str(Path(given.out).with_suffix(".jsonl"))]
    runpy.run_path(str(folder / SCRIPTS[given.shape]), run_name="__main__")


if __name__ == "__main__":
    main()
