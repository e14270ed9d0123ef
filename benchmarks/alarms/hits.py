"""The rows of the public sets, and what every content rule and flag finds in them.

Not covered: role laws, tool and schema checks (`benchmarks.lint` counts their alarms), and what the rules miss.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curate.inputs import every_file
from curate.read import chunks, read_chunk
from curate.recipe import load
from verifiers import check, flags

RECIPE = Path(__file__).parent / "sets.yaml"
LABELS = Path(__file__).parent / "labels.jsonl"
SHARD = 20_000


def read_sets(recipe: Path = RECIPE) -> pl.DataFrame:
    """All records of the recipe's sources. Raises InputError where a file is not there."""
    files = every_file(load(recipe).read.sources, recipe.parent.resolve())
    return pl.concat([read_chunk(chunk).kept for file in files for chunk in chunks(file, SHARD)])


def find(frame: pl.DataFrame) -> pl.DataFrame:
    """id, rule, source: the first content rule that takes a row, and every flag on the rows that stay."""
    fell = check(frame, names=["rules"]).falls.select("id", "rule")
    noted = flags(frame.filter(~pl.col("id").is_in(fell["id"].implode()))).select("id", "rule")
    return pl.concat([fell, noted]).join(frame.select("id", "source"), on="id", maintain_order="left")
