"""Numbers written in several ways, and damaged: fractions, decimals, percents, thousands, powers, bases."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from benchmarks.rewrites.case import Case, Rng, frac, proper


def fractions(rng: Rng) -> Case:
    value, k = proper(rng), rng.randint(2, 6)
    top, bottom = value.numerator, value.denominator
    damages = [value + 1, -value, 1 / value, Fraction(top + 1, bottom), Fraction(top, bottom + 1)]
    assert all(other != value for other in damages)
    equal = [f"{top}/{bottom}", frac(value, "\\dfrac"), f"\\frac{{{top * k}}}{{{bottom * k}}}", f"${frac(value)}$"]
    return Case(frac(value), equal, [frac(other) for other in damages])


def decimals(rng: Rng) -> Case:
    value = Fraction(rng.randint(1, 9999) * 10 + 5, 1000)
    text = f"{float(value):.3f}"
    assert Fraction(text) == value
    damages = [value * 10, value / 10, -value, value + 1, value + Fraction(1, 1000)]
    equal = [text + "0", f"{value.numerator}/{value.denominator}", frac(value), f"+{text}", f"{text} "]
    return Case(text, equal, [str(float(other)) for other in damages])


def percents(rng: Rng) -> Case:
    whole = rng.choice([n for n in range(2, 99) if n != 10])
    equal = [f"{whole}%", f"{whole} \\%", f"{whole} percent", str(whole / 100), frac(Fraction(whole, 100))]
    return Case(f"{whole}\\%", equal, [f"{whole + 1}\\%", str(whole / 10), f"-{whole}\\%", f"{whole / 100}\\%"])


def mixed(rng: Rng) -> Case:
    whole, part = rng.randint(1, 40), Fraction(rng.randint(1, 7), 8)
    top, bottom = part.numerator, part.denominator
    value = whole + part
    equal = [f"{whole} {top}/{bottom}", f"{whole}\\dfrac{{{top}}}{{{bottom}}}", frac(value), str(float(value))]
    wrong = [whole * part, whole - part, value + 1]
    assert all(other != value for other in wrong)
    return Case(f"{whole}\\frac{{{top}}}{{{bottom}}}", equal, [frac(o) if o.denominator > 1 else str(o) for o in wrong])


def thousands(rng: Rng) -> Case:
    value = rng.randint(10_000, 99_999_999)
    grouped = f"{value:,}"
    equal = [grouped, grouped.replace(",", "{,}"), grouped.replace(",", ",\\!"), f"{value}.0", f"\\text{{{grouped}}}"]
    return Case(str(value), equal, [f"{value + 1:,}", f"{value * 10:,}", f"{value // 1000:,}", f"-{grouped}"])


def scientific(rng: Rng) -> Case:
    digits, power = rng.randint(11, 99), rng.choice([-5, -3, 4, 6, 9])
    head = f"{digits // 10}.{digits % 10}"
    value = Fraction(head) * Fraction(10) ** power
    written = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    assert Fraction(written) == value
    equal = [
        f"{head}e{power}",
        f"{head} * 10^{{{power}}}",
        f"{head} \\cdot 10^{{{power}}}",
        written,
        f"{head}×10^{{{power}}}",
    ]
    wrong = [f"{head} \\times 10^{{{power + 1}}}", f"{head} \\times 10^{{{-power}}}", f"-{head} \\times 10^{{{power}}}"]
    return Case(f"{head} \\times 10^{{{power}}}", equal, [*wrong, f"{head}"])


def bases(rng: Rng) -> Case:
    base = rng.randint(3, 9)
    digits = "".join(str(rng.randrange(base)) for _ in range(3)).lstrip("0") or "1"
    wrong = [
        f"{int(digits) + 1 if int(digits[-1]) + 1 < base else int(digits) - 1}_{base}",
        f"1{digits}_{base}",
        f"{digits}_{base + 1}",
    ]
    return Case(f"{digits}_{base}", [f"{digits}_{{{base}}}", f"${digits}_{{{base}}}$"], wrong)


def powers(rng: Rng) -> Case:
    base, n = rng.randint(2, 5), rng.randint(3, 6)
    wrong = [f"{base}^{{{n + 1}}}", f"{base + 1}^{{{n}}}", str(base**n + 1)]
    return Case(f"{base}^{{{n}}}", [str(base**n), f"{base}^{n}", f"{base} \\cdot {base}^{{{n - 1}}}"], wrong)
