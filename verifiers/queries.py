"""The SQL query in an answer: fenced, or from its first SELECT or WITH on.

Does NOT check the query; that is the database's to do.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"```[ \t]*(\w*)[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_START = re.compile(r"^[ \t]*(?:SQL(?:Query)?:[ \t]*)?((?:select|with)\b.*?)(?=\n[ \t]*\n|\Z)", re.I | re.M | re.DOTALL)
_INLINE = re.compile(r"`((?:select|with)\b[^`]+)`", re.IGNORECASE)


def query_of(answer: str) -> str:
    """The text of the query; the whole answer where none can be told."""
    blocks = [body for language, body in _FENCE.findall(answer) if language.lower() in ("", "sql", "sqlite")]
    if blocks:
        return str(blocks[-1]).strip()
    found = _INLINE.findall(answer) or _START.findall(answer)
    return str(found[0]).strip() if found else answer.strip()
