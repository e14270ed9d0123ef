"""How many more prompts or seeds until an interval decides, if the estimate stays what it is.

`power` plans for a truth instead: how many until a bucket that is flat in truth is called so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ablation.crossed import Estimate, t_quantile


@dataclass(frozen=True)
class Need:
    """What would decide: the cheaper of more prompts and more seeds; None where it cannot do it alone."""

    prompts: int | None
    seeds: int | None

    @property
    def cost(self) -> float:
        """To tell which of two needs is cheaper: prompts before seeds, because they cost no training."""
        if self.prompts is not None:
            return float(self.prompts)
        return math.inf if self.seeds is None else 1e6 + self.seeds

    def words(self, split: str = "") -> str:
        unit = f"{split} prompt".strip()
        if self.prompts is None and self.seeds is None:
            return f"about twice the seeds and twice the {unit}s"
        if self.prompts is None:
            return f"about {_counted(self.seeds or 0, 'seed')} (seeds vary more than {unit}s)"
        if self.seeds is None or self.seeds > 20:
            return f"about {_counted(self.prompts, unit)}"
        return f"about {_counted(self.prompts, unit)} or {_counted(self.seeds, 'seed')}"


def _counted(count: int, unit: str) -> str:
    return f"{count} more {unit}{'' if count == 1 else 's'}"


def n_for(estimate: Estimate, margin: float, level: float = 0.95) -> Need:
    """How many more prompts, or seeds, until the (1 - 2a) interval excludes 0 or fits the margin.

    If the estimate stays: SE^2(R, n) = seed/R + prompt/n + rest/(nR), components as estimated; a = 1 - level.
    The half-width asked for is the nearer of the two: max(|mean|, margin - |mean|).
    """
    return n_until(estimate, max(abs(estimate.mean), margin - abs(estimate.mean)), level)


def n_until(estimate: Estimate, half: float, level: float) -> Need:
    """How many more prompts, or seeds, until a one-sided bound at error 1 - level lies `half` from the mean."""
    if estimate.n < 2 or not math.isfinite(estimate.se) or half <= 0:
        return Need(None, None)
    return Need(_more_prompts(estimate, half, level), _more_seeds(estimate, half, level))


def _more_prompts(e: Estimate, half: float, level: float) -> int | None:
    room = (half / t_quantile(level, max(e.df, 4.0))) ** 2 - e.seed_var / e.seeds
    if room <= 0:
        return None
    need = max((e.prompt_var + e.rest_var / e.seeds) / room, t_quantile(level, math.inf) / half - 2)
    return _above(need, e.n)


def _more_seeds(e: Estimate, half: float, level: float) -> int | None:
    if e.seeds < 2:
        return None
    room = (half / t_quantile(level, max(e.df, 4.0))) ** 2 - e.prompt_var / e.n
    if room <= 0 or e.seed_var + e.rest_var <= 0:
        return None
    return _above((e.seed_var + e.rest_var / e.n) / room, e.seeds)


def _above(need: float, have: int) -> int | None:
    """Extra units; a plan beyond a million is no plan."""
    return max(1, math.ceil(need) - have) if need < 1e6 else None
