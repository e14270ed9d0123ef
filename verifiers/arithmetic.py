"""False arithmetic claims in running text: "12 * 3 = 38". Conservative: whatever may mean something else is skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_N = r"\$?\d{1,15}(?:,\d{3})*(?:\.\d{1,10})?"
_CLAIM = re.compile(rf"(?<![\w.,$])({_N}(?:\s*(?:[-+*/×÷−]|\bx\b)\s*{_N}){{1,8}})\s*=\s*(-?{_N})(?![\w.,]*\d)")
_TOKEN = re.compile(rf"{_N}|[-+*/×÷−x]")
_LATEX = re.compile(r"\\(times|cdot|div)\b")
_SIGN = {"\\times": "*", "\\cdot": "*", "\\div": "/", "×": "*", "÷": "/", "−": "-", "x": "*"}
_BEFORE = re.compile(
    r"(?:\d[ \t]*|(?:[-+*/×÷−^(){}\[\]\\_%!√]|(?<![A-Za-z])[A-Za-z]|\b(?:log|ln|sin|cos|tan|sqrt|root|mod|base|"
    r"minus|plus|times|by))\s*)\Z"
)
_AFTER = re.compile(
    r"[ \t]*(?:[-+*/×÷−^(){\\%!°_:]|[A-Za-z]\b|\d|million|billion|trillion|thousand|hundred|dozen|"
    r"percent|mod\b|remainder|and\s+\d)|[A-Za-z]"
)
_OTHER_RING = re.compile(r"(?i)\\[pb]?mod\b|\\equiv|\bmodulo?\b|\bbase[- ]\w+|units digit|\bcarry|\bbinary\b")
"""The whole text may count modulo something or in another base."""
_MODULAR = re.compile(
    r"(?i)\bmod(?:ulo|ular)?\b|≡|\bbase\b|\bbinary\b|\bhex|\bclock\b|\bfalse\b|\bincorrect\b|\bwrong\b|≠|"
    r"approx|≈|\babout\b"
)
"""Words around a claim that give it another meaning, or say that it is false or rounded."""


def false_claim(text: str) -> str | None:
    """The first claim `a op b ... = c` that is clearly false, or None.

    Chains are read with the usual precedence and, to be safe, from left to right: only what is false both ways counts.
    A result given with d decimals may be rounded or cut there; one without decimals may be so after a division.
    """
    suspects = (claim for claim in claims(text) if _false(claim) and not claim.in_other_context())
    first = next(suspects, None)
    return None if first is None or _OTHER_RING.search(text) else first.text


def _false(claim: Claim) -> bool:
    values = (_usual(claim.left), _in_order(claim.left))
    right = any(_close(value, claim.right, claim.left) for value in values if value is not None)
    return not right and not _means_else(claim.left, claim.right)


def _means_else(left: list[str], right: str) -> bool:
    """Times of day (0900 - 0130), fractions of a whole (1/4 = 15 minutes), cents ($1 / 2 = 50), 25 / 1/3."""
    clock = any(re.match(r"0\d", token) for token in (*left, right))
    part = left[1::2] == ["/"] and _number(left[0]) < _number(left[2]) and _number(right) > 1
    cents = any(token.startswith("$") for token in left) and _usual(left) == _number(right) / 100
    return clock or part or cents or left[1::2].count("/") > 1


@dataclass(frozen=True, slots=True)
class Claim:
    """One `left = right` as written, the tokens of its left side, and what stands around it."""

    text: str
    left: list[str]
    right: str
    before: str
    after: str
    line: str

    def in_other_context(self) -> bool:
        """Part of a longer expression, followed by a unit that changes the value, modular, rounded, or called false."""
        return bool(_BEFORE.search(self.before) or _AFTER.match(self.after) or _MODULAR.search(self.line))


def claims(text: str) -> Iterator[Claim]:
    """Everything in the text that looks like a claim."""
    if "=" not in text:
        return
    text = text.replace("{,}", ",").replace(",\\!", ",")
    text = _LATEX.sub(lambda found: _SIGN[found[0]], text)
    for found in _CLAIM.finditer(text):
        start, end = found.span()
        line = text[max(start - 300, text.rfind("\n", max(0, start - 300), start), 0) : end + 60].split("\n\n")[0]
        tokens = [_SIGN.get(token, token) for token in _TOKEN.findall(found[1])]
        yield Claim(found[0], tokens, found[2], text[max(0, start - 12) : start], text[end : end + 14], line)


def _number(token: str) -> Fraction:
    return Fraction(token.replace("$", "").replace(",", ""))


def _usual(tokens: list[str]) -> Fraction | None:
    """Products before sums; None for a division by zero."""
    terms: list[Fraction] = [_number(tokens[0])]
    for sign, token in zip(tokens[1::2], tokens[2::2], strict=True):
        value = _number(token)
        if sign in "*/":
            if sign == "/" and value == 0:
                return None
            terms[-1] = terms[-1] * value if sign == "*" else terms[-1] / value
        else:
            terms.append(value if sign == "+" else -value)
    return sum(terms, Fraction(0))


def _in_order(tokens: list[str]) -> Fraction | None:
    value = _number(tokens[0])
    for sign, token in zip(tokens[1::2], tokens[2::2], strict=True):
        other = _number(token)
        if sign == "/" and other == 0:
            return None
        value = {"+": value + other, "-": value - other, "*": value * other}[sign] if sign != "/" else value / other
    return value


def _close(true: Fraction, claimed: str, tokens: list[str]) -> bool:
    decimals = len(claimed.partition(".")[2])
    exact = not decimals and "/" not in tokens and not any("." in token for token in tokens)
    return true == _number(claimed) if exact else abs(true - _number(claimed)) < Fraction(1, 10**decimals)
