"""The bare rule: SFT is done when, together, dS_dev ~ 0, dS_OOD <= 0, dH_policy < 0 and dG_RL <= 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ablation.evidence import Evidence, Margins
from ablation.gain import Signal, State
from ablation.needs import signal_need
from ablation.stats import non_superior

ONE_SEED = "one seed: conditional on this run"


def signals(evidence: Evidence, margins: Margins) -> tuple[Signal, ...]:
    """The four signals, each holds, fails or unknown from its interval; treated is the full arm, control the last dose.

    dG_RL is never guessed: without an RL probe it is unknown, and the stored samples' L_g and headroom stand beside it.
    """
    return (_dev(evidence, margins), _ood(evidence, margins), _entropy(evidence, margins), _rl(evidence))


def bare_rule(found: Sequence[Signal]) -> Literal["done", "not done", "undecided"]:
    if any(signal.state == "fails" for signal in found):
        return "not done"
    return "done" if all(signal.state == "holds" for signal in found) else "undecided"


def _dev(evidence: Evidence, margins: Margins) -> Signal:
    condition = f"dS_dev ~ 0 within +-{margins.margin:g}"
    step = evidence.dev
    if step is None:
        why, wanted = "no dose increment on dev", "a dose arm (half of the rows) on the same seeds"
        return Signal("dS_dev", condition, "unknown", why, None, margins.margin, wanted)
    states: dict[str, State] = {"equivalent": "holds", "improved": "fails", "worse": "fails", "unknown": "unknown"}
    state = states[step.comparison]
    why = f"last dose step {step.words()}: {step.comparison}"
    if step.seeds < 2 and state == "holds":
        state, why = "unknown", f"{why}; {ONE_SEED}"
    wanted = signal_need(step, margins) if state == "unknown" else ""
    return Signal("dS_dev", condition, state, why, step.gain(margins.tested), margins.margin, wanted)


def _ood(evidence: Evidence, margins: Margins) -> Signal:
    condition = f"dS_OOD <= 0, non-superior at +{margins.margin:g}"
    step = evidence.steps.get("ood")
    if step is None:
        why = "no OOD items for this bucket"
        return Signal("dS_OOD", condition, "unknown", why, None, margins.margin, "an OOD eval set")
    gain = step.gain(margins.tested)
    if not step.informative:
        why = "every arm fails or every arm solves the OOD set: it carries no vote"
        return Signal("dS_OOD", condition, "unknown", why, gain, margins.margin, "OOD items that some arm half solves")
    why = f"last dose step {step.words()}"
    state: State = "unknown"
    if non_superior(step.inner, margins.margin):
        state = "holds"
    elif step.comparison == "improved":
        state = "fails"
    if step.seeds < 2 and state == "holds":
        state, why = "unknown", f"{why}; {ONE_SEED}"
    wanted = signal_need(step, margins, one_sided=True) if state == "unknown" else ""
    return Signal("dS_OOD", condition, state, why, gain, margins.margin, wanted)


def _entropy(evidence: Evidence, margins: Margins) -> Signal:
    condition = "dH_policy < 0 on the model's own samples"
    step = evidence.entropy
    if step is None:
        return Signal(
            "dH_policy", condition, "unknown", "no entropy on dev for the last dose step", None, margins.entropy
        )
    why = f"last dose step {step.words()} nats; entropy nearly always falls in SFT, so this alone says little"
    state: State = "unknown"
    if step.inner.high < 0:
        state = "holds"
    elif step.inner.low > -margins.entropy:
        state = "fails"
    if step.seeds < 2 and state == "holds":
        state, why = "unknown", f"{why}; {ONE_SEED}"
    return Signal("dH_policy", condition, state, why, step.gain(margins.tested), margins.entropy)


def _rl(evidence: Evidence) -> Signal:
    why = "no RL probe in this run"
    ready = evidence.readiness
    if ready is not None:
        why += (
            f"; from stored samples L_{ready.group} = {ready.learnable.estimate:.2f}"
            f", headroom pass@{ready.group} - pass@1 = {ready.headroom.estimate:.2f}"
        )
    return Signal("dG_RL", "dG_RL <= 0", "unknown", why, None, None, "an RL probe from the last two doses")
