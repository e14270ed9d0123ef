"""Measures of what was read from a file, and a fact: such a measure beside the number that is known.

Where our number is another one on purpose, `why` says so, and the number that must come out stands beside it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from buckets import Problem, last_boxed


@dataclass
class Read:
    """What came out of one file."""

    frame: pl.DataFrame | None = None
    problems: list[Problem] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    """First user turns of the items, or else of the records."""
    turns: int = 0
    odd: int = 0
    """Records that do not alternate."""

    def light(self) -> Read:
        """Without the records: what facts across files need."""
        asks = [one.turns[0] for one in self.problems]
        if self.frame is None:
            return Read(asks=asks)
        return Read(None, [], self.hashes, asks or firsts(self), total_turns(self), not_alternating(self))


Rows = list[dict[str, Any]]
Measure = Callable[[Read], int]


@dataclass(frozen=True)
class Fact:
    """`ours` is the number that must come out, where it is not the README's; `why` then says why."""

    says: str
    expected: int
    measure: Measure
    ours: int | None = None
    why: str = ""

    def of(self, file: str, read: Read) -> dict[str, Any]:
        return _outcome(file, self.says, self.expected, self.measure(read), self.ours, self.why)


@dataclass(frozen=True)
class Across:
    """A fact about several files."""

    says: str
    expected: int
    files: tuple[str, ...]
    measure: Callable[..., int]
    ours: int | None = None
    why: str = ""

    def across(self, kept: Mapping[str, Read]) -> dict[str, Any]:
        found = self.measure(*(kept[file] for file in self.files))
        return _outcome(" and ".join(self.files), self.says, self.expected, found, self.ours, self.why)


def _outcome(file: str, says: str, expected: int, found: int, ours: int | None, why: str) -> dict[str, Any]:
    holds = found == (expected if ours is None else ours)
    return {"file": file, "says": says, "expected": expected, "found": found, "holds": holds, "why": why}


def turns(read: Read) -> Rows:
    """All messages of all records, in order."""
    assert read.frame is not None
    return [turn for talk in read.frame["messages"].to_list() for turn in talk]


def talks(read: Read) -> list[Rows]:
    assert read.frame is not None
    return read.frame["messages"].to_list()


def meta(read: Read) -> Rows:
    assert read.frame is not None
    return [json.loads(each) if each else {} for each in read.frame["meta"].to_list()]


def firsts(read: Read) -> list[str]:
    """The first user turn of each record."""
    return [next((turn["content"] for turn in talk if turn["role"] == "user"), "") for talk in talks(read)]


def answers(read: Read) -> list[str]:
    """The last assistant turn of each record."""
    return [next((t["content"] for t in reversed(talk) if t["role"] == "assistant"), "") for talk in talks(read)]


def empty_answers(read: Read) -> int:
    return sum(not answer.strip() for answer in answers(read))


def empty_turns(read: Read) -> int:
    return sum(not turn["content"].strip() for turn in turns(read))


def not_alternating(read: Read) -> int:
    """Records in which, without the system turn, user and assistant do not take turns from the user on."""
    count = 0
    for talk in talks(read):
        roles = [turn["role"] for turn in talk if turn["role"] != "system"]
        count += any(role != ("user", "assistant")[at % 2] for at, role in enumerate(roles)) or len(roles) % 2 == 1
    return count


def repeats(values: Callable[[Read], list[str]]) -> Measure:
    """Values that an earlier record has."""
    return lambda read: len(found := values(read)) - len(set(found))


def distinct(values: Callable[[Read], list[str]]) -> Measure:
    return lambda read: len(set(values(read)))


def records(read: Read) -> int:
    return len(read.hashes)


def having(column: str) -> Measure:
    """Records with a value in a column of the frame."""

    def count(read: Read) -> int:
        assert read.frame is not None
        return read.frame[column].drop_nulls().len()

    return count


def valued(column: str, value: str) -> Measure:
    def count(read: Read) -> int:
        assert read.frame is not None
        return read.frame.filter(pl.col(column) == value).height

    return count


def with_meta(key: str, *values: object) -> Measure:
    """Records with a key in meta, of one of the values where such are given."""
    return lambda read: sum(key in one and (not values or one[key] in values) for one in meta(read))


def matching(pattern: str) -> Measure:
    """Records whose answer a pattern finds."""
    return lambda read: sum(bool(re.search(pattern, answer)) for answer in answers(read))


def total_turns(read: Read) -> int:
    return sum(map(len, talks(read)))


def calls(read: Read) -> int:
    """Tool calls whose arguments parse."""
    return sum(
        isinstance(json.loads(call["function"]["arguments"]), dict)
        for turn in turns(read)
        if turn["tool_calls"]
        for call in json.loads(turn["tool_calls"])
    )


def tool_turns(read: Read) -> int:
    return sum(turn["role"] == "tool" for turn in turns(read))


def silent_calls(read: Read) -> int:
    """Assistant turns that say nothing."""
    return sum(turn["role"] == "assistant" and not turn["content"] for turn in turns(read))


def no_tools(read: Read) -> int:
    assert read.frame is not None
    return read.frame["tools"].null_count()


def calculations(read: Read) -> int:
    return sum(one.get("calculator_annotations_removed", 0) for one in meta(read))


def items(read: Read) -> int:
    return len(read.problems)


def items_in(word: str) -> Measure:
    """Items whose id holds a word."""
    return lambda read: sum(word in one.id for one in read.problems)


def items_with(part: str) -> Measure:
    return lambda read: sum(bool(getattr(one, part)) for one in read.problems)


def right_pairs(read: Read) -> int:
    """Records whose answer is the value of the asked key in the list of pairs."""
    right = 0
    for ask, answer in zip(firsts(read), answers(read), strict=True):
        _, pairs, key = ask.split("\n\n")
        right += dict(json.loads(pairs)).get(key.removeprefix("Key: ")) == answer
    return right


def other_gold(read: Read) -> int:
    """Records whose gold is not what the answer boxes last."""
    assert read.frame is not None
    golds = read.frame["reference"].to_list()
    return sum(last_boxed(answer) != gold for answer, gold in zip(answers(read), golds, strict=True))


def system_prompts(read: Read) -> int:
    """Different system prompts, as they stood in the rows."""
    return len({one["tool_prompt"] for one in meta(read)})


def suffixed(read: Read) -> int:
    return sum("\n\nPlease reason step by step" in ask for ask in firsts(read))


def graded(draft: str, valid: str) -> Measure:
    """Instances of one draft of JSON Schema with a flag."""

    def count(read: Read) -> int:
        assert read.frame is not None
        files = read.frame["origin"].struct.field("file")
        return read.frame.filter(files.str.contains(f"::tests/{draft}/") & (pl.col("reference") == valid)).height

    return count


def agreeing(member: str, label: str) -> Measure:
    """Rows of a member of an archive whose label is the one that people gave."""

    def count(read: Read) -> int:
        return sum(one["final_label"] == one[label] for one in _of_member(read, member))

    return count


def strange_labels(read: Read) -> int:
    known = {"1_full_compliance", "2_full_refusal", "3_partial_refusal"}
    return sum(one["gpt4_label"] not in known for one in _of_member(read, "mistralinstruct_gpteval"))


def _of_member(read: Read, member: str) -> Rows:
    assert read.frame is not None
    files = read.frame["origin"].struct.field("file").to_list()
    return [one for one, file in zip(meta(read), files, strict=True) if member in file]


def documents(read: Read) -> int:
    """Raw rows that gave records."""
    assert read.frame is not None
    return read.frame["origin"].n_unique()


def tasks(read: Read) -> int:
    """Tasks that were tried four times."""
    return sum(count == 4 for count in Counter(one["task_id"] for one in meta(read)).values())


def same(left: Read, right: Read) -> int:
    """Records of the first file that the second has."""
    known = set(right.hashes)
    return sum(mark in known for mark in left.hashes)


def in_order(left: Read, right: Read) -> int:
    return sum(one == other for one, other in zip(left.hashes, right.hashes, strict=True))


def asked_too(left: Read, right: Read) -> int:
    """Questions of the first file that the second asks, word for word."""
    known = set(right.asks)
    return sum(ask in known for ask in left.asks)
