"""Builds SVG elements with every attribute and every text escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable

from markupsafe import Markup, escape

from curate.visible import clip, visible


def words(text: str, limit: int = 80) -> Markup:
    """`text` clipped, made visible and escaped."""
    return escape(visible(clip(text, limit)))


def tag(name: str, *children: Markup, **attributes: str | float) -> Markup:
    """`<name ...>children</name>`; `class_` is class, `a_b` is a-b, floats get at most two decimals."""
    parts = [name]
    for key, value in attributes.items():
        shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else visible(str(value))
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    return Markup("<{}>{}</{}>").format(Markup(" ".join(parts)), Markup("").join(children), Markup(name))


def picture(label: str, children: Iterable[Markup], **attributes: str | float) -> Markup:
    """An <svg> that a screen reader announces as one image called `label`."""
    return tag("svg", *children, role="img", aria_label=clip(label, 400), **attributes)


def across(share: float) -> str:
    """A position in 0..1 as a percentage, clamped: hostile numbers stay inside the picture."""
    inside = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    return f"{100 * inside:.2f}%"


def nice_ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """About `wanted` round numbers inside [low, high]; steps are 1, 2 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low]
    rough = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, min(last, first + 12) + 1)]
