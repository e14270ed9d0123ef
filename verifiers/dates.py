"""Calendar dates and clock times as usually written. Does not cover zones; 03/05/2021 keeps both of its readings."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS) + "|sept"
_DAY = r"(\d{1,2})(?:st|nd|rd|th)?"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NAMED = re.compile(rf"({_MONTH})\.?\s+{_DAY},?\s+(\d{{4}})", re.IGNORECASE)
_NAMED_LAST = re.compile(rf"{_DAY}\s+(?:of\s+)?({_MONTH})\.?,?\s+(\d{{4}})", re.IGNORECASE)
_SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])\.?m\.?|(\d{1,2})\s*([ap])\.?m\.?", re.IGNORECASE)
_CLOCK_24 = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")

_NAMED_TIMES = {"noon": "T12:00:00", "midday": "T12:00:00", "midnight": "T00:00:00"}


@lru_cache(maxsize=2048)
def readings(text: str) -> frozenset[str]:
    """Every moment that the whole text may mean, as ISO text; empty when it is no date or time."""
    text = text.strip().rstrip(".")
    if len(text) > 40:
        return frozenset()
    if text.lower().removeprefix("12 ") in _NAMED_TIMES:
        return frozenset((_NAMED_TIMES[text.lower().removeprefix("12 ")],))
    if found := _ISO.fullmatch(text):
        return _days((int(found[1]), int(found[2]), int(found[3])))
    if found := _NAMED.fullmatch(text):
        return _days((int(found[3]), _month(found[1]), int(found[2])))
    if found := _NAMED_LAST.fullmatch(text):
        return _days((int(found[3]), _month(found[2]), int(found[1])))
    if found := _SLASHED.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        return _days((year, first, second), (year, second, first))
    if found := _CLOCK.fullmatch(text):
        half = (found[4] or found[6]).lower()
        return _times(int(found[1] or found[5]), int(found[2] or 0), int(found[3] or 0), half)
    if found := _CLOCK_24.fullmatch(text):
        return _times(int(found[1]), int(found[2]), int(found[3] or 0), "")
    return frozenset()


def _month(name: str) -> int:
    return next(at for at, month in enumerate(_MONTHS, 1) if month.startswith(name.lower()[:3]))


def _days(*candidates: tuple[int, int, int]) -> frozenset[str]:
    found = set()
    for year, month, day in candidates:
        try:
            found.add(date(year, month, day).isoformat())
        except ValueError:  # the other reading has a thirteenth month: not a reading
            continue
    return frozenset(found)


def _times(hour: int, minute: int, second: int, half: str) -> frozenset[str]:
    """3:30 without a half of the day may be in either; from 13:00 on it is one moment."""
    if minute > 59 or second > 59 or hour > (12 if half else 23):
        return frozenset()
    hours = {hour}
    if half:
        hours = {hour % 12 + (12 if half == "p" else 0)}
    elif 1 <= hour <= 12:
        hours = {hour % 12, hour % 12 + 12}
    return frozenset(f"T{h:02}:{minute:02}:{second:02}" for h in hours)
