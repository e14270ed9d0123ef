"""Command line of the replays: one subcommand a kind of table; exit 2 and one sentence on a table it cannot read."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module

from buckets import CurateError

KINDS = ("regmix",)
"""Each is a module of this package with HELP, `arguments(parser)` and `replay(options) -> Outcome`."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ablation.replay", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in KINDS:
        module = import_module(f"ablation.replay.{kind}")
        chosen = kinds.add_parser(kind, help=module.HELP, description=module.__doc__)
        chosen.add_argument("--json", action="store_true", help="print one JSON object instead of text")
        module.arguments(chosen)
    options = parser.parse_args(words)
    try:
        outcome = import_module(f"ablation.replay.{options.kind}").replay(options)
    except CurateError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(outcome.values, allow_nan=False) if options.json else "\n".join(outcome.lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
