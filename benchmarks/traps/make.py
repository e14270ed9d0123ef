"""The labelled trap set: pairs of rows that a dedup must tell apart, made from a seed.

python -m benchmarks.traps.make        writes benchmarks/traps/pairs.jsonl.gz

A label says what a careful person who trains a model would do (keep both, or drop one), with the reason in the
docstring of each kind; no similarity was computed to choose it. Not covered: paraphrases without common words, rows
of more than a few hundred words, languages other than English, Chinese and the four of `translation`.
"""

from __future__ import annotations

import gzip
import json
import random
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.traps import distinct, distinct_forms, duplicate
from benchmarks.traps.chinese import CHINESE_NAMES
from benchmarks.traps.rows import Pair, Row
from benchmarks.traps.subjects import NAMES

PAIRS = Path(__file__).with_name("pairs.jsonl.gz")
SEED = 4
EACH = 56
"""Pairs of each kind."""

Kind = Callable[[random.Random], Pair]

DISTINCT: dict[str, Kind] = {
    "arguments_swapped": distinct.arguments_swapped,
    "chinese_numbers_changed": distinct_forms.chinese_numbers_changed,
    "chinese_opposite": distinct_forms.chinese_opposite,
    "chinese_other_city": distinct_forms.chinese_other_city,
    "code_task_changed": distinct_forms.code_task_changed,
    "negation_added": distinct.negation_added,
    "numbers_changed": distinct.numbers_changed,
    "operator_changed": distinct_forms.operator_changed,
    "opposite_word": distinct.opposite_word,
    "other_answer": distinct.other_answer,
    "other_entity": distinct.other_entity,
    "other_format_asked": distinct.other_format_asked,
    "other_last_turn": distinct_forms.other_last_turn,
    "other_programming_language": distinct_forms.other_programming_language,
    "same_refusal": distinct.same_refusal,
    "shared_document": distinct.shared_document,
    "short_answers": distinct.short_answers,
    "template_prompt": distinct.template_prompt,
    "tool_arguments_changed": distinct_forms.tool_arguments_changed,
    "tools_shared": distinct_forms.tools_shared,
    "translation": distinct.translation,
}
DUPLICATE: dict[str, Kind] = {
    "answer_cut": duplicate.answer_cut,
    "case_short": duplicate.case_short,
    "case_space_punctuation": duplicate.case_space_punctuation,
    "chinese_edited": duplicate.chinese_edited,
    "chinese_punctuation": duplicate.chinese_punctuation,
    "code_comment_added": duplicate.code_comment_added,
    "code_reformatted": duplicate.code_reformatted,
    "exact_copy": duplicate.exact_copy,
    "exact_short": duplicate.exact_short,
    "json_keys_reordered": duplicate.json_keys_reordered,
    "markdown_changed": duplicate.markdown_changed,
    "other_system_prompt": duplicate.other_system_prompt,
    "politeness_frame": duplicate.politeness_frame,
    "sentence_appended": duplicate.sentence_appended,
    "talk_edited": duplicate.talk_edited,
    "tools_reordered": duplicate.tools_reordered,
    "typographic_quotes": duplicate.typographic_quotes,
    "unicode_form": duplicate.unicode_form,
    "words_edited": duplicate.words_edited,
}


def make(seed: int = SEED, each: int = EACH) -> Iterator[dict[str, Any]]:
    """`each` pairs of every kind; no row says the same as a row of another pair."""
    used: set[str] = set()
    for label, kinds in (("distinct", DISTINCT), ("duplicate", DUPLICATE)):
        for name, kind in kinds.items():
            for number in range(each):
                left, right = _fresh(kind, f"{seed}:{name}:{number}", used)
                yield {"id": f"{name}-{number:03d}", "kind": name, "label": label, "a": _row(left), "b": _row(right)}


def _fresh(kind: Kind, seed: str, used: set[str]) -> Pair:
    for attempt in range(100):
        pair = kind(random.Random(f"{seed}:{attempt}"))
        keys = {meaning(row) for row in pair}
        if not keys & used:
            used |= keys
            return pair
    raise ValueError(f"{seed}: a hundred tries gave no pair with new content; add material or ask for fewer pairs")


def meaning(row: Row) -> str:
    """Prompt and answer without case, spaces, punctuation and personal names: equal for true twins across pairs."""
    turns = [turn["content"] + turn.get("tool_calls", "") for turn in row.messages if turn["role"] != "system"]
    text = unicodedata.normalize("NFKC", "|".join(turns))
    for name in (*NAMES, *CHINESE_NAMES):
        text = text.replace(name, "")
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _row(row: Row) -> dict[str, Any]:
    out: dict[str, Any] = {"messages": list(row.messages), "tools": row.tools}
    return out if row.reference is None else {**out, "reference": row.reference}


def as_text(seed: int = SEED, each: int = EACH) -> str:
    """The whole set as JSON lines."""
    return "".join(json.dumps(pair, ensure_ascii=False, sort_keys=True) + "\n" for pair in make(seed, each))


def main() -> None:
    with PAIRS.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        packed.write(as_text().encode())


if __name__ == "__main__":
    main()
