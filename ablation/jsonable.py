"""Answers as plain values: what a JSON writer takes."""

from __future__ import annotations

import math
from typing import Any


def plain(value: Any) -> Any:
    """Plain dicts, lists, strings and finite numbers; a number that is not finite becomes None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):  # numpy's float64 is one too, and no JSON writer knows it
        return float(value) if math.isfinite(value) else None
    return value
