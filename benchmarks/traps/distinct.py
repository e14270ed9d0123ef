"""Pairs that a careful person keeps both of: near in their letters, apart in what they teach. Text, one turn."""

from __future__ import annotations

import random

from benchmarks.traps.rows import Pair, prose, talk
from benchmarks.traps.subjects import CITIES, NAMES, PLACES, SUBJECTS
from benchmarks.traps.sums import REPLIES, SUMS, TRANSLATED


def numbers_changed(rng: random.Random) -> Pair:
    """The same word problem with other numbers has another answer: a model learns to calculate from such twins."""
    asked, solved = rng.choice(SUMS)
    words = {"name": rng.choice(NAMES), "city": rng.choice(CITIES), "place": rng.choice(PLACES)}
    numbers = rng.sample(range(12, 97), 4)
    rows = []
    for a, b in (numbers[:2], numbers[2:]):
        values = {"a": a, "b": b, "product": a * b, "total": a + b}
        rows.append(talk(asked.format(**words, **values), solved.format(**words, **values)))
    return rows[0], rows[1]


def negation_added(rng: random.Random) -> Pair:
    """One "not" turns the request round: the two answers say opposite things about the same long context."""
    row = prose(rng)
    topic = rng.choice(sorted(SUBJECTS))
    name = rng.choice(NAMES)
    asked = f"{row.answer}\n\nGiven these notes, explain in one line why {name} should {{}}start with {topic}."
    yes = f"{name} should start with {topic}, since it supports everything else in the notes."
    no = f"{name} should leave {topic} for later, because nothing else in the notes depends on it."
    return talk(asked.format(""), yes), talk(asked.format("not "), no)


def short_answers(rng: random.Random) -> Pair:
    """Two different questions whose whole answer is A, B, 42, Yes or No: the same label is no repeated example."""
    left, right = rng.sample(sorted(SUBJECTS), 2)
    name, city = rng.choice(NAMES), rng.choice(CITIES)
    forms = (
        "True or not: {name} in {city} should read about {topic} first? Yes or No.",
        "{name} of {city}: would you call {topic} (A) a craft or (B) a science?",
        "How many pages on {topic} did {name} print in {city}?",
    )
    form = rng.choice(forms)
    choices = ("42", "17", "8") if form.startswith("How") else ("A", "B") if "(A)" in form else ("Yes", "No")
    said = rng.choice(choices)
    return tuple(talk(form.format(topic=topic, name=name, city=city), said) for topic in (left, right))  # type: ignore[return-value]


def other_answer(rng: random.Random) -> Pair:
    """The same prompt answered in another way is a second sample: which one to keep is for a verifier to say."""
    row = prose(rng)
    other = rng.sample([s for topic in sorted(SUBJECTS) if topic in row.prompt for s in SUBJECTS[topic]], 6)
    return row, row.answered("In short: " + " ".join(other))


_REFUSALS = (
    "I'm sorry, but I can't help with that. It could put people in danger and may be against the law. "
    "If you are in difficulty, please talk to someone you trust or to a local support service.",
    "I can't assist with this request, as it may cause serious harm to you or to others. "
    "I'd be glad to help with a safer question on the same subject instead.",
)
_HARMS = (
    "break the lock of a {}",
    "poison the food in a {}",
    "sell stolen goods through a {}",
    "blackmail the owner of a {}",
    "set fire to a {}",
    "spy on the people who work in a {}",
)


def same_refusal(rng: random.Random) -> Pair:
    """One stock refusal to two different requests: each teaches that another thing is refused."""
    said = rng.choice(_REFUSALS)
    left, right = rng.sample([(harm, place) for harm in _HARMS for place in PLACES], 2)
    city, name = rng.choice(CITIES), rng.choice(NAMES)
    asked = [f"Tell me how to {harm.format(place)} in {city} before {name} notices." for harm, place in (left, right)]
    return talk(asked[0], said), talk(asked[1], said)


def template_prompt(rng: random.Random) -> Pair:
    """One long instruction with another text in its slot: the slot is the example, the template is not."""
    left, right = rng.sample([(s, topic) for topic, all_ in SUBJECTS.items() for s in all_], 2)
    place, city, name = rng.choice(PLACES), rng.choice(CITIES), rng.choice(NAMES)
    asked = (
        f"You sort short texts for the {place} in {city}. Read the text between the lines, decide which one subject it "
        f"belongs to, and answer with the subject alone, in lower case, without a full stop and without any "
        f"explanation. {name} will check your answer by hand, so do not guess.\n---\n{{}}\n---"
    )
    return talk(asked.format(left[0]), left[1]), talk(asked.format(right[0]), right[1])


def translation(rng: random.Random) -> Pair:
    """The same request in two languages: a multilingual model is trained on both on purpose."""
    languages = rng.sample(range(4), 2)
    asked, city, name = rng.choice(TRANSLATED), rng.choice(CITIES), rng.choice(NAMES)
    left, right = (talk(f"{asked[k].format(c=city)} ({name})", REPLIES[k].format(c=city)) for k in languages)
    return left, right


def arguments_swapped(rng: random.Random) -> Pair:
    """Which is larger, 9.11 or 9.9, and the same the other way round: distinct.

    The swap moves the right answer to the other place; people add it on purpose against position bias, and for minus
    or divided by it changes the result.
    """
    a, b = f"{rng.randint(2, 99)}.{rng.randint(2, 9)}", f"{rng.randint(2, 99)}.{rng.randint(11, 99)}"
    name, city = rng.choice(NAMES), rng.choice(CITIES)
    if rng.random() < 0.5:
        asked = f"{name} in {city} wonders which number is larger, {{}} or {{}}?"
        said = ["The first one.", "The second one."] if float(a) > float(b) else ["The second one.", "The first one."]
    else:
        asked = f"{name} in {city} asks: how much is {{}} minus {{}}?"
        gap = round(float(a) - float(b), 2)
        said = [f"It is {gap}.", f"It is {-gap}."]
    return talk(asked.format(a, b), said[0]), talk(asked.format(b, a), said[1])


def other_entity(rng: random.Random) -> Pair:
    """The same question about another city: other facts, or at least another thing to know about."""
    left, right = rng.sample(CITIES, 2)
    topic, name = rng.choice(sorted(SUBJECTS)), rng.choice(NAMES)
    asked = f"{name} plans a long weekend. Who can teach {topic} to a complete beginner in {{}}, and what does it cost?"
    said = "In {} the adult education centre runs a course; the current price is on its notice board."
    return talk(asked.format(left), said.format(left)), talk(asked.format(right), said.format(right))


def other_format_asked(rng: random.Random) -> Pair:
    """The same content asked as a list and as JSON: the second teaches another output format."""
    row = prose(rng, size=6)
    lines = row.answer.split("\n\n")[1:]
    listed = "\n".join(f"- {line}" for line in lines)
    braces = "{" + ", ".join(f'"part_{k}": "{line}"' for k, line in enumerate(lines, 1)) + "}"
    return talk(f"{row.prompt} Answer as a list.", listed), talk(f"{row.prompt} Answer as JSON.", braces)


def shared_document(rng: random.Random) -> Pair:
    """One long document, two questions: reading comprehension sets are made of such rows."""
    row = prose(rng, size=12)
    inside = [topic for topic in sorted(SUBJECTS) if topic in row.prompt]
    left, right = rng.sample(inside, 2)
    found = [next(s for s in SUBJECTS[topic] if s in row.answer) for topic in (left, right)]
    asked = "Text:\n{}\n\nWhich sentence of the text deals with {}?"
    return talk(asked.format(row.answer, left), found[0]), talk(asked.format(row.answer, right), found[1])


def opposite_word(rng: random.Random) -> Pair:
    """At least and at most, before and after, first and last: one word, another task and another answer."""
    cities = rng.sample(CITIES, 12)
    asked = f"{rng.choice(NAMES)} hands you this list of cities for the {rng.choice(PLACES)}: {', '.join(cities)}."
    left, right, task = rng.choice(
        (
            ("at least", "at most", "Keep only the ones that have {} six letters, in the same order."),
            ("before", "after", "Keep only the ones that come {} the letter L in the alphabet, in the same order."),
            ("first", "last", "Sort all of them by their {} letter and leave out nothing, please."),
        )
    )
    return tuple(talk(f"{asked} {task.format(word)}", _listed(cities, word)) for word in (left, right))  # type: ignore[return-value]


def _listed(cities: list[str], word: str) -> str:
    keep = {
        "at least": [city for city in cities if len(city) >= 6],
        "at most": [city for city in cities if len(city) <= 6],
        "before": [city for city in cities if city[0] < "L"],
        "after": [city for city in cities if city[0] > "L"],
        "first": sorted(cities, key=lambda city: city[0]),
        "last": sorted(cities, key=lambda city: city[-1].lower()),
    }
    return ", ".join(keep[word]) + "."
