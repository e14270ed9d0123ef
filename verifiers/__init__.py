"""Is this record right? Checks that answer PASS, FAIL or ABSTAIN, with evidence."""

__project__ = "sft-curate"  # another package on PyPI is also called `verifiers`; curate checks this first

from verifiers.cascade import CHECK_NAMES, FLAG_NAMES, Cascade, check, flags
from verifiers.checks import VERIFIERS
from verifiers.grade import Graded, grade, read_reply
from verifiers.noted import FLAGS, Flag
from verifiers.refusal import Reading, Stance, is_refusal, read_stance
from verifiers.rules import RULES, Rule
from verifiers.verdict import Check, Outcome, Verdict, Verifier, abstained, failed, passed

__all__ = [
    "CHECK_NAMES",
    "FLAGS",
    "FLAG_NAMES",
    "RULES",
    "VERIFIERS",
    "Cascade",
    "Check",
    "Flag",
    "Graded",
    "Outcome",
    "Reading",
    "Rule",
    "Stance",
    "Verdict",
    "Verifier",
    "abstained",
    "check",
    "failed",
    "flags",
    "grade",
    "is_refusal",
    "passed",
    "read_reply",
    "read_stance",
]
