"""Nested sets: one row holds a document (or one instruction) and many examples, and gives one record an example.

Shapes that are known: `instances` of input and output under one instruction (Self-Instruct), `paragraphs` with `qas`
(SQuAD), `instructions` beside `outputs` with one `input` (L-Eval), and a list of question and answer beside a document,
paragraphs or a table (TAT-QA, and question sets over one text). What all examples of a row share goes into each prompt;
what they do not use stays in each one's meta. NOT covered: a list of prompts without answers, which is no training set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import as_reference, compact, first_key, leftovers, text
from buckets.formats.format import Format, Row, single
from buckets.formats.thought import answered
from buckets.record import Draft, Message

_QUESTION_LISTS = ("questions", "qas", "qa_pairs", "qa", "question_answer_pairs")
_DOCUMENTS = ("context", "document", "passage", "article", "story", "text", "input", "paragraphs", "table")
Shape = tuple[str, Callable[[Row], bool], Callable[[Row], list[Draft]]]


def sniff(row: Row) -> str | None:
    return next((f"many examples in a row: {doc}" for doc, fits, _ in _SHAPES if fits(row)), None)


def many(row: Row) -> list[Draft]:
    """All examples; RowError where one of them cannot be read, naming it."""
    for _, fits, take in _SHAPES:
        if fits(row):
            drafts = take(row)
            if not drafts:
                raise RowError("nothing_to_explode", "the row's list of examples is empty")
            return drafts
    raise RowError("unexpected_keys", f"no list of examples that is known among {sorted(row)[:20]}")


def read(row: Row) -> Draft:
    return single(many(row))


def _objects(value: object, *keys: str) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and all(k in each for k in keys) for each in value)


def _with_document(parts: list[str], question: str) -> str:
    return "\n\n".join([*(part for part in parts if part.strip()), question])


def _draft(row: Row, used: set[str], number: int, prompt: str, answer: str, **more: Any) -> Draft:
    """One example; `item` in meta is what the example's own object held beside its question and answer."""
    reference, item = more.get("reference"), more.get("item") or None
    meta = leftovers(row, used, example=number, item=item)
    return Draft((Message("user", prompt), answered(answer)), reference=reference, meta=meta)


# --- Self-Instruct: instruction, instances --------------------------------------------------------


def _has_instances(row: Row) -> bool:
    listed = row.get("instances")
    return isinstance(row.get("instruction"), str) and _objects(listed, "output") and bool(listed)


def _instances(row: Row) -> list[Draft]:
    drafts = []
    for number, each in enumerate(row["instances"]):
        given = text(each, "input")
        prompt = _with_document([text(row, "instruction")], given) if given.strip() else text(row, "instruction")
        item = {key: value for key, value in each.items() if key not in ("input", "output")}
        drafts.append(_draft(row, {"instruction", "instances"}, number, prompt, text(each, "output"), item=item))
    return drafts


# --- SQuAD: paragraphs of context and qas ---------------------------------------------------------


def _has_qas(row: Row) -> bool:
    return bool(row.get("paragraphs")) and _objects(row.get("paragraphs"), "context", "qas")


def _qas(row: Row) -> list[Draft]:
    drafts: list[Draft] = []
    for paragraph in row["paragraphs"]:
        if not _objects(paragraph["qas"], "question"):
            raise RowError("unexpected_keys", "a paragraph's qas are not a list of objects with a question")
        beside = {key: value for key, value in paragraph.items() if key not in ("context", "qas")}
        for each in paragraph["qas"]:
            answer, reference = _first_answer(each)
            item = {key: value for key, value in each.items() if key != "question"} | beside
            prompt = _with_document([text(paragraph, "context")], text(each, "question"))
            drafts.append(
                _draft(row, {"paragraphs"}, len(drafts), prompt, answer, reference=reference, item=item)
            )  # fmt: skip
    return drafts


def _first_answer(item: Row) -> tuple[str, str | None]:
    """The first answer is trained and is the gold; the others stay in the item. An unanswerable question has none."""
    answers = item.get("answers")
    if isinstance(answers, dict):  # as Hugging Face stores SQuAD: a list of texts beside a list of places
        answers = answers.get("text")
    found = answers[0] if isinstance(answers, list) and answers else answers
    if isinstance(found, dict):
        found = found.get("text")
    if found in (None, []):
        return "", None
    if not isinstance(found, str):
        raise RowError("not_text", f"an answer is not text: {compact(found)[:80]}")
    return found, found


# --- L-Eval: one input, instructions beside outputs -----------------------------------------------


def _has_instructions(row: Row) -> bool:
    asked, given = row.get("instructions"), row.get("outputs")
    good = isinstance(asked, list) and isinstance(given, list) and len(asked) == len(given) > 0
    return good and isinstance(row.get("input"), str) and all(isinstance(each, str) for each in (*asked, *given))  # type: ignore[misc]


def _instructions(row: Row) -> list[Draft]:
    return [
        _draft(
            row,
            {"input", "instructions", "outputs"},
            number,
            _with_document([row["input"]], asked),
            answer,
            reference=answer,
        )
        for number, (asked, answer) in enumerate(zip(row["instructions"], row["outputs"], strict=True))
    ]


# --- questions over a document, paragraphs or a table ---------------------------------------------


def _questions_key(row: Row) -> str | None:
    for key in _QUESTION_LISTS:
        if row.get(key) and _objects(row[key], "question"):
            return key if all("answer" in each or "answers" in each for each in row[key]) else None
    return None


def _has_questions(row: Row) -> bool:
    return _questions_key(row) is not None and first_key(row, _DOCUMENTS) is not None


def _questions(row: Row) -> list[Draft]:
    key = _questions_key(row) or "questions"
    parts: list[str] = []
    beside: dict[str, Any] = {}
    used = {key}
    for name in _DOCUMENTS:
        shown = _document(row.get(name))
        if shown is not None:
            parts.append(shown)
            used.add(name)
            rest = _unshown(row[name])
            if rest:
                beside[name] = rest
    drafts = []
    for number, each in enumerate(row[key]):
        answer, reference = _answer(each) if "answer" in each else _first_answer(each)
        item = {name: value for name, value in each.items() if name != "question"} | beside
        prompt = _with_document(parts, text(each, "question"))
        drafts.append(_draft(row, used, number, prompt, answer, reference=reference, item=item))
    return drafts


def _document(value: object) -> str | None:
    """A text; paragraphs joined by blank lines, in their `order`; a table with a line a row. None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _document(value.get("table", value.get("rows")))
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(each, str) for each in value):
        return "\n\n".join(value)
    if _objects(value, "text") and all(isinstance(each["text"], str) for each in value):
        ordered = all(isinstance(each.get("order"), int) for each in value)
        return "\n\n".join(each["text"] for each in (sorted(value, key=lambda p: p["order"]) if ordered else value))
    if all(isinstance(each, list) and all(_is_cell(cell) for cell in each) for each in value):
        return "\n".join(" | ".join("" if cell is None else str(cell) for cell in each) for each in value)
    return None


def _is_cell(cell: object) -> bool:
    return cell is None or isinstance(cell, str | int | float)


def _unshown(value: object) -> object:
    """What a prompt does not hold of a document: ids of paragraphs and of the table."""
    if isinstance(value, dict):
        shown = "table" if "table" in value else "rows"
        return {key: each for key, each in value.items() if key != shown}
    if isinstance(value, list) and _objects(value, "text"):
        rest = [{key: each for key, each in part.items() if key != "text"} for part in value]
        return rest if any(rest) else None
    return None


def _answer(item: Row) -> tuple[str, str | None]:
    """Spans are joined by commas; TAT-QA's `scale` belongs to the answer (-12.6 million, 5 percent)."""
    value = item["answer"]
    if isinstance(value, list):
        if not all(_is_cell(each) for each in value):
            raise RowError("not_text", f"an answer is not text: {compact(value)[:80]}")
        said = ", ".join("" if each is None else _plain(each) for each in value)
    else:
        said = text(item, "answer")
    scale = item.get("scale")
    if isinstance(scale, str) and scale.strip() and said and item.get("answer_type") != "count":
        said = f"{said} {scale}"
    return said, as_reference(said) or None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else compact(value)


_SHAPES: tuple[Shape, ...] = (
    ("an instruction with instances", _has_instances, _instances),
    ("paragraphs with qas", _has_qas, _qas),
    ("instructions and outputs over one input", _has_instructions, _instructions),
    ("questions with answers over a document or table", _has_questions, _questions),
)

NESTED = Format("nested", "instances, qas, instructions or questions: many examples in one row", sniff, read, many=many)
