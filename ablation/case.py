"""What the boundary of one bucket is read from: its evidence, verdict, signs and next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablation.evidence import Difference, Evidence, Margins
from ablation.gain import Watched
from ablation.gains import Decomposition
from ablation.standing import Standing
from ablation.watch import seen


@dataclass(frozen=True)
class Case:
    """What the boundary of one bucket is read from."""

    evidence: Evidence
    standing: Standing
    label: str
    signs: tuple[Watched, ...]
    margins: Margins
    verifiable: bool
    next: str
    """The bucket's cheapest next step (`next_step`)."""
    flips: tuple[str, ...] = ()
    """What would change its verdict (`next_step`)."""
    rising: Sequence[Difference] = ()
    """Splits whose gain may still be worth the margin."""
    parts: Decomposition | None = None
    """Stopping, format and capability of the arm with the most data on dev."""
    harm: tuple[str, ...] = ()
    """What other buckets gain without this one, where it is labelled harmful."""

    @property
    def name(self) -> str:
        return self.evidence.bucket

    @property
    def margin(self) -> float:
        """For rates."""
        return self.margins.rate

    @property
    def arm(self) -> str:
        """Cost of one more arm."""
        seeds = max(self.evidence.dev.seeds if self.evidence.dev is not None else 3, 2)
        return f"{seeds} trials (one more arm x {seeds} seeds)"

    def why(self, *names: str) -> list[str]:
        return [f"{sign.says}: {sign.why}" for sign in seen(self.signs, *names)]
