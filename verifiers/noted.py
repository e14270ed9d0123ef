"""What is worth a look but no reason to drop by itself: flags on rows that stay, found in a whole frame at once.

A flag is a matter of taste, or its false alarms were counted and are too many (docs/verifiers.md gives the rates).
A recipe can make any of them drop. Not covered: links that a tool of the row could open, languages written in the
same script.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import polars as pl

from verifiers.harm import HARMFUL
from verifiers.refusal import Stance, read_stance
from verifiers.rules import LONG_PROSE, OPEN_SENTENCE, views
from verifiers.scripts import other_script

EVIDENCE_CHARS = 160


@dataclass(frozen=True)
class Flag:
    """`find` takes the views of the rules (`verifiers.rules.views`) and gives id and evidence of the rows to flag.

    For the flags in REFUSALS the views also hold `refusal` (the sentence, or null) and `harmful`.
    """

    name: str
    reason: str
    find: Callable[[pl.DataFrame], pl.DataFrame]


LONG = 400
"""Characters; a shorter answer that stops without a full stop is often a title, a name or a list."""
ABRUPT = r"[\p{L},，]\s*\z"
NO_INPUT = (
    r"(?i)(?:\A|\n\n)[\W_]*(?:no[\s_-]?input(?:\s+(?:is\s+)?(?:required|needed|necessary|given|provided|available))?|"
    r"(?:input:\s*)?(?:n\s?/\s?a|(?-i:NA)|none|nil|null|not applicable))[\W_]*\z"
)
LINK = r"(?i)https?://|(?-u:\b)www\.[a-z0-9-]+\.[a-z]"
LINK_IS_DATA = (
    r"(?i)(?-u:\b)(?:code|script|function|program|api|endpoint|html|css|curl|fetch(?:es|ing)?|parse|regex|regular "
    r"expression|javascript|python|java|node(?:\.js)?|php|sql|json|query (?:string|param\w*)|domain name|hyperlink|"
    r"localhost|qr code)(?-u:\b)|request\(|代码|函数|二维码"
)
"""The link is what a program works on, or the row says which tool opens it."""
ABOUT_LINK = 1000
"""Bytes of a prompt that is about the link; longer ones hold a text that gives its sources."""
PICTURE = (
    r"(?i)<(?:img|image|audio|video)(?-u:\b)[^>\n]{0,200}>|!\[[^\]\n]*\]\(|"
    r"[\[<(] ?(?:a |an |the )?(?:insert(?:ed)? |attach(?:ed)? |link to )?(?:a |an |the )?(?:image|photo(?:graph)?|"
    r"picture|painting|sound|audio|video|figure|attach)(?:(?-u:\b)[^\]>)\n]{0,60})?[\]>)]|"
    r"(?-u:\b)attached (?:image|photo|picture|painting|file|audio)"
)
"""Where a picture stood or was meant to stand."""
THIS_PICTURE = (
    r"(?i)(?-u:\b)(?:this|attached|following|given|above|below|provided) (?:image|picture|photo|photograph|screenshot|"
    r"figure|diagram|video|audio|recording|painting|comic|cartoon)(?-u:\b)(?: below)?"
)
"""A picture is spoken of: it is missing unless the words after it say what it shows."""
DRAWN = (
    r"(?i)\[asy\]|\\begin\{(?:tikz|asy)|<svg|figure of speech|"
    r"(?-u:\b)(?:html|css|tags?|website|web ?page|code|snippet)(?-u:\b)|"
    r"<(?:div|body|head|p|a|b|ul)(?-u:\b)|```"
)
"""The picture is there, as code, or code that shows one is what the prompt is about."""
SPOKEN_OF = 300
"""Bytes of a prompt that is about the picture; longer ones hold a text that mentions one."""
AS_AN_AI = (
    r"(?i)(?-u:\b)as an? (?:\w+ ){0,3}(?:ai|artificial intelligence|language model)(?: (?:language )?(?:model|"
    r"assistant|system|chatbot))?"
    r"(?:,| i(?-u:\b))|(?-u:\b)i(?:['’]m| am) (?:just |only |merely )?an? (?:\w+ ){0,3}(?:ai|language model)(?-u:\b)|"
    r"(?-u:\b)my (?:knowledge cut-?off|training data)|(?-u:\b)i was (?:trained|developed|created) by (?:openai|"
    r"anthropic|google)"
)
MAY_REFUSE = (
    r"(?i)(?-u:\b)(?:sorry|apologi[sz]e|unfortunately|as an ai|language model|unable to|not able to|decline|refuse|"
    r"unethical|illegal|"
    r"(?:i|we) (?:\w+ )?(?:can ?not|can['’]t|won['’]t|will not|don['’]t have|do not have|must|do not|don['’]t)|"
    r"not (?:appropriate|acceptable|ethical|legal|okay)|inappropriate)(?-u:\b)"
)
"""A wide net over the first characters; the sentences of the rows in it are then read one by one."""
NET_CHARS = 400
OPEN_TASK = (
    r"(?i)\A\W*(?:please )?(?:write|explain|describe|discuss|compose|summari[sz]e|elaborate|tell me (?:about|how|"
    r"why)|outline|"
    r"essay|tell a|create a (?:story|poem|plan|list)|how (?:do|can|to)|why)(?-u:\b)"
)
ASKS_SHORT = (
    r"(?i)(?-u:\b)(?:one word|single word|in a word|(?:one|two|three) words?|one sentence|yes or no|true or false|"
    r"number|equation|formula|"
    r"expression|code|query|regex|regular expression|command|fraction|decimal|percent|name of|title|function|"
    r"abbreviat|acronym|"
    r"emoji|sentences?|phrase|words?|plural|tense|conjugat|saying|slogan|headline|joke|name|only|short|verb|noun|"
    r"symbol|haiku|rule|integer|date|time|tag|html|css|python|sql|script|syntax|statement|characters?|sequence|pronoun|"
    r"opposite|antonym|synonym|adjectives?|message|greeting|items|elements|example|result|response|sentiment|form)"
)
LITTLE = 24
"""Bytes: three or four words."""


def _found(column: str, pattern: str) -> pl.Expr:
    return pl.col(column).str.extract(rf"(?s)(.{{0,40}}(?:{pattern}).{{0,60}})", 1)


def _where(condition: pl.Expr, evidence: pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def find(seen: pl.DataFrame) -> pl.DataFrame:
        return seen.filter(condition).select("id", evidence=evidence)

    return find


def _read(seen: pl.DataFrame) -> pl.DataFrame:
    """id, evidence, harmful: the rows whose answer declines, with the sentence that does. Both flags share it.

    The net is cheap, reading is not, and words of harm are looked for in the prompts of what was found only.
    """
    rows = seen.filter(pl.col("answer").str.slice(0, NET_CHARS).str.contains(MAY_REFUSE)).select(
        "id", "answer", "prompt"
    )
    read = [read_stance(reply, prompt) for reply, prompt in rows.select("answer", "prompt").iter_rows()]
    said = [None if one.stance is Stance.COMPLIES else one.phrase for one in read]
    found = rows.with_columns(evidence=pl.Series(said, dtype=pl.String)).drop_nulls("evidence")
    return found.select("id", "evidence", harmful=pl.col("prompt").str.contains(HARMFUL))


def _refused(*, harmful: bool) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def find(seen: pl.DataFrame) -> pl.DataFrame:
        return seen.filter(pl.col("refusal").is_not_null() & (pl.col("harmful") == harmful)).select(
            "id", evidence="refusal"
        )

    return find


REFUSALS = ("refused_harmful", "refused_benign")


def _with_refusals(seen: pl.DataFrame) -> pl.DataFrame:
    found = _read(seen).rename({"evidence": "refusal"})
    return seen.join(found, on="id", how="left", maintain_order="left")


def _picture() -> pl.Expr:
    prompt = pl.col("prompt")
    described = prompt.str.contains(r"\n\s*\n\s*\S") & ~prompt.str.contains(LINK)
    spoken = prompt.str.contains(THIS_PICTURE) & ~described & (prompt.str.len_bytes() <= SPOKEN_OF)
    return (prompt.str.contains(PICTURE) | spoken) & ~prompt.str.contains(DRAWN)


_answer = pl.col("answer")
_prompt = pl.col("prompt")
_answer_end = _answer.str.slice(-EVIDENCE_CHARS)
FLAGS: dict[str, Flag] = {
    flag.name: flag
    for flag in (
        Flag(
            "abrupt_end",
            "A long answer stops on a letter or a comma: it may have been cut.",
            _where(
                (_answer.str.len_chars() >= LONG) & _answer.str.slice(-8).str.contains(ABRUPT) & ~pl.col("gold"),
                _answer_end,
            ),
        ),
        Flag(
            "no_end_mark",
            "The last sentence has no end mark, and the ones before it have: cut, or written so.",
            _where(
                (_answer.str.len_bytes() >= LONG_PROSE)
                & _answer.str.slice(-1500).str.contains(OPEN_SENTENCE)
                & ~_answer.str.contains("```", literal=True)
                & ~pl.col("gold"),
                _answer_end,
            ),
        ),
        Flag(
            "placeholder_input",
            "The prompt ends on a placeholder where an input was meant to stand.",
            _where(_prompt.str.slice(-60).str.contains(NO_INPUT), _prompt.str.slice(-EVIDENCE_CHARS)),
        ),
        Flag(
            "unseen_link",
            "The prompt points to a web page that the model cannot open.",
            _where(
                _prompt.str.contains(LINK)
                & (_prompt.str.len_bytes() <= ABOUT_LINK)
                & ~_prompt.str.contains(LINK_IS_DATA)
                & ~pl.col("calls"),
                _found("prompt", LINK),
            ),
        ),
        Flag(
            "unseen_picture",
            "The prompt points to a picture or a recording that is not in the row.",
            _where(
                _picture() & ~pl.col("calls"), pl.coalesce(_found("prompt", PICTURE), _found("prompt", THIS_PICTURE))
            ),
        ),
        Flag(
            "ai_boilerplate",
            'The assistant talks about itself ("As an AI language model").',
            _where(pl.col("said").str.contains(AS_AN_AI), _found("said", AS_AN_AI)),
        ),
        Flag(
            "refused_harmful",
            "The answer refuses a request that sounds harmful: right for safety data, a gap elsewhere.",
            _refused(harmful=True),
        ),
        Flag(
            "refused_benign",
            "The answer refuses a request in which no word sounds harmful: too much refusing, or harm in mild words.",
            _refused(harmful=False),
        ),
        Flag(
            "other_script",
            "The answer is written in another script than the prompt, and no translation was asked for.",
            other_script,
        ),
        Flag(
            "little_effort",
            "A few words answer a request for a text or an explanation.",
            _where(
                (_answer.str.len_bytes() <= LITTLE)
                & _answer.str.contains(r"[^?？\s]\s*\z")
                & ~pl.col("calls")
                & ~pl.col("gold")
                & (pl.col("n_user") == 1)
                & _prompt.str.contains(OPEN_TASK)
                & ~_prompt.str.contains(ASKS_SHORT),
                _answer_end,
            ),
        ),
    )
}


def noted(frame: pl.DataFrame, names: Collection[str] | None = None) -> pl.DataFrame:
    """id, rule, reason, evidence: a line for each row and each named flag (all by default) on it, flag by flag."""
    seen = views(frame)
    if any(names is None or name in names for name in REFUSALS):
        seen = _with_refusals(seen)
    lines = [
        flag.find(seen).select(
            "id",
            rule=pl.lit(name),
            reason=pl.lit(flag.reason),
            evidence=pl.col("evidence").fill_null("").str.slice(0, EVIDENCE_CHARS),
        )
        for name, flag in FLAGS.items()
        if names is None or name in names
    ]
    empty = pl.DataFrame(schema=dict.fromkeys(("id", "rule", "reason", "evidence"), pl.String))
    return pl.concat([empty, *lines])
