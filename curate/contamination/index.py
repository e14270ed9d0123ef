"""All that is known of the eval items, compact: whole-text hashes, rare grams with their weights, and the words.

Built once in a process from the problems alone, so that what a row is called never depends on the other rows, the
shard or the number of workers. Rarity is therefore rarity among the items: a phrase that many of them share weighs
little. `EvalIndex.blind` names the items that only a whole turn can show, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from buckets import Problem
from curate.contamination.calls import plain
from curate.contamination.code import functions
from curate.contamination.words import BREAKS, NUMBER, SIGNS, Hashes, Ints, Rolling, Words, bare, grams, words_of

SIZE = 3
"""Words of a gram; numbers count as equal in it, so that a changed number does not hide the rest."""
COMMON = 24
"""A gram of more items (clusters) than this is a phrase of the trade: it weighs in, but raises no candidate."""
ASK_WORDS = 4
"""A sentence of fewer words asks nothing."""
ASKING = frozenset(
    """what how which who when where why find determine compute calculate evaluate simplify solve write prove explain
    create generate list describe give""".split()  # noqa: SIM905 - a list of words reads best as words
)
_SLOT_BITS = 22
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TURNS = {"probe": pl.Int64, "text": pl.String}


@dataclass(frozen=True)
class Probe:
    """One text to be looked for: a turn of a problem's prompt, or the longest option under a stem of a word or two."""

    problem: int
    part: int
    text: str
    option: bool = False


class EvalIndex:
    """Everything that a pass over rows needs of the items."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        chosen = [[problem.turns[0], *problem.options] if problem.options else [] for problem in self.problems]
        self._first_option = np.cumsum([0, *map(len, chosen)])
        self._choices = words_of(pl.Series([text for texts in chosen for text in texts], dtype=pl.String()))
        self.probes = [probe for number in range(len(self.problems)) for probe in self._probes(number)]
        self.words: Words = words_of(pl.Series([probe.text for probe in self.probes], dtype=pl.String()))
        first = self.words.first
        self.starts, self.lengths = first[:-1], np.diff(first)
        self.whole = Rolling(self.words.plain).window(self.starts, self.lengths)
        self.whole_masked = Rolling(self.words.masked).window(self.starts, self.lengths)
        self.whole[self.lengths == 0] = self.whole_masked[self.lengths == 0] = 0
        self.numbers = self._numbers()
        """Per probe, how many of its words are numbers."""
        self._count_grams()
        self.rarity = self._rarity()
        typed = [(at, text) for at, probe in enumerate(self.probes) for text in _typed(probe, self.problems)]
        self.bare = bare(pl.DataFrame(typed, schema=_TURNS, orient="row")).rename({"text": "typed"})
        """Every turn without any space or mark."""
        self.solutions = _solutions(self.problems)
        """Digest of a function of a reference solution -> problems."""
        self.callers = _callers(self.problems)
        """Name of a function that an answer calls -> problems."""

    @property
    def blind(self) -> dict[str, str]:
        """Key of each problem that only a whole turn can show -> why."""
        found = {}
        for at, probe in enumerate(self.probes):
            problem = self.problems[probe.problem]
            if self.lengths[at] < SIZE and len(problem.turns) == 1:
                what = "its longest option has" if probe.option else "has"
                found[problem.key] = (
                    f"{what} {self.lengths[at]} word(s): found as a whole turn, not inside another text"
                )
        return found

    def stem(self, problem: int) -> list[str]:
        """Words of the first turn of a problem whose longest option is looked for."""
        return self._texts(self._first_option[problem], 1)[0]

    def options(self, problem: int) -> list[list[str]]:
        """Words of each option."""
        return self._texts(self._first_option[problem] + 1, len(self.problems[problem].options))

    def _texts(self, first: int, count: int) -> list[list[str]]:
        bounds = self._choices.first[first : first + count + 1]
        return [self._choices.words(bounds[at], bounds[at + 1]) for at in range(count)]

    def words_at(self, probe: int) -> list[str]:
        return self.words.words(self.starts[probe], self.starts[probe] + self.lengths[probe])

    def tokens_at(self, probe: int) -> list[str]:
        return self.words.tokens(self.starts[probe], self.starts[probe] + self.lengths[probe])

    def ask(self, probe: int) -> int:
        """Place of the first word of what is asked: the last sentence with an asking word, else the last one."""
        place = start = count = asking = 0
        for token in self.tokens_at(probe):
            if token in BREAKS:
                start = count
            elif token not in SIGNS:
                count += 1
                asking = start + 1 if token in ASKING else asking
                if count - start >= ASK_WORDS:
                    place = start
        return asking - 1 if asking else place

    def weight(self, word: str) -> float:
        """Bits that a word tells: log2 of (items / items that have it); a word of no item tells as much as any can."""
        return self.rarity.get(word, self._most)

    def known(self, hashes: Hashes) -> tuple[Ints, Ints]:
        """(places in `hashes` of the grams of items, number of each gram)."""
        maybe = np.flatnonzero(self._filter[(hashes >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)])
        if not len(self._grams) or not len(maybe):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        number = np.searchsorted(self._grams, hashes[maybe])
        number[number == len(self._grams)] = 0
        sure = self._grams[number] == hashes[maybe]
        return maybe[sure], number[sure]

    def _numbers(self) -> Ints:
        sums = np.concatenate([[0], np.cumsum(self.words.kinds[self.words.stream] == NUMBER)])
        return np.asarray(sums[self.starts + self.lengths] - sums[self.starts], dtype=np.int64)

    def _count_grams(self) -> None:
        hashes, places = grams(self.words, self.words.masked, SIZE)
        probe = self.words.text_of[places]
        self._grams, number = np.unique(hashes, return_inverse=True)
        self._filter = np.zeros(1 << _SLOT_BITS, dtype=bool)
        self._filter[(self._grams >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)] = True
        names = [self._cluster(at) for at in range(len(self.probes))]
        _, cluster = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
        table = pl.DataFrame(
            {"gram": number, "probe": probe, "offset": places - self.starts[probe], "cluster": cluster[probe]}
        )
        spread = table.group_by("gram").agg(df=pl.col("cluster").n_unique())
        total = max(len(np.unique(cluster)), 1)
        table = (
            table.join(spread, on="gram", maintain_order="left")
            .with_columns(weight=(((total + 1) / pl.col("df")).log(2) * 1000).round().cast(pl.Int64))
            .sort("probe", "df", "offset")
        )
        anchors = table.unique("probe", keep="first", maintain_order=True)
        self.anchors = anchors.select("gram", "probe", "offset")
        """The rarest gram of each probe: where it stands, the whole probe may stand."""
        once = table.filter(pl.col("df") <= COMMON).unique(["probe", "gram"], keep="first", maintain_order=True)
        self.postings = once.select("gram", "probe", "offset", "weight")
        totals = once.group_by("probe").agg(pl.col("weight").sum(), n=pl.len()).sort("probe")
        self.gram_weight = np.zeros(len(self.probes), dtype=np.int64)
        self.gram_weight[totals["probe"].to_numpy()] = totals["weight"].to_numpy()
        self.gram_count = np.zeros(len(self.probes), dtype=np.int64)
        self.gram_count[totals["probe"].to_numpy()] = totals["n"].to_numpy()

    def _probes(self, number: int) -> list[Probe]:
        """One probe a turn; under a stem of a word or two, the longest option is looked for instead."""
        problem = self.problems[number]
        if problem.options and len(problem.turns) == 1 and len(self.stem(number)) < SIZE:
            return [Probe(number, 0, max(problem.options, key=len), option=True)]
        return [Probe(number, part, text) for part, text in enumerate(problem.turns)]

    def _cluster(self, probe: int) -> str:
        problem = self.problems[self.probes[probe].problem]
        return f"{problem.set}:{problem.cluster}" if problem.cluster else problem.key

    def _rarity(self) -> dict[str, float]:
        table = pl.DataFrame({"word": self.words.stream, "probe": self.words.text_of}).unique()
        total = max(len(self.probes), 1)
        self._most = float(np.log2(total + 1))
        counts = table.group_by("word").len().iter_rows()
        return {self.words.vocabulary[word]: float(np.log2((total + 1) / count)) for word, count in counts}


def _typed(probe: Probe, problems: Sequence[Problem]) -> list[str]:
    """The turn of a probe; under a stem of a word or two also with all its options, as people label them."""
    problem = problems[probe.problem]
    turn = problem.turns[probe.part]
    if not probe.option:
        return [turn]
    labels = ([f"{letter}. " for letter in _LETTERS], [f"{at}. " for at in range(1, 27)], [""] * 26)
    listed = ("\n".join(map("".join, zip(some, problem.options, strict=False))) for some in labels)
    return [turn, *(f"{turn}\n{options}" for options in listed)]


def _solutions(problems: Sequence[Problem]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, problem in enumerate(problems):
        largest = max(functions(problem.code or ""), key=lambda each: each[1], default=None)  # helpers are everybody's
        if largest is not None:
            found.setdefault(largest[0], []).append(number)
    return found


def _callers(problems: Sequence[Problem]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, problem in enumerate(problems):
        for name in dict.fromkeys(plain(call.name) for call in problem.calls):
            found.setdefault(name, []).append(number)
    return found
