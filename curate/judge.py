"""The stage that asks a judge about every row: scores always, drops only what agreement with people has allowed.

A row whose votes fail is quarantined as `unscored`: it is neither kept nor dropped. Calls are made from this process
alone, whatever the executor, so that one ledger, one cap and one rate hold for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import polars as pl
from pydantic import Field

from buckets import InputError, RefusedError, Sorted, digest_file, dumps, fallen_frame, read_frame, records, split
from buckets import write_json as _write_json
from curate.agreement import read_agreement
from curate.shards import Notify, silent
from curate.stage import FALL, Table, canonical
from verifiers import Endpoint, Forecast, Judge, Outcome, Rubric, Scored, Vote, judge_identity, load_rubric

LEDGER = "judge.sqlite"
FORECAST = "judge_forecast.json"
TOO_LITTLE = "not enough; raise judge.endpoint.cap_usd or judge fewer rows"
SEEN_SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "outcome": pl.String(),  # pass | fail | abstain (unscored)
        "score": pl.Float64(),  # mean grade of the valid votes
        "votes": pl.List(pl.String()),  # the grade, or why there is none
        "reason": pl.String(),
    }
)


class JudgeStage(Table):
    """Grades every row by a rubric; `judge_score` and `judge_pass` go into the row's meta."""

    endpoint: Endpoint
    """Where the judge is, how it is asked, what it may cost."""
    rubric: str = "answer_quality"
    """A rubric of ours by name, or a YAML file relative to the recipe."""
    pass_at: int = 4
    """Lowest grade that passes; each vote passes or fails by it."""
    action: Literal["score", "drop"] = "score"
    """`score` keeps failing rows, flagged in their meta; `drop` takes them out, which needs `agreement`."""
    agreement: str | None = None
    """What `curate agreement` wrote for this judge; relative to the recipe."""
    least_precision: float = Field(0.9, gt=0, le=1)
    """95% lower bound (Wilson) that the share of rightly failed rows must reach before the judge may drop."""
    least_kappa: float = Field(0.6, gt=-1, le=1)
    """95% lower bound that Cohen's kappa with the human labels must reach."""

    def mistakes(self, base: Path) -> Iterator[str]:
        """What types cannot see: the rubric, the threshold, the licence to drop."""
        try:
            rubric = load_rubric(self.rubric, base)
        except InputError as error:
            yield f"judge.rubric: {error}"
            return
        if rubric.kind != "score":
            yield f"judge.rubric: {self.rubric} compares pairs; a stage needs a rubric of kind score"
        elif not rubric.low < self.pass_at <= rubric.high:
            yield f"judge.pass_at: must be above {rubric.low} and at most {rubric.high}, the scale of {self.rubric}"
        if self.action == "drop":
            yield from self._unlicensed(rubric, base)

    def _unlicensed(self, rubric: Rubric, base: Path) -> Iterator[str]:
        if self.agreement is None:
            yield (
                "judge.action: a judge may drop rows only after agreement with people was shown; run with "
                "`action: score`, label some rows, and name what `curate agreement` wrote in judge.agreement"
            )
            return
        try:
            shown = read_agreement(base / Path(self.agreement).expanduser())
        except InputError as error:
            yield f"judge.agreement: {error}"
            return
        if (shown.judge, shown.pass_at) != (judge_identity(rubric, self.endpoint), self.pass_at):
            yield "judge.agreement: was shown for another judge (rubric, model, votes, sampling or pass_at differ)"
        for shortfall in shown.agreement.shortfalls(self.least_precision, self.least_kappa):
            yield f"judge.agreement: {shortfall}"

    def parameters(self, base: Path) -> str:
        """What the outcome depends on: the table, the rubric's text, the agreement's bytes."""
        shown = "" if self.agreement is None else digest_file(base / Path(self.agreement).expanduser())
        return canonical(self) + load_rubric(self.rubric, base).identity() + shown

    def at(self, base: Path, out: Path, notify: Notify = silent) -> PlacedJudge:
        """The stage in one run folder, with its ledger open."""
        return PlacedJudge(self, Judge(load_rubric(self.rubric, base), self.endpoint, out / LEDGER), out, notify)


@dataclass(frozen=True)
class PlacedJudge:
    """A judge at work in a run folder."""

    table: JudgeStage
    judge: Judge
    out: Path
    notify: Notify

    def prepare(self, shards: Sequence[Path]) -> Forecast:
        """The forecast, written down before the first call. Raises RefusedError when the cap cannot pay for it."""
        found = self.judge.forecast(record for path in shards for record in records(read_frame(path)))
        _write_json(self.out / FORECAST, asdict(found) | {"text": found.text()})
        if not found.enough:
            raise RefusedError(f"{found.text()}: {TOO_LITTLE}")
        return found

    def __call__(self, frame: pl.DataFrame) -> Sorted:
        scored = self.judge.score(
            list(records(frame)), self.table.pass_at, lambda done: self.notify("judge calls", done, 0)
        )
        falls = [fall for each in scored if (fall := self._fall(each)) is not None]
        out = split(frame.with_columns(meta=_meta(frame, scored)), fallen_frame(falls).select("fate", *FALL))
        return Sorted(out.kept, out.dropped, _seen(scored))

    def _fall(self, each: Scored) -> dict[str, Any] | None:
        said = each.verdict
        fates = {Outcome.ABSTAIN: "quarantined", Outcome.FAIL: "dropped" if self.table.action == "drop" else None}
        fate = fates.get(said.outcome)
        if fate is None:
            return None
        fall = {"id": each.id, "fate": fate, "stage": "judge", "rule": said.rule, "witness": None}
        return fall | {"reason": said.reason, "evidence": said.evidence}

    def notes(self, forecast: Forecast, seen: Sequence[pl.DataFrame]) -> dict[str, Any]:
        """For the manifest: what agreement is shown for, verdicts, reasons of the unscored, calls and money."""
        every = pl.concat(seen) if seen else pl.DataFrame(schema=SEEN_SCHEMA)
        unscored = every.filter(pl.col("outcome") == "abstain")["reason"].value_counts()
        ledger = self.judge.ledger
        return {
            "judge": self.judge.identity(),
            "pass_at": self.table.pass_at,
            "verdicts": dict(sorted(every["outcome"].value_counts().iter_rows())),
            "unscored": dict(sorted(unscored.iter_rows())),
            "forecast": forecast.text(),
            "spent_usd": ledger.spent() / 10**12,
            "calls": ledger.outcomes(),
        }


def _meta(frame: pl.DataFrame, scored: Sequence[Scored]) -> pl.Series:
    """The meta column with the scores in it; a score that raw data brought along does not survive."""
    texts = []
    for text, each in zip(frame["meta"], scored, strict=True):
        meta = {k: v for k, v in (orjson.loads(text) if text else {}).items() if k not in ("judge_score", "judge_pass")}
        if each.score is not None:
            meta |= {"judge_score": each.score, "judge_pass": each.verdict.outcome is Outcome.PASS}
        texts.append(dumps(meta) if meta else None)
    return pl.Series("meta", texts, dtype=pl.String())


def _seen(scored: Sequence[Scored]) -> pl.DataFrame:
    rows = [
        {
            "id": each.id,
            "outcome": each.verdict.outcome.value,
            "score": each.score,
            "votes": [str(vote.value) if isinstance(vote, Vote) else vote for vote in each.answers],
            "reason": each.verdict.reason,
        }
        for each in scored
    ]
    return pl.DataFrame(rows, schema=SEEN_SCHEMA, orient="row")
