"""Text as tokens that are the same however it is typed: words, numbers, signs, and breaks between sentences.

Case, spacing, punctuation, apostrophes and Unicode forms do not count; one character of a script without spaces is a
word. Signs (`+`, `=`, `<` ...) and breaks are kept apart from words: a match is sought on words, and signs are looked
at afterwards, because x + 1 and x - 1 have the same words. Not covered: words joined or split by other spacing inside
a longer text (a whole turn is compared without any spaces).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import xxhash

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

CJK = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
TOKEN = (
    rf"[{CJK}]|\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|[\w--[{CJK}\d_]]+"
    r"|[-+/^=<>≤≥≠±×÷%]|[.?!:;\n\"“”。？！：；…，]"
)
_LAYOUT = (
    r"\\(?:begin|end)\{(?:align|aligned|equation|array|gather|split|eqnarray)\*?\}"
    r"|\\(?:left|right|limits|displaystyle|textstyle|text|textbf|textit|textrm|mathrm|mathbf|mathit|mathcal|overline"
    r"|quad|qquad|bigl|bigr|big)\b"
)
"""What LaTeX writes for the eye: two typesettings of one formula differ in nothing else."""
_LESS = r"\\(le|ge|ne)\b"
SIGNS = frozenset("-+/^=<>≤≥≠±×÷%")
BREAKS = frozenset('.?!:;\n"“”。？！：；…，')
NUMBER_WORDS = frozenset(
    """two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen half twice
    double triple thrice third quarter 零 两 二 三 四 五 六 七 八 九 十 百 千 万 亿 半""".split()  # noqa: SIM905
)
WORD, NUMBER, SIGN, BREAK = 0, 1, 2, 3
_NUMBER_HASH = np.uint64(0x5851F42D4C957F2D)
FACTOR = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(int(FACTOR), -1, 1 << 64))


def normal(texts: pl.Series) -> pl.Series:
    """Lower case, one Unicode form, one apostrophe (none) and one minus."""
    lower = texts.fill_null("").str.to_lowercase()
    plain = lower.str.len_bytes() == lower.str.len_chars()
    if not plain.all():
        frame = pl.DataFrame({"text": lower, "plain": plain})
        form = (
            pl.col("text")
            .str.normalize("NFKC")
            .str.replace_all(r"[\u2010-\u2013\u2212]", "-")
            .str.replace_all("ß", "ss")
        )
        lower = frame.select(pl.when("plain").then("text").otherwise(form))["text"]
    lower = lower.str.replace_all(r"(\w)['’ʼ`](\w)", "$1$2")
    if lower.str.contains("\\", literal=True).any():
        lower = (
            lower.str.replace_all(_LAYOUT, " ").str.replace_all(r"\\[dt]frac", " frac").str.replace_all(_LESS, " $1q")
        )
    return lower


@dataclass(frozen=True)
class Words:
    """The tokens of many texts, flat; `starts` has one entry more than there are texts."""

    vocabulary: list[str]
    codes: npt.NDArray[np.uint32]
    """Per token, its place in the vocabulary."""
    starts: Ints
    kinds: npt.NDArray[np.uint8]
    """Per entry of the vocabulary: word, number, sign or break."""

    @cached_property
    def at(self) -> Ints:
        """Places of the words and numbers among all tokens: the stream on which matches are sought."""
        return np.flatnonzero(self.kinds[self.codes] <= NUMBER)

    @cached_property
    def text_of(self) -> Ints:
        """Per stream place, the number of its text."""
        return np.searchsorted(self.starts, self.at, side="right") - 1

    @cached_property
    def first(self) -> Ints:
        """Per text, its first stream place; one entry more than there are texts."""
        return np.searchsorted(self.at, self.starts)

    @cached_property
    def stream(self) -> npt.NDArray[np.uint32]:
        """Codes of the words and numbers."""
        return self.codes[self.at]

    @cached_property
    def _hashes(self) -> Hashes:
        hashes = (xxhash.xxh3_64_intdigest(word.encode()) for word in self.vocabulary)
        return np.fromiter(hashes, np.uint64, len(self.vocabulary))

    @cached_property
    def plain(self) -> Hashes:
        """Per stream place, the hash of its word."""
        return self._hashes[self.stream]

    @cached_property
    def masked(self) -> Hashes:
        """The same with all numbers equal."""
        return np.where(self.kinds == NUMBER, _NUMBER_HASH, self._hashes)[self.stream]

    def words(self, first: int, last: int) -> list[str]:
        """The words at stream places first .. last - 1."""
        return [self.vocabulary[code] for code in self.stream[first:last]]

    def tokens(self, first: int, last: int) -> list[str]:
        """All tokens, signs and breaks included, from one stream place to before another's end."""
        if first >= last:
            return []
        return [self.vocabulary[code] for code in self.codes[self.at[first] : self.at[last - 1] + 1]]


def words_of(texts: pl.Series) -> Words:
    """The tokens of a column of texts; null is an empty text."""
    lists = normal(texts).str.extract_all(TOKEN)
    lengths = lists.list.len().to_numpy().astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    flat = lists.explode(empty_as_null=False, keep_nulls=False)
    known = flat.unique(maintain_order=True)
    codes = flat.cast(pl.Enum(known)).to_physical().to_numpy().astype(np.uint32)
    places: dict[str, int] = {}  # 2.50 and 2.5 are one entry
    one = [places.setdefault(_number(word) if word[0].isdigit() else word, len(places)) for word in known.to_list()]
    codes = np.asarray(one, dtype=np.uint32)[codes] if len(places) < len(one) else codes
    vocabulary = list(places)
    kinds = np.fromiter((_kind(word) for word in vocabulary), np.uint8, len(vocabulary))
    return Words(vocabulary, codes, starts, kinds)


def _number(word: str) -> str:
    """1,000 and 1000 are one number, and so are 2.50 and 2.5."""
    plain = word.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _kind(word: str) -> int:
    if word[0].isdigit() or word in NUMBER_WORDS:
        return NUMBER
    if word in SIGNS:
        return SIGN
    return BREAK if word in BREAKS else WORD


def bare(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `bare`: the column `text` without spaces, punctuation and signs; rows where nothing is left are left out."""
    found = normal(frame["text"]).str.replace_all(r"[\W_]+", "")
    return frame.with_columns(bare=found).filter(pl.col("bare") != "")


class Rolling:
    """Hash of any window of a stream in constant time: sum of h[i] * F^(i - start), modulo 2^64."""

    def __init__(self, hashes: Hashes) -> None:
        count = len(hashes)
        with np.errstate(over="ignore"):
            self._powers = np.cumprod(np.concatenate([[np.uint64(1)], np.full(count, FACTOR, np.uint64)]))
            self._inverse = np.cumprod(np.concatenate([[np.uint64(1)], np.full(count, _INVERSE, np.uint64)]))
            self._sums = np.concatenate([[np.uint64(0)], np.cumsum(hashes * self._powers[:count])])

    def window(self, starts: Ints, lengths: Ints | int) -> Hashes:
        """Hashes of the windows; they must lie inside the stream."""
        with np.errstate(over="ignore"):
            found: Hashes = (self._sums[starts + lengths] - self._sums[starts]) * self._inverse[starts]
        return found


def grams(words: Words, hashes: Hashes, size: int) -> tuple[Hashes, Ints]:
    """All windows of `size` words that lie in one text: hash and first stream place."""
    count = len(hashes) - size + 1
    if count < 1:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    inside = np.flatnonzero(words.text_of[:count] == words.text_of[size - 1 :])
    return Rolling(hashes).window(inside, size), inside
