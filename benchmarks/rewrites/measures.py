"""Quantities written in several ways, and damaged: money, units, degrees, dates."""

from __future__ import annotations

from datetime import date

from benchmarks.rewrites.case import Case, Rng


def currency(rng: Rng) -> Case:
    cents = rng.randint(1001, 999_999)
    text = f"{cents / 100:,.2f}"
    plain = text.replace(",", "")
    equal = [f"${text}", f"\\${plain}", plain, f"{plain} dollars", f"{text}", f"{cents} cents"]
    return Case(f"\\${text}", equal, [f"\\${(cents + 1) / 100:.2f}", f"€{plain}", f"{plain} cents", f"-\\${plain}"])


_UNITS = (
    ("km", "kilometers", "m", 1000, "cm"), ("m", "meters", "cm", 100, "ft"), ("kg", "kilograms", "g", 1000, "lb"),
    ("hours", "hr", "minutes", 60, "days"), ("cm^2", "square centimeters", "mm^2", 100, "cm^3"),
    ("ft", "feet", "inches", 12, "yards"), ("cm^3", "cubic centimeters", "mm^3", 1000, "cm^2"),
    ("km/h", "kilometers per hour", "kph", 1, "m/s"),
)  # fmt: skip


def units(rng: Rng) -> Case:
    name, spelled, small, factor, other = rng.choice(_UNITS)
    value = rng.randint(2, 400)
    equal = [
        f"{value} {spelled}",
        f"{value * factor} {small}",
        f"{value} \\text{{ {name}}}",
        f"{value}.0 {name}",
        str(value),
    ]
    return Case(f"{value}\\text{{ {name}}}", equal, [f"{value} {other}", f"{value + 1} {name}", f"{value * 7} {small}"])


def degrees(rng: Rng) -> Case:
    value = rng.randint(2, 359)
    equal = [str(value), f"{value}°", f"{value} degrees", f"{value}^{{\\circ}}", f"{value}\\degree"]
    return Case(f"{value}^\\circ", equal, [f"{value + 1}^\\circ", f"{360 - value + 360}^\\circ", f"{value} radians"])


def dates(rng: Rng) -> Case:
    day = date(rng.randint(1900, 2030), rng.randint(1, 12), rng.randint(13, 27))
    other = day.replace(day=day.day + 1)
    equal = [day.isoformat(), day.strftime("%-d %B %Y"), day.strftime("%b %-d, %Y"), day.strftime("%m/%d/%Y")]
    return Case(
        day.strftime("%B %-d, %Y"), equal, [other.isoformat(), day.replace(year=day.year + 1).strftime("%B %-d, %Y")]
    )
