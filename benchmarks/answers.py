"""How often are equal answers rejected and different ones accepted? Rewrites and damages made from known values.

Each kind draws a value in Python (Fraction, integer polynomial, radical, interval ...), writes it in several ways, and
damages it; that a damage is a true difference is checked here by exact arithmetic or fifty digits of `decimal`,
never by the code under test. Also: the real golds of MATH-500, boxed against answer and damaged.

    python benchmarks/answers.py [--data FOLDER] [--each 90] [--seed 5] [--out benchmarks/results/answers.json]
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from verifiers.answers import judge_text

Rng = random.Random


class Case(NamedTuple):
    """`equal`: texts that mean the gold; `damaged`: texts that do not."""

    gold: str
    equal: list[str]
    damaged: list[str]
    question: str = ""


def _frac(value: Fraction, command: str = "\\frac") -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}{command}{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _proper(rng: Rng, denominators: tuple[int, ...] = (3, 7, 9, 11, 13)) -> Fraction:
    """A fraction in lowest terms that is no whole number and not its own reciprocal up to sign."""
    while True:
        value = Fraction(rng.randint(2, 60) * rng.choice((1, 1, -1)), rng.choice(denominators))
        if value.denominator > 1 and abs(value.numerator) not in (1, value.denominator):
            return value


def fractions(rng: Rng) -> Case:
    value, k = _proper(rng), rng.randint(2, 6)
    top, bottom = value.numerator, value.denominator
    damages = [value + 1, -value, 1 / value, Fraction(top + 1, bottom), Fraction(top, bottom + 1)]
    assert all(other != value for other in damages)
    equal = [f"{top}/{bottom}", _frac(value, "\\dfrac"), f"\\frac{{{top * k}}}{{{bottom * k}}}", f"${_frac(value)}$"]
    return Case(_frac(value), equal, [_frac(other) for other in damages])


def decimals(rng: Rng) -> Case:
    value = Fraction(rng.randint(1, 9999) * 10 + 5, 1000)
    text = f"{float(value):.3f}"
    assert Fraction(text) == value
    damages = [value * 10, value / 10, -value, value + 1, value + Fraction(1, 1000)]
    equal = [text + "0", f"{value.numerator}/{value.denominator}", _frac(value), f"+{text}", f"{text} "]
    return Case(text, equal, [str(float(other)) for other in damages])


def percents(rng: Rng) -> Case:
    whole = rng.choice([n for n in range(2, 99) if n != 10])
    equal = [f"{whole}%", f"{whole} \\%", f"{whole} percent", str(whole / 100), _frac(Fraction(whole, 100))]
    return Case(f"{whole}\\%", equal, [f"{whole + 1}\\%", str(whole / 10), f"-{whole}\\%", f"{whole / 100}\\%"])


def mixed(rng: Rng) -> Case:
    whole, part = rng.randint(1, 40), Fraction(rng.randint(1, 7), 8)
    top, bottom = part.numerator, part.denominator
    value = whole + part
    equal = [f"{whole} {top}/{bottom}", f"{whole}\\dfrac{{{top}}}{{{bottom}}}", _frac(value), str(float(value))]
    wrong = [whole * part, whole - part, value + 1]
    assert all(other != value for other in wrong)
    return Case(
        f"{whole}\\frac{{{top}}}{{{bottom}}}", equal, [_frac(o) if o.denominator > 1 else str(o) for o in wrong]
    )


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


_ENDS = {"()": ("<", "<"), "(]": ("<", "\\le"), "[)": ("\\le", "<"), "[]": ("\\le", "\\le")}


def intervals(rng: Rng) -> Case:
    low = rng.randint(-20, 20)
    high = low + rng.randint(2, 30)
    ends = rng.choice(list(_ENDS))
    left, right = _ENDS[ends]
    write: Callable[[str, object, object], str] = lambda e, a, b: f"{e[0]}{a}, {b}{e[1]}"  # noqa: E731
    equal = [
        f"\\left{ends[0]}{low},{high}\\right{ends[1]}", f"x \\in {write(ends, low, high)}",
        f"{low} {left} x {right} {high}", write(ends, f"\\frac{{{2 * low}}}{{2}}", f"{high}.0"),
    ]  # fmt: skip
    wrong = [write(e, low, high) for e in _ENDS if e != ends]
    return Case(write(ends, low, high), equal, [*wrong, write(ends, low, high + 1), write(ends, low - 1, high)])


def unions(rng: Rng) -> Case:
    low = rng.randint(-20, 20)
    high = low + rng.randint(1, 9)
    gold = f"(-\\infty, {low}) \\cup ({high}, \\infty)"
    equal = [
        f"({high},\\infty)\\cup(-\\infty,{low})",
        f"x < {low} or x > {high}",
        f"x < {low} \\text{{ or }} x > {high}",
    ]
    wrong = [
        gold.replace(")", "]", 1),
        gold.replace(f"{high},", f"{high + 1},"),
        f"(-\\infty, {low})",
        f"({low}, {high})",
    ]
    return Case(gold, equal, wrong)


def sets(rng: Rng) -> Case:
    values = rng.sample(range(-30, 31), rng.randint(2, 5))
    turned = values[::-1]
    listed = ", ".join(map(str, turned))
    equal = [
        f"\\{{{listed}\\}}",
        listed,
        " or ".join(f"x={v}" for v in turned),
        f"x = {listed}",
        f"\\left\\{{{listed}\\right\\}}",
    ]
    more = max(values) + 1
    wrong = [values[1:], [more, *values[1:]], [*values, more]]
    assert all(set(other) != set(values) for other in wrong)
    return Case(f"\\{{{', '.join(map(str, values))}\\}}", equal, [f"\\{{{', '.join(map(str, o))}\\}}" for o in wrong])


def points(rng: Rng) -> Case:
    x, y = rng.sample(range(-40, 41), 2)
    z = _proper(rng)
    gold = f"({x}, {y}, {_frac(z)})"
    equal = [f"\\left({x},{y},{_frac(z, chr(92) + 'dfrac')}\\right)", f"( {x} , {y} , {z} )", f"({x}.0,{y},{z})"]
    wrong = [f"({y}, {x}, {_frac(z)})", f"({x}, {y}, {_frac(-z)})", f"({x + 1}, {y}, {_frac(z)})", f"({x}, {y})"]
    return Case(gold, equal, wrong)


def _poly(coefficients: list[int], variable: str = "x") -> str:
    """Highest power first."""
    terms = []
    for power, c in zip(range(len(coefficients) - 1, -1, -1), coefficients, strict=True):
        if c:
            body = (
                ""
                if power == 0
                else variable
                if power == 1
                else f"{variable}^{{{power}}}"
                if power > 9
                else f"{variable}^{power}"
            )
            size = str(abs(c)) if abs(c) != 1 or power == 0 else ""
            terms.append(("-" if c < 0 else "+", size + body))
    text = "".join(f" {sign} {term}" for sign, term in terms)
    return text.removeprefix(" + ").replace(" - ", "-", 1) if text.startswith(" - ") else text.removeprefix(" + ")


def polynomials(rng: Rng) -> Case:
    a, b, c = rng.randint(1, 4), rng.choice([-5, -3, 2, 4, 7]), rng.choice([-6, -2, 1, 3, 5])
    spread = [a, a * c + b, b * c]  # (a x + b)(x + c)
    assert all((a * x + b) * (x + c) == spread[0] * x * x + spread[1] * x + spread[2] for x in range(4))
    gold = _poly(spread)
    left, right = _poly([a, b]), _poly([1, c])
    equal = [
        f"({left})({right})",
        f"({right})({left})",
        f"{spread[2]} {spread[1]:+d}x {spread[0]:+d}x^2",
        gold.replace("x^2", "x^{2}"),
    ]
    wrong = [
        [a, spread[1], -spread[2]],
        [a, spread[1] + 1, spread[2]],
        [a + 1, *spread[1:]],
        [a, 0, spread[1], spread[2]],
    ]
    return Case(gold, equal, [*(_poly(o) for o in wrong), f"({left})({_poly([1, -c])})"])


def equations(rng: Rng) -> Case:
    m, b = rng.choice([-4, -2, 3, 5]), rng.choice([-7, -1, 2, 6])
    line = _poly([m, b])
    equal = [
        f"y={b}{m:+d}x",
        line,
        f"{line} = y",
        f"y - {line.replace('-', '~').replace('+', '-').replace('~', '+')} = 0" if m > 0 else f"y = {line}",
    ]
    wrong = [_poly([m, -b]), _poly([-m, b]), _poly([m + 1, b]), _poly([m, b + 1])]
    return Case(f"y = {line}", equal, [f"y = {other}" for other in wrong])


def solutions(rng: Rng) -> Case:
    value = rng.randint(-60, 60) or 7
    equal = [str(value), f"x={value}", f"x = {value}.0", f"{value} = x"]
    return Case(f"x = {value}", equal, [f"x={value + 1}", f"x={-value}", f"x={value} or x={value + 2}"])


def pis(rng: Rng) -> Case:
    value = _proper(rng)
    top, bottom = value.numerator, value.denominator
    sign = "-" if top < 0 else ""
    equal = [
        f"{_frac(value)}\\pi",
        f"{top}\\pi/{bottom}",
        f"{top} π / {bottom}",
        f"\\frac{{{2 * top}\\pi}}{{{2 * bottom}}}",
    ]
    wrong = [
        f"{_frac(value)}",
        f"\\frac{{{top + 1}\\pi}}{{{bottom}}}",
        f"\\frac{{{-top}\\pi}}{{{bottom}}}",
        str(float(value) * 3.14),
    ]
    return Case(f"{sign}\\frac{{{abs(top)}\\pi}}{{{bottom}}}", equal, wrong)


def _differ(left: tuple[int, int, int], right: tuple[int, int, int]) -> bool:
    """(a + b sqrt(m)) to fifty digits."""
    with localcontext() as context:
        context.prec = 50
        one, two = (Decimal(a) + Decimal(b) * Decimal(m).sqrt() for a, b, m in (left, right))
        return abs(one - two) > Decimal(10) ** -30


def roots(rng: Rng) -> Case:
    k, m = rng.randint(2, 9), rng.choice([2, 3, 5, 6, 7, 10, 11])
    gold = f"{k}\\sqrt{{{m}}}"
    assert math.isqrt(m) ** 2 != m
    assert not _differ((0, k, m), (0, 1, k * k * m))
    equal = [
        f"\\sqrt{{{k * k * m}}}",
        f"{k} \\sqrt {m}" if m < 10 else gold,
        f"\\frac{{{k * m}}}{{\\sqrt{{{m}}}}}",
        f"{k}*sqrt({m})",
    ]
    wrong = [(0, k + 1, m), (0, -k, m), (0, k, m + 1), (1, k, m)]
    assert all(_differ((0, k, m), other) for other in wrong)
    return Case(gold, equal, [f"{a if a else ''}{b:+d}\\sqrt{{{r}}}".removeprefix("+") for a, b, r in wrong])


def rationalised(rng: Rng) -> Case:
    m = rng.choice([2, 3, 5, 7, 11, 13])
    n = rng.randint(4, 9)
    below = n * n - m
    gold = f"\\frac{{1}}{{{n}-\\sqrt{{{m}}}}}"
    equal = [
        f"\\frac{{{n}+\\sqrt{{{m}}}}}{{{below}}}",
        f"\\frac{{\\sqrt{{{m}}}+{n}}}{{{below}}}",
        f"({n}+\\sqrt{{{m}}})/{below}",
    ]
    wrong = [
        f"\\frac{{{n}-\\sqrt{{{m}}}}}{{{below}}}",
        f"\\frac{{{n}+\\sqrt{{{m}}}}}{{{below + 1}}}",
        f"\\frac{{1}}{{{n}+\\sqrt{{{m}}}}}",
    ]
    return Case(gold, equal, wrong)


def both_signs(rng: Rng) -> Case:
    a, m = rng.randint(1, 9), rng.choice([2, 3, 5, 7, 19])
    equal = [
        f"{a}+\\sqrt{{{m}}}, {a}-\\sqrt{{{m}}}",
        f"{a} ± \\sqrt{{{m}}}",
        f"\\{{{a}-\\sqrt{{{m}}}, {a}+\\sqrt{{{m}}}\\}}",
    ]
    return Case(
        f"{a} \\pm \\sqrt{{{m}}}",
        equal,
        [f"{a + 1} \\pm \\sqrt{{{m}}}", f"{a} \\pm \\sqrt{{{m + 1}}}", f"{a}+\\sqrt{{{m}}}"],
    )


def matrices(rng: Rng) -> Case:
    cells = [Fraction(rng.randint(-20, 20), rng.choice([1, 1, 2, 5])) for _ in range(4)]

    def write(kind: str, c: list[str]) -> str:
        return f"\\begin{{{kind}}} {c[0]} & {c[1]} \\\\ {c[2]} & {c[3]} \\end{{{kind}}}"

    texts = [str(cell) for cell in cells]
    equal = [
        write("bmatrix", texts),
        write("pmatrix", [str(float(c)) for c in cells]),
        write("pmatrix", [_frac(c) for c in cells]),
    ]
    wrong = [[str(cells[0] + 1), *texts[1:]], [*texts[:3], str(cells[3] - 2)]]
    if cells[1] != cells[2]:
        wrong.append([texts[0], texts[2], texts[1], texts[3]])
    return Case(write("pmatrix", texts), equal, [write("pmatrix", other) for other in wrong])


def complexes(rng: Rng) -> Case:
    a, b = rng.choice([-9, -4, 3, 8]), rng.choice([-7, -2, 5, 11])
    equal = [f"{b}i {a:+d}", f"{a}{b:+d}i", f"{a} {'-' if b < 0 else '+'} {abs(b)} i"]
    return Case(
        f"{a} {'-' if b < 0 else '+'} {abs(b)}i",
        equal,
        [f"{a}{-b:+d}i", f"{-a}{b:+d}i", f"{b}{a:+d}i", f"{a}{b + 1:+d}i"],
    )


def bases(rng: Rng) -> Case:
    base = rng.randint(3, 9)
    digits = "".join(str(rng.randrange(base)) for _ in range(3)).lstrip("0") or "1"
    wrong = [
        f"{int(digits) + 1 if int(digits[-1]) + 1 < base else int(digits) - 1}_{base}",
        f"1{digits}_{base}",
        f"{digits}_{base + 1}",
    ]
    return Case(f"{digits}_{base}", [f"{digits}_{{{base}}}", f"${digits}_{{{base}}}$"], wrong)


def dates(rng: Rng) -> Case:
    day = date(rng.randint(1900, 2030), rng.randint(1, 12), rng.randint(13, 27))
    other = day.replace(day=day.day + 1)
    equal = [day.isoformat(), day.strftime("%-d %B %Y"), day.strftime("%b %-d, %Y"), day.strftime("%m/%d/%Y")]
    return Case(
        day.strftime("%B %-d, %Y"), equal, [other.isoformat(), day.replace(year=day.year + 1).strftime("%B %-d, %Y")]
    )


def words(rng: Rng) -> Case:
    names = rng.sample(["east", "ellipse", "even", "Navin", "hyperbola", "north west", "tuesday"], 2)
    equal = [names[0].title(), f"\\text{{{names[0]}}}", f"{names[0]}.", f"the {names[0]}", f"**{names[0]}**"]
    return Case(f"\\text{{{names[0]}}}", equal, [names[1], f"not {names[0]}"])


def choices(rng: Rng) -> Case:
    values = rng.sample(range(10, 90), 4)
    at = rng.randrange(4)
    letter, other = "ABCD"[at], "ABCD"[(at + 1) % 4]
    question = "Which one? " + " ".join(f"({name}) {value}" for name, value in zip("ABCD", values, strict=True))
    equal = [f"({letter})", f"\\text{{({letter})}}", f"{letter}.", f"{letter}) {values[at]}", str(values[at])]
    return Case(letter, equal, [other, f"({other})", str(values[(at + 1) % 4]), f"{letter} or {other}"], question)


def powers(rng: Rng) -> Case:
    base, n = rng.randint(2, 5), rng.randint(3, 6)
    wrong = [f"{base}^{{{n + 1}}}", f"{base + 1}^{{{n}}}", str(base**n + 1)]
    return Case(f"{base}^{{{n}}}", [str(base**n), f"{base}^{n}", f"{base} \\cdot {base}^{{{n - 1}}}"], wrong)


KINDS: tuple[Callable[[Rng], Case], ...] = (
    fractions, decimals, percents, mixed, thousands, scientific, currency, units, degrees, intervals, unions, sets,
    points, polynomials, equations, solutions, pis, roots, rationalised, both_signs, matrices, complexes, bases, dates,
    words, choices, powers,
)  # fmt: skip


def boxed(text: str) -> str:
    return f"So the value follows. \\boxed{{{text}}}"


def pairs(kind: Callable[[Rng], Case], seed: int, each: int) -> Iterator[tuple[bool, str, str, str]]:
    """(equal?, gold, other, question): `each` distinct pairs of both sorts, as far as the kind has so many."""
    rng = random.Random(f"{kind.__name__}:{seed}")
    for equal in (True, False):
        seen: set[tuple[str, str]] = set()
        for _ in range(each * 4):
            case = kind(rng)
            other = rng.choice(case.equal if equal else case.damaged)
            if (case.gold, other) not in seen and len(seen) < each:
                seen.add((case.gold, other))
                yield equal, case.gold, other, case.question


def damaged_golds(gold: str) -> Iterator[str]:
    """Of a real gold: changed where the shape of the text makes the change a true one."""
    if re.fullmatch(r"-?\d+", gold):
        yield from (str(int(gold) + 1), str(int(gold) * 10 + 1), *([str(-int(gold))] if int(gold) else []))
    fraction = re.fullmatch(r"(-?)\\d?frac\{(\d+)\}\{(\d+)\}", gold)
    if fraction and fraction[2] != fraction[3]:
        sign, top, bottom = fraction[1], int(fraction[2]), int(fraction[3])
        yield f"{sign}\\frac{{{bottom}}}{{{top}}}"
        yield f"{'' if sign else '-'}\\frac{{{top}}}{{{bottom}}}"
        yield f"{sign}\\frac{{{top + 1}}}{{{bottom}}}"
    interval = re.fullmatch(r"([(\[])([^()\[\]]+,[^()\[\],]+)([)\]])", gold)
    if interval and "\\cup" not in gold and "infty" not in gold and gold.count(",") == 1:
        yield f"{'[' if interval[1] == '(' else '('}{interval[2]}{interval[3]}"
        yield f"{interval[1]}{interval[2]}+1{interval[3]}"
    degrees_ = re.fullmatch(r"(\d+)\^\\circ", gold)
    if degrees_:
        yield f"{int(degrees_[1]) + 1}^\\circ"
    if re.fullmatch(r"-?\d+(, ?-?\d+)+", gold) and not re.fullmatch(r"\d{1,3}(,\d{3})+", gold):
        yield gold.rpartition(",")[0]
    root = re.fullmatch(r"(\d*) ?\\sqrt\{(\d+)\}", gold)
    if root:
        yield f"{root[1]}\\sqrt{{{int(root[2]) + 1}}}"
        yield f"{int(root[1] or 1) + 1}\\sqrt{{{root[2]}}}"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, help="folder with math500_test.jsonl")
    options.add_argument("--each", type=int, default=90)
    options.add_argument("--seed", type=int, default=5)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    table: dict[str, dict[str, int]] = {}
    faults: list[str] = []
    start = time.perf_counter()
    for kind in KINDS:
        row = table.setdefault(
            kind.__name__, {"rewrites": 0, "rejected": 0, "damaged": 0, "accepted": 0, "abstained": 0}
        )
        for equal, gold, other, question in pairs(kind, chosen.seed, chosen.each):
            verdict = judge_text(boxed(other), gold, question)
            right = (verdict.outcome == "pass") == equal
            row["rewrites" if equal else "damaged"] += 1
            row["abstained"] += verdict.outcome == "abstain"
            row["rejected" if equal else "accepted"] += not right
            if not right:
                faults.append(f"{kind.__name__}: {gold} | {other} | {verdict.outcome} {verdict.rule}")
    result: dict[str, object] = {"table": table}
    for name in ("rewrites", "rejected", "damaged", "accepted"):
        result[name] = sum(row[name] for row in table.values())
    if chosen.data:
        result["math500"] = _math500(chosen.data / "math500_test.jsonl", faults)
    result |= {"faults": faults, "seconds": round(time.perf_counter() - start, 1), "speed": speed()}
    result |= {
        "command": "python benchmarks/answers.py "
        + " ".join(a if "/" not in a else Path(a).name for a in sys.argv[1:]),
        "versions": {"python": platform.python_version()}
        | {n: version(n) for n in ("math-verify", "sympy", "latex2sympy2_extended")},
        "date": datetime.now(UTC).date().isoformat(),
    }
    text = json.dumps(result, indent=1, ensure_ascii=False)
    if chosen.out:
        chosen.out.write_text(text + "\n", encoding="utf-8")
    print(text)


def _math500(path: Path, faults: list[str]) -> dict[str, int]:
    found = {"golds": 0, "boxed_passes": 0, "damaged": 0, "accepted": 0}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found["golds"] += 1
        found["boxed_passes"] += judge_text(row["solution"], row["answer"], row["problem"]).outcome == "pass"
        for other in damaged_golds(row["answer"]):
            found["damaged"] += 1
            verdict = judge_text(boxed(other), row["answer"], row["problem"])
            if verdict.outcome == "pass":
                found["accepted"] += 1
                faults.append(f"math500: {row['answer']} | {other}")
    return found


def speed(count: int = 20_000) -> dict[str, float]:
    """Distinct easy answers (numbers, money, fractions) a second on one core."""
    rng = random.Random(1)
    easy = [
        (f"It costs {n} in all.\n#### {n:,}", f"{n if n % 3 else -n}")
        for n in (rng.randrange(10**6) for _ in range(count))
    ]
    start = time.process_time()
    for reply, gold in easy:
        judge_text(reply, gold)
    return {"easy_checks_per_second_one_core": round(count / (time.process_time() - start))}


if __name__ == "__main__":
    main()
