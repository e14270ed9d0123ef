"""Is this record right? Checks that answer PASS, FAIL or ABSTAIN, with evidence."""

__project__ = "sft-curate"  # another package on PyPI is also called `verifiers`; curate checks this first

from verifiers.agreement import Agreement, agreement_of, wilson
from verifiers.cascade import CHECK_NAMES, Cascade, check
from verifiers.checks import VERIFIERS
from verifiers.grade import Graded, grade, read_reply
from verifiers.judge import Compared, Forecast, Judge, Scored
from verifiers.judge import identity as judge_identity
from verifiers.judge_endpoint import Endpoint
from verifiers.judge_reply import Vote
from verifiers.judge_rubric import Rubric, load_rubric, rubrics
from verifiers.refusal import is_refusal
from verifiers.rules import RULES, Rule
from verifiers.verdict import Check, Outcome, Verdict, Verifier, abstained, failed, passed

__all__ = [
    "CHECK_NAMES",
    "RULES",
    "VERIFIERS",
    "Agreement",
    "Cascade",
    "Check",
    "Compared",
    "Endpoint",
    "Forecast",
    "Graded",
    "Judge",
    "Outcome",
    "Rubric",
    "Rule",
    "Scored",
    "Verdict",
    "Verifier",
    "Vote",
    "abstained",
    "agreement_of",
    "check",
    "failed",
    "grade",
    "is_refusal",
    "judge_identity",
    "load_rubric",
    "passed",
    "read_reply",
    "rubrics",
    "wilson",
]
