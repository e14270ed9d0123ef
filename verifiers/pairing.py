"""Do calls and results pair: by id where ids are given, else by name and number?"""

from __future__ import annotations

from collections import Counter

from buckets import Message
from verifiers.calls import read_calls
from verifiers.verdict import Verdict, failed


def unpaired(messages: tuple[Message, ...]) -> Verdict | None:
    """The first result without a call, call without a result, or call after the answer; None when all pair.

    A talk may stop on calls that nobody has answered yet. Without ids one result may answer several calls, as some
    sets write them, but there are never more results than calls.
    """
    ids: Counter[str] = Counter()
    names: Counter[str] = Counter()
    results, by_id, before = 0, False, ""
    for message in messages:
        if message.role == "tool":
            results += 1
            by_id = by_id or bool(message.tool_call_id)
            if mistake := _result(message, ids, names, results):
                return mistake
        elif message.role == "assistant":
            calls = read_calls(message.tool_calls)
            if isinstance(calls, Verdict):
                return calls
            if +ids and (by_id or (before == "calls" and not results)):
                return failed("unanswered_call", "A call has no result before the assistant goes on.", ", ".join(+ids))
            if calls and before == "answer":
                return failed("call_after_answer", "A tool is called after the final answer.", calls[0].name)
            given = [call.id for call in calls if call.id]
            if len(set(given)) != len(given):
                return failed("repeated_id", "Two calls of one turn share an id.", ", ".join(given))
            ids, names, results, by_id = Counter(given), Counter(call.name for call in calls), 0, False
            before = "calls" if calls else "answer" if message.content.strip() else before
        elif message.role == "user":
            before = ""
    return None


def _result(message: Message, ids: Counter[str], names: Counter[str], results: int) -> Verdict | None:
    """What is wrong with the `results`-th result of the open calls; takes its id off the open ones."""
    if not names:
        return failed("orphan_result", "A tool result stands where no tool was called.", message.content)
    if results > names.total():
        return failed("invented_result", "There are more tool results than calls.", message.content)
    if message.name and message.name not in names:
        return failed("foreign_result", "A tool result bears the name of a tool that was not called.", message.name)
    if message.tool_call_id and ids:
        if ids[message.tool_call_id] < 1:
            return failed("unpaired_result", "A tool result answers no open call.", message.tool_call_id)
        ids[message.tool_call_id] -= 1
    return None
