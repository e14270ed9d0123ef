"""Which language a row answers in: ISO 639 code, or `und` when unsure.

`script`: the writing system decides where it belongs to one language, letters that only Vietnamese has decide for it,
and English is told by its small words; everything else (French and Spanish, Russian and Ukrainian, Arabic and Persian)
is `und`. `py3langid`: what that leaves goes to a trained classifier for 97 languages, an extra.
Does NOT tell dialects or scripts of one language apart, nor the parts of a mixed text: the beginning of the answers
(500 characters) is looked at, as that is what a model is trained on.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Any, Literal

import polars as pl

from buckets.errors import InputError

LanguageBy = Literal["script", "py3langid"]
UNSURE = "und"
_HEAD = 500
_SURE = 0.5
"""Probability of py3langid below which it is not believed."""
_NO_LANGUAGE = "zxx"
_WIDE = {"ja": 3, "zh": 3, "ko": 3}
"""A character of these scripts stands for about as much as three letters."""
_BLOCKS = {
    "ja": (0x3040, 0x3100),  # kana; Han beside them counts too
    "zh": (0x3400, 0xA000),
    "ko": (0xAC00, 0xD7B0),
    "th": (0x0E00, 0x0E80),
    "el": (0x0370, 0x0400),
    "he": (0x0590, 0x0600),
    "ka": (0x10A0, 0x1100),
    "hy": (0x0530, 0x0590),
    "ta": (0x0B80, 0x0C00),
    "te": (0x0C00, 0x0C80),
    "km": (0x1780, 0x1800),
    "lo": (0x0E80, 0x0F00),
    "my": (0x1000, 0x10A0),
    "gu": (0x0A80, 0x0B00),
    "ml": (0x0D00, 0x0D80),
    "kn": (0x0C80, 0x0D00),
    "si": (0x0D80, 0x0E00),
}
"""Code points of scripts that one language uses, or nearly so."""
_SCRIPT_OF = {place: name for name, (first, end) in _BLOCKS.items() for place in range(first >> 4, end >> 4)}
_VIETNAMESE = re.compile("[đơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹĐƠƯ]")
_ENGLISH = (
    r"(?i-u:\b)(?i-u:the|and|that|with|this|you|your|are|what|from|have|which|their|they|how|it|to|of|is|in|not|be|"
    r"will|would|when|there|for|was)(?-u:\b)"
)
_WORD = r"[A-Za-z']+"
_SHARED = r"(?i-u:\b)(?i-u:of|is|in|for|was)(?-u:\b)"
"""Those of them that other languages have too (Dutch, Danish, German): they do not count alone."""


def languages(frame: pl.DataFrame, by: LanguageBy | None) -> pl.Series:
    """The language of every row of a frame with `messages`; null for all when `by` is None.

    InputError when py3langid is asked for and not installed.
    """
    if by is None:
        return pl.Series("language", [None] * frame.height, dtype=pl.String())
    heads = frame.select(_answers()).to_series()
    found = _by_script(heads)
    if by == "py3langid":
        _classifier()  # said also where there is nothing to ask it
        asked = zip(found, heads, strict=True)
        found = pl.Series([_classified(text) if told == UNSURE else told for told, text in asked], dtype=pl.String())
    return found.alias("language")


def _answers() -> pl.Expr:
    """The beginning of what the assistant says."""
    turn = pl.element()
    said = pl.when(turn.struct.field("role") == "assistant").then(turn.struct.field("content").str.head(_HEAD))
    return pl.col("messages").list.eval(said.fill_null("")).list.join(" ").fill_null("").str.head(_HEAD)


def _by_script(texts: pl.Series) -> pl.Series:
    english = _english(texts)
    codes = pl.select(pl.when(english).then(pl.lit("en")).otherwise(pl.lit(UNSURE))).to_series()
    other = (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    told = zip(texts.gather(other), english.gather(other), strict=True)
    found = pl.Series([_of_scripts(text, en) for text, en in told], dtype=pl.String())
    return codes.scatter(other, found)


def _english(texts: pl.Series) -> pl.Series:
    """One word in eight is one of its small words, and two at least are its own."""
    small = texts.str.count_matches(_ENGLISH).cast(pl.Int64)
    some = (small >= 2).arg_true()  # the other counts only where they can matter: they take longer
    words, shared = (texts.gather(some).str.count_matches(pattern).cast(pl.Int64) for pattern in (_WORD, _SHARED))
    few = small.gather(some)
    return pl.repeat(False, len(texts), eager=True).scatter(some, (few * 8 >= words) & (few - shared >= 2))


def _of_scripts(text: str, english: bool) -> str:
    """For text with characters beyond ASCII. Each script weighs by its characters, letters of no listed one by one."""
    counts: Counter[str] = Counter()
    for place, count in Counter([ord(char) >> 4 for char in text]).items():
        counts[_SCRIPT_OF.get(place, "")] += count
    del counts[""]
    letters = sum(map(str.isalpha, text)) + sum((_WIDE[name] - 1) * counts[name] for name in _WIDE if name in counts)
    if counts["ja"] * 10 >= counts["ja"] + counts["zh"]:
        counts["ja"] += counts.pop("zh", 0)
    best = max(counts, key=lambda name: counts[name] * _WIDE.get(name, 1), default="")
    if counts[best] > 1 and 2 * counts[best] * _WIDE.get(best, 1) > letters:
        return best
    vietnamese = len(_VIETNAMESE.findall(text))
    if vietnamese > 1 and 16 * vietnamese >= letters:
        return "vi"
    latin = sum(char.isascii() and char.isalpha() for char in text)
    return "en" if english and 10 * latin >= 9 * letters else UNSURE


def _classified(text: str) -> str:
    if sum(map(str.isalpha, text)) < 4:
        return UNSURE
    found: tuple[str, float] = _classifier().classify(text)
    return found[0] if found[1] >= _SURE and found[0] != _NO_LANGUAGE else UNSURE


@lru_cache(maxsize=1)
def _classifier() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError as error:
        raise InputError("read.language: py3langid needs the extra: pip install 'sft-curate[measures]'") from error
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
