"""Pairs that a careful person keeps both of: tool calls, code, talks of several turns, Chinese."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from benchmarks.traps.chinese import CHINESE_CITIES, CHINESE_FACTS, CHINESE_NAMES
from benchmarks.traps.rows import Pair, Row, chinese_prose, conversation, module, talk
from benchmarks.traps.subjects import CITIES, NAMES, PLACES, SUBJECTS
from benchmarks.traps.toolbox import call, declared, request, some_tools

_SYSTEM = (
    "You are the assistant of {name} at the {place} in {city}. You may call the functions below. Call one only when it "
    "is needed, fill in every required argument from the words of the user, never invent a value, and if something is "
    "missing, ask for it. Tools: {tools}"
)


def tool_row(rng: random.Random, names: list[str], name: str, system: str) -> Row:
    """One request answered by one call, with the tools declared both in the system prompt and in `tools`."""
    asked, arguments = request(rng, name)
    turns = talk(asked, "", system=system).messages
    answer = {**turns[-1], "tool_calls": call(name, arguments)}
    return Row((*turns[:-1], answer), tools=json.dumps(declared(names)))


def tool_system(rng: random.Random, names: list[str]) -> str:
    words = {"name": rng.choice(NAMES), "place": rng.choice(PLACES), "city": rng.choice(CITIES)}
    return _SYSTEM.format(tools=json.dumps(declared(names)), **words)


def tools_shared(rng: random.Random) -> Pair:
    """Another request over the same long tool list and system prompt calls another tool: almost all letters agree."""
    names = some_tools(rng, 9)
    system = tool_system(rng, names)
    left, right = rng.sample(names, 2)
    return tool_row(rng, names, left, system), tool_row(rng, names, right, system)


def tool_arguments_changed(rng: random.Random) -> Pair:
    """The same tool asked for with other arguments: filling arguments is the very skill that such rows train."""
    names = some_tools(rng, 7)
    system = tool_system(rng, names)
    left, right = (tool_row(rng, names, names[0], system) for _ in range(2))
    while right.messages == left.messages:
        right = tool_row(rng, names, names[0], system)
    return left, right


def operator_changed(rng: random.Random) -> Pair:
    """< against <=, + against -: one of the two programs is wrong, or solves another task; a verifier must choose."""
    task = module(rng)
    return task.row(), task.row(other=rng.randrange(len(task.parts)))


def other_programming_language(rng: random.Random) -> Pair:
    """The same task in Python and in JavaScript: both languages are to be learned."""
    task = module(rng, size=2)
    return task.row("Python"), task.row("JavaScript")


def code_task_changed(rng: random.Random) -> Pair:
    """Two of three functions agree, the third is another one: another task, with another program."""
    task = module(rng)
    other = module(rng)
    while other.parts[0][0] in [at for at, _ in task.parts]:
        other = module(rng)
    return task.row(), replace(task, parts=(*task.parts[:2], other.parts[0])).row()


def other_last_turn(rng: random.Random) -> Pair:
    """The same talk with another last question: the last answer is what is trained, the history is its context."""
    row = conversation(rng, turns=4)
    topic = rng.choice([name for name in sorted(SUBJECTS) if name not in str(row.messages)])
    other = row.with_turn(len(row.messages) - 2, f"Good. Last thing: {topic}?")
    return row, other.answered(" ".join(rng.sample(SUBJECTS[topic], 3)))


def chinese_other_city(rng: random.Random) -> Pair:
    """The same Chinese question about another city: another fact, though one word of the sentence changed."""
    asked, said = rng.choice(CHINESE_FACTS)
    left, right = rng.sample(CHINESE_CITIES, 2)
    name = rng.choice(CHINESE_NAMES)
    rows = [talk(f"{name}想问：{asked.format(city)}", said.format(city)) for city in (left, right)]
    return rows[0], rows[1]


def chinese_numbers_changed(rng: random.Random) -> Pair:
    """A Chinese word problem with other numbers: another calculation and another answer."""
    city, name = rng.choice(CHINESE_CITIES), rng.choice(CHINESE_NAMES)
    asked = f"{city}的一家店里，{name}上午卖出{{a}}本书，下午又卖出{{b}}本书，一天一共卖出多少本书？"
    said = "上午{a}本，下午{b}本，合起来是{a}+{b}={total}本。答案是{total}。"
    a, b, c, d = rng.sample(range(112, 971), 4)
    left, right = ({"a": x, "b": y, "total": x + y} for x, y in ((a, b), (c, d)))
    return talk(asked.format(**left), said.format(**left)), talk(asked.format(**right), said.format(**right))


def chinese_opposite(rng: random.Random) -> Pair:
    """One 不 in a Chinese request turns it round: the answer argues for the other side."""
    row = chinese_prose(rng)
    name = rng.choice(CHINESE_NAMES)
    asked = f"{row.answer}\n\n根据上面的内容，用一句话说明{name}为什么{{}}应该照着做。"
    yes, no = f"{name}应该照着做，这些建议都很实用。", f"{name}情况特殊，照着做反而会添麻烦。"
    return talk(asked.format(""), yes), talk(asked.format("不"), no)
