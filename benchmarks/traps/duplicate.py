"""Pairs of which a careful person drops one: the letters differ, what a model would learn does not. Whole rows."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from dataclasses import replace

from benchmarks.traps.distinct_forms import tool_row, tool_system
from benchmarks.traps.rows import Pair, Row, chinese_prose, conversation, module, prose, talk
from benchmarks.traps.subjects import CITIES, NAMES, PLACES, SUBJECTS, SYNONYMS
from benchmarks.traps.toolbox import some_tools


def exact_copy(rng: random.Random) -> Pair:
    """The same talk read from two files, one of which also held the gold answer: nothing new in the second."""
    row = rng.choice((prose, conversation))(rng)
    return row, replace(row, reference=row.answer.split(". ")[0])


def exact_short(rng: random.Random) -> Pair:
    """The same question of a few words with the same one-word answer, from two files."""
    topic, name, city = rng.choice(sorted(SUBJECTS)), rng.choice(NAMES), rng.choice(CITIES)
    asked = rng.choice(("Does {n} of {c} like {t}?", "Is {t} taught in {c}, {n}?", "{n}, {c}: {t}, yes or no?"))
    row = talk(asked.format(n=name, c=city, t=topic), rng.choice(("Yes", "No", "Maybe")))
    return row, replace(row)


def case_space_punctuation(rng: random.Random) -> Pair:
    """Capitals, blanks and full stops were cleaned in one copy: it is the same example."""
    row = prose(rng, size=6)
    other = row.with_turn(0, row.prompt.rstrip(".?").lower() + "  ")
    return row, other.answered(row.answer.replace(". ", ".  ").replace(";", ",").rstrip(".") + "!")


def case_short(rng: random.Random) -> Pair:
    """A short question typed without capitals and question mark, and the answer with or without its full stop."""
    topic, name, city = rng.choice(sorted(SUBJECTS)), rng.choice(NAMES), rng.choice(CITIES)
    asked = f"Who taught {topic} in {city} last year?"
    return talk(asked, f"{name} did."), talk(asked.rstrip("?").lower(), f"{name} did")


def politeness_frame(rng: random.Random) -> Pair:
    """Please and thanks round a long request change its tone and neither its task nor its answer."""
    row = prose(rng)
    longer = row.with_turn(0, f"{row.prompt} Use these notes:\n{row.answer}")
    before, after = rng.choice(
        (("Hello! Could you please help me? ", " Thank you very much!"), ("Please: ", ""), ("", " Thanks in advance."))
    )
    return longer, longer.with_turn(0, f"{before}{longer.prompt}{after}")


def markdown_changed(rng: random.Random) -> Pair:
    """Bold marks, bullets and blank ends of lines came from another exporter: same words, same order."""
    row = prose(rng)
    lines = row.answer.split("\n\n")
    dressed = [lines[0], *(f"* {line}  " for line in lines[1:])]
    topic = next(name for name in sorted(SUBJECTS) if name in row.prompt)
    return row, row.with_turn(0, row.prompt.replace(topic, f"**{topic}**", 1) + "\n").answered(
        "\n".join(dressed) + "\n"
    )


def words_edited(rng: random.Random) -> Pair:
    """An editor swapped up to three words for synonyms in an answer of about a hundred words."""
    row = prose(rng, size=12)
    return row, row.answered(_edited(rng, row.answer, 3))


def _edited(rng: random.Random, text: str, most: int) -> str:
    found = [word for word in SYNONYMS if re.search(rf"\b{word}\b", text)]
    if not found:
        return text.replace(". ", ", as you know. ", 1)
    for word in rng.sample(found, min(most, len(found))):
        text = re.sub(rf"\b{word}\b", SYNONYMS[word], text, count=1)
    return text


def typographic_quotes(rng: random.Random) -> Pair:
    """Straight quotes and hyphens became curly ones on the way through a word processor."""
    row = prose(rng)
    name, topic = rng.choice(NAMES), rng.choice(sorted(SUBJECTS))
    said = f"{row.answer}\n\n{name}'s motto is \"it's never too late for {topic}\" - and that isn't a joke."
    curly = re.sub(r'"([^"]*)"', "“\\1”", said).replace("'", "’").replace(" - ", " – ")
    return row.answered(said), row.answered(curly)


def sentence_appended(rng: random.Random) -> Pair:
    """A closing line was added to, or cut from, a long answer: the rest is word for word the same."""
    row = prose(rng, size=12)
    more = rng.choice(("I hope this helps!", "Let me know if you have any questions.", "Good luck with everything."))
    return row, row.answered(f"{row.answer} {more}")


def answer_cut(rng: random.Random) -> Pair:
    """One copy lost the last sentence of a long answer (an old length limit): only one of the two is needed."""
    row = prose(rng, size=15)
    return row, row.answered(row.answer[: row.answer.rstrip(".").rindex(". ") + 1])


def unicode_form(rng: random.Random) -> Pair:
    """Composed and decomposed accents look the same and mean the same; the bytes differ with the operating system."""
    row = prose(rng)
    name, city = rng.choice(("José", "Leïla", "Søren", "Zoë", "Björn")), rng.choice(("Malmö", "Córdoba", "Zürich"))
    said = f"{row.answer}\n\nNaïve as it may sound, {name} from {city} met the café's garçon again in Bogotá."
    row = row.answered(said)
    return row, row.with_turn(0, unicodedata.normalize("NFD", row.prompt)).answered(unicodedata.normalize("NFD", said))


_SYSTEMS = (
    "You are a helpful assistant.",
    "You are a friendly and honest assistant. Answer the user as well as you can.",
    "A chat between a curious user and an artificial intelligence assistant.",
    "Below is a talk with an assistant that gives complete answers in plain language.",
)


def other_system_prompt(rng: random.Random) -> Pair:
    """The same talk under another stock system line, which asks for nothing that the answer shows."""
    row = rng.choice((prose, conversation))(rng)
    contents = [turn["content"] for turn in row.messages]
    left, right = rng.sample(_SYSTEMS, 2)
    return talk(*contents, system=left), talk(*contents, system=rng.choice((right, None)))


def tools_reordered(rng: random.Random) -> Pair:
    """The same call for the same request; only the list of declared tools came in another order."""
    names = some_tools(rng, 6)
    system = f"You work at the {rng.choice(PLACES)} in {rng.choice(CITIES)} and may call functions."
    row = tool_row(rng, names, names[0], system)
    tools = json.loads(row.tools or "[]")
    return row, replace(row, tools=json.dumps(tools[1:] + tools[:1]))


def json_keys_reordered(rng: random.Random) -> Pair:
    """The arguments of the call stand in another order and spacing: JSON objects have no order."""
    names = some_tools(rng, 6)
    row = tool_row(rng, names, names[0], tool_system(rng, names))
    calls = json.loads(row.messages[-1]["tool_calls"])
    given = json.loads(calls[0]["function"]["arguments"])
    turned = json.dumps(dict(reversed(given.items())), ensure_ascii=False, separators=(",", ":"))
    calls[0] = {"function": {"arguments": turned, "name": names[0]}, "id": calls[0]["id"], "type": "function"}
    last = {**row.messages[-1], "tool_calls": json.dumps(calls)}
    return row, replace(row, messages=(*row.messages[:-1], last))


def talk_edited(rng: random.Random) -> Pair:
    """A talk of five questions with two words swapped in one of its answers."""
    row = conversation(rng, turns=5)
    at = 2 * rng.randrange(5) + 1
    return row, row.with_turn(at, _edited(rng, row.messages[at]["content"], 2))


def chinese_punctuation(rng: random.Random) -> Pair:
    """Full-width and half-width punctuation, and a blank more or less: the same Chinese text."""
    row = chinese_prose(rng)
    half = str.maketrans("，。：；！？", ",.:;!?")
    return row, row.with_turn(0, row.prompt.translate(half)).answered(row.answer.translate(half).replace("\n\n", "\n"))


def chinese_edited(rng: random.Random) -> Pair:
    """A closing courtesy was added to a long Chinese answer, and the rest left as it was."""
    row = chinese_prose(rng)
    return row, row.answered(row.answer + rng.choice(("希望对你有帮助。", "祝大家顺利！", "谢谢阅读。")))


def code_reformatted(rng: random.Random) -> Pair:
    """A formatter changed blank lines and the fence of a code answer; the program is the same to the last token."""
    row: Row = module(rng).row()
    body = row.answer.removeprefix("```python\n").removesuffix("\n```")
    return row, row.answered("```\n" + body.replace("\n\n", "\n\n\n").replace("    ", "\t") + "\n```\n")


def code_comment_added(rng: random.Random) -> Pair:
    """One comment line and one closing remark were added to the same program."""
    task = module(rng)
    row = task.row()
    comment = f"# Written for the {task.place} in {task.city}.\n"
    return row, row.answered(row.answer.replace("```python\n", f"```python\n{comment}") + "\n\nHope this helps!")
