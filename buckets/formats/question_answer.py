"""Questions with a worked answer that holds its gold: GSM8K's ####, MATH's \\boxed{}, or a column."""

from __future__ import annotations

import re

from buckets.errors import RowError
from buckets.formats.alpaca import opening
from buckets.formats.fields import as_reference, extras, first_key, leftovers, text
from buckets.formats.format import Format, Row
from buckets.formats.thought import answered
from buckets.record import Draft, Message

_QUESTIONS = ("question", "problem", "query")
_ANSWERS = ("solution", "answer", "generated_solution")
_GOLDS = {"solution": "answer", "generated_solution": "expected_answer"}
_CALCULATOR = re.compile(r"<<[^<>\n]*=[^<>\n]*>>")
_FINAL = re.compile(r"^####[ \t]*(\S.*?)\s*$", re.MULTILINE)


def sniff(row: Row) -> str | None:
    question, answer = first_key(row, _QUESTIONS), first_key(row, _ANSWERS)
    if _options(row):
        return None
    return f"has {question} and {answer}" if question and answer else None


def read(row: Row) -> Draft:
    """The worked text is the answer turn; gold is `answer` beside a `solution`, else `gold_in` the text.

    GSM8K's calculator annotations <<48/2=24>> are taken out of the trained text (meta says how many);
    the gold is read before that.
    """
    question, worked = first_key(row, _QUESTIONS), first_key(row, _ANSWERS)
    if question is None or worked is None:
        raise RowError("unexpected_keys", f"no question or problem with an answer or solution among {sorted(row)[:20]}")
    if options := _options(row):
        raise RowError(
            "unexpected_keys", f"the question has {options} to choose from; say with a mapping how they read"
        )
    full = text(row, worked)
    extra = extras(row)
    consumed = {question, worked, *extra.keys}
    gold = extra.reference
    beside = _GOLDS.get(worked, "")
    if gold is None and (gold := as_reference(row.get(beside))) is not None:
        consumed.add(beside)
    gold = gold_in(full) if gold is None else gold
    start = opening(row, consumed)
    trained, stripped = _CALCULATOR.subn("", full) if "####" in full else (full, 0)
    return Draft(
        messages=(*start, Message("user", text(row, question)), answered(trained)),
        reference=gold,
        tests=extra.tests,
        schema=extra.schema,
        meta=leftovers(row, consumed, calculator_annotations_removed=stripped or None),
    )


def _options(row: Row) -> str | None:
    """Choices beside a question: without them in the prompt, an answer such as 2 or B means nothing."""
    return next((key for key in ("choices", "options") if isinstance(row.get(key), list | dict) and row[key]), None)


def gold_in(worked: str) -> str | None:
    """The final answer of a worked text: behind the last ####, else inside the last \\boxed{}; else None."""
    finals = _FINAL.findall(worked)
    if finals:
        return str(finals[-1])
    return last_boxed(worked)


def last_boxed(worked: str) -> str | None:
    """Content of the last \\boxed{...} or \\fbox{...} whose braces match, or of \\boxed 5; else None.

    Escaped braces do not count. A box that is never closed is passed over for the one before it.
    """
    boxes = list(_BOX.finditer(worked))
    closing = _closings(worked) if boxes else {}
    for box in reversed(boxes):
        if box[1]:
            return box[1]
        end = closing.get(box.end() - 1)
        if end is not None:
            return worked[box.end() : end].strip() or None
    return None


def _closings(worked: str) -> dict[int, int]:
    """Place of each opening brace -> place of its match, in one pass: hostile text may hold a million openings."""
    opened: list[int] = []
    found: dict[int, int] = {}
    for token in _BRACE.finditer(worked):
        if token[0] == "{":
            opened.append(token.start())
        elif token[0] == "}" and opened:
            found[opened.pop()] = token.start()
    return found


_BOX = re.compile(r"\\(?:boxed|fbox)(?:\s*\{|\s+([^\s{}$.,;]+))")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)

QUESTION_ANSWER = Format("question_answer", "question or problem, and answer or solution with its gold", sniff, read)
