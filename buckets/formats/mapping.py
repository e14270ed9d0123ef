"""The declared mapping: how rows of any other shape become records, written in the recipe."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from buckets.errors import RowError
from buckets.formats.calls import read_tools
from buckets.formats.explode import EVERY, ITEM, KEY, NAME, NUMBER, at, exploded
from buckets.formats.fields import as_reference, as_schema, as_tests, parsed
from buckets.formats.format import Row
from buckets.formats.split import TURN_GROUPS, Split
from buckets.formats.template import rendered, template
from buckets.formats.thought import answered
from buckets.formats.turns import read_turns
from buckets.formats.wanted import check_wanted, with_constants
from buckets.record import Draft, Message, Role


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
    explode: str | tuple[str, ...] | None = None
    """Path of a list, or of an object: each item gives a record. `{_}` is the item, `{_.x}` a value in it, `{_i}` its
    number from 0, `{_k}` its key, and `_i` inside a path picks from a list beside it, as in `{outputs._i}`. Several
    paths explode lists in lists: `[paragraphs, _.qas]`, where `{_}` is the innermost item, `{_0}` the one of the first
    list, `{_i0}` its number. The path `*` is the row itself, all its values but `_key`."""
    roles: dict[str, Role] = Field(default_factory=dict)
    """Raw role -> system, developer, user, assistant or tool, for the turns of `messages`: `{Doctor: assistant}`."""
    role_key: str | None = None
    """Key of the speaker in a turn of `messages`, where it is not role or from."""
    content_key: str | None = None
    """Key of the text in a turn of `messages`, where it is not content or value."""
    constants: dict[str, Any] = Field(default_factory=dict)
    """Values that every row gets, to use in templates; what no template uses is kept in meta."""
    defaults: dict[str, Any] = Field(default_factory=dict)
    """Path -> value, for rows where the path is missing or null; without a default such a row is quarantined."""
    only: dict[str, Any] = Field(default_factory=dict)
    """Path -> value, or a list of values: other rows are dropped as `not_wanted`, each with the value it had."""
    split: Split | None = None
    """Regular expression that cuts one text into turns."""

    @field_validator("system", "user", "assistant", "messages", "tools", "reference", "tests", "schema_", "explode")
    @classmethod
    def _parses(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        texts = (value,) if isinstance(value, str) else value or ()
        if value is not None and not (texts and all(text.strip() for text in texts)):
            raise ValueError("is empty; leave the key out instead")
        for text in texts:
            template(text)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Mapping:
        if not (self.messages or self.user or self.split):
            raise ValueError("needs messages, user or split: without one of them no row has a prompt")
        for name, text in (("user", self.user), ("assistant", self.assistant)):
            if text is not None and not template(text).paths:
                raise ValueError(f'{name} has no placeholder, all rows would be equal; write for example "{{{text}}}"')
        if (self.roles or self.role_key or self.content_key) and not self.messages:
            raise ValueError("roles, role_key and content_key are about the turns of `messages`, which is not given")
        inner = [path for path in self.only if NAME.match(path.split(".")[0])]
        if inner:
            raise ValueError(f"only is about whole rows, {inner[0]!r} is about an exploded item; filter those later")
        return self

    def read(self, row: Row) -> list[Draft]:
        """All drafts of a row, one without `explode`. Raises RowError, and nothing else, on any row."""
        check_wanted(row, self.only)
        row = with_constants(row, self.constants)
        if self.explode is None:
            return [self._draft(row)]
        return [self._draft(each) for each in exploded(row, self._explode_paths())]

    def _explode_paths(self) -> list[str]:
        paths = (self.explode,) if isinstance(self.explode, str) else self.explode or ()
        return [path.strip().strip("{}") for path in paths]

    def _lookup(self, row: Row, path: str) -> Any:
        if path not in self.defaults:
            return at(row, path)
        try:
            found = at(row, path)
        except RowError:
            found = None
        return self.defaults[path] if found is None else found

    def _value(self, row: Row, text: str) -> Any:
        """The value of a path, with or without its braces, or of a filled template."""
        made = template(text)
        if not made.paths:
            return self._lookup(row, text.strip())
        return self._lookup(row, made.lone) if made.lone else made.fill(row, self._lookup)

    def _draft(self, row: Row) -> Draft:
        turns = self.split.turns(row) if self.split else {}
        for role in TURN_GROUPS:
            text = getattr(self, role)
            if text is not None:
                turns[role] = template(text).fill(row, self._lookup)
        listed = read_turns(self._listed(row, self.messages)) if self.messages else None
        ends = [Message("user", turns["user"])] if "user" in turns else []
        ends += [answered(turns["assistant"])] if "assistant" in turns else []
        start = [Message("system", turns["system"])] if turns.get("system", "").strip() else []
        meta = self._meta(row)
        if listed and listed.extra:
            meta["turns" if "turns" not in meta else "turns_"] = listed.extra
        return Draft(
            messages=(*start, *(listed.messages if listed else ()), *ends),
            tools=read_tools(self._value(row, self.tools)) if self.tools else None,
            reference=self._text(row, "reference"),
            tests=self._text(row, "tests"),
            schema=self._text(row, "schema_"),
            meta=meta,
        )

    def _listed(self, row: Row, path: str) -> Any:
        """The turns at a path, with the declared roles and keys in the place of the row's own."""
        value = self._value(row, path)
        if not (self.roles or self.role_key or self.content_key):
            return value
        value = parsed(value) if isinstance(value, str) else value
        if not isinstance(value, list):
            raise RowError("bad_messages", f"{path!r} is not a list of turns")
        return [self._turn(turn) for turn in value]

    def _turn(self, turn: Any) -> Any:
        if not isinstance(turn, dict):
            return turn
        said = {key: value for key, value in turn.items() if key not in (self.role_key, self.content_key)}
        for key, name in ((self.role_key, "role"), (self.content_key, "content")):
            if key is not None and key != name and name in turn:
                said[f"{name}_"] = said.pop(name, turn[name])  # the row's own is something else: kept beside
            if key is not None and key in turn:
                said[name] = turn[key]
        role = next((name for name in ("role", "from") if isinstance(said.get(name), str)), None)
        if role is not None:
            said[role] = self.roles.get(said[role], said[role])
        return said

    def _text(self, row: Row, name: str) -> str | None:
        """Gold, tests or schema as text; a value of the wrong kind is an error, it was asked for."""
        path = getattr(self, name)
        value = self._value(row, path) if path else None
        if value is None:
            return None
        take = {"reference": as_reference, "tests": as_tests, "schema_": as_schema}[name]
        found = take(value)
        if found is None and name == "reference":
            return rendered(value)
        if found is None:
            raise RowError(f"bad_{name.strip('_')}", f"{path!r} does not hold what {name.strip('_')} needs")
        return found

    def _meta(self, row: Row) -> dict[str, Any]:
        """Keys whose value is not wholly in the record; of an exploded list, only this record's item."""
        used = self._whole_keys()
        meta = {key: value for key, value in row.items() if key not in used and not (ITEM in row and NAME.match(key))}
        if self._explode_paths()[:1] == [EVERY]:  # the values are the items
            meta = {key: value for key, value in meta.items() if key == "_key" or key in self.constants}
        if self.explode is None:
            return meta
        for level in range(len(self._explode_paths())):
            suffix = "" if level == len(self._explode_paths()) - 1 else str(level)
            meta[f"{NUMBER}{suffix}"] = row[f"{NUMBER}{level}"]
            item, key = row[f"{ITEM}{level}"], row[f"{KEY}{level}"]
            if key is not None and not used & {f"{KEY}{suffix}", f"{KEY}{level}"}:
                meta[f"{KEY}{suffix}"] = key
            if isinstance(item, dict) and not used & {f"{ITEM}{suffix}", f"{ITEM}{level}"}:
                meta[f"{ITEM}{suffix}"] = self._beside(item, level)
        return meta

    def _beside(self, item: dict[str, Any], level: int) -> dict[str, Any]:
        """An item without the list in it that the next level explodes: its items have records of their own."""
        paths = self._explode_paths()
        after = paths[level + 1].split(".") if level + 1 < len(paths) else []
        inner = after[1] if len(after) == 2 and after[0] in (ITEM, f"{ITEM}{level}") else None
        return {key: value for key, value in item.items() if key != inner}

    def _whole_keys(self) -> set[str]:
        """Top-level keys that the record takes whole, or item by item."""
        texts = (self.system, self.user, self.assistant, self.messages, self.tools, self.reference)
        paths = [path for text in (*texts, self.tests, self.schema_) if text for path in _paths(text)]
        paths += [self.split.key] if self.split else []
        exploded_paths = self._explode_paths()
        suffix = "." + NUMBER
        return {path.removesuffix(suffix) if exploded_paths else path for path in (*paths, *exploded_paths)}


def _paths(text: str) -> tuple[str, ...]:
    found = template(text)
    return found.paths or (text.strip(),)
