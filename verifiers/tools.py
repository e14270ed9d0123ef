"""Do the tool calls fit the declared tools: names, arguments, ids, and the expected calls?

Does not cover: what the tool would answer, and calls written as text.
"""

from __future__ import annotations

from buckets import Record
from verifiers.calls import Call, canonical_calls, expected_calls, read_calls
from verifiers.jsonish import lenient, same
from verifiers.pairing import unpaired
from verifiers.schema import first_mistake
from verifiers.toolbox import Toolbox, toolbox
from verifiers.verdict import Outcome, Verdict, abstained, failed, passed


def judge_tools(record: Record) -> Verdict:
    """PASS when every call fits; ABSTAIN when no tools are declared, or none are called and none are expected.

    Calls and results are paired even where no tools are declared.
    """
    if broken := unpaired(record.messages):
        return broken
    if not record.draft.tools or lenient(record.draft.tools) in ([], {}):
        return abstained("no_tools", "The row declares no tools.")
    box = toolbox(record.draft.tools)
    if isinstance(box, str):
        return abstained("bad_tools", box, record.draft.tools)
    if box.faults:
        return failed("contradictory_schema", "A declared tool contradicts itself.", "; ".join(box.faults))
    turns = [read_calls(m.tool_calls) for m in record.messages if m.role == "assistant"]
    made = [turn for turn in turns if isinstance(turn, list) and turn]
    seen = [call for turn in made for call in turn]
    if mistake := next((found for call in seen if (found := _mistake(box, call))), None):
        return mistake
    expected = expected_calls(record.draft.reference)
    if expected is not None:
        return compare(made[-1] if made else [], expected)
    if not seen:
        return abstained("no_calls", "Tools are declared and none is called; nothing says whether one should be.")
    read_as = f"type names read as JSON Schema: {', '.join(box.dialect)}" if box.dialect else ""
    return passed("tools", read_as)


def check_calls(calls: list[Call], tools: str) -> Verdict:
    """Do these calls fit the declared tools? ABSTAIN when the declaration cannot be read."""
    box = toolbox(tools)
    if isinstance(box, str):
        return abstained("bad_tools", box, tools)
    return next((found for call in calls if (found := _mistake(box, call))), passed("tools"))


def compare(calls: list[Call], expected: list[Call]) -> Verdict:
    """Are these the expected calls, in any order?"""
    left = list(expected)
    for call in calls:
        twin = next((e for e in left if e.name == call.name and same(e.arguments, call.arguments)), None)
        if twin is None:
            return failed("wrong_call", "A call is not among the expected ones.", canonical_calls([call]))
        left.remove(twin)
    if left:
        return failed("missing_call", "An expected call was not made.", canonical_calls(left))
    return passed("expected_calls")


def _mistake(box: Toolbox, call: Call) -> Verdict | None:
    if call.name not in box.validators:
        return failed("undeclared_tool", "A call names a tool that is not declared.", call.name)
    if not isinstance(call.arguments, dict):
        return failed("bad_arguments", f"The arguments of {call.name} are not an object.", str(call.arguments))
    known = box.arguments[call.name]
    unknown = sorted(set(call.arguments) - known) if known is not None else []
    if unknown:
        return failed("unknown_argument", f"{call.name} declares no such argument.", ", ".join(unknown))
    validator = box.validators[call.name]
    if isinstance(validator, str):
        return abstained("bad_tools", validator, call.name)
    found = first_mistake(validator, call.arguments)
    if found is not None and found.outcome is Outcome.FAIL:
        missing = "is a required property" in found.evidence
        rule = "missing_argument" if missing else "wrong_argument"
        return failed(rule, f"The arguments of {call.name} break its declaration.", found.evidence)
    return found
