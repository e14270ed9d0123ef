"""Hugging Face data sets on disk: what `save_to_disk` leaves, and a checked-out repository with its card.

Read without the `datasets` library: the shards are Arrow streams or parquet, which need none. Not covered: scripts (a
`.py` in the folder is never run), and columns that `datasets` decodes on the way out (images, audio): they are read as
they are stored.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
import yaml

from buckets.errors import InputError
from buckets.kind import SUFFIXES, suffix_of

_CARD = re.compile(r"\A---\s*\n(.*?\n)---\s*(?:\n|\Z)", re.DOTALL)
_CARD_BYTES = 4 << 20


def dataset_files(folder: Path, *, split: str | None = None, config: str | None = None) -> list[Path] | None:
    """The data files of a data set in their order, of one split or all; None for a folder that is none.

    Raises InputError for a split or a configuration that it does not have, and for a shard that is missing.
    """
    splits = _splits(folder, config)
    if splits is None:
        if split is not None:
            return _named_after(folder, split)
        return None
    if split is None:
        return list(dict.fromkeys(file for files in splits.values() for file in files))
    if split not in splits:
        raise InputError(f"{folder}: has no split {split!r}; it has {', '.join(map(repr, splits))}")
    return splits[split]


def _splits(folder: Path, config: str | None) -> dict[str, list[Path]] | None:
    if (folder / "dataset_dict.json").is_file():
        names = _json(folder / "dataset_dict.json").get("splits", [])
        return {str(name): _saved(folder / _plain(folder, str(name))) for name in names}
    if (folder / "state.json").is_file() and (folder / "dataset_info.json").is_file():
        said = _json(folder / "state.json").get("_split")
        return {str(said or "all"): _saved(folder)}
    return _by_card(folder, config)


def _saved(folder: Path) -> list[Path]:
    """The shards of one saved split; `cache-*.arrow` files beside them are leftovers and no part of it."""
    state = _json(folder / "state.json")
    if state.get("_indices_files") or state.get("_indices_data_files"):  # `select` and `shuffle` of datasets before 2.0
        raise InputError(
            f"{folder}: was saved with a choice of rows beside its data; load it with `datasets`, call "
            "flatten_indices() and save it again"
        )
    files = [folder / _plain(folder, str(one.get("filename"))) for one in state.get("_data_files", [])]
    if missing := [file.name for file in files if not file.is_file()]:
        raise InputError(
            f"{folder}: state.json names {missing[0]}, which is not there; save or copy the data set again"
        )
    return files


def _plain(folder: Path, name: str) -> str:
    if PurePosixPath(name).name != name or name in ("", ".", ".."):
        raise InputError(f"{folder}: names {name!r} as a part of itself, which lies outside; save the data set again")
    return name


def _json(path: Path) -> dict[str, Any]:
    try:
        value = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); save the data set again") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: holds no object; save the data set again")
    return value


def _by_card(folder: Path, config: str | None) -> dict[str, list[Path]] | None:
    """What the card in README.md declares under `configs`."""
    card = folder / "README.md"
    if not card.is_file() or card.stat().st_size > _CARD_BYTES:
        return None
    front = _CARD.match(card.read_text(encoding="utf-8", errors="replace"))
    try:
        said = yaml.safe_load(front[1]) if front else None
    except yaml.YAMLError as error:
        raise InputError(f"{card}: its first lines are no YAML ({error}); repair them") from error
    configs = said.get("configs") if isinstance(said, dict) else None
    if not isinstance(configs, list) or not configs:
        return None
    known = {str(one.get("config_name", "default")): one for one in configs if isinstance(one, dict)}
    if config is not None and config not in known:
        raise InputError(f"{folder}: has no config {config!r}; its card has {', '.join(map(repr, known))}")
    if config is None and len(known) > 1 and "default" not in known:
        raise InputError(f"{folder}: its card has the configs {', '.join(known)}; choose one with `config:`")
    chosen = known[config] if config is not None else known.get("default", next(iter(known.values())))
    return _declared(folder, chosen.get("data_files"), chosen.get("data_dir"))


def _declared(folder: Path, data_files: Any, data_dir: Any) -> dict[str, list[Path]] | None:
    if data_files is None:
        return None
    root = folder / str(data_dir) if data_dir else folder
    parts = data_files if isinstance(data_files, list) else [data_files]
    splits: dict[str, list[Path]] = {}
    for part in parts:
        one = part if isinstance(part, dict) else {"path": part}
        split, paths = str(one.get("split", "train")), one.get("path")
        for pattern in paths if isinstance(paths, list) else [paths]:
            splits.setdefault(split, []).extend(_matches(folder, root, str(pattern)))
    return splits


def _matches(folder: Path, root: Path, pattern: str) -> list[Path]:
    if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts or "://" in pattern:
        raise InputError(f"{folder}: its card names {pattern!r}, which lies outside; name files in the folder")
    files = sorted(file for file in root.glob(pattern) if file.is_file())
    if not files:
        raise InputError(f"{folder}: its card names {pattern!r}, which matches no file; download the data set again")
    return files


def _named_after(folder: Path, split: str) -> list[Path]:
    """Data files with the split's name as a word in their path, as repositories without a card name them."""
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(split)}(?![A-Za-z0-9])")
    files = sorted(file for file in folder.rglob("*") if suffix_of(file) in SUFFIXES and file.is_file())
    found = [file for file in files if word.search(file.relative_to(folder).as_posix())]
    if not found:
        raise InputError(f"{folder}: no data file in it is named after a split {split!r}")
    return found
