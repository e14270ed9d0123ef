"""What a mixture must obey: repetition, floors, a pull to the prior, and no regression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ablation.stats import Array
from buckets import RefusedError


@dataclass(frozen=True)
class Limits:
    """What a mixture must obey. Floors are shares of the budget."""

    repetition_cap: float = 4.0
    """Most epochs of any bucket's rows (up to about 4 repeats are nearly as good as new: Muennighoff 2023)."""
    floors: Mapping[str, float] | None = None
    redundant_share: float = 0.01
    """Floor share of a redundant bucket that has no floor of its own."""
    pull: float = 0.25
    """Pull toward the prior. On curves: its weight in the free part. On a surface: nats of KL cost this many typical
    standard deviations of the predicted change."""
    draws: int = 200
    seed: int = 0
    eval_weights: Mapping[str, float] | None = None
    """What each eval bucket counts in the weighted score; default all the same, and 0 for one that is not named."""
    score_floors: Mapping[str, float] | None = None
    """Least acceptable dev score per eval bucket (protocol, safety), in the deciding metric, higher is better."""
    probability: float = 0.95
    """Least chance that no eval bucket regresses beyond the margin or falls under its score floor."""

    def floor(self, bucket: str) -> float:
        return (self.floors or {}).get(bucket, 0.0)


def refuse(names: list[str], size: Array, budget: int, limits: Limits) -> None:
    if not names:
        raise RefusedError("no bucket has tokens: there is nothing to mix")
    if budget <= 0:
        raise RefusedError(f"the token budget must be positive, not {budget}")
    most = limits.repetition_cap * float(size.sum())
    if budget > most:
        raise RefusedError(
            f"a budget of {budget} tokens needs {budget / size.sum():.1f} epochs of everything; the cap is "
            f"{limits.repetition_cap:g} ({most:.0f} tokens): lower the budget or add rows"
        )
    floors = sum(limits.floor(name) for name in names)
    if floors > 1.0 + 1e-9:
        raise RefusedError(f"the floors add up to {floors:.2f} of the budget: lower them to at most 1")


def normal(values: Array, otherwise: Array) -> Array:
    total = float(values.sum())
    return values / total if total > 0 else otherwise
