"""How fast a judge may be asked: a token bucket, a common pause when the server asks for one, seeded backoff."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


class Pace:
    """At most `per_minute` starts a minute (none: no limit), after a first burst of `burst`."""

    def __init__(self, per_minute: float | None, burst: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = None if per_minute is None else per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._stock = self._burst
        self._seen = clock()
        self._closed_until = -math.inf

    def pause(self, seconds: float) -> None:
        """Nobody starts for so long; a longer pause that is already on stays."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)

    def take(self) -> float:
        """Seconds until a call may start; zero takes one start out of the bucket."""
        now = self._clock()
        if now < self._closed_until:
            return self._closed_until - now
        if self._rate is None:
            return 0.0
        self._stock = min(self._burst, self._stock + (now - self._seen) * self._rate)
        self._seen = now
        if self._stock < 1 - 1e-9:
            return (1 - self._stock) / self._rate
        self._stock -= 1
        return 0.0


def backoff(base: float, longest: float, attempt: int, seed: int, key: str) -> float:
    """Seconds before attempt + 1: doubled each time, times a jitter in [0.5, 1) that the seed and key fix."""
    mixed = hashlib.blake2b(f"{seed}:{key}:{attempt}".encode(), digest_size=8).digest()
    jitter = 0.5 + int.from_bytes(mixed) / 2**65
    return float(min(longest, base * 2.0 ** min(attempt, 60)) * jitter)


def retry_after(headers: dict[str, str]) -> float | None:
    """Seconds that a server asks to wait (RFC 9110 10.2.3: seconds or a date; also `retry-after-ms`), or None."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        try:
            seconds = float(text) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        when = parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, TypeError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
