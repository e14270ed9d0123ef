"""What made a number: versions of the packages in play, and a digest of our own code."""

from __future__ import annotations

import platform
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

import polars as pl

from buckets import digest

_PACKAGES = (
    "sft-curate",
    "polars",
    "datasketch",
    "jsonschema",
    "numpy",
    "scipy",
    "torch",
    "transformers",
    "sentence-transformers",
    "faiss-cpu",
    "onnxruntime",
    "openvino",
)


def versions() -> dict[str, str]:
    """Package -> version, for those installed, plus the interpreter and the platform."""
    found = {"python": platform.python_version(), "platform": platform.platform(aliased=True, terse=True)}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # an extra that this environment does without
    return found


@cache
def code_digest(*packages: str) -> str:
    """32 hex digits over the sources of our packages: an outcome is reused only by the code that made it.

    The version of polars counts as code: its hashes, which keys of sketches are made of, may change with it.
    """
    parts: list[str | bytes] = [pl.__version__]
    for package in packages:
        folder = Path(str(import_module(package).__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            if not {"report", "replay"} & {*path.relative_to(folder).parts}:  # pages and replays do not change data
                parts += [path.relative_to(folder).as_posix(), path.read_bytes()]
    return digest(parts)
