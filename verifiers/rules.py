"""Content rules that need no knowledge of the task, applied to a whole frame at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

STAGE = "check"
EVIDENCE_CHARS = 160


@dataclass(frozen=True)
class Rule:
    """`expr` is true on the rows that break the rule; `evidence` cuts out what shows it. Both over `views`."""

    name: str
    reason: str
    expr: pl.Expr
    evidence: pl.Expr
    stage: str = STAGE


def views(frame: pl.DataFrame) -> pl.DataFrame:
    """What the rules look at, one row a record.

    id; answer (last assistant turn), prompt (user turns), said (assistant turns), text (all turns): strings;
    calls (the last assistant turn calls a tool), gold (a gold answer is given), empty_user: booleans; n_user.
    """
    part = pl.element().struct.field
    content = part("content").fill_null("")

    def turns(role: str) -> pl.Expr:
        return pl.col("messages").list.eval(pl.when(part("role") == role).then(content).drop_nulls())

    called = part("tool_calls").fill_null("").str.contains(r"[^\s\[\]]")
    return frame.select(
        "id",
        gold=pl.col("reference").is_not_null(),
        user=turns("user"),
        assistant=turns("assistant"),
        text=pl.col("messages").list.eval(content).list.join("\n").fill_null(""),
        calls=pl.col("messages")
        .list.eval(pl.when(part("role") == "assistant").then(called).drop_nulls())
        .list.last()
        .fill_null(False),
    ).select(
        "id",
        "gold",
        "calls",
        "text",
        answer=pl.col("assistant").list.last().fill_null(""),
        said=pl.col("assistant").list.join("\n").fill_null(""),
        prompt=pl.col("user").list.join("\n").fill_null(""),
        n_user=pl.col("user").list.len().fill_null(0),
        empty_user=pl.col("user").list.eval(~pl.element().str.contains(r"\S")).list.any().fill_null(False),
    )


BLANK = r"\A\s*\z"
PLACEHOLDER = (
    r"(?i)\A\s*[<\[(\"']*\s*("
    r"no[\s_-]?(output|input|answer|response)( (is )?(needed|required|available|given|provided))?|"
    r"n\s?/\s?a|none|null|nan|undefined|todo|tbd|placeholder|your (answer|text|response) here|output|\.{2,}|…+|-+|\?+)"
    r"\s*[>\])\"']*\s*[.!]?\s*\z"
)
MERGED = r"(?i)\n\s*(#+\s*)?\d{1,3}\s*[.)]\s*Instruction\s*:"
SLOT = r"\{\{\s*[A-Za-z_][\w .-]{0,40}\}\}"
SLOT_IS_MEANT = r"(?i)\{\{|\{%|\btemplate|jinja|angular|vue|handlebars|mustache|django|liquid|latex|html|code|function"
LEAK = (
    r"<\|(im_start|im_end|im_sep|endoftext|eot_id|eom_id|start_header_id|end_header_id|begin_of_text|end_of_text|"
    r"system|user|assistant|end|endofprompt)\|>|\[/?INST\]|<</?SYS>>|<(start|end)_of_turn>|</s>\s*\z|"
    r"(?m:^### (Instruction|Response|Human|Assistant):)"
)
CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{FFFD}]"
OPEN_SENTENCE = (
    r"(?:\A|\n)\s*[^\s\d*•#|/-][^\n]*\p{Ll}{3}[\"')]*[.!?][\"')]* +\p{Lu}[\p{Ll}']* [^\n.!?:#|]{15,}\p{Ll}{2}\s*\z"
)
"""The last paragraph has whole sentences and then one that stops on a small letter: many people write so."""
ENGLISH = r"(?i)(?-u:\b)(?:the|and|of)(?-u:\b)"
OPEN_END = (
    r"[^\p{L}\p{N}'’_./@-](?:to|of|in|on|at|by|for|with|from|into|about|as|than|that|which|who|whose|if|when|while|"
    r"because|and|or|but|the|an?|this|these|those|my|your|his|its|our|their|I|they|we|he|she|is|are|was|were|be|been|"
    r"being|am|have|has|had|do|does|did|can|could|will|would|shall|should|may|might|must|not|very|more|most|many|"
    r"some|any|each|every|such|only)\s*\z"
)
"""Words of the closed classes, with which a statement hardly ends."""
FRAGMENT = r"[\p{Ll},;] (?:[b-df-hj-np-tv-xz]{1,3}|[a-z]{2})\s*\z"
SHORT_WORD = (
    r" (?:ad|ah|ai|am|an|as|at|be|by|cm|db|do|dr|eg|eh|em|eu|ex|ft|gb|go|ha|he|hi|hr|hz|id|ie|if|in|is|it|jr|kb|kg|km|"
    r"kw|lb|lbs|ma|mb|me|mg|ml|mm|mph|mr|ms|my|nd|no|of|oh|ok|on|or|os|ox|oz|pa|pc|pi|pm|rd|re|sh|so|sql|sr|st|tbs|tbsp|tb|"
    r"to|tsp|tv|uh|uk|um|up|us|vs|we|xml|css|[a-z])\s*\z"
)
"""The English words, units and initials of one to three letters that FRAGMENT would take for pieces."""
OPEN_WORD = (
    r"\S \b(the|an|of|and|or|is|are|was|were|their|its|your|our|my|which|because|from|than)\s*\z|"
    r"[^\n]{40}\w,\s*\z"
)
"""No English text ends on these words, and no long line on a comma (a letter's "Sincerely," is short)."""
LONG_ANSWER = 200
LONG_PROSE = 120
"""Bytes; shorter texts that stop without a full stop are often titles."""
REPEAT_IS_MEANT = r"(?i)\brepeat|\btimes\b|\bchant|\blyrics?\b|\bsong\b"
LOOP_TAIL = 1000
PIECE = 12
EARLIER = 120
"""Characters from the end where the second piece is taken, for loops that were cut or end on other words."""
AGAIN = 4
"""Times that a piece of PIECE characters must stand in the last LOOP_TAIL characters for the answer to be looked at."""


def _found(column: str, pattern: str) -> pl.Expr:
    """The match with some text before and after, for a person."""
    return pl.col(column).str.extract(rf"(?s)(.{{0,40}}(?:{pattern}).{{0,60}})", 1)


def _tail(column: str) -> pl.Expr:
    return pl.col(column).str.slice(-EVIDENCE_CHARS)


def _open_fence() -> pl.Expr:
    """A block of code is open, and what follows it does not end as a sentence does."""
    answer = pl.col("answer")
    return ((answer.str.count_matches(r"(?m)^\s*```") % 2) == 1) & ~answer.str.contains(r"[.!?。！？]\s*\z")


def _stops_short() -> pl.Expr:
    answer = pl.col("answer")
    tail = answer.str.slice(-1500)
    stops = tail.str.contains(OPEN_END) | (tail.str.contains(FRAGMENT) & ~tail.str.contains(SHORT_WORD))
    cut = tail.str.contains(OPEN_WORD) | (stops & tail.str.contains(ENGLISH) & tail.str.contains(OPEN_SENTENCE))
    return (answer.str.len_bytes() >= LONG_PROSE) & cut & ~answer.str.contains("```") & ~pl.col("gold")


def loops(seen: pl.DataFrame) -> pl.Series:
    """Which answers repeat themselves: a piece of the tail comes back again and again, and little else is new.

    Pieces are a cheap test that nearly all answers end at; words and lines are split for the others only.
    """
    end = pl.col("answer").str.slice(-LOOP_TAIL)
    long = (
        seen.with_row_index("row")
        .filter(pl.col("answer").str.len_bytes() >= LONG_ANSWER)
        .select("row", "prompt", end=end)
    )
    tail = pl.col("end")
    some = long.with_columns(
        last=tail.str.count_matches(tail.str.slice(-PIECE, PIECE), literal=True),
        earlier=tail.str.count_matches(tail.str.slice(-EARLIER, PIECE), literal=True),
    ).filter(pl.max_horizontal("last", "earlier") >= AGAIN)
    words = tail.str.split(" ")
    said = words.list.len() - words.list.count_matches("")
    lines = tail.str.extract_all(r"(?m)^.{4,}$")
    by_word = (said >= 60) & (words.list.n_unique() * 8 <= said)
    by_line = (lines.list.len() >= 8) & (lines.list.n_unique() * 4 <= lines.list.len())
    by_piece = pl.min_horizontal("last", "earlier") * PIECE * 5 >= tail.str.len_chars().clip(LOOP_TAIL)
    table = tail.str.contains(r"</?t[dr]>|\|[^\n]*\||-{8}|={8}|_{8}") | (
        tail.str.count_matches(r"\d") * 10 > tail.str.len_bytes()
    )
    found = some.filter((by_word | by_line | by_piece) & ~table & ~pl.col("prompt").str.contains(REPEAT_IS_MEANT))
    return pl.int_range(seen.height, dtype=pl.UInt32, eager=True).is_in(found["row"].implode())


WORD_IS_MEANT = r"(?i)(?-u:\b)(?:none|null|nan|undefined|todo|tbd|redact|black (?:boxes|bars)|mask|censor)(?-u:\b)"
"""Where the prompt says one of these, it may be the answer."""
WORD_ANSWER = r"(?i)\A[\W_]*(?:(?:none|null|nan|undefined|todo|tbd)[\W_]*)?\z"


def _placeholder() -> pl.Expr:
    answer, prompt = pl.col("answer"), pl.col("prompt")
    meant = answer.str.contains(WORD_ANSWER) & prompt.str.contains(WORD_IS_MEANT)
    blank = answer.str.contains(BLANK) | pl.col("calls") | pl.col("gold")
    return answer.str.contains(PLACEHOLDER) & ~blank & ~meant


def _slot() -> pl.Expr:
    return pl.col("answer").str.contains(SLOT) & ~pl.col("prompt").str.contains(SLOT_IS_MEANT)


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("no_user_turn", "No user turn: nothing was asked.", pl.col("n_user") == 0, pl.lit("0 user turns")),
        Rule("empty_user_turn", "A user turn is blank.", pl.col("empty_user"), pl.lit("a user turn holds no text")),
        Rule(
            "empty_answer",
            "The answer is blank and calls no tool.",
            pl.col("answer").str.contains(BLANK) & ~pl.col("calls"),
            pl.lit("the last assistant turn holds no text"),
        ),
        Rule(
            "placeholder_answer",
            "The answer is a placeholder, not an answer.",
            _placeholder(),
            _tail("answer"),
        ),
        Rule(
            "control_characters",
            "The text holds control or replacement characters: it was decoded or cut wrongly.",
            pl.col("text").str.contains(CONTROL),
            _found("text", CONTROL),
        ),
        Rule(
            "template_leak",
            "Chat template tokens stand inside the text: a model would learn to write them.",
            pl.col("text").str.contains(LEAK),
            _found("text", LEAK),
        ),
        Rule(
            "merged_instruction",
            "The next numbered instruction is glued to the answer.",
            pl.col("said").str.contains(MERGED),
            _found("said", MERGED),
        ),
        Rule(
            "template_slot",
            "The answer holds an unfilled slot such as {{name}}.",
            _slot(),
            _found("answer", SLOT),
        ),
        Rule(
            "repetition_loop",
            "The answer repeats the same words or lines over and over.",
            pl.col("loops"),
            _tail("answer"),
        ),
        Rule("truncated_answer", "The answer stops in the middle.", _stops_short() | _open_fence(), _tail("answer")),
    )
}


def broken(frame: pl.DataFrame, skip: Collection[str] = ()) -> pl.DataFrame:
    """The rows that break a rule, with the first one broken: id, rule, reason, evidence. Order of the frame."""
    seen = views(frame)
    seen = seen.with_columns(loops=loops(seen))
    rules = {name: rule for name, rule in RULES.items() if name not in skip}
    none = pl.lit(None, dtype=pl.String)
    first = pl.coalesce(*(pl.when(rule.expr).then(pl.lit(name)) for name, rule in rules.items()), none)
    bad = seen.with_columns(rule=first).filter(pl.col("rule").is_not_null())
    evidence = pl.coalesce(
        *(pl.when(pl.col("rule") == name).then(rule.evidence) for name, rule in RULES.items()),
        pl.lit(""),
    )
    reasons = {name: rule.reason for name, rule in RULES.items()}
    return bad.select(
        "id",
        "rule",
        reason=pl.col("rule").replace_strict(reasons, return_dtype=pl.String),
        evidence=evidence.str.slice(0, EVIDENCE_CHARS),
    )
