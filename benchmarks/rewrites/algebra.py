"""Polynomials, equations, solutions and complex numbers written in several ways, and damaged."""

from __future__ import annotations

from benchmarks.rewrites.case import Case, Rng


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


def complexes(rng: Rng) -> Case:
    a, b = rng.choice([-9, -4, 3, 8]), rng.choice([-7, -2, 5, 11])
    equal = [f"{b}i {a:+d}", f"{a}{b:+d}i", f"{a} {'-' if b < 0 else '+'} {abs(b)} i"]
    return Case(
        f"{a} {'-' if b < 0 else '+'} {abs(b)}i",
        equal,
        [f"{a}{-b:+d}i", f"{-a}{b:+d}i", f"{b}{a:+d}i", f"{a}{b + 1:+d}i"],
    )
