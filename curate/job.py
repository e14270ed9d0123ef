"""One recipe on its way in one folder: what every step of the road is handed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from curate.recipe import Recipe
from curate.shards import Notify, silent


@dataclass(frozen=True)
class Run:
    """One recipe on its way in one folder."""

    recipe: Recipe
    base: Path
    """What the recipe's paths are relative to."""
    out: Path
    workers: int
    """Processes, in cleaning and for trials."""
    notify: Notify = silent
    command: str = ""
    chosen: bool = True
    """Whether somebody asked for this number of workers; if nobody did, little input is cleaned by one."""

    @property
    def stages(self) -> Path:
        return self.out / "stages"

    @property
    def journal(self) -> Path:
        return self.out / "run.json"
