"""The process that does algebra with math-verify: one JSON request a line in, one JSON verdict a line out.

Started by mathproc, in a sandbox where one works; imports nothing of ours. Limits: memory (RLIMIT_AS), CPU seconds a
request (RLIMIT_CPU, which kills: a signal handler cannot interrupt 9^9^9^9), no new files. Its parent has a deadline.

Traps of math-verify 0.9 that this guards against: `verify` rounds decimals to six places (1e-7 equals 2e-7), takes
9% for 9, folds the case of some letters, takes two equations without solutions for equal, is not symmetric, and
returns False for an error. So its yes must be confirmed by fifty digits at several points, and its no counts only
when the numbers differ.
Does not cover: identities that hold only for positive values (they are unknown), and inequalities in two variables.
"""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import sys
from typing import Any

MEMORY = 2 << 30
CPU_SECONDS = 3
DIGITS = 50
POINTS = (("7/5", "5/3", "11/7"), ("13/11", "17/6", "3/7"), ("-9/7", "-8/5", "-13/9"), ("-4/9", "19/8", "-15/4"))
"""Values given in turn to the variables in order of name; the first two are positive in all of them."""


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not reach the parent as a verdict
    logging.disable(logging.CRITICAL)
    sys.setrecursionlimit(3000)
    import math_verify  # noqa: F401  # loaded before the limits, so that a request pays only for itself

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hardest = resource.getrlimit(resource.RLIMIT_CPU)[1]
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in sys.stdin:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, hardest))
        answers.write(json.dumps(answered(json.loads(line))) + "\n")


def answered(request: dict[str, str]) -> dict[str, str]:
    try:
        if request["kind"] == "equation":
            return equations(request["gold"], request["reply"])
        if ("\\ln" in request["gold"]) != ("\\ln" in request["reply"]) and "\\log" in request["gold"] + request[
            "reply"
        ]:
            return {"verdict": "unknown", "why": "log_or_ln"}
        digits = DIGITS + max(smallest(request["gold"]), smallest(request["reply"]))
        found = expressions(parsed(request["gold"]), parsed(request["reply"]), digits)
        if found["verdict"] == "different" and rounded(request["gold"], request["reply"]):
            return {"verdict": "unknown", "why": "rounded"}
        return found
    except MemoryError:
        return {"verdict": "unknown", "why": "too_costly"}
    except RecursionError:
        return {"verdict": "unknown", "why": "too_deep"}
    except Exception as error:  # noqa: BLE001  # antlr and sympy raise bare Exceptions; each is the same: cannot say
        return {"verdict": "unknown", "why": "unreadable", "detail": type(error).__name__}


_FUNCTION = re.compile(r"(?<![A-Za-z\\])(sqrt|arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|log|ln|exp|pi)(?![A-Za-z])")
_ROOT = re.compile(r"\\sqrt\s*\(([^()]*)\)")
_GROUPED = re.compile(r"(?<![\d.])(\d{1,3})((?:,\d{3})+)(?!\d)")
_DEGREES = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)\s*\^\\circ")
_NOT_READ = re.compile(
    r"\d\s+\d|(?<![A-Za-z])\d+_\s*\{?\s*\d|[,;:?!]{2}|\\text|\^\\circ|[%$'\"]|[^\x00-\x7f]"
    r"|\\(?:[{}]|(?:cup|cap|in|setminus|to|mid)(?![a-z]))|(?<![\\A-Za-z])[A-Za-z]{4,}|\\infty.*\\infty|\|\|"
)
"""Two numbers side by side (the parser adds them), bases, words (it multiplies their letters), percents."""
_TWO_READINGS = re.compile(
    r"/\s*\d+(?:\.\d+)?\s*(?:[A-Za-z(]|\\(?:pi|sqrt|frac))|\d\s*\\frac\s*\{\s*\d+\s*\}\s*\{\s*\d+\s*\}"
)
"""1/2x is x/2 or 1/(2x); 2\\frac{1}{2}x is a mixed number or a product."""
_CALL = re.compile(
    r"(\\(?:sin|cos|tan|cot|sec|csc|log|ln|exp|arcsin|arccos|arctan|sinh|cosh|tanh|min|max|gcd|lcm)"
    r"\s*(?:[_^]\s*(?:\{[^{}]*\}|\w)\s*)*)\("
)
_PRODUCTS = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"\)\s*\(", r")\\cdot ("),
        (r"(\d|(?<![A-Za-z\\])[a-eijk-z]|\\pi|\})\s*\(", r"\1\\cdot ("),
        (r"\)\s*(?=[\dA-Za-z])", r")\\cdot "),
    )
)
"""The parser reads (6)(7) and 6(7) as the mixed number 13, and x(3) as a function."""


def with_products(text: str) -> str:
    """Signs of multiplication written out beside brackets; f(x), P(x) and \\sin^2(x) stay calls."""
    text = _CALL.sub(lambda found: found[1] + "\x03", text)
    for pattern, to in _PRODUCTS:
        text = pattern.sub(to, text)
    return text.replace("\x03", "(")


def parsed(text: str) -> Any:
    """A sympy expression of a tidied text, decimals exact, i and e the constants. Raises for what is not to be read."""
    from latex2sympy2_extended import latex2sympy
    from sympy import E, Float, I, MatrixBase, Rational, Symbol

    text = _GROUPED.sub(lambda found: found[0].replace(",", ""), text)
    text = _DEGREES.sub(r"(\1\\cdot\\frac{\\pi}{180})", text)
    text = _FUNCTION.sub(r"\\\1 ", text).replace("**", "^")
    text = _ROOT.sub(r"\\sqrt{\1}", re.sub(r"\\sqrt\s+", r"\\sqrt", text))
    text = re.sub(r"\\exp\s*\(([^()]*)\)", r"e^{\1}", text)
    text = re.sub(r"\^\s*\(([^()]*)\)", r"^{\1}", text)
    text = re.sub(r"(\\frac\{[^{}]*\}\{[^{}]*\}|\\sqrt\{[^{}]*\})(?=[A-Za-z\\(])", r"\1 ", text)
    text = re.sub(r"_(\w)", r"_{\1}", text)
    if _NOT_READ.search(text) or any(text.count(a) != text.count(b) for a, b in ("()", "{}", "[]")):
        raise ValueError("not an expression")
    if _TWO_READINGS.search(text):
        raise ValueError("two readings")
    text = with_products(text)
    tree = latex2sympy(text, normalization_config=None)
    if isinstance(tree, MatrixBase) or not hasattr(tree, "free_symbols"):
        raise ValueError("not an expression")
    tree = tree.replace(lambda node: isinstance(node, Float), lambda node: Rational(str(node)))
    return tree.subs({Symbol("i"): I, Symbol("e"): E})


def smallest(text: str) -> int:
    """Decimal places of the smallest thing the text adds: 60 for x + 10^{-60}, at most 1,000."""
    powers = [int(found) for found in re.findall(r"\^\s*\{?\s*-\s*(\d{1,4})", text)]
    places = [len(found) for found in re.findall(r"\.(\d+)", text)]
    return min(1000, max([0, *powers, *places]))


def expressions(gold: Any, reply: Any, digits: int) -> dict[str, str]:
    from math_verify import verify
    from sympy import Expr, Pow, expand

    if not isinstance(gold, Expr) or not isinstance(reply, Expr):
        return {"verdict": "unknown", "why": "other_kind"}
    cheap = gold.count_ops() + reply.count_ops() < 200 and all(
        abs(node.exp) < 12 for side in (gold, reply) for node in side.atoms(Pow) if node.exp.is_Integer
    )
    rest = expand(gold - reply) if cheap else gold - reply
    if rest.is_Rational:  # exact, however small
        return {"verdict": "same" if rest == 0 else "different"}
    names = sorted(gold.free_symbols | reply.free_symbols, key=str)
    tested = [close(gold, reply, names, point, digits) for point in POINTS[: len(POINTS) if names else 1]]
    if any(found is False for found in tested[:2]):
        return {"verdict": "different"}
    if tested[0] is None or tested.count(True) < (2 if names else 1):
        return {"verdict": "unknown", "why": "no_value"}
    if False in tested:
        return {"verdict": "unknown", "why": "equal_for_positive_values_only"}
    if len(gold.free_symbols ^ reply.free_symbols) and not gold.equals(reply):
        return {"verdict": "unknown", "why": "other_variables"}
    if verify([gold], [reply], timeout_seconds=None) or verify([reply], [gold], timeout_seconds=None):
        return {"verdict": "same"}
    return {"verdict": "same"} if gold.equals(reply) else {"verdict": "unknown", "why": "not_proven"}


_DECIMAL = re.compile(r"-?\d*\.(\d+)")


def rounded(gold: str, reply: str) -> bool:
    """One is a decimal and the other a constant within one unit of its last digit."""
    for short, other in ((gold, reply), (reply, gold)):
        found = _DECIMAL.fullmatch(short.strip())
        if found and not _DECIMAL.fullmatch(other.strip()):
            exact = parsed(other)
            apart = abs((parsed(short) - exact).evalf(DIGITS)) if not exact.free_symbols else None
            if apart is not None and apart.is_number and apart * 10 ** len(found[1]) <= 1:
                return True
    return False


def close(gold: Any, reply: Any, names: list[Any], point: tuple[str, ...], digits: int) -> bool | None:
    """Equal to `digits` (fifty and more) at one point; None where one has no finite value."""
    from sympy import Abs, Rational

    at = {name: Rational(point[i % 3]) + i // 3 for i, name in enumerate(names)}
    values = [side.subs(at) for side in (gold, reply)]
    if values[0] == values[1]:
        return bool(values[0].is_finite) or None
    left, right = (value.evalf(digits, maxn=8 * digits) for value in values)
    if not (left.is_number and right.is_number and left.is_finite and right.is_finite):
        return None
    size = max(Abs(left), Abs(right))
    if size < Rational(1, 10**40):
        return True if values[0].equals(values[1]) else None
    apart = Abs(left - right) / size
    if apart < Rational(1, 10 ** (digits - 6)):
        return True
    return False if apart > Rational(1, 10 ** (digits - 12)) else None


def equations(gold: str, reply: str) -> dict[str, str]:
    """Same when one is a constant multiple of the other, or both are polynomials with the same square-free part."""
    from sympy import Poly, cancel, together

    sides = [[parsed(side) for side in text.split("=")] for text in (gold, reply)]
    one, two = (left - right for left, right in sides)
    names = sorted(one.free_symbols | two.free_symbols, key=str)
    if not names or one.free_symbols != two.free_symbols:
        return {"verdict": "unknown", "why": "other_variables"}
    ratio = cancel(together(one.doit() / two.doit()))
    if ratio.is_number and ratio.is_finite and ratio.is_nonzero:
        return {"verdict": "same"}
    if not (one.is_polynomial(*names) and two.is_polynomial(*names)):
        return {"verdict": "unknown", "why": "not_proven"}
    parts = [Poly(side, *names).sqf_part().monic() for side in (one, two)]
    return {"verdict": "same"} if parts[0] == parts[1] else {"verdict": "different"}


if __name__ == "__main__":
    main()
