"""Does this data help, and when does it stop helping?

Names load on first use (a public name must differ from its module's: importing a submodule sets the
attribute of that name). So `python -m ablation.train` needs only torch, transformers and numpy,
and importing this package loads neither torch nor transformers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ablation.analyse_settings import AnalyseSettings
    from ablation.analysis import Analysis, analyse
    from ablation.audit import FAULTS as MASK_FAULTS
    from ablation.audit import NOTES as MASK_NOTES
    from ablation.audit import Audited, Auditor
    from ablation.audit_packed import audit_layout
    from ablation.confirm import Confirmation, confirmation, contenders, fresh_seeds
    from ablation.design import BucketPlan, Plan, arms, plan
    from ablation.experiment import campaign, load_encoder
    from ablation.front import ProposedMixture, propose_mixture
    from ablation.gain import (
        Boundary,
        BucketDecision,
        Decision,
        Forecast,
        Gain,
        Interval,
        Mixture,
        Readiness,
        Signal,
        Watched,
        Weight,
    )
    from ablation.grading import SCORE_SCHEMA
    from ablation.holdout import hold_out
    from ablation.jsonable import plain
    from ablation.loop import FINAL, run_trials
    from ablation.mask import Encoder
    from ablation.mask_policy import MaskPolicy
    from ablation.metrics import (
        answer_entropy,
        distinct_n,
        learnable_fraction,
        maj_at_k,
        pass_at_k,
        pass_hat_k,
    )
    from ablation.rule_worth import RuleVerdict, rule_gains
    from ablation.runs import Runs, read_runs
    from ablation.second_round import second_round
    from ablation.settings import AblationSettings, SampleSettings, SavedModel, TinyModel, TrainSettings
    from ablation.signs import LossCurve
    from ablation.surface import Surface, fit_surface
    from ablation.tasks import TASKS, Task, check_items
    from ablation.tiny import tiny_tokenizer
    from ablation.trial import SCORE_COLUMNS, WATCH_COLUMNS, Arm, Result, Share, Trial

_HOME = {
    "Analysis": "analysis",
    "AnalyseSettings": "analyse_settings",
    "analyse": "analysis",
    "MASK_FAULTS": "audit",
    "MASK_NOTES": "audit",
    "Audited": "audit",
    "Auditor": "audit",
    "audit_layout": "audit_packed",
    "campaign": "experiment",
    "Encoder": "mask",
    "MaskPolicy": "mask_policy",
    "load_encoder": "experiment",
    "tiny_tokenizer": "tiny",
    "Confirmation": "confirm",
    "confirmation": "confirm",
    "contenders": "confirm",
    "fresh_seeds": "confirm",
    "RuleVerdict": "rule_worth",
    "rule_gains": "rule_worth",
    "plain": "jsonable",
    "BucketPlan": "design",
    "Plan": "design",
    "arms": "design",
    "plan": "design",
    "Boundary": "gain",
    "BucketDecision": "gain",
    "Decision": "gain",
    "Forecast": "gain",
    "Gain": "gain",
    "Interval": "gain",
    "Mixture": "gain",
    "Readiness": "gain",
    "Signal": "gain",
    "Watched": "gain",
    "Weight": "gain",
    "ProposedMixture": "front",
    "propose_mixture": "front",
    "SCORE_SCHEMA": "grading",
    "hold_out": "holdout",
    "FINAL": "loop",
    "run_trials": "loop",
    "answer_entropy": "metrics",
    "distinct_n": "metrics",
    "learnable_fraction": "metrics",
    "maj_at_k": "metrics",
    "pass_at_k": "metrics",
    "pass_hat_k": "metrics",
    "Runs": "runs",
    "read_runs": "runs",
    "second_round": "second_round",
    "Surface": "surface",
    "fit_surface": "surface",
    "AblationSettings": "settings",
    "SampleSettings": "settings",
    "SavedModel": "settings",
    "TinyModel": "settings",
    "TrainSettings": "settings",
    "LossCurve": "signs",
    "TASKS": "tasks",
    "Task": "tasks",
    "check_items": "tasks",
    "SCORE_COLUMNS": "trial",
    "WATCH_COLUMNS": "trial",
    "Arm": "trial",
    "Result": "trial",
    "Share": "trial",
    "Trial": "trial",
}
"""Which module each public name comes from."""

_RENAMED = {"MASK_FAULTS": "FAULTS", "MASK_NOTES": "NOTES"}
"""What a public name is called in its module, where that is too short for a front door."""

__all__ = [
    "FINAL",
    "MASK_FAULTS",
    "MASK_NOTES",
    "SCORE_COLUMNS",
    "SCORE_SCHEMA",
    "TASKS",
    "WATCH_COLUMNS",
    "AblationSettings",
    "AnalyseSettings",
    "Analysis",
    "Arm",
    "Audited",
    "Auditor",
    "Boundary",
    "BucketDecision",
    "BucketPlan",
    "Confirmation",
    "Decision",
    "Encoder",
    "Forecast",
    "Gain",
    "Interval",
    "LossCurve",
    "MaskPolicy",
    "Mixture",
    "Plan",
    "ProposedMixture",
    "Readiness",
    "Result",
    "RuleVerdict",
    "Runs",
    "SampleSettings",
    "SavedModel",
    "Share",
    "Signal",
    "Surface",
    "Task",
    "TinyModel",
    "TrainSettings",
    "Trial",
    "Watched",
    "Weight",
    "analyse",
    "answer_entropy",
    "arms",
    "audit_layout",
    "campaign",
    "check_items",
    "confirmation",
    "contenders",
    "distinct_n",
    "fit_surface",
    "fresh_seeds",
    "hold_out",
    "learnable_fraction",
    "load_encoder",
    "maj_at_k",
    "pass_at_k",
    "pass_hat_k",
    "plain",
    "plan",
    "propose_mixture",
    "read_runs",
    "rule_gains",
    "run_trials",
    "second_round",
    "tiny_tokenizer",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), _RENAMED.get(name, name))
    globals()[name] = value
    return value
