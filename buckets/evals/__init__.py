"""Evaluation sets, read to be kept out of training data."""

from buckets.evals.problem import Call, Problem, problem_of
from buckets.evals.readers import READERS
from buckets.evals.rows import eval_rows
from buckets.evals.sets import EvalMapping, EvalSet, read_eval, read_evals, sniff_eval

__all__ = [
    "READERS",
    "Call",
    "EvalMapping",
    "EvalSet",
    "Problem",
    "eval_rows",
    "problem_of",
    "read_eval",
    "read_evals",
    "sniff_eval",
]
