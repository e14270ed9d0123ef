"""Math reasoning: a problem with one checkable answer, reached in steps."""

from __future__ import annotations

from buckets.bucket import Bucket, Signal, matches, occurrences, plain_row

NUMBERS = r"\d[^\d]+\d"
QUANTITY = (
    r"(?i)\b(how (many|much|long|far|old|fast)|what is the (value|sum|product|area|perimeter|probability|average|total|"
    r"least|greatest|smallest|largest|remainder)|(find|calculate|compute|evaluate|determine|solve|simplify)\b|"
    r"what fraction|percent)"
)
EQUATION = r"\d\s*[-+*/×÷]\s*\$?\d[\d.,]*\s*=\s*\$?-?\d"
STATED = r"(?i)\banswer( is)?:? *\$?-?[\d,.]+\s*\z"
LATEX = (
    r"\\(frac|sqrt|boxed|cdot|times|angle|pi|left|begin|sum|int|equiv|pmod|le|ge|ldots)\b|"
    r"\$[^$\n]{1,80}[=^_\\][^$\n]{0,80}\$"
)

MATH_REASONING = Bucket(
    id="math_reasoning",
    title="Math reasoning",
    is_in="Word problems, algebra, counting and the like, whose final answer can be compared with a gold value.",
    is_out="Programs that compute, tables to look numbers up in, and definitions of mathematical terms.",
    signals=(
        Signal("final answer marked ####", 0.9, plain_row & matches("answer", r"(?m)^\s*####\s*\S")),
        Signal("final answer boxed", 0.9, plain_row & matches("answer", r"\\boxed\s*\{")),
        Signal("asks for \\boxed", 0.6, plain_row & matches("prompt", r"\\boxed")),
        Signal("written in LaTeX", 0.6, plain_row & matches("prompt", LATEX) & matches("answer", LATEX)),
        Signal("worked equation", 0.55, plain_row & matches("answer", EQUATION)),
        Signal("several worked equations", 0.5, plain_row & (occurrences("answer", EQUATION) >= 2)),
        Signal("states a number as the answer", 0.5, plain_row & matches("answer", STATED)),
        Signal("asks for a quantity", 0.4, plain_row & matches("prompt", QUANTITY) & matches("prompt", NUMBERS)),
    ),
    verifiers=("rules", "chat", "answers"),
    tasks=("math_reasoning",),
)
