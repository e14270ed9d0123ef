"""What a ladder of checkpoints says when it ends at its last rung: CONTINUE, DONE, OVER or UNDECIDED.

The guards are those of `standing`: equivalence instead of "not significant", hard and OOD may still rise, two signals
before OVER, the level after RL decides where a probe measured it, entropy counts by its level and not by its fall.
Validation loss has no vote: it rises under repetition while accuracy climbs (arXiv:2602.11149).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ablation.candidates import Limit, Preference, bound_above, measured, prefer
from ablation.gain import Candidate, CandidateKind, Verdict
from ablation.ladder import Ladder, Rung, aggregated
from ablation.stats import NOTHING, Estimate, holm


@dataclass(frozen=True)
class Reading:
    """One ladder read to its end."""

    verdict: Verdict
    reasons: tuple[str, ...]
    choice: Preference
    """`choice.chosen` is where to stop, or to step back to, were the ladder to end here."""
    slopes: dict[str, Estimate]
    """Gain per doubling of every signal on the last rung."""
    needs: str = ""
    """What would settle UNDECIDED."""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return self.choice.candidates


def read(ladder: Ladder) -> Reading:
    """Raises ValueError on a ladder whose last rung has no score."""
    if "score" not in ladder.last.values:
        raise ValueError(f"rung {ladder.last.name} has no score")
    slopes = {s: e for s in voters(ladder) if measured(e := ladder.slope(s))}
    choice = choose_rung(ladder)
    if len(ladder.rungs) < 2:
        return Reading("UNDECIDED", ("one rung says nothing about the next",), choice, slopes, "a second checkpoint")
    rising, spent = _rising(ladder, slopes), _spent(ladder, ladder.last)
    shown, leaning = _fallen(ladder)
    lost = [*shown, *([spent] if spent else [])]
    if lost and len(lost) + len(leaning) >= 2 and deciding(ladder) not in rising:
        return Reading("OVER", (f"step back to {choice.chosen}", *lost, *leaning), choice, slopes)
    if spent:
        unpaid = ("diversity is spent and the score does not pay for it", spent)
        wanted = f"pass@k or an RL probe of {choice.chosen} and {ladder.last.name}; or fix the mode first (averaging)"
        return Reading("UNDECIDED", unpaid, choice, slopes, wanted)
    below = _below_base(ladder)
    if below:
        return Reading("UNDECIDED", (below,), choice, slopes, "other rows, fewer epochs or a lower learning rate")
    if rising and lost:
        split = ("splits disagree", *(_words(s, slopes[s]) for s in rising), *lost)
        return Reading("UNDECIDED", split, choice, slopes, "a reading of both: which of them counts")
    if rising:
        return Reading("CONTINUE", tuple(f"still rising: {_words(s, slopes[s])}" for s in rising), choice, slopes)
    return _flat_or_open(ladder, slopes, choice, lost)


def _flat_or_open(ladder: Ladder, slopes: dict[str, Estimate], choice: Preference, lost: list[str]) -> Reading:
    yard = ladder.yardstick
    needed = [s for s in slopes if s in _SFT]
    unsettled = [s for s in needed if bound_above(slopes[s], yard.alpha) >= yard.allowed(s)]
    trained = [rung for rung in ladder.rungs if rung.dose > 0]
    if not unsettled and len(trained) < 3:
        few = ("no rise is seen, but two rungs are no plateau", *(_words(s, slopes[s]) for s in needed))
        return Reading("UNDECIDED", (*few, *lost), choice, slopes, "a later rung")
    if "score" not in slopes or unsettled:
        said = [f"may still rise: {_words(s, slopes[s])}, margin {yard.allowed(s):g}" for s in unsettled]
        worst = max(unsettled, key=lambda s: slopes[s].se / yard.allowed(s), default="score")
        wanted = f"a later rung, or a smaller error on {worst}{_enough(ladder, worst, slopes.get(worst, NOTHING))}"
        return Reading("UNDECIDED", (*said, *lost), choice, slopes, wanted)
    flat = [f"{_flat(ladder, s, slopes[s])}: {_words(s, slopes[s])}" for s in needed]
    alone = [f"{fall}; one signal down is not yet over-trained" for fall in lost]
    return Reading("DONE", (f"flat by {choice.chosen}", *flat, *alone), choice, slopes)


def _flat(ladder: Ladder, signal: str, slope: Estimate) -> str:
    """DONE asks that no more is to be gained; whether it stands or sinks is said: the choice goes back to the peak."""
    low = -bound_above(aggregated(-slope.mean, slope.se, slope.df), ladder.yardstick.alpha)
    return "flat within the margin" if low > -ladder.yardstick.allowed(signal) else "not rising by the margin, may sink"


_SFT = ("score", "hard", "pass@k")
"""Seen without RL: DONE needs each of them shown flat. A level that is not shown to rise does not stand in its way."""
_AFTER_RL = ("level", "level_hard")


def voters(ladder: Ladder) -> list[str]:
    """Signals with a vote. The macro mean is made of score and hard sets, so it votes only where those are missing."""
    found = [signal for signal in (*_SFT, *_AFTER_RL) if ladder.has(signal) and _informs(ladder, signal)]
    if "hard" not in found and ladder.has("macro"):
        found.append("macro")
    return found


def _informs(ladder: Ladder, signal: str) -> bool:
    """Some rung neither fails nor solves it (5 to 95 points); the score itself always votes."""
    return signal == "score" or any(5.0 < rung.values.get(signal, 0.0) < 95.0 for rung in ladder.rungs)


def deciding(ladder: Ladder) -> str:
    """The level after RL where every rung has one (score + gain; the gain alone falls as the score rises)."""
    return "level" if all("level" in rung.values for rung in ladder.rungs) else "score"


def choose_rung(ladder: Ladder) -> Preference:
    """The least SFT shown as good as the rung with the highest deciding signal, on every signal."""
    first = deciding(ladder)
    order = [first, *(signal for signal in voters(ladder) if signal != first)]
    tests = [Limit(signal, ladder.yardstick.allowed(signal)) for signal in order]
    scores = {rung.name: rung.values.get(first, math.nan) for rung in ladder.rungs}
    kinds: dict[str, CandidateKind] = {rung.name: "base" if rung.dose == 0 else "checkpoint" for rung in ladder.rungs}
    return prefer(scores, kinds, tests, ladder.difference, ladder.yardstick.alpha, _barred(ladder))


def _barred(ladder: Ladder) -> dict[str, str]:
    found = {rung.name: why for rung in ladder.rungs if (why := _spent(ladder, rung))}
    base, signal, alpha = ladder.rungs[0], deciding(ladder), ladder.yardstick.alpha
    if base.dose == 0:
        better = [r for r in ladder.rungs[1:] if ladder.difference(r.name, base.name, signal).p_above() < alpha]
        if better:
            found[base.name] = f"no SFT: {better[0].name} is better on {signal}"
    return found


def _rising(ladder: Ladder, slopes: dict[str, Estimate]) -> list[str]:
    """Holm over the signals, two-sided because a line can go either way; a rise within the margin is no rise."""
    alpha = ladder.yardstick.alpha
    adjusted = holm([slope.p_above() for slope in slopes.values()])
    return [
        signal
        for p, (signal, slope) in zip(adjusted, slopes.items(), strict=True)
        if p < alpha / 2 and bound_above(slope, alpha) >= ladder.yardstick.allowed(signal)
    ]


def _fallen(ladder: Ladder) -> tuple[list[str], list[str]]:
    """(shown, leaning): lower on the last rung than at the best three neighbouring rungs before it.

    Three, because the best single rung is partly luck; the same three for every signal, for the same reason. Shown:
    at alpha after Holm (any of the signals may fall by luck) and by half the margin, since less is a near tie between
    neighbours. Leaning: at 2 alpha alone. OVER asks for one that is shown and a second that at least leans the same
    way. A fall against no SFT at all is another finding (`_below_base`).
    """
    signal, earlier = deciding(ladder), [rung for rung in ladder.rungs[:-1] if rung.dose > 0]
    if not earlier:
        return [], []
    width, alpha = min(3, len(earlier)), ladder.yardstick.alpha
    spans = [earlier[i : i + width] for i in range(len(earlier) - width + 1)]
    best = max(spans, key=lambda span: float(np.mean([rung.values[signal] for rung in span])))
    weights = {ladder.last.name: 1.0} | {rung.name: -1.0 / width for rung in best}
    where = best[0].name if width == 1 else f"{best[0].name} to {best[-1].name}"
    changes = {name: e for name in voters(ladder) if measured(e := ladder.contrast(weights, name))}
    adjusted = holm([change.p_below() for change in changes.values()])
    shown, leaning = [], []
    for p, (name, change) in zip(adjusted, changes.items(), strict=True):
        said = f"{name} is down {change.mean:+.2f} against {where} (se {change.se:.2f})"
        if p < alpha and -change.mean >= ladder.yardstick.allowed(name) / 2.0:
            shown.append(said)
        elif change.p_below() < 2 * alpha:
            leaning.append(said)
    return shown, leaning


def _spent(ladder: Ladder, rung: Rung) -> str:
    """Entropy fell through the floor and score did not pay for it; "" when not.

    The floor is the declared one, or half of the highest rung where all lie under it. Paid: since the last rung above
    the floor the score rose by the margin per doubling, or pass@k by its own.
    """
    known = [r for r in ladder.rungs if r.dose <= rung.dose and "entropy" in r.values and r.dose > 0]
    if not known or known[-1] is not rung:
        return ""
    top = max(r.values["entropy"] for r in known)
    floor = ladder.yardstick.entropy_floor if top >= ladder.yardstick.entropy_floor else top / 2.0
    above = [r for r in known if r.values["entropy"] >= floor]
    if not above or rung.values["entropy"] >= floor:
        return ""
    origin = above[-1]
    doublings = max(math.log2(rung.dose / origin.dose), 1.0) if rung.dose > origin.dose else 1.0
    for signal in ("score", "pass@k"):
        gain = ladder.difference(rung.name, origin.name, signal)
        if measured(gain) and gain.mean >= ladder.yardstick.allowed(signal) * doublings:
            return ""
    said = f"entropy {rung.values['entropy']:.3f} nats is under {floor:.3g} ({origin.name} has"
    return (
        f"{said} {origin.values['entropy']:.3f}), and score gained less than {ladder.yardstick.margin:g} per doubling"
    )


def _below_base(ladder: Ladder) -> str:
    base, signal = ladder.rungs[0], deciding(ladder)
    change = ladder.difference(ladder.last.name, base.name, signal)
    if base.dose > 0 or change.p_below() >= ladder.yardstick.alpha:
        return ""
    return f"below the base: {signal} is {change.mean:+.2f} (se {change.se:.2f}) against no SFT"


def _words(signal: str, slope: Estimate) -> str:
    inner = slope.interval(0.9)
    return f"{signal} a doubling {inner.estimate:+.2f} [{inner.low:+.2f}, {inner.high:+.2f}] (90%)"


def _enough(ladder: Ladder, signal: str, slope: Estimate) -> str:
    """How much smaller the error must be; nothing when the estimate itself is over the margin."""
    room = ladder.yardstick.allowed(signal) - slope.mean
    if not measured(slope) or room <= 0 or slope.se <= 0:
        return ""
    factor = (bound_above(slope, ladder.yardstick.alpha) - slope.mean) / room
    return f": {factor:.1f} times smaller, about {math.ceil(factor**2)} times the problems or samples"
