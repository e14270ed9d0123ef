"""Regenerates the demo's data: python examples/demo/make.py [--out examples/demo] [--seed 7]."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Writes every file of the world under --out and lists their sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7, help="one seed makes everything")
    options = parser.parse_args()
    sys.path.insert(0, str(HERE.parents[1]))  # the world is a package of the checkout, not of the wheel
    from examples.demo.world.build import files

    for name, content in files(options.seed).items():
        path = options.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{len(content):>9,}  {name}")


if __name__ == "__main__":
    main()
