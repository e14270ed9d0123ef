"""One text cut into turns by a regular expression that the recipe declares."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, field_validator

from buckets.errors import RowError
from buckets.formats.format import Row
from buckets.formats.template import lookup

_SPLIT_LIMIT = 200_000  # characters; a regex with nested repeats may take very long on long text
TURN_GROUPS = ("system", "user", "assistant")


class Split(BaseModel):
    """Cuts one text field into turns with a regular expression."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    key: str
    """Dotted path of the text."""
    pattern: str
    """Python regular expression that matches the whole text (a dot also matches line ends), with the
    named groups `user` and `assistant`, and optionally `system`."""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern, re.DOTALL).groupindex
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        missing = [name for name in ("user", "assistant") if name not in groups]
        odd = [name for name in groups if name not in TURN_GROUPS]
        if missing or odd:
            raise ValueError(f"the named groups must be user, assistant and optionally system, not {sorted(groups)}")
        return pattern

    def turns(self, row: Row) -> dict[str, str]:
        text = lookup(row, self.key)
        if not isinstance(text, str):
            raise RowError("not_text", f"{self.key!r} is not text")
        if len(text) > _SPLIT_LIMIT:
            raise RowError("too_long_to_split", f"{self.key!r} has {len(text)} characters, the limit is {_SPLIT_LIMIT}")
        match = re.compile(self.pattern, re.DOTALL).fullmatch(text)
        if match is None:
            raise RowError("no_split", f"the pattern does not match {self.key!r}: {text[:120]!r}")
        return {name: value for name, value in match.groupdict().items() if value is not None}
