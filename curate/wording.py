"""What a turn says apart from its dress: tokens without case, layout, markdown, punctuation and courtesies.

Two texts with the same wording differ in nothing a model would learn from. Numbers, operators and signs are
tokens; `<` and `<=` differ. Not covered: inflection, synonyms, word order, and what `$` or `#` mean in a
language that the text does not name.
"""

from __future__ import annotations

import polars as pl

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"

TOKEN = rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)*|[{_UNSPACED}]|[\w--[{_UNSPACED}]]+|[\p{{Sm}}€£¥₹*/%&^#∸¬\\]"
"""A number, one character of a script that writes no spaces, a word, or one operator. Rust regex syntax."""

_LAYOUT = (
    (r"[’‘ʼ`´]", "'"),
    (r"(\w)'(\w)", "${1}${2}"),  # don't, it’s: one word
    (r"(?m)^[ \t]*(?:#{1,6}|[-*+•·–—>])[ \t]+", ""),  # headings, bullets, quotes
    (r"(?m)^[ \t]*'{3}\w*[ \t]*$", ""),  # code fences (the backticks are apostrophes by now)
    (r"\*\*([^*\n]+)\*\*", "${1}"),  # bold
    (r"\b__|__\b", ""),
    (r"(^|[\s(])\*(\w[^*\n]*\w)\*", "${1}${2}"),  # italics
    (r"(^|[\s(=,\[*/+<>:])[-−](\d)", "${1}∸${2}"),  # the sign of a number, not a hyphen
    (r"(^|[\s(=&|])!([\w(])", "${1}¬${2}"),  # not, in code
    (r"!=", "≠"),
    (r"\\(left|right|,|;|!|quad|displaystyle)\b|\\[\s()\[\],;!]", " "),  # spacing in LaTeX
    (r"\\", " "),
)

_OPENING = (
    "hi|hello|hey|greetings|good (?:morning|afternoon|evening|day)|dear (?:assistant|ai|friend)|there|please|kindly|"
    "pls|(?:could|can|would|will) you(?: please| kindly)?|would you mind|i would like you to|id like you to|"
    "i want you to|i need you to|be so kind(?: as)? to|if you (?:can|could|dont mind)|"
    "你 好|您 好|请 问|请 帮 我|请 你|请 您|请|麻 烦 你|麻 烦 您"
)
_CLOSING = (
    "please|pls|thanks|thank you|many thanks|thx|cheers|in advance|so much|very much|a lot|for your help|"
    "for your time|if you (?:can|could|dont mind)|谢 谢(?: 你| 您)?"
)
_GREETING = rf"^(?:(?:{_OPENING})(?: |$))+"
_THANKS = rf"(?:(?:^| )(?:{_CLOSING}))+$"
_EDGE = 100
"""Characters at either end in which courtesies are looked for: all of a long text would cost more than it finds."""


def wording(texts: pl.Series) -> pl.Series:
    """The tokens of each text joined by single spaces; a text without any token (only marks) stands for itself.

    Null counts as empty. Works on a column and not on an expression, which would be computed once for each use.
    """
    flat = _folded(texts.fill_null("")).str.to_lowercase()
    for pattern, by in _LAYOUT:
        flat = flat.str.replace_all(pattern, by)
    tokens = flat.str.extract_all(TOKEN).list.join(" ")
    return tokens.zip_with(tokens != "", texts.fill_null("").str.strip_chars())


def _folded(texts: pl.Series) -> pl.Series:
    """NFKC, which is the identity on ASCII: most texts need not be read for it."""
    ascii_only = texts.str.len_bytes() == texts.str.len_chars()
    return texts.zip_with(ascii_only, texts.set(ascii_only, "").str.normalize("NFKC"))


def without_courtesies(tokens: pl.Series) -> pl.Series:
    """A wording without the greeting, the "could you please" and the thanks around it; never made empty by that."""
    opened = tokens.str.head(_EDGE).str.replace_all(_GREETING, "") + tokens.str.slice(_EDGE)
    bare = opened.str.head(-_EDGE) + opened.str.tail(_EDGE).str.replace_all(_THANKS, "")
    return bare.zip_with(bare != "", tokens)
