"""The door of the `curate` command: errors of ours become a sentence and their exit code.

`curate show DIR ID` is answered before typer is loaded, which alone would take a third of its time; every other
command line, and every other way to write that one, goes to `curate.verbs`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_FLAGS = {"--json": "as_json", "--raw": "raw"}


def main() -> None:
    """Entry point."""
    try:
        if not _shown(sys.argv[1:]):
            from curate.verbs import app

            app(prog_name="curate")  # also when started with `python -m`
    except KeyboardInterrupt:
        from curate.terminal import STOPPED

        print(f"curate: {STOPPED}", file=sys.stderr)
        raise SystemExit(3) from None
    except BrokenPipeError:  # the reader of our output has gone: `curate show ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except Exception as error:
        from buckets import CurateError  # here, so that `--help` need not load it

        if not isinstance(error, CurateError):
            raise
        from curate.terminal import say, sentence

        say(f"curate: {sentence(error)}", err=True)
        raise SystemExit(error.exit_code) from error


def _shown(args: list[str]) -> bool:
    """Whether the arguments were plainly `show DIR ID`, with --json or --raw, and have been answered."""
    if args[:1] != ["show"]:
        return False
    plain = [arg for arg in args[1:] if arg not in _FLAGS]
    if len(plain) != 2 or any(arg.startswith("-") for arg in plain):
        return False
    from curate.showing import show_life

    show_life(plain[0], plain[1], **{name: flag in args for flag, name in _FLAGS.items()})
    return True


def __getattr__(name: str) -> Any:
    """`app`, for whoever drives the command from Python; loaded when asked for."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from curate.verbs import app

    return app


if __name__ == "__main__":
    main()
