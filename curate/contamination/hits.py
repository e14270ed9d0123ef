"""Every place where a row meets an eval item, with its class; and what follows for the row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from buckets import Problem, last_boxed
from curate.contamination.calls import answers, calls_of, plain, telling
from curate.contamination.code import TELLING_NODES, WITNESSED_NODES, functions
from curate.contamination.find import find
from curate.contamination.index import EvalIndex
from curate.contamination.judge import ALOUD, CLASSES, LONG, Class, Found, judge_part, judge_whole, telling_signs
from curate.contamination.wording import is_number
from curate.contamination.words import bare, words_of

STAGE = "decontaminate"
SPAN_CHARS = 240
TAIL_CHARS = 200
"""End of an answer, where its result stands."""
TEMPLATES = 3
"""Patterns reported for one row; every item that is really in it is."""
CALL_WITNESS = 0.35
CODE_WITNESS = 0.5
"""Least share of a question's words, by rarity, beside the same calls (code), to call the row near."""

HIT_SCHEMA = pl.Schema(
    {
        "id": pl.String(),  # the row
        "source": pl.String(),
        "item": pl.String(),  # set:id of the eval item
        "set": pl.String(),
        "class": pl.String(),  # verbatim | near | template-only
        "how": pl.String(),  # whole turn, options shuffled, numbers changed, same code, ...
        "role": pl.String(),  # whose turn holds it
        "span": pl.String(),  # the matched words
    }
)
REASONS = {
    "verbatim": "The row holds a held-out eval item, word for word.",
    "near": "The row holds a held-out eval item in other words, another order or other names.",
}


@dataclass(frozen=True)
class Hit:
    row: int
    problem: int
    kind: Class
    how: str
    role: str
    span: str
    part: int = 0
    words: int = LONG
    """Words of the probe that was found."""


def hits(frame: pl.DataFrame, index: EvalIndex) -> pl.DataFrame:
    """All hits of a frame (HIT_SCHEMA), in the order of rows, best class first."""
    if frame.is_empty() or not index.problems:
        return pl.DataFrame(schema=HIT_SCHEMA)
    units = texts_of(frame)
    found: list[Hit] = list(_text_hits(units, index))
    whole = _whole_pieces(found, index)
    if index.solutions:
        whole += _code_hits(units, index)
    if index.callers:
        whole += _call_hits(frame, units, index)
    return _table(frame, whole, index)


def falls(found: pl.DataFrame) -> pl.DataFrame:
    """The rows to drop: those that hold an item verbatim or near, with the best hit as evidence and witness."""
    held = found.filter(pl.col("class") != "template-only").unique("id", keep="first", maintain_order=True)
    evidence = pl.concat_str([pl.col("role"), pl.lit(" turn, "), pl.col("how"), pl.lit(": "), pl.col("span")])
    return held.select(
        "id",
        fate=pl.lit("dropped"),
        stage=pl.lit(STAGE),
        rule="class",
        reason=pl.col("class").replace_strict(REASONS, return_dtype=pl.String()),
        evidence=evidence,
        witness="item",
    )


def texts_of(frame: pl.DataFrame) -> pl.DataFrame:
    """row, role, text: every turn's content and reasoning that is not empty, in order."""
    turns = (
        frame.select(row=pl.int_range(pl.len()), turn="messages").explode("turn", empty_as_null=False).unnest("turn")
    )
    said = turns.select("row", "role", text="content")
    if turns["reasoning"].null_count() < turns.height:
        said = pl.concat([said, turns.select("row", role=pl.lit("reasoning"), text="reasoning")])
    return said.filter(pl.col("text").fill_null("") != "").sort("row", maintain_order=True)


def _text_hits(units: pl.DataFrame, index: EvalIndex) -> Iterator[Hit]:
    words = words_of(units["text"])
    rows, roles = units["row"].to_list(), units["role"].to_list()

    def hit(text: int, probe: int, found: Found) -> Hit:
        one = index.probes[probe]
        span = " ".join(words.tokens(found.first, found.last))[:SPAN_CHARS]
        size = int(index.lengths[probe])
        return Hit(rows[text], one.problem, found.kind, found.how, roles[text], span, one.part, size)

    def answered(text: int, probe: int) -> bool:
        gold = index.problems[index.probes[probe].problem].answer
        following = range(text + 1, min(text + 3, len(rows)))
        said = [units["text"][at] for at in following if rows[at] == rows[text] and roles[at] == "assistant"]
        return bool(gold and said and ends_in(said[0], gold))

    places = find(words, index)
    for text, probe, start, same in places.whole.select("text", "probe", "start", "same").iter_rows():
        found = judge_whole(words, text, start, same, index, probe, roles[text])
        if found is not None:
            yield hit(text, probe, found)
    for text, probe, low, high in places.part.select("text", "probe", "low", "high").iter_rows():
        found = judge_part(words, low, high, index, probe)
        if found is not None and found.numbered and answered(text, probe):
            found = replace(found, kind="near", how=f"{found.how}; all its numbers and its answer")
        if found is not None:
            yield hit(text, probe, found)
    yield from _spaceless(units, index)


def ends_in(said: str, gold: str) -> bool:
    """Whether an answer comes to the gold one: its last box, or else its last words."""
    boxed = last_boxed(said)
    tail = boxed if boxed is not None else said[-TAIL_CHARS:]
    both = words_of(pl.Series([gold, tail]))
    want, have = both.words(0, int(both.first[1])), both.words(int(both.first[1]), int(both.first[2]))
    if boxed is not None:
        return bool(want) and want == have
    return bool(want) and any(have[at : at + len(want)] == want for at in range(max(0, len(have) - 12), len(have)))


def _spaceless(units: pl.DataFrame, index: EvalIndex) -> Iterator[Hit]:
    """Whole turns that equal a prompt without any space or mark: items of any length, however they are typed."""
    met = bare(units).join(index.bare, on="bare", how="inner", maintain_order="left")
    said, typed = (_figures(met[column]) for column in ("text", "typed"))
    for at, (row, role, text, probe, form) in enumerate(
        met.select("row", "role", "text", "probe", "typed").iter_rows()
    ):
        one = index.probes[probe]
        problem = index.problems[one.problem]
        if said[at] == typed[at]:
            span = " ".join(text.split())[:SPAN_CHARS]
            alone = problem.options and form == problem.turns[one.part]
            how = "whole turn, without its options" if alone else "whole turn"
            yield Hit(row, one.problem, "verbatim", how, role, span, one.part, int(index.lengths[probe]))


def _figures(texts: pl.Series) -> list[list[str]]:
    """Numbers and telling signs of each text: what is lost when marks are left out."""
    words = words_of(texts)
    found = []
    for at in range(len(texts)):
        tokens = words.tokens(int(words.first[at]), int(words.first[at + 1]))
        found.append([*filter(is_number, tokens), *telling_signs(tokens)])
    return found


def _whole_pieces(found: Sequence[Hit], index: EvalIndex) -> list[Hit]:
    """Hits that stand for their item: a piece of a talk counts when it is long, or when all pieces are in the row."""
    kept, short = [], defaultdict(list)
    for hit in found:
        parts = len(index.problems[hit.problem].turns)
        if parts == 1 or hit.words >= LONG or (hit.words >= ALOUD and hit.part == parts - 1):
            kept.append(hit)
        elif hit.kind != "template-only":
            short[hit.row, hit.problem].append(hit)
    for (_, problem), pieces in short.items():
        if {hit.part for hit in pieces} == set(range(len(index.problems[problem].turns))):
            kept.append(pieces[-1])
    return kept


def _code_hits(units: pl.DataFrame, index: EvalIndex) -> list[Hit]:
    """Functions of the row that are a reference solution under other names."""
    found = []
    maybe = units.filter(pl.col("text").str.contains(r"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+\w"))
    for row, role, text in maybe.select("row", "role", "text").iter_rows():
        for digest, nodes, name in functions(text):
            for number in index.solutions.get(digest, ()):
                problem = index.problems[number]
                alike = nodes >= WITNESSED_NODES and _shares(units, row, problem, index, CODE_WITNESS)
                sure = nodes >= TELLING_NODES or alike
                how = "same code" if sure else "same code, a small function"
                found.append(Hit(row, number, "near" if sure else "template-only", how, role, f"def {name}"))
    return found


def _call_hits(frame: pl.DataFrame, units: pl.DataFrame, index: EvalIndex) -> list[Hit]:
    """Rows one of whose turns makes the calls that answer an item."""
    part = pl.element().struct.field("tool_calls")
    calls = frame.select(row=pl.int_range(pl.len()), calls=pl.col("messages").list.eval(part.drop_nulls()))
    found = []
    for row, turns in calls.filter(pl.col("calls").list.len() > 0).iter_rows():
        for turn in turns:
            made = calls_of(turn)
            for number in index.callers.get(plain(made[0][0]), ()) if made else ():
                problem = index.problems[number]
                if telling(problem.calls) and answers(made, problem.calls):
                    sure = _shares(units, row, problem, index, CALL_WITNESS)
                    how = "same calls" if sure else "same calls, another question"
                    kind: Class = "near" if sure else "template-only"
                    found.append(Hit(row, number, kind, how, "assistant", turn[:SPAN_CHARS]))
    return found


def _shares(units: pl.DataFrame, row: int, problem: Problem, index: EvalIndex, least: float) -> bool:
    """The lexical witness: whether what the row's user says has enough of the question's words, by rarity."""
    said = units.filter((pl.col("row") == row) & (pl.col("role") == "user"))["text"].to_list()
    both = words_of(pl.Series(["\n".join(problem.turns), "\n".join(said)]))
    asked = dict.fromkeys(both.words(int(both.first[0]), int(both.first[1])))
    heard = set(both.words(int(both.first[1]), int(both.first[2])))
    total = sum(map(index.weight, asked))
    return total > 0 and sum(index.weight(word) for word in asked if word in heard) / total >= least


def _table(frame: pl.DataFrame, found: Sequence[Hit], index: EvalIndex) -> pl.DataFrame:
    """One hit a row and item, the best; and of mere patterns only the first few."""
    rank = {name: at for at, name in enumerate(CLASSES)}
    ordered = sorted(found, key=lambda h: (h.row, rank[h.kind], index.problems[h.problem].key, -h.words))
    ids, sources = frame["id"].to_list(), frame["source"].to_list()
    seen: set[tuple[int, int]] = set()
    templates: dict[int, int] = defaultdict(int)
    rows = []
    for hit in ordered:
        if (hit.row, hit.problem) in seen:
            continue
        seen.add((hit.row, hit.problem))
        if hit.kind == "template-only":
            templates[hit.row] += 1
            if templates[hit.row] > TEMPLATES:
                continue
        problem = index.problems[hit.problem]
        many = f"turn {hit.part + 1} of {len(problem.turns)}, " if len(problem.turns) > 1 else ""
        rows.append(
            (ids[hit.row], sources[hit.row], problem.key, problem.set, hit.kind, many + hit.how, hit.role, hit.span)
        )
    return pl.DataFrame(rows, schema=HIT_SCHEMA, orient="row")
