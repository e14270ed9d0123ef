"""The base of every model in report.json, and the two field types that accept dirty values."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from curate.visible import printable


def _number(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: object) -> object:
    return printable(value) if isinstance(value, str) else value


Maybe = Annotated[float | None, BeforeValidator(_number)]
"""A number that may be missing: NaN and infinities are read as missing."""

Text = Annotated[str, BeforeValidator(_text)]
"""Text from a dataset: lone surrogates, which no file can hold, are read as U+FFFD."""


class Part(BaseModel):
    """Frozen; an unknown key is an error, so that a misspelt section cannot go missing in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
