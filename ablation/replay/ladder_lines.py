"""The text of a replayed ladder: verdict and why, the verdict at every checkpoint, the choice, and rules beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def lines(values: Mapping[str, Any]) -> list[str]:
    columns = ", ".join(f"{meaning} = {column}" for meaning, column in values["columns"].items())
    found = [f"{values['file']}: {columns}; {values['scale']}"]
    if values["ignored_columns"]:
        found.append(f"ignored columns: {', '.join(values['ignored_columns'])}")
    noise = f"noise {values['noise']:g} points where the table has no n or se"
    found.append(f"margin {values['margin']:g} points a doubling (x3 on hard sets and pass@k), {noise}")
    for one in values["sets"]:
        found += ["", *_set_lines(one, values["outcome"])]
    known = {name: mean for name, mean in values["mean_regret"].items() if mean is not None}
    if known:
        found += ["", f"mean regret in {values['outcome']} over {len(values['sets'])} sets"]
        found += [f"  {name:24} {mean:6.2f}" for name, mean in known.items()]
    return found


def _set_lines(one: Mapping[str, Any], outcome: str | None) -> list[str]:
    apart = "" if one["verdict"] == one["verdict_without_rl"] else f" (without RL columns {one['verdict_without_rl']})"
    found = [f"{one['set']}: {one['verdict']}{apart}: {'; '.join(one['reasons'])}"]
    if one["limit"]:
        found.append(
            f"  limited by {'data' if one['limit'] == 'data' else 'rows or model, not steps'}: {one['limit_reason']}"
        )
    found += [f"  needs: {one['needs']}"] if one["needs"] else []
    found += [f"  note: {one['note']}"] if one["note"] else []
    for each in one["checkpoints"]:
        other = "" if each["verdict"] == each["verdict_without_rl"] else f" [without RL {each['verdict_without_rl']}]"
        found.append(
            f"  {each['checkpoint']:>8} {each['verdict']:9}{other} keep {each['chosen']}: {each['reasons'][0]}"
        )
    for tag, choice in one["choice"].items():
        ties = f"tied: {', '.join(choice['ties'])}" if len(choice["ties"]) > 1 else "no ties"
        found.append(f"  chosen {tag}: {choice['checkpoint']} ({ties}){_cost(choice['regret'], outcome)}")
        if choice["collapsed_in_rl"]:
            found.append("    its RL run collapsed later")
    for rule, pick in one["rules"].items():
        found.append(f"  rule {rule}: {pick['checkpoint']}{_cost(pick['regret'], outcome)}")
    if one["collapsed"]:
        found.append(f"  collapsed in RL (known only afterwards): {', '.join(one['collapsed'])}")
    return found


def _cost(regret: float | None, outcome: str | None) -> str:
    return "" if regret is None else f", regret {regret:.2f} in {outcome}"
