"""Finished trials of earlier campaigns: a campaign with one more seed trains that seed alone.

A trial's fingerprint says that it is the same; its grades are made again, for items and verifiers may have changed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ablation.loop import finished
from ablation.trial import Result, Trial

_LEFT = ("samples.jsonl", "nll.json")


def take_over(trials: Sequence[Trial], folder: Path, earlier: Sequence[Path]) -> int:
    """Copy into `folder` what earlier folders of trials hold of these very trials; returns how many it took."""
    taken = 0
    for trial in trials:
        if finished(trial, folder) is None:
            for old in earlier:
                result = finished(trial, old)
                if result is not None and _copied(trial, result, old / trial.name, folder / trial.name):
                    taken += 1
                    break
    return taken


def _copied(trial: Trial, result: Result, old: Path, new: Path) -> bool:
    """The result goes last: a trial is done when it is there."""
    names = _LEFT if result.status == "ok" else ()
    if not all((old / name).exists() for name in names):
        return False
    new.mkdir(parents=True, exist_ok=True)
    for name in names:
        aside = new / f".{name}.{os.getpid()}"
        shutil.copyfile(old / name, aside)
        aside.replace(new / name)
    trial.write(new / "trial.json")
    result.write(new / "result.json")
    return True
