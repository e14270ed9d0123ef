"""Why a token is in TRL's loss and not in ours; decided from renderings, not from the code that makes our masks.

A token that fits no reason stays "unexplained", and the comparison fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ablation.mask import Encoded
from benchmarks.masks.talks import Talk
from buckets import Message
from verifiers import Template, chat_of, json_list

REASONS = {
    "white space behind the end": "TRL trains the newline that the template writes behind the end of turn; generation "
    "has stopped before it, so we do not.",
    "generation prompt": "TRL's marks begin inside what the generation prompt already holds (a newline, the header, an "
    "opened <think>, the end of the tool outputs); the model never writes it, so we do not train it.",
    "rewritten turn": "The template shows this turn otherwise than when it was the last (reasoning dropped, another "
    "end mark); the model never writes it so. Trained with `rewritten: trained`.",
}


def differences(row: Encoded, mask: list[int], talk: Talk, template: Template) -> Counter[str]:
    """Tokens by reason; positions of `mask` and of the row are the same."""
    chat, tools = chat_of(talk.messages), json_list("tools", talk.tools)
    turns = _turns(row.text, talk.messages)
    parts = {part.message: part for part in row.parts}
    found: Counter[str] = Counter()
    for at, (ours, theirs) in enumerate(zip(row.trained, mask, strict=True)):
        if bool(ours) == bool(theirs):
            continue
        begin, end = row.offsets[at]
        number = next((n for n, (low, high) in turns.items() if low <= begin and end <= high), None)
        if ours or number is None:
            found["unexplained"] += 1
            continue
        prompt = template.text(chat[:number], tools, prompt=True)
        if number not in parts:
            upto = template.text(chat[: number + 1], tools, prompt=False)
            found["unexplained" if row.text.startswith(upto.rstrip()) else "rewritten turn"] += 1
        elif at >= parts[number].end:
            behind = row.text[row.offsets[parts[number].end - 1][1] : end]
            found["unexplained" if behind.strip() else "white space behind the end"] += 1
        else:
            header = row.text[begin : row.offsets[parts[number].begin][0]]
            found["generation prompt" if header in prompt[-len(header) - 40 :] else "unexplained"] += 1
    return found


def _turns(text: str, messages: Sequence[Message]) -> dict[int, tuple[int, int]]:
    """Characters between the words of the message before an assistant turn and those of the next one."""
    cursor, places = 0, {}
    for number, message in enumerate(messages):
        if message.role in ("user", "tool"):
            start = text.index(message.content, cursor)
            cursor = start + len(message.content)
            places[number] = start, cursor
    return {
        n: (places[n - 1][1], places.get(n + 1, (len(text), 0))[0])
        for n, message in enumerate(messages)
        if message.role == "assistant"
    }
