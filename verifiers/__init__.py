"""Is this record right? Checks that answer PASS, FAIL or ABSTAIN, with evidence."""

__project__ = "sft-curate"  # another package on PyPI is also called `verifiers`; curate checks this first

from verifiers.cascade import CHECK_NAMES, Cascade, check
from verifiers.checks import VERIFIERS
from verifiers.grade import Graded, grade, read_reply
from verifiers.refusal import is_refusal
from verifiers.rendered import chat_of, json_list
from verifiers.rules import RULES, Rule
from verifiers.trainable import TRAINABLE, Trainability, load_tokenizer, untrainable
from verifiers.verdict import Check, Outcome, Verdict, Verifier, abstained, failed, passed

__all__ = [
    "CHECK_NAMES",
    "RULES",
    "TRAINABLE",
    "VERIFIERS",
    "Cascade",
    "Check",
    "Graded",
    "Outcome",
    "Rule",
    "Trainability",
    "Verdict",
    "Verifier",
    "abstained",
    "chat_of",
    "check",
    "failed",
    "grade",
    "is_refusal",
    "json_list",
    "load_tokenizer",
    "passed",
    "read_reply",
    "untrainable",
]
