"""The statistics of the analysis in one place to import from; each idea has its own file."""

from __future__ import annotations

from ablation.claims import (
    Comparison,
    at,
    benjamini_hochberg,
    fits,
    flat,
    holm,
    mde,
    non_superior,
    tost,
    under,
    within,
)
from ablation.crossed import (
    NOTHING,
    Array,
    Codes,
    Estimate,
    Mask,
    SeedRatio,
    clustered_se,
    complete,
    estimate,
    t_quantile,
)
from ablation.need import Need, n_for, n_until
from ablation.pooled import seed_ratio
from ablation.resample import Resample, resample

__all__ = [
    "NOTHING",
    "Array",
    "Codes",
    "Comparison",
    "Estimate",
    "Mask",
    "Need",
    "Resample",
    "SeedRatio",
    "at",
    "benjamini_hochberg",
    "clustered_se",
    "complete",
    "estimate",
    "fits",
    "flat",
    "holm",
    "mde",
    "n_for",
    "n_until",
    "non_superior",
    "resample",
    "seed_ratio",
    "t_quantile",
    "tost",
    "under",
    "within",
]
