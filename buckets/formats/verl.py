"""Rows of RL with verifiable rewards (verl and its kin): a prompt, the ground truth of its reward, and a worked answer.

The prompt is what the model was asked, a fixed suffix included; the answer to train is `extra_info.answer`. A row
without one has nothing to train and is RowError("no_answer"): such a set is for RL, and says so.
"""

from __future__ import annotations

from typing import Any

from buckets.errors import RowError
from buckets.formats.fields import compact, leftovers
from buckets.formats.format import Format, Row
from buckets.formats.thought import answered
from buckets.formats.turns import is_turns, read_turns
from buckets.record import Draft


def sniff(row: Row) -> str | None:
    good = is_turns(row.get("prompt")) and isinstance(_truth(row), str | int | float)
    return "prompt is a list of turns with a reward_model.ground_truth" if good else None


def _truth(row: Row) -> object:
    reward = row.get("reward_model")
    return reward.get("ground_truth") if isinstance(reward, dict) else None


def read(row: Row) -> Draft:
    if not is_turns(row.get("prompt")) or not isinstance(row.get("reward_model"), dict):
        raise RowError("unexpected_keys", f"no prompt of turns with a reward_model among {sorted(row)[:20]}")
    extra = row.get("extra_info")
    answer = extra.get("answer") if isinstance(extra, dict) else None
    if not isinstance(answer, str) or not answer.strip():
        raise RowError("no_answer", "extra_info holds no worked answer: the row is for RL, not for SFT")
    prompt = read_turns(row["prompt"])
    truth = _truth(row)
    gold = truth.strip() or None if isinstance(truth, str) else None if truth is None else compact(truth)
    rest: dict[str, Any] = {key: value for key, value in extra.items() if key != "answer"} if extra else {}
    reward = {key: value for key, value in row["reward_model"].items() if key != "ground_truth"}
    meta = leftovers(row, ("prompt", "reward_model", "extra_info"), turns=prompt.extra)
    beside = {"extra_info": rest, "reward_model": reward}
    meta |= {key: value for key, value in beside.items() if value}
    return Draft((*prompt.messages, answered(answer)), reference=gold, meta=meta)


VERL = Format("verl", "prompt turns, reward_model.ground_truth, extra_info.answer", sniff, read)
