"""Eight ways in which an eval item may stand in a training row, made from the item and a seed.

The paraphrase is a rule-based one of ours: everyday synonyms, an opening exchanged, clauses of an "if" turned round. It
is milder than what a language model writes, so its recall is an upper bound for paraphrases. Numbers are changed in
digits only.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from buckets import Draft, Message, Problem, dumps
from curate.contamination.code import parse
from curate.contamination.rename import new_names, renamed
from curate.contamination.synonyms import OPENINGS, SYNONYMS

Made = Draft | None
"""A training row; None where the transform does not apply to the item."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PREFIXES = (
    "Answer the following question:\n",
    "Please solve the problem below.\n\n",
    "You are a helpful assistant. Here is the task:\n\n",
)
_SUFFIXES = ("\n\nLet's think step by step.", "\nGive the final answer only.", "\n\nExplain your reasoning briefly.")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])")


def prompt(problem: Problem, options: list[str] | None = None) -> list[str]:
    """The turns as a user would send them: options, where there are any, as lines (A), (B) ..."""
    listed = list(problem.options) if options is None else options
    lines = "".join(f"\n({LETTERS[at % 26]}) {option}" for at, option in enumerate(listed))
    return [*problem.turns[:-1], problem.turns[-1] + lines]


def _row(problem: Problem, turns: list[str], code: str | None = None, calls: bool = True) -> Draft:
    """A talk of the turns; the last answer is the item's code, calls, gold or a phrase."""
    messages = []
    for at, turn in enumerate(turns):
        messages.append(Message("user", turn))
        if at < len(turns) - 1:
            messages.append(Message("assistant", "Done."))
    answer = f"```python\n{code}\n```" if code else problem.answer or "Here is what I would say."
    if problem.calls and calls:
        made = [
            {"id": f"c{at}", "type": "function", "function": {"name": call.name, "arguments": _arguments(call)}}
            for at, call in enumerate(problem.calls)
        ]
        return Draft((*messages, Message("assistant", "", tool_calls=dumps(made))))
    return Draft((*messages, Message("assistant", answer)))


def _arguments(call: object) -> str:
    import orjson

    pairs = ((key, values) for key, values in getattr(call, "arguments", ()) if values)
    return dumps({key: orjson.loads(values[0]) for key, values in pairs if values[0] != '""'})


def verbatim(problem: Problem, _: random.Random) -> Made:
    """The prompt as the user turn."""
    return _row(problem, prompt(problem), calls=False)


def wrapped(problem: Problem, rng: random.Random) -> Made:
    """An instruction before, another behind."""
    *before, last = prompt(problem)
    first = rng.choice(_PREFIXES) + (before[0] if before else last)
    if before:
        return _row(problem, [first, *before[1:], last + rng.choice(_SUFFIXES)], calls=False)
    return _row(problem, [first + rng.choice(_SUFFIXES)], calls=False)


def in_talk(problem: Problem, _: random.Random) -> Made:
    """In the middle of a talk about something else."""
    inner = _row(problem, prompt(problem), calls=False)
    before = (Message("system", "You are a kind tutor."), Message("user", "Hi! Are you free?"))
    after = (Message("user", "Thanks, that was clear."), Message("assistant", "You are welcome."))
    return Draft((*before, Message("assistant", "Yes, go ahead."), *inner.messages, *after))


def shuffled(problem: Problem, rng: random.Random) -> Made:
    """The options in another order."""
    options = list(problem.options)
    if len(set(options)) < 2:
        return None
    while options == list(problem.options):
        rng.shuffle(options)
    return _row(problem, prompt(problem, options), calls=False)


def renumbered(problem: Problem, rng: random.Random) -> Made:
    """Every number in digits exchanged for another of as many digits."""
    turns = list(problem.turns)
    changed = [_NUMBER.sub(lambda match: _other(match[0], rng), turn) for turn in turns]
    return None if changed == turns else Draft((Message("user", "\n".join(changed)), Message("assistant", "It is so.")))


def _other(number: str, rng: random.Random) -> str:
    while True:
        digits = "".join(rng.choice("123456789") if char.isdigit() else char for char in number)
        if digits != number:
            return digits


def identifiers(problem: Problem, _: random.Random) -> Made:
    """The question and the reference solution with all names of the program exchanged."""
    tree = parse(problem.code) if problem.code else None
    code = renamed(tree) if tree is not None else None
    if tree is None or code is None:
        return None
    names = new_names(parse(problem.code or "") or tree)
    return _row(problem, [re.sub(r"\b[A-Za-z_]\w+\b", lambda m: names.get(m[0], m[0]), t) for t in problem.turns], code)


def code_alone(problem: Problem, _: random.Random) -> Made:
    """The reference solution with other names, without its question: what the syntax tree alone can tell."""
    tree = parse(problem.code) if problem.code else None
    code = renamed(tree) if tree is not None else None
    return None if code is None else _row(problem, ["Show me some code."], code)


def paraphrased(problem: Problem, rng: random.Random) -> Made:
    """Synonyms, another opening, an "if" clause turned round; see `synonyms`."""
    turns = [reworded(turn, rng) for turn in problem.turns]
    return None if turns == list(problem.turns) else _row(problem, turns, calls=False)


def reworded(text: str, rng: random.Random) -> str:
    """A text with about three in four of the words we have a synonym for exchanged."""
    for opening, others in OPENINGS:
        if text.startswith(opening):
            text = rng.choice(others) + text[len(opening) :]
            break
    text = re.sub(r"\b(?:If|When) ([^,.?]{8,80}), ([^,.?]{8,120}\?)", _turned, text)

    def exchange(match: re.Match[str]) -> str:
        word = match[0]
        others = SYNONYMS.get(word.lower())
        if not others or rng.random() > 0.75:
            return word
        other = rng.choice(others)
        return other.capitalize() if word[0].isupper() else other

    return re.sub(r"[A-Za-z]+", exchange, text)


def _turned(match: re.Match[str]) -> str:
    asked = match[2].rstrip("?")
    return f"{asked[0].upper()}{asked[1:]} if {match[1]}?"


def typed(problem: Problem, rng: random.Random) -> Made:
    """Upper case, spaces doubled, lines joined, and the marks at the ends of sentences and words left out."""
    turns = []
    for turn in prompt(problem):
        text = re.sub(r"['’]", "", turn.upper() if rng.random() < 0.7 else turn.title())
        text = re.sub(r"[;!?\"“”]|,(?!\d{3})|\.(?!\d)", " ", text)
        turns.append(re.sub(r"\s+", lambda _: "  " if rng.random() < 0.5 else " ", text))
    return _row(problem, turns, calls=False)


TRANSFORMS: dict[str, Callable[[Problem, random.Random], Made]] = {
    "verbatim": verbatim,
    "prefix/suffix wrap": wrapped,
    "inside a talk": in_talk,
    "options shuffled": shuffled,
    "numbers changed": renumbered,
    "identifiers renamed": identifiers,
    "paraphrased": paraphrased,
    "case, space, punctuation": typed,
}
