"""Intervals, unions, sets, points and matrices written in several ways, and damaged."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from benchmarks.rewrites.case import Case, Rng, frac, proper

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
    z = proper(rng)
    gold = f"({x}, {y}, {frac(z)})"
    equal = [f"\\left({x},{y},{frac(z, chr(92) + 'dfrac')}\\right)", f"( {x} , {y} , {z} )", f"({x}.0,{y},{z})"]
    wrong = [f"({y}, {x}, {frac(z)})", f"({x}, {y}, {frac(-z)})", f"({x + 1}, {y}, {frac(z)})", f"({x}, {y})"]
    return Case(gold, equal, wrong)


def matrices(rng: Rng) -> Case:
    cells = [Fraction(rng.randint(-20, 20), rng.choice([1, 1, 2, 5])) for _ in range(4)]

    def write(kind: str, c: list[str]) -> str:
        return f"\\begin{{{kind}}} {c[0]} & {c[1]} \\\\ {c[2]} & {c[3]} \\end{{{kind}}}"

    texts = [str(cell) for cell in cells]
    equal = [
        write("bmatrix", texts),
        write("pmatrix", [str(float(c)) for c in cells]),
        write("pmatrix", [frac(c) for c in cells]),
    ]
    wrong = [[str(cells[0] + 1), *texts[1:]], [*texts[:3], str(cells[3] - 2)]]
    if cells[1] != cells[2]:
        wrong.append([texts[0], texts[2], texts[1], texts[3]])
    return Case(write("pmatrix", texts), equal, [write("pmatrix", other) for other in wrong])
