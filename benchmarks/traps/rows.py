"""Rows of the trap set, and the prose, talks and code that fill them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from benchmarks.traps.chinese import CHINESE, CHINESE_CITIES, CHINESE_FORMS, CHINESE_NAMES
from benchmarks.traps.snippets import NOUNS, SNIPPETS
from benchmarks.traps.subjects import CITIES, NAMES, PLACES, SUBJECTS

Turn = dict[str, str]
"""role, content and, for a call, tool_calls (JSON string)."""


@dataclass(frozen=True)
class Row:
    """One training example in canonical form."""

    messages: tuple[Turn, ...]
    tools: str | None = None
    reference: str | None = None

    def with_turn(self, at: int, content: str) -> Row:
        """A copy whose turn `at` says something else."""
        turns = list(self.messages)
        turns[at] = {**turns[at], "content": content}
        return replace(self, messages=tuple(turns))

    def answered(self, content: str) -> Row:
        return self.with_turn(len(self.messages) - 1, content)

    @property
    def prompt(self) -> str:
        return next(turn["content"] for turn in self.messages if turn["role"] == "user")

    @property
    def answer(self) -> str:
        return self.messages[-1]["content"]


Pair = tuple[Row, Row]


def talk(*contents: str, system: str | None = None) -> Row:
    """User and assistant turns by turns, user first; `system` before them."""
    roles = ("user", "assistant")
    turns = [{"role": roles[at % 2], "content": content} for at, content in enumerate(contents)]
    head = [{"role": "system", "content": system}] if system is not None else []
    return Row(tuple(head + turns))


_FORMS = (
    "Write this week's newsletter of the {place} in {city} for {name}: {topics}.",
    "{name} from {city} gives an evening course at the {place}. Draft the handout about {topics}.",
    "Prepare notes for a radio talk in {city}. The guest is {name}, the host works at a {place}, topics are {topics}.",
    "I run a {place} near {city} and {name} asked me for advice on {topics}. What should I reply?",
    "Turn what we know about {topics} into a leaflet for the {place} in {city}; {name} will print it.",
    "My friend {name} moves to {city} to work in a {place}. Collect tips on {topics} in plain English.",
    "Summarise yesterday's meeting at the {place} ({city}), where {name} spoke about {topics}.",
    "Help {name}, who keeps a {place} in {city}, with a quiz about {topics}: give the background first.",
)
_OPENINGS = (
    "Here is a draft that {name} can use at the {place} in {city}.",
    "Dear {name}, thank you for writing from {city}; the {place} must be a busy one.",
    "Welcome to the {place}! Readers in {city} asked for these notes, and {name} put them in order.",
    "The {place} in {city} keeps things simple, so this text for {name} does too.",
)


def prose(rng: random.Random, size: int = 9) -> Row:
    """A request that names three subjects, and an answer of `size` sentences about them in three paragraphs."""
    topics = rng.sample(sorted(SUBJECTS), 3)
    words = {"name": rng.choice(NAMES), "city": rng.choice(CITIES), "place": rng.choice(PLACES)}
    prompt = rng.choice(_FORMS).format(topics=f"{topics[0]}, {topics[1]} and {topics[2]}", **words)
    parts = [" ".join(rng.sample(SUBJECTS[topic], size // 3)) for topic in topics]
    return talk(prompt, "\n\n".join([rng.choice(_OPENINGS).format(**words), *parts]))


def chinese_prose(rng: random.Random) -> Row:
    """The same in Chinese: three subjects, three sentences each."""
    topics = rng.sample(sorted(CHINESE), 3)
    city, name, form = rng.choice(CHINESE_CITIES), rng.choice(CHINESE_NAMES), rng.choice(CHINESE_FORMS)
    prompt = f"请替{city}的{name}写{form}，内容包括{topics[0]}、{topics[1]}和{topics[2]}。"
    parts = ["".join(rng.sample(CHINESE[topic], 3)) for topic in topics]
    return talk(prompt, "\n\n".join([f"{city}的朋友们好，我是{name}。", *parts]))


def conversation(rng: random.Random, turns: int = 3) -> Row:
    """A talk of `turns` questions, each about another subject, with two or three sentences of answer."""
    topics = rng.sample(sorted(SUBJECTS), turns)
    name, city = rng.choice(NAMES), rng.choice(CITIES)
    asked = [f"Hi, {name} from {city} here. What should I know about {topics[0]}?"]
    asked += [f"Thanks! And {topic}, since you ask me in {city}?" for topic in topics[1:]]
    said = [" ".join(rng.sample(SUBJECTS[topic], 3)) for topic in topics]
    return talk(*(text for both in zip(asked, said, strict=True) for text in both))


@dataclass(frozen=True)
class Module:
    """A code task: `parts` are (snippet number, noun), and the operators are the snippets' first ones."""

    parts: tuple[tuple[int, str], ...]
    place: str
    city: str

    def prompt(self, language: str) -> str:
        tasks = "; ".join(SNIPPETS[at].task.format(noun=noun) for at, noun in self.parts)
        return f"For the {self.place} in {self.city}, write {language} functions that {tasks}."

    def code(self, language: str, other: int | None = None) -> str:
        """All functions; the one at place `other` with its second operator."""
        return "\n\n".join(self._function(language, place, place == other) for place in range(len(self.parts)))

    def _function(self, language: str, place: int, swapped: bool) -> str:
        at, noun = self.parts[place]
        snippet = SNIPPETS[at]
        source = snippet.python if language == "Python" else snippet.script
        return source.format(noun=noun, op=snippet.second if swapped else snippet.first)

    def row(self, language: str = "Python", other: int | None = None) -> Row:
        return talk(self.prompt(language), f"```{language.lower()}\n{self.code(language, other)}\n```")


def module(rng: random.Random, size: int = 3) -> Module:
    parts = zip(rng.sample(range(len(SNIPPETS)), size), rng.sample(NOUNS, size), strict=True)
    return Module(tuple(parts), rng.choice(PLACES), rng.choice(CITIES))
