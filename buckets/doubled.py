"""Keys that one JSON object gives twice with two values: a parser keeps the last and loses the other without a word."""

from __future__ import annotations

import json
from typing import Any

import orjson


def may_lose(text: bytes, value: object) -> bool:
    """False where no object in `text`, parsed as `value`, lost a key."""
    return _may_lose(text, text.count(b":"), value)


def _may_lose(text: bytes, colons: int, value: object) -> bool:
    if colons != orjson.dumps(value).count(b":"):
        return True
    return b"\\u003" in text and (b"\\u003a" in text or b"\\u003A" in text)


def lost_key(text: bytes, value: dict[str, Any]) -> str | None:
    """A key of `text`, parsed as `value`, one of whose values is lost; None where nothing is.

    The test that runs on every row is exact and cheap: a key brings one colon with it, and a text has as many as when
    it is written again. So equal counts mean that no key was lost, unless a colon is written as an escape; only the
    few rows that are left are parsed again, slowly, with all pairs in sight. The same value twice loses nothing.
    """
    colons = text.count(b":")
    if colons == len(value):
        return None  # every colon stands behind a key of the outermost object
    if not _may_lose(text, colons, value):
        return None
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, item in items:
            if key in kept and (kept[key] != item or type(kept[key]) is not type(item)):
                found.append(key)
            kept[key] = item
        return kept

    json.loads(text, object_pairs_hook=pairs)
    return found[0] if found else None
