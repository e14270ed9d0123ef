"""Data sets by their name on the Hugging Face hub, fetched by the `datasets` library into its own cache.

What comes back are Arrow files on this disk, read like any others. Not covered: streaming, and data sets that need code
of their own: `datasets` no longer runs any. The library and the network are the user's.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from buckets.errors import InputError

HUB = "hf://"
_NAME = re.compile(r"(?:datasets/)?([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)?)(?:@([^/@]+))?")


def hub_files(
    pattern: str, *, config: str | None = None, split: str | None = None, revision: str | None = None
) -> list[tuple[Path, str]]:
    """(file in the cache, what to call it) of `hf://owner/name` or `hf://owner/name@revision`.

    Raises InputError when the extra is missing, the name is none, or the data set cannot be had.
    """
    name = _NAME.fullmatch(pattern.removeprefix(HUB))
    if name is None or (name[2] and revision and name[2] != revision):
        raise InputError(f"{pattern!r}: write hf://owner/name, with `split`, `config` and `revision` beside it")
    return loaded(name[1], config=config, split=split, revision=name[2] or revision)


def loaded(
    name: str, *, config: str | None = None, split: str | None = None, revision: str | None = None
) -> list[tuple[Path, str]]:
    """The cached Arrow files of what `datasets.load_dataset` finds under a name, each with what to call it."""
    if split is not None and not split.replace("_", "").replace("-", "").isalnum():
        raise InputError(f"{HUB}{name}: split {split!r} is no plain name; slice rows with `balance`, not here")
    try:
        import datasets
    except ImportError as error:
        raise InputError(f"{HUB}{name}: needs the extra: pip install 'sft-curate[hub]'") from error
    datasets.disable_progress_bars()
    try:
        found: Any = datasets.load_dataset(name, config, split=split, revision=revision)
    except Exception as error:  # the library and the network below it raise what they like
        said = " ".join(str(error).split())[:300]
        raise InputError(f"{HUB}{name}: cannot be loaded ({type(error).__name__}: {said})") from error
    splits = {split or "": found} if split is not None else dict(found)
    shown = f"{HUB}{name}" + (f"@{revision}" if revision else "")
    return [
        (Path(file["filename"]), f"{shown}/{Path(file['filename']).name}")
        for one in splits.values()
        for file in one.cache_files
    ]
