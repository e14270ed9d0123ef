"""Real golds, damaged where the shape of the text makes the change a true one."""

from __future__ import annotations

import re
from collections.abc import Iterator


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
