"""The declared mapping: how rows of any other shape become records, written in the recipe."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from buckets.errors import RowError
from buckets.formats.calls import read_tools
from buckets.formats.fields import as_reference, as_schema, as_tests
from buckets.formats.format import Row
from buckets.formats.template import lookup, rendered, template
from buckets.formats.turns import read_turns
from buckets.record import Draft, Message

_ITEM, _INDEX = "_", "_i"
_SPLIT_LIMIT = 200_000  # characters; a regex with nested repeats may take very long on long text
_TURN_GROUPS = ("system", "user", "assistant")


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
        odd = [name for name in groups if name not in _TURN_GROUPS]
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


class Mapping(BaseModel):
    """Says where the turns of a row are. `user: "{question}"` and `assistant: "{answer}"` is the simplest.

    The turns of a record are, in this order: system, messages, user, assistant (from their templates,
    else from `split`). In a template, `{a.b.0}` is a value of the row; text is put in as it is, null
    as nothing, anything else as compact JSON; `{a.*.text}` joins all items by blank lines; `{{` and
    `}}` are plain braces. A path alone, without braces, is enough where no template is needed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True)

    system: str | None = None
    """Template of the system message; a blank result gives none."""
    user: str | None = None
    """Template of the user turn."""
    assistant: str | None = None
    """Template of the assistant turn, the answer to train."""
    messages: str | None = None
    """Path of a list of turns (role and content, or from and value), or of a JSON string of it."""
    tools: str | None = None
    """Path of the declared tools."""
    reference: str | None = None
    """Path or template of the gold answer."""
    tests: str | None = None
    """Path or template of the code tests; a list of texts becomes lines."""
    schema_: str | None = Field(default=None, alias="schema")
    """Path or template of the JSON Schema of the answer."""
    explode: str | None = None
    """Path of a list: each item gives a record. `{_}` is the item, `{_.x}` a value in it, `{_i}` its
    number from 0, and `_i` inside a path picks from a list beside it, as in `{outputs._i}`."""
    split: Split | None = None
    """Regular expression that cuts one text into turns."""

    @field_validator("system", "user", "assistant", "messages", "tools", "reference", "tests", "schema_", "explode")
    @classmethod
    def _parses(cls, text: str | None) -> str | None:
        if text is not None and not text.strip():
            raise ValueError("is empty; leave the key out instead")
        if text is not None:
            template(text)
        return text

    @model_validator(mode="after")
    def _complete(self) -> Mapping:
        if not (self.messages or self.user or self.split):
            raise ValueError("needs messages, user or split: without one of them no row has a prompt")
        for name, text in (("user", self.user), ("assistant", self.assistant)):
            if text is not None and not template(text).paths:
                raise ValueError(f'{name} has no placeholder, all rows would be equal; write for example "{{{text}}}"')
        return self

    def read(self, row: Row) -> list[Draft]:
        """All drafts of a row, one without `explode`. Raises RowError, and nothing else, on any row."""
        if self.explode is None:
            return [self._draft(row, None)]
        items = _value(row, self.explode)
        if not isinstance(items, list) or not items:
            raise RowError("nothing_to_explode", f"{self.explode!r} is not a list with items")
        return [self._draft({**row, _ITEM: item, _INDEX: index}, index) for index, item in enumerate(items)]

    def _draft(self, row: Row, index: int | None) -> Draft:
        turns = self.split.turns(row) if self.split else {}
        for role in _TURN_GROUPS:
            text = getattr(self, role)
            if text is not None:
                turns[role] = template(text).fill(row, _lookup)
        listed = read_turns(_value(row, self.messages)) if self.messages else None
        ends = [Message(role, turns[role]) for role in ("user", "assistant") if role in turns]
        start = [Message("system", turns["system"])] if turns.get("system", "").strip() else []
        meta = self._meta(row, index)
        if listed and listed.extra:
            meta["turns" if "turns" not in meta else "turns_"] = listed.extra
        return Draft(
            messages=(*start, *(listed.messages if listed else ()), *ends),
            tools=read_tools(_value(row, self.tools)) if self.tools else None,
            reference=self._text(row, "reference"),
            tests=self._text(row, "tests"),
            schema=self._text(row, "schema_"),
            meta=meta,
        )

    def _text(self, row: Row, name: str) -> str | None:
        """Gold, tests or schema as text; a value of the wrong kind is an error, it was asked for."""
        path = getattr(self, name)
        value = _value(row, path) if path else None
        if value is None:
            return None
        take = {"reference": as_reference, "tests": as_tests, "schema_": as_schema}[name]
        found = take(value)
        if found is None and name == "reference":
            return rendered(value)
        if found is None:
            raise RowError(f"bad_{name.strip('_')}", f"{path!r} does not hold what {name.strip('_')} needs")
        return found

    def _meta(self, row: Row, index: int | None) -> dict[str, Any]:
        """Keys whose value is not wholly in the record; of an exploded list, only this record's item."""
        used = self._whole_keys()
        meta = {key: value for key, value in row.items() if key not in used and key not in (_ITEM, _INDEX)}
        if index is not None:
            meta[_INDEX] = index
            if _ITEM not in used and isinstance(row[_ITEM], dict):
                meta[_ITEM] = row[_ITEM]
        return meta

    def _whole_keys(self) -> set[str]:
        """Top-level keys that the record takes whole, or item by item."""
        texts = (self.system, self.user, self.assistant, self.messages, self.tools, self.reference)
        paths = [path for text in (*texts, self.tests, self.schema_) if text for path in _paths(text)]
        paths += [self.split.key] if self.split else []
        paths += [self.explode.strip("{}")] if self.explode else []
        suffix = "." + _INDEX
        return {path.removesuffix(suffix) if self.explode else path for path in paths}


def _paths(text: str) -> tuple[str, ...]:
    parsed = template(text)
    return parsed.paths or (text.strip(),)


def _value(row: Row, text: str) -> Any:
    """The value of a path, with or without its braces, or of a filled template."""
    parsed = template(text)
    if not parsed.paths:
        return _lookup(row, text.strip())
    return _lookup(row, parsed.lone) if parsed.lone else parsed.fill(row, _lookup)


def _lookup(row: Row, path: str) -> Any:
    if _INDEX in row and path != _INDEX:
        path = ".".join(str(row[_INDEX]) if step == _INDEX else step for step in path.split("."))
    return lookup(row, path)
