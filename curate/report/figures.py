"""Numbers as people read them: signs, intervals, shares, durations; a missing number is a dash."""

from __future__ import annotations

import math

NONE = "\u2013"
_MINUS = "\u2212"


def _real(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def plain(value: float | None, digits: int = 3) -> str:
    """0.412; a true minus sign; never "-0.000"."""
    number = _real(value)
    if number is None:
        return NONE
    text = f"{abs(number):.{digits}f}"
    return f"{_MINUS}{text}" if number < 0 and float(text) != 0 else text


def signed(value: float | None, digits: int = 3) -> str:
    """+0.034, −0.012, 0.000."""
    text = plain(value, digits)
    if text == NONE or text.startswith(_MINUS) or float(text) == 0:
        return text
    return f"+{text}"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """[−0.012, 0.056]; "no interval" when an end is missing."""
    if _real(low) is None and _real(high) is None:
        return "no interval"
    return f"[{plain(low, digits)}, {plain(high, digits)}]"


def count(value: float | None) -> str:
    """12,345."""
    number = _real(value)
    return NONE if number is None else f"{round(number):,}".replace("-", _MINUS)


def short(value: float | None) -> str:
    """1.2k, 34.5M, 6.0B; 1.3e18 above a quadrillion."""
    number = _real(value)
    if number is None:
        return NONE
    if abs(number) >= 1e15:
        return f"{number:.1e}".replace("e+", "e")
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:.1f}{letter}"
    return f"{number:g}" if number == int(number) else f"{number:.1f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share in 0..1 as 12.3%; a small share that is not zero never prints as zero."""
    number = _real(share)
    if number is None:
        return NONE
    smallest = 10.0**-digits
    if 0 < number * 100 < smallest / 2:
        return f"<{smallest:.{digits}f}%"
    return f"{plain(number * 100, digits)}%"


def duration(seconds: float | None) -> str:
    """850 ms, 12.3 s, 4 min 05 s, 2 h 13 min."""
    number = _real(seconds)
    if number is None:
        return NONE
    if number < 1:
        return f"{number * 1000:.0f} ms"
    if number < 60:
        return f"{number:.1f} s"
    minutes, rest = divmod(round(number), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
