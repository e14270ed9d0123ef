"""Rows whose reasoning has a key of its own beside question and answer (reasoning, cot, x_thinking_trajectory, ...).

The rest of the row is read by the format that it fits without that key; the reasoning goes to the answer turn. A key
named after a model (gemini_thinking_trajectory) goes with the answer of the same model (gemini_attempt); where a row
has several models, the first with both texts is taken and the others stay in meta. NOT covered: lists of steps.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import ALPACA, written_extras, written_pairs
from buckets.formats.fields import text
from buckets.formats.format import Format, Row
from buckets.formats.prompt_response import PROMPT_RESPONSE
from buckets.formats.question_answer import QUESTION_ANSWER, gold_in
from buckets.formats.thought import lifted
from buckets.record import Draft, Record

_KEYS = (
    "reasoning",
    "reasoning_content",
    "thinking",
    "thought",
    "thoughts",
    "think",
    "cot",
    "chain_of_thought",
    "complex_cot",
    "thinking_trajectory",
    "reasoning_trace",
    "reasoning_chain",
)
_TRACES = ("_thinking_trajectory", "_reasoning_content", "_reasoning", "_thinking", "_cot")
_ANSWERS = ("_attempt", "_answer", "_solution", "_response", "_output", "_content")
_INNER = (ALPACA, QUESTION_ANSWER, PROMPT_RESPONSE)
_QUESTIONS = ("question", "problem", "prompt", "query", "instruction", "input")
_LOWER = ("question", "response", "answer", "complex_cot", "instruction", "input", "output", "problem", "solution")


def sniff(row: Row) -> str | None:
    row = _lowered(row)
    pair = _pair(row)
    if pair:
        return f"{pair[1]} with its reasoning in {pair[0]}"
    key = _key(row)
    return f"{key} beside {reason}" if key and (reason := _inner_reason(row, key)) else None


def _lowered(row: Row) -> Row:
    """`Question`, `Complex_CoT`, `Response`: the same keys with capitals, where no key is there twice."""
    if all(key.islower() or key.lower() not in _LOWER for key in row):
        return row
    names = {key: key.lower() if key.lower() in _LOWER else key for key in row}
    return {names[key]: value for key, value in row.items()} if len(set(names.values())) == len(names) else row


def _key(row: Row) -> str | None:
    return next((key for key in _KEYS if isinstance(row.get(key), str)), None)


def _pair(row: Row) -> tuple[str, str] | None:
    """Reasoning and answer of one model: the first pair of keys whose texts are both there."""
    if not any(isinstance(row.get(key), str) for key in _QUESTIONS):
        return None
    pairs = [
        (key, key.removesuffix(trace) + answer)
        for key in row
        for trace in _TRACES
        if key.endswith(trace)
        for answer in _ANSWERS
        if isinstance(row.get(key.removesuffix(trace) + answer), str) and isinstance(row[key], str)
    ]
    return next((pair for pair in pairs if row[pair[0]].strip() and row[pair[1]].strip()), pairs[0] if pairs else None)


def _without(row: Row, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}


def _inner_reason(row: Row, key: str) -> str | None:
    return next((reason for form in _INNER if (reason := form.sniff(_without(row, key)))), None)


def read(row: Row) -> Draft:
    row = _lowered(row)
    pair = _pair(row)
    if pair:
        return _paired(row, *pair)
    key = next((key for key in _KEYS if key in row and _inner_reason(row, key)), None)
    if key is None:
        raise RowError("unexpected_keys", f"no reasoning beside a question and an answer among {sorted(row)[:20]}")
    rest = _without(row, key)
    form = next(form for form in _INNER if form.sniff(rest))
    return _reasoned(form.read(rest), text(row, key))


def _paired(row: Row, trace: str, answer: str) -> Draft:
    question = next(key for key in _QUESTIONS if isinstance(row.get(key), str))
    rest = _without(row, trace, answer, question)
    inner = PROMPT_RESPONSE.read(
        {**{k: v for k, v in rest.items() if k not in _taken(rest)}, "prompt": row[question], "response": row[answer]}
    )
    kept = {key: rest[key] for key in _taken(rest)}
    gold = next((row[key] for key in ("solution", "answer") if isinstance(row.get(key), str)), None)
    reference = inner.reference
    if reference is None and gold is not None:
        reference = gold_in(gold) or (gold.strip() if _is_short(gold) else None)
    return _reasoned(replace(inner, reference=reference, meta={**inner.meta, **kept}), row[trace])


def _taken(rest: Row) -> list[str]:
    """Keys that the inner reader would take for the turns; in such a row they are something else."""
    return [key for key in rest if key in (*_QUESTIONS, "response", "completion", "answer", "output")]


def _is_short(gold: str) -> bool:
    """A gold that is a final answer (a number, a few words), not a worked solution to compare with."""
    return bool(gold.strip()) and "\n" not in gold.strip() and len(gold.split()) <= 8


def _reasoned(draft: Draft, trace: str) -> Draft:
    """The draft with the reasoning on its last turn. RowError("two_reasonings") where the answer has its own."""
    last = draft.messages[-1]
    if last.role != "assistant":
        raise RowError("no_answer", "the row's last turn is not an answer")
    own, thought = lifted(trace)  # some traces keep their tags
    trace = thought if thought is not None and not own.strip() else trace
    if not trace.strip():
        return draft
    if last.reasoning is not None and last.reasoning.strip() != trace.strip():
        raise RowError("two_reasonings", "the answer starts with a reasoning block that is not the one of its own key")
    return replace(draft, messages=(*draft.messages[:-1], replace(last, reasoning=trace)))


def write(record: Record) -> dict[str, Any]:
    """question, reasoning and answer; earlier turns keep their reasoning in tags, in `history`."""
    draft = record.draft
    if not draft.messages or draft.messages[-1].reasoning is None:
        raise RowError("cannot_write", "the answer has no reasoning; write the record in another format")
    last = draft.messages[-1]
    bare = replace(draft, messages=(*draft.messages[:-1], replace(last, reasoning=None)))
    start, pairs = written_pairs(bare, "question, reasoning and answer")
    row: dict[str, Any] = {**start, "prompt": pairs[-1][0], "reasoning": last.reasoning, "response": pairs[-1][1]}
    if len(pairs) > 1:
        row["history"] = pairs[:-1]
    row |= written_extras(draft)
    if read(row).messages != draft.messages:
        raise RowError("cannot_write", "the reasoning is blank, or holds tags of its own")
    return row


REASONING = Format("reasoning", "question, answer, and the reasoning under a key of its own", sniff, read, write)
