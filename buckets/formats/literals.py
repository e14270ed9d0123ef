"""JSON and Python literals out of the middle of a text, as models write them; nothing is ever evaluated.

Does not cover: JavaScript objects (bare keys), comments, trailing commas in JSON. What cannot be read
exactly (a key twice, NaN, a number beyond a double) is an error, never a near value.
"""

from __future__ import annotations

import ast
import json
import math
import warnings
from typing import Any

import orjson

MAX_LITERAL = 200_000
"""Characters of a Python literal: the parser of Python takes some hundred bytes for each."""
_WORDS = {"true": True, "false": False, "null": None}
_SPACE = " \t\r\n"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object has a key twice")
    return made


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number is beyond a double")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)


def json_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at `start` (spaces before it are skipped) and its end. Raises ValueError."""
    try:
        value, end = _DECODER.raw_decode(text, after_space(text, start))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return _writable(value), end


def after_space(text: str, place: int) -> int:
    """The first place from `place` on that is not white space."""
    while place < len(text) and text[place] in _SPACE:
        place += 1
    return place


def loose(text: str) -> Any:
    """The value of a whole text: JSON, else a Python literal. Raises ValueError."""
    try:
        value, end = json_at(text, 0)
    except ValueError:
        return literal(text)
    if after_space(text, end) != len(text):
        return literal(text)
    return value


def literal(text: str) -> Any:
    """A Python literal (also with JSON's true, false and null) as JSON values. Raises ValueError."""
    if len(text) > MAX_LITERAL:
        raise ValueError(f"a literal of more than {MAX_LITERAL} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string of a data set is no news
            tree = ast.parse(text.strip(_SPACE), mode="eval")
        value = _value(tree.body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"not a literal: {error}") from error
    if _infinite(value):  # orjson would write null
        raise ValueError("a number is beyond a double")
    return _writable(value)


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | bool() | int() | float() | None as value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return _once([(_key(key), _value(item)) for key, item in zip(keys, values, strict=True)])
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if not isinstance(
            number, bool
        ):
            return -number
        case ast.Name(id=word) if word in _WORDS:
            return _WORDS[word]
    raise ValueError(f"{type(node).__name__} is no literal of JSON's kinds")


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError("a key is not text")


def _writable(value: Any) -> Any:
    """The value when JSON can hold it: no lone surrogate, no integer beyond 64 bits."""
    try:
        orjson.dumps(value)
    except (TypeError, ValueError) as error:
        raise ValueError(str(error)) from error
    return value


def _infinite(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_infinite(item) for item in inner)
