"""Harmony conversations as rendered for gpt-oss: <|start|>role<|channel|>...<|message|>...<|end|>, all in one text.

Both orders of a call's header are read: `assistant<|channel|>commentary to=functions.f <|constrain|>json` and
`assistant to=functions.f<|channel|>commentary json`. NOT covered: turning a tool list into the TypeScript of a
developer turn; the writer puts `tools` beside the text, as JSON, and who renders for training uses the model's own
template.
"""

from __future__ import annotations

import re
from typing import Any

from buckets.errors import RowError
from buckets.formats.alpaca import written_extras
from buckets.formats.calls import read_tools
from buckets.formats.channels import Joined, check_back, parts_of
from buckets.formats.fields import extras, leftovers
from buckets.formats.format import Format, Row
from buckets.record import Draft, Record

_MESSAGE = re.compile(r"<\|start\|>(?P<head>[^<]*(?:<\|channel\|>[^<]*)?(?:<\|constrain\|>[^<]*)?)<\|message\|>")
_ENDS = re.compile(r"<\|(?:end|call|return)\|>")
_TOKEN = re.compile(r"<\|(?:start|message|channel|constrain|end|call|return)\|>")
_RECIPIENT = re.compile(r"(?:^|\s)to=(\S+)")
_SPACE = re.compile(r"\s*")


def sniff(row: Row) -> str | None:
    key = _key(row)
    return f"{key} is a Harmony text (<|start|>, <|channel|>)" if key else None


def _key(row: Row) -> str | None:
    return next((key for key, value in row.items() if isinstance(value, str) and _starts(value)), None)


def _starts(value: str) -> bool:
    return _MESSAGE.match(value, _past_space(value, 0)) is not None


def _past_space(value: str, place: int) -> int:
    found = _SPACE.match(value, place)
    return found.end() if found else place


def read(row: Row) -> Draft:
    """RowError("ambiguous_turns") for a token inside a message, text between messages, or a message without an end."""
    key = _key(row)
    if key is None:
        raise RowError("unexpected_keys", f"no Harmony text among {sorted(row)[:20]}")
    joined = Joined()
    for part in _parts(row[key]):
        joined.add(part)
    extra = extras(row)
    used = {key, *extra.keys, *(["tools"] if "tools" in row else [])}
    messages, notes = joined.result()
    tools = read_tools(row["tools"]) if "tools" in row else None
    meta = leftovers(row, used, turns=notes)
    return Draft(messages, tools, extra.reference, extra.tests, extra.schema, meta)


def _parts(value: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    place = _past_space(value, 0)
    while place < len(value):
        opened = _MESSAGE.match(value, place)
        closed = _ENDS.search(value, opened.end()) if opened else None
        if opened is None or closed is None:
            raise RowError("ambiguous_turns", f"no whole message starts at {value[place : place + 80]!r}")
        content = value[opened.end() : closed.start()]
        if _TOKEN.search(content):
            raise RowError("ambiguous_turns", f"a message holds a token of the format: {content[:80]!r}")
        parts.append({**_head(opened["head"]), "content": content})
        place = _past_space(value, closed.end())
    return parts


def _head(head: str) -> dict[str, Any]:
    """Role, channel and recipient of a header; the content type (json, <|constrain|>json) is that of every call."""
    author, _, channel = head.partition("<|channel|>")
    fields: dict[str, Any] = {}
    found = _RECIPIENT.search(author) or _RECIPIENT.search(channel)
    if found:
        fields["recipient"] = found[1]
    words = _RECIPIENT.sub(" ", author).split()
    if len(words) != 1:
        raise RowError("unknown_role", f"a header names no role, or several: {head[:80]!r}")
    fields["role"] = words[0]
    rest = _RECIPIENT.sub(" ", channel.replace("<|constrain|>", " ")).split()
    if rest:
        fields["channel"] = rest[0]
    return fields


def write(record: Record) -> dict[str, Any]:
    """`text`, with a return token behind the last answer; `tools` beside it."""
    draft = record.draft
    parts = parts_of(draft)
    for part in parts:
        if _TOKEN.search(part["content"]):
            raise RowError("cannot_write", "a turn holds a token of the format")
    row: dict[str, Any] = {"text": "".join(_rendered(part, part is parts[-1]) for part in parts)}
    if draft.tools:
        row["tools"] = draft.tools
    row |= written_extras(draft)
    try:
        back = read(row)
    except RowError as error:
        raise RowError("cannot_write", f"the text would not be read back: {error.detail}") from error
    check_back(back, draft)
    return row


def _rendered(part: dict[str, Any], last: bool) -> str:
    author, channel, end = part["role"], part.get("channel"), "<|end|>"
    if part["role"] == "tool":
        author = f"{part['name']} to=assistant"
    elif "recipient" in part:
        channel, end = f"{channel} to={part['recipient']} {part['content_type']}", "<|call|>"
    elif channel == "final" and last:
        end = "<|return|>"
    head = f"{author}<|channel|>{channel}" if channel else author
    return f"<|start|>{head}<|message|>{part['content']}{end}"


HARMONY_TEXT = Format(
    "harmony_text", "one text of <|start|>role<|channel|>...<|message|>...<|end|>", sniff, read, write
)
