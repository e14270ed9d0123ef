"""Text with {dotted.path} placeholders, filled from a raw row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import compact
from buckets.formats.format import Row

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_ITEMS_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Template:
    """Literal strings and placeholders by turns; `parts[1::2]` are the paths."""

    parts: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return self.parts[1::2]

    @property
    def lone(self) -> str | None:
        """The path, when the template is one placeholder and nothing else."""
        return self.parts[1] if len(self.parts) == 3 and not self.parts[0] and not self.parts[2] else None

    def fill(self, row: Row, value_of: Callable[[Row, str], Any]) -> str:
        pieces = list(self.parts)
        pieces[1::2] = [rendered(value_of(row, path)) for path in self.paths]
        return "".join(pieces)


@lru_cache(maxsize=4096)
def template(text: str) -> Template:
    """Parse a template; "{{" and "}}" stand for braces. Raises ValueError for an odd brace or empty path."""
    parts, literal, position = [], "", 0
    for piece in _PIECE.finditer(text):
        literal += text[position : piece.start()]
        position = piece.end()
        if piece[0] in ("{{", "}}"):
            literal += piece[0][0]
        elif piece[1] is not None and piece[1].strip():
            parts += [literal, piece[1].strip()]
            literal = ""
        else:
            raise ValueError(f"stray {piece[0]!r} at character {piece.start()}; write {{{{ or }}}} for a plain brace")
    return Template((*parts, literal + text[position:]))


def rendered(value: object) -> str:
    """Text as it is, null as nothing, anything else as compact JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else compact(value)


def lookup(row: Row, path: str) -> Any:
    """The value at a dotted path: keys of objects, numbers for lists, `*` for all items.

    Texts reached through `*` are joined by blank lines. A key that itself holds dots is found by its
    whole name. Raises RowError("missing_field").
    """
    if path in row:
        return row[path]
    return _walk(row, path.split("."), path)


def _walk(value: Any, steps: list[str], path: str) -> Any:
    for index, step in enumerate(steps):
        if step == "*" and isinstance(value, list | dict):
            items = list(value.values()) if isinstance(value, dict) else value
            found = [_walk(item, steps[index + 1 :], path) for item in items]
            return _ITEMS_BETWEEN.join(rendered(item) for item in found)
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isascii() and step.isdecimal() and len(step) < 10:
            if int(step) >= len(value):
                raise RowError("missing_field", f"{path!r}: the list has {len(value)} items, no number {step}")
            value = value[int(step)]
        else:
            raise RowError("missing_field", f"{path!r}: there is no {step!r}")
    return value
