"""The tools that a Hermes or Qwen system text declares in <tools>, and the words that stand around them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from buckets.errors import RowError
from buckets.formats.calls import read_tools
from buckets.formats.literals import after_space, json_at, literal
from buckets.formats.tool_prompt import Frame

_BEFORE = (
    "You are a function calling AI model. You are provided with function signatures within <tools></tools> XML tags. "
    "You may call one or more functions to assist with the user query. Don't make assumptions about what values to "
    "plug into functions."
)
_PARTS = (
    '"properties": {"arguments": {"title": "Arguments", "type": "object"}, "name": {"title": "Name", "type": "string"}}'
    ', "required": ["arguments", "name"]'
)
_SCHEMAS = tuple(
    f"Use the following pydantic model json schema for each tool call you will make: {schema} "
    for schema in (
        f'{{"title": "FunctionCall", "type": "object", {_PARTS}}}',
        f'{{{_PARTS}, "title": "FunctionCall", "type": "object"}}',
    )
)
_AFTER = "For each function call return a json object with function name and arguments within <tool_call></tool_call> "
OWN = Frame(
    f"{_BEFORE}\n<tools>\n",
    f"\n</tools>\n{_AFTER}XML tags with the following schema:\n<tool_call>\n"
    '{"name": <function-name>, "arguments": <args-dict>}\n</tool_call>',
)
_SHOWN = (
    '{"name": <function-name>, "arguments": <args-dict>}',
    "{'arguments': <args-dict>, 'name': <function-name>}",
    '{"arguments": <args-dict>, "name": <function-name>}',
    "{tool_call}",
)
# Hermes 2, its function-calling set and Hermes 3 say the same thing in slightly different words; Qwen 2.5 is the last.
FRAMES = (
    OWN,
    *(
        Frame(f"{_BEFORE} {here}<tools>", f" </tools> {schema}{_AFTER}{how} <tool_call> {call} </tool_call>")
        for here in ("", "Here are the available tools: ")
        for schema in ("", *_SCHEMAS, *(schema.replace('"', "'") for schema in _SCHEMAS))
        for how in ("XML tags as follows:", "XML tags with the following schema:", "tags with the following schema:")
        for call in _SHOWN
    ),
    Frame(
        "# Tools You may call one or more functions to assist with the user query. You are provided with function "
        "signatures within <tools></tools> XML tags: <tools>",
        "</tools> For each function call, return a json object with function name and arguments within "
        "<tool_call></tool_call> XML tags: <tool_call> "
        '{"name": <function-name>, "arguments": <args-json-object>} </tool_call>',
    ),
)
_MOST_CLOSINGS = 20
LIST = re.compile(r"<tools>\s*(?=[\[{])")


def listed(text: str) -> tuple[int, int, str | None] | None:
    """Where the only list of tools in tags begins and ends, and the tools; None when there is none that reads."""
    found = LIST.search(text)
    if found is None or LIST.search(text, found.end()):
        return None
    start = end = found.end()
    for _ in range(_MOST_CLOSINGS):  # a description may hold the closing tag
        end = text.find("</tools>", end + 1)
        readable, tools = _declared(text[start:end]) if end >= 0 else (False, None)
        if readable or end < 0:
            return (start, end, tools) if readable else None
    return None


@lru_cache(maxsize=1024)
def _declared(block: str) -> tuple[bool, str | None]:
    """Whether a block reads as tools, and the tools. Cached, as the rows of a set share them."""
    try:
        return True, read_tools(_values(block))
    except (ValueError, RowError):
        return False, None


def _values(block: str) -> list[Any]:
    """A list, or one object a line, in JSON; or a list in Python's quotes. Raises ValueError."""
    values: list[Any] = []
    place = 0
    try:
        while place < len(block):
            value, place = json_at(block, place)
            values += value if isinstance(value, list) else [value]
            place = after_space(block, place)
    except ValueError:
        value = literal(block)
        return value if isinstance(value, list) else [value]
    return values
