"""Mistakes in a recipe as sentences: path, what is wrong, what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

_LEAST_PREFIX = 3


def sentences(error: ValidationError, table: type[BaseModel]) -> list[str]:
    """Every mistake once; what only follows from another one is left out."""
    found = error.errors()
    return list(dict.fromkeys(_sentence(one, table) for one in found if not _follows(one, found)))


def near(word: str, known: Iterable[str]) -> str:
    """The known name that was meant, or all of them: the end of a sentence."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if not close and len(word) >= _LEAST_PREFIX:
        close = [name for name in known if name.startswith(word) or word.startswith(name)]
    if not close:
        close = [name for name in known if difflib.get_close_matches(word, name.split("_"), n=1, cutoff=0.8)]
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return f"; known here: {', '.join(known)}" if known else ""


def _follows(one: Any, found: Sequence[Any]) -> bool:
    """Whether a mistake only says again, less well, what another one says."""
    if one["type"] == "too_short" and one["input"]:  # no item is left because each has a mistake of its own
        return True
    place, branch = _place(one["loc"])
    if branch is None or not one["type"].endswith("_type"):
        return False
    others = [_place(other["loc"]) for other in found if other is not one and not other["type"].endswith("_type")]
    return any(there[: len(place)] == place and other != branch for there, other in others)


def _place(location: Sequence[int | str]) -> tuple[tuple[int | str, ...], str | None]:
    """A location without the branches of unions that pydantic names in it, and the last such branch."""
    branches = [str(part) for part in location if _is_branch(part)]
    return tuple(part for part in location if not _is_branch(part)), branches[-1] if branches else None


def _is_branch(part: int | str) -> bool:
    return isinstance(part, str) and (part in ("int", "float", "str") or part.startswith(("constrained-", "dict[")))


def _sentence(error: Any, table: type[BaseModel]) -> str:
    """One pydantic error as a person would say it."""
    place, branch = _place(error["loc"])
    path = ".".join(str(part) for part in place)
    kind, found = error["type"], error.get("input")
    shown = f" (found {found!r})" if isinstance(found, str | int | float | bool) else ""
    if kind == "extra_forbidden":
        return f"{path}: unknown key{near(str(place[-1]), _keys_at(table, error['loc'][:-1]))}"
    if kind == "missing":
        return f"{path}: missing; this key is required"
    if kind == "tuple_type":
        return f"{path}: write a list: [{found}]" if shown else f"{path}: write a list: [...]"
    if kind == "too_short":
        return f"{path}: name at least one"
    if kind == "string_pattern_mismatch":
        return f"{path}: use letters, digits, '_', '-' and '.' only, a letter or digit first{shown}"
    if kind == "value_error":
        return f"{path}: {error['ctx']['error']}{shown}"
    if branch is not None and kind.startswith(("int_", "float_", "dict_")):
        return f"{path}: should be a number{'' if len(place) > 2 else ', or a table of numbers by name'}{shown}"
    return f"{path}: {error['msg']}{shown}"


def _keys_at(table: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that the published schema allows at a place in the recipe."""
    schema = table.model_json_schema()
    nodes = [schema]
    for part in location:
        nodes = [child for node in nodes for child in _children(node, part, schema)]
    return sorted({key for node in nodes for key in _resolve(node, schema).get("properties", {})})


def _children(node: dict[str, Any], part: int | str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for option in _options(_resolve(node, schema), schema):
        if isinstance(part, int) and "items" in option:
            found.append(option["items"])
        elif part in option.get("properties", {}):
            found.append(option["properties"][part])
        elif option.get("title") == part:  # a branch of a union, which pydantic names in the path
            found.append(option)
    return [option for node in found for option in _options(_resolve(node, schema), schema)]


def _options(node: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [_resolve(option, schema) for option in node.get("anyOf", node.get("oneOf", [node]))]


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[-1]] if reference else node
