"""Questions over given passages: SQuAD and HotpotQA as Hugging Face stores them, open QA with `ctxs` (DPR), RAG rows.

The passages go into the prompt: a question that is trained without them teaches the model to make things up. NOT
covered: rows whose answer is chosen from options, and answers that are only places in the text.
"""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import as_reference, compact, extras, first_key, leftovers, text
from buckets.formats.format import Format, Row
from buckets.formats.question_answer import gold_in
from buckets.formats.thought import answered
from buckets.record import Draft, Message

_PASSAGES = ("ctxs", "contexts", "context", "passages", "passage", "documents", "document", "retrieved_contexts")
_ANSWERS = ("answers", "answer", "response", "output")
_TEXTS = ("text", "content", "passage", "paragraph_text")


def sniff(row: Row) -> str | None:
    keys = _keys(row)
    return f"has question, {keys[0]} and {keys[1]}" if keys else None


def _keys(row: Row) -> tuple[str, str] | None:
    passages, answers = first_key(row, _PASSAGES), first_key(row, _ANSWERS)
    if not isinstance(row.get("question"), str) or passages is None or answers is None or _shown(row[passages]) is None:
        return None
    return passages, answers


def read(row: Row) -> Draft:
    """Passages, a blank line, the question; the first of several answers is trained and is the gold."""
    keys = _keys(row)
    if keys is None:
        raise RowError("unexpected_keys", f"no question with passages and an answer among {sorted(row)[:20]}")
    passages, answers = keys
    shown, rest = _shown(row[passages]) or ("", None)
    answer, gold, others = _answer(row, answers)
    extra = extras(row)
    used = {"question", passages, answers, *extra.keys}
    prompt = f"{shown}\n\n{row['question']}" if shown.strip() else row["question"]
    beside = {passages: rest, answers: others}
    meta = leftovers(row, used) | {key: value for key, value in beside.items() if value}
    reference = gold if extra.reference is None else extra.reference
    return Draft((Message("user", prompt), answered(answer)), None, reference, extra.tests, extra.schema, meta)


def _answer(row: Row, key: str) -> tuple[str, str | None, Any]:
    """The answer to train, its gold, and what is left of the value: other answers, places in the text."""
    value = row[key]
    texts = value.get("text") if isinstance(value, dict) else value
    if not isinstance(texts, list):
        said = text(row, key)
        return said, gold_in(said) or (as_reference(said) if len(said.split()) <= 8 else None) or None, None
    if not all(isinstance(each, str) for each in texts):
        raise RowError("not_text", f"{key!r} is not a list of texts: {compact(value)[:80]}")
    rest = value if isinstance(value, dict) or len(texts) > 1 else None
    return (texts[0], texts[0], rest) if texts else ("", None, rest)


def _shown(value: Any) -> tuple[str, Any] | None:
    """The passages as text, titles first, and what of them is not shown. None where they are something else."""
    if isinstance(value, str):
        return value, None
    if isinstance(value, dict):
        if isinstance(value.get("sentences"), list) and isinstance(value.get("title"), list):  # HotpotQA in columns
            if len(value["title"]) != len(value["sentences"]):
                return None
            return _shown([list(pair) for pair in zip(value["title"], value["sentences"], strict=True)])
        inner = value.get("contexts")  # PubMedQA
        found = _shown(inner) if isinstance(inner, list) else None
        return (found[0], {k: v for k, v in value.items() if k != "contexts"}) if found else None
    if not isinstance(value, list) or not value:
        return None
    parts = [_passage(each) for each in value]
    if any(part is None for part in parts):
        return None
    shown = "\n\n".join(part[0] for part in parts if part)
    rest = [part[1] for part in parts if part]
    return shown, rest if any(rest) else None


def _passage(value: Any) -> tuple[str, dict[str, Any]] | None:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], list):
        good = all(isinstance(each, str) for each in value[1])
        return (f"{value[0]}\n{''.join(value[1])}", {}) if good else None
    if not isinstance(value, dict):
        return None
    key = next((key for key in _TEXTS if isinstance(value.get(key), str)), None)
    if key is None:
        return None
    title = value.get("title")
    titled = isinstance(title, str) and bool(title.strip())
    rest = {k: v for k, v in value.items() if k != key and not (titled and k == "title")}
    return (f"{title}\n{value[key]}" if titled else value[key]), rest


PASSAGES = Format("passages", "question, passages (context, ctxs, ...) and answer or answers", sniff, read)
