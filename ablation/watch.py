"""Signs of "not yet done" and of "gone too far" beside the verdict, each seen, not seen, or cannot tell.

A sign is *seen* when a test at a finds it (a conjunction at the largest of its p-values; Holm over buckets, for any of
them may show it), *not seen* when an interval excludes it, else *cannot tell*, with what would settle it. What a run
did not measure says so and how to measure it. Signs never change a verdict: they say what to do next (`boundary`).
Falling entropy alone is never a sign: it nearly always falls in SFT.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ablation.analyse_settings import LOW_ENTROPY
from ablation.evidence import Evidence, Margins
from ablation.gain import Watched
from ablation.rule import ONE_SEED
from ablation.scores import Scores
from ablation.signs import Bucket, LossCurve, Reading
from ablation.signs_done import protocol, reach, rising
from ablation.signs_far import entropy, memory, narrowing, rl, template
from ablation.stats import holm


@dataclass(frozen=True)
class Sign:
    """One dimension that is watched."""

    name: str
    side: Literal["not yet done", "gone too far"]
    says: str
    read: Callable[[Bucket], Reading]


SIGNS = (
    Sign("protocol", "not yet done", "answers that do not end or cannot be read cost more than the margin", protocol),
    Sign("rising", "not yet done", "hard or out-of-distribution items still rise", rising),
    Sign("reach", "not yet done", "even k tries rarely hold a right answer", reach),
    Sign("memory", "gone too far", "training loss falls while dev, OOD and hard stand", memory),
    Sign("template", "gone too far", "answers open alike more than the references and the base do", template),
    Sign("narrowing", "gone too far", "pass@1 rises while pass@k or the gain of voting falls", narrowing),
    Sign("entropy", "gone too far", "entropy is low and distinct right answers fall", entropy),
    Sign("rl", "gone too far", "RL gains less, and ends lower, than from less SFT", rl),
)


def watch(
    scores: Scores,
    found: Mapping[str, Evidence],
    margins: Margins,
    losses: Sequence[LossCurve] = (),
    low_entropy: float = LOW_ENTROPY,
) -> dict[str, tuple[Watched, ...]]:
    """Per bucket its signs in the order of `SIGNS`. `losses` are the trials' training losses, when at hand."""
    buckets = {name: Bucket(scores, evidence, margins, losses, low_entropy) for name, evidence in found.items()}
    told: dict[str, list[Watched]] = {name: [] for name in buckets}
    for sign in SIGNS:
        readings = {name: sign.read(bucket) for name, bucket in buckets.items()}
        adjusted = holm([reading.p for reading in readings.values()])
        for (name, reading), p in zip(readings.items(), adjusted, strict=True):
            told[name].append(_watched(sign, reading, p, margins.alpha, len(buckets)))
    return {name: tuple(signs) for name, signs in told.items()}


def _watched(sign: Sign, reading: Reading, p: float, alpha: float, buckets: int) -> Watched:
    why, needs = reading.why, reading.needs
    state: Literal["seen", "not seen", "cannot tell"] = "cannot tell"
    if reading.measured and reading.seeds < 2:
        why, needs = f"{why}; {ONE_SEED}", "at least 2 more seeds"
    elif p < alpha:
        state, needs = "seen", ""
    elif reading.excluded:
        state, needs = "not seen", ""
    elif reading.p < alpha:
        why = f"{why}; seen if looked at alone, not after Holm over {buckets} buckets"
    return Watched(sign.name, sign.side, sign.says, state, why, needs, reading.measured, reading.gain)


def seen(signs: Sequence[Watched], *names: str) -> list[Watched]:
    """Those of `names` (default: all) that are seen."""
    return [sign for sign in signs if sign.state == "seen" and (not names or sign.name in names)]
