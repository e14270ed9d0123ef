"""Arms that train the rows of "full" under another mask policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ablation.design import arms
from ablation.experiment import load_encoder
from ablation.mask_policy import MaskPolicy
from ablation.settings import AblationSettings
from ablation.trial import Arm, Trial
from ablation.trials import encode_pool, with_masks, write_trials


def trials(world: Any, folder: Path, **more: Any) -> list[Trial]:
    settings = AblationSettings(model=world.model, seeds=(1,), doses=(1.0,), leave_one_out=False, **more)
    encoder, context = load_encoder(world.base)
    encodings = encode_pool(world.pool, encoder.with_policy(settings.mask), context)
    encodings = with_masks(encodings, world.pool, settings.masks, encoder, context)
    chosen = arms(settings, {"code": 40, "math_reasoning": 40})
    where = {"model": world.base, "eval_file": folder / "eval.npz", "eval_digest": "e", "threads": 1, "mixtures": {}}
    return write_trials(chosen, settings, encodings, folder, **where)


def test_a_mask_arm_trains_the_rows_of_full_and_has_its_own_fingerprint(world: Any, tmp_path: Path) -> None:
    base, full, mask = trials(world, tmp_path, masks={"last": MaskPolicy(turns="final")})
    assert mask.arm == Arm("mask:last", "mask")
    assert "mask" not in base.train
    assert (full.train["mask"]["turns"], mask.train["mask"]["turns"]) == ("all", "final")
    assert full.fingerprint != mask.fingerprint
    ours, theirs = (np.load(tmp_path / trial.name / "data.npz") for trial in (full, mask))
    for name in ("row_tokens", "row_trained", "order"):  # one assistant turn a row: both train the same
        assert (ours[name] == theirs[name]).all()
    assert full.mixture == mask.mixture


def test_the_policy_of_all_arms_is_in_their_fingerprints(world: Any, tmp_path: Path) -> None:
    one = trials(world, tmp_path / "one")
    other = trials(world, tmp_path / "other", mask=MaskPolicy(turns="final"))
    assert one[0].fingerprint == other[0].fingerprint
    assert one[1].fingerprint != other[1].fingerprint
