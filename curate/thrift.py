"""Thrift's compact protocol, read into plain dicts: as much of it as the headers of a parquet file use.

Does NOT cover maps, sets or writing. Field ids stay numbers: parquet.thrift of apache/parquet-format names them.
"""

from __future__ import annotations

import struct
from typing import Any

Struct = dict[int, Any]
"""Field id -> value; a nested struct is again one of these."""

_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _STRUCT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12


class Compact:
    """A cursor over bytes. Raises ValueError or IndexError on bytes that are not thrift."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def struct(self) -> Struct:
        found: Struct = {}
        field = 0
        while head := self._byte():
            delta = head >> 4
            field = field + delta if delta else self._signed()
            found[field] = self._value(head & 15)
        return found

    def _value(self, kind: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._signed()
        if kind == _BINARY:
            size = self._unsigned()
            self.at += size
            return self.data[self.at - size : self.at]
        if kind == _STRUCT:
            return self.struct()
        if kind == _LIST:
            return self._list()
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind == _BYTE:
            return self._byte()
        if kind == _DOUBLE:
            self.at += 8
            return struct.unpack_from("<d", self.data, self.at - 8)[0]
        raise ValueError(f"thrift type {kind} is not read here")

    def _list(self) -> list[Any]:
        head = self._byte()
        size = head >> 4
        if size == 15:
            size = self._unsigned()
        kind = head & 15
        if kind in (_TRUE, _FALSE):  # inside a list a truth value takes a byte of its own
            return [self._byte() == _TRUE for _ in range(size)]
        return [self._value(kind) for _ in range(size)]

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _unsigned(self) -> int:
        data, at = self.data, self.at
        byte = data[at]
        at += 1
        value, shift = byte & 127, 7
        while byte > 127:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
        self.at = at
        return value

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)
