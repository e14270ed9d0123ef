"""Readers of the usual evaluation sets: one function a set, from a raw row to problems.

Each takes the row as the set's own repository stores it; other copies (a Hugging Face export with other column names)
are read by the declared mapping. Not covered: images, and the tool lists of BFCL, which training rows share rightly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from buckets.evals.problem import Call, Problem
from buckets.evals.rows import Place

Row = dict[str, Any]
Reader = Callable[[str, Place, Row], list[Problem]]
"""(set, place, row) -> problems; KeyError, TypeError and ValueError mean that the row is not of this set."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no text where the question should be: {str(value)[:60]!r}")
    return value


def _id(row: Row, place: Place, *keys: str) -> str:
    found = next((row[key] for key in keys if row.get(key) is not None), None)
    return str(found) if found is not None else f"{place.stem}/{place.row}"


def gsm8k(set: str, place: Place, row: Row) -> list[Problem]:
    """question, answer ending in `#### n`."""
    _, mark, answer = _text(row["answer"]).rpartition("####")
    if not mark:
        raise ValueError("the answer does not end in `#### n`")
    return [Problem(set, _id(row, place, "id"), (_text(row["question"]),), answer=answer.strip())]


def math(set: str, place: Place, row: Row) -> list[Problem]:
    """problem, solution; answer where the copy has it."""
    _text(row["solution"])
    answer = row.get("answer")
    id = _id(row, place, "unique_id", "idx")
    return [Problem(set, id, (_text(row["problem"]),), answer=answer if isinstance(answer, str) else None)]


def svamp(set: str, place: Place, row: Row) -> list[Problem]:
    """Body, Question, Answer."""
    question = f"{_text(row['Body']).strip()} {_text(row['Question'])}"
    return [Problem(set, _id(row, place, "ID", "idx"), (question,), answer=str(row["Answer"]))]


def humaneval(set: str, _: Place, row: Row) -> list[Problem]:
    """task_id, prompt, canonical_solution (a function body, or whole, as EvalPlus has it)."""
    prompt, body = _text(row["prompt"]), _text(row["canonical_solution"])
    code = body if re.search(r"^(def|class|from|import)\b", body, re.MULTILINE) else prompt + body
    return [Problem(set, str(row["task_id"]), (prompt,), code=code)]


def mbpp(set: str, _: Place, row: Row) -> list[Problem]:
    """text (or prompt), code, test_list."""
    question = row["text"] if "text" in row else row["prompt"]
    _text(row["test_list"][0])
    return [Problem(set, str(row["task_id"]), (_text(question),), code=_text(row["code"]).replace("\r\n", "\n"))]


def ifeval(set: str, _: Place, row: Row) -> list[Problem]:
    """key, prompt, instruction_id_list."""
    if not isinstance(row["instruction_id_list"], list):
        raise TypeError("instruction_id_list is no list")
    return [Problem(set, str(row["key"]), (_text(row["prompt"]),))]


def xstest(set: str, _: Place, row: Row) -> list[Problem]:
    """id, prompt, type, focus."""
    row["type"], row["focus"]
    return [Problem(set, str(row["id"]), (_text(row["prompt"]),))]


def mmlu(set: str, place: Place, row: Row) -> list[Problem]:
    """Headerless cells: question, four options, the letter; or question, choices, answer (a number)."""
    if "choices" in row:
        options, right = tuple(str(each) for each in row["choices"]), int(row["answer"])
        return [Problem(set, _id(row, place, "id"), (_text(row["question"]),), options, answer=options[right])]
    options = tuple(row[str(at)] for at in range(1, 5))
    right = "ABCD".index(row["5"].strip())
    return [Problem(set, f"{place.stem}/{place.row}", (_text(row["0"]),), options, answer=options[right])]


_OPTIONS = re.compile(r"\n\s*Options:\s*\n", re.IGNORECASE)
_LABEL = re.compile(r"^\s*(?:\(?[A-Za-z0-9]{1,2}[).:]|-)\s*")


def bbh(set: str, place: Place, row: Row) -> list[Problem]:
    """A file of {"examples": [{"input", "target"}]}, options listed under `Options:`; or one example a row."""
    examples = row.get("examples", [row])
    return [
        _bbh(set, f"{place.stem}/{number if 'examples' in row else place.row}", each)
        for number, each in enumerate(examples)
    ]


def _bbh(set: str, id: str, example: Row) -> Problem:
    stem, *rest = _OPTIONS.split(_text(example["input"]), maxsplit=1)
    options = tuple(_LABEL.sub("", line) for line in rest[0].splitlines() if line.strip()) if rest else ()
    return Problem(set, id, (stem if options else example["input"],), options, answer=str(example["target"]))


def bfcl(set: str, _: Place, row: Row) -> list[Problem]:
    """id, question (a list of turns, each a list of messages); a row of possible answers gives only calls."""
    if "ground_truth" in row and "question" not in row:
        return [Problem(set, str(row["id"]), (), calls=_calls(row["ground_truth"]))]
    turns = tuple(m["content"] for turn in row["question"] for m in turn if m["role"] == "user" and m["content"])
    if not turns:
        raise ValueError("no user turn")
    return [Problem(set, str(row["id"]), turns)]


def _calls(truth: Any) -> tuple[Call, ...]:
    """Calls that are written as {name: {argument: [allowed values]}}; the texts of multi-turn answers are left out."""
    calls = []
    for each in truth if isinstance(truth, list) else ():
        if isinstance(each, dict):
            for name, arguments in each.items():
                pairs = ((key, tuple(orjson.dumps(v).decode() for v in values)) for key, values in arguments.items())
                calls.append(Call(name, tuple(sorted(pairs))))
    return tuple(calls)


def turns(set: str, _: Place, row: Row) -> list[Problem]:
    """MT-Bench and Arena-Hard: question_id, turns (texts, or objects with content); a row of choices gives only the
    answer of the first one, its turns parted by blank lines."""
    if "choices" in row and "turns" not in row:
        said = "\n\n".join(_text(each) for each in row["choices"][0]["turns"])
        return [Problem(set, str(row["question_id"]), (), answer=said)]
    texts = tuple(_text(each["content"] if isinstance(each, dict) else each) for each in row["turns"])
    return [Problem(set, str(row["question_id"]), texts)]


def self_instruct(set: str, place: Place, row: Row) -> list[Problem]:
    """id, instruction, instances of input and output: one item an instance, all of one cluster."""
    id, told = _id(row, place, "id"), _text(row["instruction"]).strip()
    return [
        Problem(
            set, f"{id}/{number}" if number else id, (_told(told, each["input"]),), answer=each["output"], cluster=id
        )
        for number, each in enumerate(row["instances"])
    ]


def _told(instruction: str, input: str) -> str:
    return f"{instruction}\n\n{input}" if input.strip() else instruction


def cruxeval(set: str, _: Place, row: Row) -> list[Problem]:
    """code, input, output, id: the function is the question."""
    row["input"], row["output"]
    return [Problem(set, str(row["id"]), (_text(row["code"]),), code=row["code"])]


READERS: dict[str, Reader] = {
    "gsm8k": gsm8k,
    "math": math,
    "svamp": svamp,
    "humaneval": humaneval,
    "mbpp": mbpp,
    "ifeval": ifeval,
    "xstest": xstest,
    "mmlu": mmlu,
    "bbh": bbh,
    "bfcl": bfcl,
    "turns": turns,
    "cruxeval": cruxeval,
    "self_instruct": self_instruct,
}
