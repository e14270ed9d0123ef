"""What a run folder says of itself: that it is one, its recipe, its last stage. Light until a recipe is parsed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from curate.recipe import Recipe
    from curate.shards import StageFolder


def must_be_run(folder: Path) -> None:
    """Raises InputError unless a run has begun in `folder`."""
    if not (folder / "recipe.json").is_file():
        from buckets import InputError

        raise InputError(f"{folder}: not a run folder (it holds no recipe.json); give the --out of a `curate run`")


def journal(folder: Path) -> dict[str, Any]:
    """run.json; InputError where no cleaning has been finished or the file is damaged."""
    must_be_run(folder)
    try:
        found: dict[str, Any] = json.loads((folder / "run.json").read_bytes())
    except (OSError, ValueError) as error:
        from buckets import InputError

        raise InputError(f"{folder}: no stage has been finished there yet; run it first ({error})") from error
    if not isinstance(found, dict) or not found.get("stages"):
        from buckets import InputError

        raise InputError(f"{folder}: run.json tells of no stage; run it first, or again")
    return found


def recipe_of(folder: Path) -> tuple[dict[str, Any], Path]:
    """The tables of the resolved recipe as they are stored, and the folder their paths are relative to."""
    must_be_run(folder)
    try:
        stored = json.loads((folder / "recipe.json").read_bytes())
        return stored["recipe"], (folder / stored["base"]).resolve()
    except (OSError, ValueError, KeyError, TypeError) as error:
        from buckets import InputError

        raise InputError(f"{folder}: recipe.json is damaged ({error}); run again into this folder") from error


def stored_recipe(folder: Path, changes: Sequence[str]) -> tuple[Recipe, Path]:
    """The resolved recipe of a run folder, with changes, and the folder its paths are relative to."""
    from curate.recipe import parse

    tables, base = recipe_of(folder)
    return parse(tables, base, changes, str(folder / "recipe.json")), base


def last_stage(folder: Path) -> StageFolder:
    """The last cleaning stage of a run folder: the rows that stayed."""
    from curate.shards import StageFolder

    line = journal(folder)["stages"][-1]
    return StageFolder(folder / "stages", line["stage"], line["fingerprint"])
