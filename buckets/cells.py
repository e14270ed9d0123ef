"""Table cells as JSON values: times in ISO form, bytes as text or base64, no NaN."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
from collections.abc import Callable
from typing import Any

import polars as pl

from buckets.raw import Raw, fault_of


def is_plain(dtype: pl.DataType) -> bool:
    """Whether values of the type are JSON values as they are. Floats may be NaN, structs hold keys of other rows."""
    if isinstance(dtype, pl.List | pl.Array):
        return is_plain(dtype.inner)  # type: ignore[arg-type]  # a class only in hand-written schemas
    small = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
    return isinstance(dtype, (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum, *small))


def plain_row(row: int, value: dict[str, Any]) -> Raw:
    try:
        return Raw(row, {key: _plain(item) for key, item in value.items()})
    except ValueError as error:
        return Raw(row, None, fault_of(str(error), "a cell has no JSON form", repr(value).encode("utf-8", "replace")))


def _plain(value: object) -> object:
    """A JSON value for a table cell: bytes that are not text as base64, times in ISO form."""
    plain = _PLAIN.get(type(value))
    return plain(value) if plain else str(value)


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("not_finite")
    return value


def _integer(value: int) -> int:
    if not -(2**63) <= value < 2**64:
        raise ValueError("huge_integer")
    return value


def _bytes(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _same(value: object) -> object:
    return value


_PLAIN: dict[type, Callable[[Any], object]] = {
    str: _same,
    bool: _same,
    type(None): _same,
    int: _integer,
    float: _number,
    bytes: _bytes,
    decimal.Decimal: str,
    datetime.datetime: datetime.datetime.isoformat,
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    list: lambda items: [_plain(item) for item in items],
    # A struct column has the keys of all its rows: a null is a key that this row does not have.
    dict: lambda items: {key: _plain(item) for key, item in items.items() if item is not None},
}
