"""Is this record right? Checks that answer PASS, FAIL or ABSTAIN, with evidence."""

__project__ = "sft-curate"  # another package on PyPI is also called `verifiers`; curate checks this first

from verifiers.agreement import Agreement, agreement_of, wilson
from verifiers.cascade import CHECK_NAMES, FLAG_NAMES, Cascade, check, flags
from verifiers.checks import VERIFIERS
from verifiers.grade import Graded, grade, read_reply
from verifiers.isolated import UNGRADED, isolation
from verifiers.judge import Compared, Forecast, Judge, Scored
from verifiers.judge import identity as judge_identity
from verifiers.judge_endpoint import Endpoint
from verifiers.judge_reply import Vote
from verifiers.judge_rubric import Rubric, load_rubric, rubrics
from verifiers.noted import FLAGS, Flag
from verifiers.refusal import Reading, Stance, is_refusal, read_stance
from verifiers.rendered import RefusedError as TemplateRefusedError
from verifiers.rendered import Template, chat_of, json_list
from verifiers.rules import RULES, Rule
from verifiers.tokenizer import load_tokenizer, tokenizer_digest
from verifiers.trainable import TRAINABLE, Trainability, trainable_check
from verifiers.verdict import Check, Outcome, Verdict, Verifier, abstained, failed, passed

__all__ = [
    "CHECK_NAMES",
    "FLAGS",
    "FLAG_NAMES",
    "RULES",
    "TRAINABLE",
    "UNGRADED",
    "VERIFIERS",
    "Agreement",
    "Cascade",
    "Check",
    "Compared",
    "Endpoint",
    "Flag",
    "Forecast",
    "Graded",
    "Judge",
    "Outcome",
    "Reading",
    "Rubric",
    "Rule",
    "Scored",
    "Stance",
    "Template",
    "TemplateRefusedError",
    "Trainability",
    "Verdict",
    "Verifier",
    "Vote",
    "abstained",
    "agreement_of",
    "chat_of",
    "check",
    "failed",
    "flags",
    "grade",
    "is_refusal",
    "isolation",
    "json_list",
    "judge_identity",
    "load_rubric",
    "load_tokenizer",
    "passed",
    "read_reply",
    "read_stance",
    "rubrics",
    "tokenizer_digest",
    "trainable_check",
    "wilson",
]
