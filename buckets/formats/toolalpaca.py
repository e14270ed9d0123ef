"""ToolAlpaca: one API a row, with many dialogues (`Instances`) or many tasks and their golden calls (`Golden_Answers`).

Read after the set's own build_dataset.py: a step is [[tool, input, log], observation], the log's text before its
`Action:` is the thought, and `getDetails` is the tool that asks the user back. NOT covered: the OpenAPI text of the API
(kept in meta), from which the set itself derived the function descriptions that are read here.
"""

from __future__ import annotations

import re
from typing import Any

from buckets.errors import RowError
from buckets.formats.calls import Calls, read_tools
from buckets.formats.fields import compact, leftovers, parsed
from buckets.formats.format import Format, Row, single
from buckets.record import Draft, Message

_DETAILS = "getDetails"
_ASK = {
    "name": _DETAILS,
    "description": "Ask the user for details that are missing.",
    "parameters": {
        "type": "object", "properties": {"Question": {"type": "string"}}, "required": ["Question"]
    },
}  # fmt: skip
_COMPONENTS = "components"
_TYPES = {"int": "integer", "float": "number", "bool": "boolean", "str": "string", "list": "array", "dict": "object"}
_JSON_TYPES = ("string", "integer", "number", "boolean", "array", "object")
_PARAMETERS = re.compile(r"\nParameters: (\{[^\n]*\})")


def sniff(row: Row) -> str | None:
    if not isinstance(row.get("Function_Description"), dict):
        return None
    if isinstance(row.get("Instances"), list) and row["Instances"]:
        return "ToolAlpaca: an API with Instances"
    asked, golden = row.get("Instructions"), row.get("Golden_Answers")
    pairs = isinstance(asked, list) and isinstance(golden, list) and len(asked) == len(golden) > 0
    return "ToolAlpaca: an API with Instructions and Golden_Answers" if pairs else None


def many(row: Row) -> list[Draft]:
    """One example an instance, else one a task: the task, and the golden calls as one turn of the assistant."""
    if sniff(row) is None:
        raise RowError("unexpected_keys", f"no Function_Description with Instances among {sorted(row)[:20]}")
    shared: dict[str, Any] = {"tools": _tools(row["Function_Description"])}
    components = row["Function_Description"].get(_COMPONENTS)
    shared["meta"] = {"components": components} if components else {}
    if row.get("Instances"):
        return [_dialogue(row, number, each, shared) for number, each in enumerate(row["Instances"])]
    pairs = zip(row["Instructions"], row["Golden_Answers"], strict=True)
    return [_task(row, number, *pair, shared) for number, pair in enumerate(pairs)]


def _dialogue(row: Row, number: int, instance: Any, shared: dict[str, Any]) -> Draft:
    steps = instance.get("intermediate_steps") if isinstance(instance, dict) else None
    if not isinstance(steps, list) or not isinstance(instance.get("input"), str):
        raise RowError("unexpected_keys", f"instance {number} has no input with intermediate_steps")
    calls = Calls()
    messages = [Message("user", instance["input"])]
    for step in steps:
        if not isinstance(step, list) or len(step) != 2 or not isinstance(step[0], list) or len(step[0]) < 2:
            raise RowError("bad_tool_call", f"a step of instance {number} is not [[tool, input, log], observation]")
        made, _ = calls.make({"name": step[0][0], "arguments": step[0][1]})
        thought = _thought(step[0][2]) if len(step[0]) > 2 and isinstance(step[0][2], str) else None
        messages.append(Message("assistant", "", thought, compact(made)))
        seen = step[1] if isinstance(step[1], str) else compact(step[1])
        messages.append(Message("tool", seen, tool_call_id=calls.answered(None)))
    output, final = instance.get("output"), instance.get("Final Thought")
    if not isinstance(output, str):
        raise RowError("no_answer", f"instance {number} has no output")
    messages.append(Message("assistant", output, final if isinstance(final, str) and final.strip() else None))
    known = ("input", "output", "Final Thought", "intermediate_steps")
    item = {key: value for key, value in instance.items() if key not in known}
    tools = (
        compact([*(parsed(shared["tools"]) or []), {"type": "function", "function": _ASK}])
        if _asks(steps)
        else shared["tools"]
    )
    return _draft(row, number, tuple(messages), tools, item, shared)


def _asks(steps: list[Any]) -> bool:
    return any(step[0][0] == _DETAILS for step in steps)


def _thought(log: str) -> str | None:
    return log.rpartition("\nAction:")[0].strip() or None


def _task(row: Row, number: int, asked: Any, golden: Any, shared: dict[str, Any]) -> Draft:
    """Golden calls name what must be done, in order; what they return is not known, so no answer follows."""
    good = isinstance(golden, list) and golden and all(isinstance(each, dict) for each in golden)
    if not isinstance(asked, str) or not good:
        raise RowError("unexpected_keys", f"task {number} is not a text with a list of golden calls")
    made, _ = Calls().make([{"name": each.get("Action"), "arguments": each.get("Action_Input")} for each in golden])
    rest = [{key: value for key, value in each.items() if key not in ("Action", "Action_Input")} for each in golden]
    messages = (Message("user", asked), Message("assistant", "", None, compact(made)))
    return _draft(row, number, messages, shared["tools"], {"golden": rest} if any(rest) else {}, shared)


def _draft(row: Row, number: int, messages: tuple[Message, ...], tools: str | None, item: Any, shared: Any) -> Draft:
    used = {"Function_Description", "Instances" if row.get("Instances") else "Golden_Answers"}
    used |= set() if row.get("Instances") else {"Instructions"}
    meta = leftovers(row, used, example=number, item=item or None, **shared["meta"])
    return Draft(messages, tools, meta=meta)


def _tools(described: dict[str, Any]) -> str | None:
    return read_tools([_tool(name, text) for name, text in described.items() if name != _COMPONENTS])


def _tool(name: str, text: Any) -> dict[str, Any]:
    """A function from its description; its `Parameters:` line holds {name: "Required. type. what it is"}."""
    if not isinstance(text, str):
        raise RowError("bad_tools", f"the description of {name[:60]!r} is not text")
    line = _PARAMETERS.search(text)
    given = parsed(line[1]) if line else None
    if not isinstance(given, dict):
        return {"name": name, "description": text, "parameters": {"type": "object", "properties": {}}}
    properties = {key: _property(value) for key, value in given.items()}
    required = [key for key, value in given.items() if isinstance(value, str) and value.startswith("Required.")]
    parameters = {"type": "object", "properties": properties, "required": required}
    return {
        "name": name,
        "description": text[: line.start()] + text[line.end() :] if line else text,
        "parameters": parameters,
    }


def _property(value: Any) -> dict[str, Any]:
    """The type where it is a word of JSON Schema, or a usual short form of one; else the text alone."""
    if not isinstance(value, str):
        return {"description": compact(value)}
    said = value.removeprefix("Required.").strip()
    word, _, rest = said.partition(".")
    kind = _TYPES.get(word.strip().lower(), word.strip().lower())
    return {"type": kind, "description": rest.strip()} if kind in _JSON_TYPES else {"description": said}


def read(row: Row) -> Draft:
    return single(many(row))


TOOLALPACA = Format(
    "toolalpaca", "one API with Instances, or with Instructions and Golden_Answers", sniff, read, many=many
)
