"""The whole road: raw files in, a recommended dataset and the reasons out."""

from importlib.util import find_spec
from pathlib import Path

__version__ = "0.1.0"


def _refuse_impostor() -> None:
    """pip lets another package named `verifiers` overwrite or shadow ours without a word; say so, and stop.

    The file is read, not imported: `curate --help` must be quick.
    """
    found = find_spec("verifiers")
    origin = found.origin if found is not None else None
    if origin is not None and '__project__ = "sft-curate"' in Path(origin).read_text(encoding="utf-8"):
        return
    from buckets import RefusedError

    raise RefusedError(
        f"found another package named 'verifiers' at {origin or 'no file at all'}: sft-curate and PyPI's 'verifiers' "
        "cannot share an environment. Install sft-curate in its own virtualenv; hand data to RL stacks as files "
        "(curate export)."
    )


_refuse_impostor()
