"""What would stop a run after hours of work, looked for before it starts; and how large its ablation will be.

Not covered: what only the cleaned rows can show, such as a bucket that ends up empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from ablation import AblationSettings, arms, check_items, plan
from buckets import BUCKETS, EvalItem, InputError, empty_frame, expand, read_items, records
from curate.inputs import input_files
from curate.read import chunks, read_chunk
from curate.recipe import Recipe
from curate.semantic import installed
from verifiers import Forecast, Judge, load_rubric

_NEEDED = ("torch", "transformers", "tokenizers", "safetensors")
_SMALL = 32 * 2**20
"""Bytes of input up to which the rows are read to size an ablation: seconds."""


def stops(recipe: Recipe, base: Path, wanted: Sequence[str]) -> list[str]:
    """Mistakes that would stop a wanted stage only when it comes to run, each as a sentence; all at once."""
    found = []
    if "decontaminate" in wanted and recipe.decontaminate is not None:
        found += list(_items("decontaminate.items", recipe.decontaminate.items, base, []))
    if "judge" in wanted and recipe.judge is not None:
        if find_spec("openai") is None:
            found.append("judge: needs openai, not installed here: pip install 'sft-curate[judge]'")
        try:
            recipe.judge.endpoint.key()
        except InputError as error:
            found.append(str(error))
    if "semantic" in wanted:
        try:
            installed()
        except InputError as error:
            found.append(f"semantic: {error}, or remove the table")
    if recipe.executor == "ray" and find_spec("ray") is None:
        found.append("executor: ray needs the extra: pip install 'sft-curate[ray]', or remove the key")
    if "ablate" in wanted and recipe.ablate is not None:
        missing = [name for name in _NEEDED if find_spec(name) is None]
        if missing:
            found.append(
                f"ablate: needs {' and '.join(missing)}, not installed here: pip install 'sft-curate[ablation]', "
                "or remove the table to clean only"
            )
        items: list[EvalItem] = []
        found += list(_items("ablate.items", recipe.ablate.items, base, items))
        try:
            check_items(items)
        except InputError as error:
            found.append(f"ablate.items: {error}")
    return found


def _items(where: str, patterns: Sequence[str], base: Path, into: list[EvalItem]) -> Iterator[str]:
    """Reads the items of all files into `into`; a sentence for each file that does not hold items."""
    for path in expand(patterns, base) if patterns else []:
        try:
            into += (found := read_items(path))
            if not found:
                yield f"{where}: {path} holds no eval item"
        except InputError as error:
            yield f"{where}: {error}"


def forecast(recipe: Recipe, base: Path) -> dict[str, Any] | None:
    """Arms, seeds, trials, and for small input trained tokens and FLOPs; None without an ablation.

    An upper bound: cleaning will take rows out, and tokens are estimated from characters.
    """
    settings = recipe.ablate
    if settings is None or recipe.bucket is None:
        return None
    files = [file for source in recipe.read.sources for file in input_files(source, base)]
    if sum(file.path.stat().st_size for file in files) > _SMALL:
        return _bound(settings)
    declared = {source.name: source.bucket for source in recipe.read.sources}
    read = (read_chunk(chunk).kept for file in files for chunk in chunks(file, recipe.read.shard_rows))
    pool = pl.concat([empty_frame(), *(recipe.bucket.sort(frame, declared=declared).kept for frame in read)])
    items: list[EvalItem] = []
    list(_items("ablate.items", settings.items, base, items))
    planned = plan(settings, pool.drop_nulls("bucket"), items, base)
    text = (
        f"at most {len(planned.arms)} arms x {len(planned.seeds)} seeds = {planned.trials} trials, about "
        f"{planned.tokens:,} trained tokens and {planned.flops:.1e} FLOPs, counted before any row is taken out"
    )
    sizes = {"arms": len(planned.arms), "seeds": len(planned.seeds), "trials": planned.trials}
    return sizes | {"tokens": planned.tokens, "flops": planned.flops, "text": text}


def judge_forecast(recipe: Recipe, base: Path) -> Forecast | None:
    """Calls and money of the judge for small input, with an empty ledger; None without a judge or for large input.

    An upper bound too: cleaning before the judge takes rows out, and replies of an earlier run cost nothing.
    """
    if recipe.judge is None:
        return None
    files = [file for source in recipe.read.sources for file in input_files(source, base)]
    if sum(file.path.stat().st_size for file in files) > _SMALL:
        return None
    judge = Judge(load_rubric(recipe.judge.rubric, base), recipe.judge.endpoint, Path(":memory:"))
    read = (read_chunk(chunk).kept for file in files for chunk in chunks(file, recipe.read.shard_rows))
    return judge.forecast(record for frame in read for record in records(frame))


def _bound(settings: AblationSettings) -> dict[str, Any]:
    """With a leave-one-out arm for every bucket there is."""
    count, seeds = len(arms(settings, dict.fromkeys(BUCKETS, settings.min_rows))), len(settings.seeds)
    text = f"at most {count} arms x {seeds} seeds = {count * seeds} trials; the input is too large to count tokens here"
    return {"arms": count, "seeds": seeds, "trials": count * seeds, "tokens": None, "flops": None, "text": text}
