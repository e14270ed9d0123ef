"""Faults that break a row: wrong answers and arguments, bad roles, empty and cut answers, bad bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from examples.demo.world import calls, structured
from examples.demo.world.files import FILES, homes
from examples.demo.world.planted import Fault, Kind, Planted
from examples.demo.world.row import Row, Turn, assistant, user

Fresh = Callable[[str], Row]
"""Draws a new, unseen training row of a bucket."""


def answered(row: Row, text: str) -> Row:
    return replace(row, turns=(*row.turns[:-1], assistant(text)))


def wrong_sum(rng: Random, row: Row) -> Row:
    """The last equation is off by one or two, and the gold follows it: only the arithmetic tells."""
    right = int(row.reference or "0")
    wrong = right + rng.choice((-2, -1, 1, 2))
    text = re.sub(rf"= {right}\n#### {right}$", f"= {wrong}\n#### {wrong}", row.turns[-1]["content"])
    return replace(answered(row, text), reference=str(wrong))


def wrong_code(rng: Random, row: Row) -> Row:
    """One operator of the answer changed; the tests stay."""
    text = row.turns[-1]["content"]
    signs = [match.start() for match in re.finditer(r"(?<=[x\d)] )[-+*](?= \d)", text)]
    at = rng.choice(signs)
    return answered(row, text[:at] + ("-" if text[at] == "+" else "+") + text[at + 1 :])


def wrong_arguments(rng: Random, row: Row) -> Row:
    """An undeclared tool, a required argument missing, or an argument of the wrong type."""
    at = len(row.prompt)
    name, arguments = called(row)
    how = rng.choice(("undeclared", "missing", "type"))
    if how == "undeclared":
        name = rng.choice([n for n in calls.ARGUMENTS if n not in {t["function"]["name"] for t in row.tools}])
    elif how == "missing":
        arguments.pop(rng.choice(sorted(arguments)))
    else:
        key = rng.choice(sorted(arguments))
        arguments[key] = [arguments[key]] if isinstance(arguments[key], str) else f"about {arguments[key]}"
    return replace(row, turns=(*row.turns[:at], calls.call(name, arguments), *row.turns[at + 1 :]))


def called(row: Row) -> tuple[str, dict[str, object]]:
    """Name and arguments of the row's call, read from its reference."""
    call = json.loads(row.reference or "[]")[0]
    return call["name"], dict(call["arguments"])


def broken_json(rng: Random, row: Row) -> Row:
    """Answers that look like JSON and are not."""
    text = row.turns[-1]["content"]
    broken = rng.choice((text[:-1], text.replace('"', "'"), text[:-1] + ",}", text.replace(":", "=", 1)))
    return answered(row, broken)


def bad_roles(rng: Random, row: Row) -> Row:
    """Two user turns in a row, a tool result that nobody asked for, or an assistant who speaks first."""
    first, *rest = row.turns
    orphan: Turn = calls.result_of('{"ok":1}')
    turns = rng.choice(
        (
            (user("Hello."), first, *rest),
            (first, orphan, *rest),
            (assistant("Hello."), first, *rest),
        )
    )
    return replace(row, turns=turns)


def cut(rng: Random, row: Row) -> Row:
    """Ends after a comma or inside a word, past thirty words."""
    text = row.turns[-1]["content"]
    start = len(" ".join(text.split(" ")[:30]))
    commas = [match.end() for match in re.finditer(",", text) if match.end() > start]
    inside = [m.start() + 2 for m in re.finditer(r"\b\w{4,}", text) if m.start() > start]
    return answered(row, text[: rng.choice(commas + inside)])


def planted(rng: Random, fresh: Fresh) -> list[Planted]:
    """Every broken row, with its label."""
    chat = ("messages.jsonl.zst", "chat_tools.jsonl.gz")
    lines = ("notes.jsonl", "code.jsonl", "messages.jsonl.zst", "chat_tools.jsonl.gz")
    made: list[Planted] = []

    def plant(fault: Fault, row: Row, files: Sequence[str], kind: Kind | None = None) -> None:
        made.append(Planted(row, rng.choice(files), fault, kind=kind))

    for _ in range(30):
        plant("wrong_answer", wrong_sum(rng, fresh("math_reasoning")), homes("math_reasoning"))
    for _ in range(15):
        plant("wrong_answer", wrong_code(rng, fresh("code")), homes("code"))
    for _ in range(30):
        plant("wrong_tool_arguments", wrong_arguments(rng, fresh("tool_calls")), homes("tool_calls"))
    for _ in range(12):
        plant("invalid_json", broken_json(rng, fresh(structured.BUCKET)), homes(structured.BUCKET), "answer")
    for _ in range(30):
        plant("broken_roles", bad_roles(rng, fresh("multi_turn_dialogue")), chat)
    for bucket in ("general_instruction", "safety_refusal", "math_reasoning", "code", "long_context") * 5:
        plant("empty_answer", answered(fresh(bucket), rng.choice(("", "", " "))), homes(bucket))
    for _ in range(25):
        plant("truncated_answer", cut(rng, fresh("story")), homes("general_instruction"))
    of_file: tuple[Fault, Fault] = ("invalid_json", "not_utf8")
    for fault in of_file:
        for number in range(8):
            file = lines[number % len(lines)]
            row = fresh(rng.choice([b for b in FILES[file].share if b != "domain_qa"]))
            plant(fault, row, [file], "file")
    return made
