"""What report.json holds: everything that the page shows, and nothing that it must compute from rows."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import Field

from curate.report.confirmation import Confirmation
from curate.report.evidence import Ablation, Decision, Mixture
from curate.report.filters import Filter
from curate.report.judged import Judged
from curate.report.part import Maybe, Part, Text
from verifiers import wilson


class SourceFile(Part):
    """One file as the reader saw it."""

    path: Text
    format: Text
    why: Text = ""
    """Why the sniffer took it for this format."""
    rows: int
    """Raw rows."""
    records: int | None = None
    """Records that they gave, unreadable rows included, where that is another number."""
    quarantined: int = 0
    not_wanted: int = 0
    """Rows that `only` in the source's mapping does not ask for."""


class Source(Part):
    """One source of the recipe."""

    name: Text
    files: tuple[SourceFile, ...] = ()
    bucket: Text | None = None
    """Bucket declared in the recipe; None when it was assigned row by row."""

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def records(self) -> int:
        return sum(file.rows if file.records is None else file.records for file in self.files)

    @property
    def quarantined(self) -> int:
        return sum(file.quarantined for file in self.files)


class Stage(Part):
    """One line of the funnel."""

    stage: Text
    rows_in: int
    kept: int
    dropped: int = 0
    quarantined: int = 0
    seconds: Maybe = None
    rows_per_second: Maybe = None

    @property
    def lost(self) -> int:
        """Rows in that are neither kept nor dropped nor quarantined; the row law says 0."""
        return self.rows_in - self.kept - self.dropped - self.quarantined


class Example(Part):
    """One row that fell."""

    id: Text
    source: Text = ""
    excerpt: Text = ""
    detail: Text = ""
    """The reason of this row, where it says more than that of the rule."""
    evidence: Text = ""
    witness: Text | None = None
    """Id of the surviving row, for a duplicate."""


class Drop(Part):
    """All rows that one rule of one stage took out."""

    stage: Text
    rule: Text
    reason: Text
    """What the rule takes out, the same for every row."""
    count: int
    share_of_source: dict[Text, float] = Field(default_factory=dict)
    examples: tuple[Example, ...] = ()


class Checked(Part):
    """What one check of the cascade said; a row that fell is not asked again."""

    check: Text
    passed: int
    failed: int
    abstained: int
    """Rows that came to it and on which it could not say."""
    seconds: Maybe

    @property
    def came(self) -> int:
        return self.passed + self.failed + self.abstained

    @property
    def a_thousand(self) -> float | None:
        """Seconds for a thousand rows that it judged."""
        judged = self.passed + self.failed
        return 1000 * self.seconds / judged if judged and self.seconds is not None else None


class Checks(Part):
    """The cascade, cheap checks first."""

    checks: tuple[Checked, ...]
    untimed_shards: int = 0
    """Shards of an earlier, interrupted run: their rows are counted, their seconds are not known."""


class Language(Part):
    """Kept rows that answer in one language."""

    language: Text
    """ISO 639 code, or `und`: unsure."""
    rows: int
    tokens: int


class Bucket(Part):
    """One capability bucket, or `unsure`."""

    id: Text
    title: Text = ""
    rows: int
    tokens: int
    unsure_rows: int | None = None
    """Rows whose bucket was given with low confidence."""
    tokens_p50: Maybe = None
    tokens_p95: Maybe = None
    difficulty: tuple[int, ...] | None = None
    """Rows per difficulty bin, easy first."""


class Contamination(Part):
    """One row that met an eval item."""

    item: Text
    kind: Literal["verbatim", "near", "template-only"]
    how: Text
    role: Text
    row: Text
    span: Text


class EvalSetHits(Part):
    """Rows and items of one eval set that met, by class."""

    set: Text
    kind: Literal["verbatim", "near", "template-only"]
    rows: int
    items: int


class Contaminations(Part):
    """What decontamination found; template-only rows stay."""

    compared: int
    """Eval items."""
    sets: tuple[EvalSetHits, ...] = ()
    examples: tuple[Contamination, ...] = ()
    only_as_whole_turn: int = 0
    """Items that cannot be found inside another text."""


class Side(Part):
    id: Text
    text: Text


class Duplicate(Part):
    """A dropped row beside the row that stayed."""

    kind: Literal["exact", "near"]
    jaccard: Maybe = None
    dropped: Side
    witness: Side


class Near(Part):
    """A row beside the kept row that it is near in meaning."""

    cosine: float
    signal: Text | None = None
    """What confirms the pair: answer, lexical, copy; None when it is only near."""
    veto: Text | None = None
    """What speaks against it."""
    row: Side
    other: Side


class Semantic(Part):
    """What the semantic stage found, and how sure it is to have found all."""

    action: Literal["flag", "drop"]
    model: Text
    cosine: float
    pairs: int
    """Pairs of rows at or above the cosine."""
    flagged: int
    confirmed: dict[Text, int] = Field(default_factory=dict)
    dropped: int
    method: Text
    recall: Maybe = None
    """Share of the true pairs of a sample of rows that were found; None where all pairs were compared."""
    recall_low: Maybe = None
    recall_high: Maybe = None
    examples: tuple[Near, ...] = ()


class Shortfall(Part):
    """A quota that the data could not fill."""

    bucket: Text
    quota: int
    got: int
    why: Text = ""


class Balance(Part):
    shortfalls: tuple[Shortfall, ...] = ()


class Truth(Part):
    """One planted fault: how many of the planted rows ended as wanted."""

    fault: Text
    catcher: Text
    """The stage or rules that should act."""
    planted: int
    found: int
    """Planted rows that ended as wanted: dropped, or kept for a control."""
    wanted: Literal["dropped", "kept"] = "dropped"
    flagged: int | None = None
    """All rows that the catcher took; the n of `precision`."""
    precision: Maybe = None

    @property
    def recall(self) -> float | None:
        return self.found / self.planted if self.planted else None

    @property
    def recall_interval(self) -> tuple[float, float]:
        return wilson(self.found, self.planted)

    @property
    def precision_interval(self) -> tuple[float, float] | None:
        if self.precision is None or self.flagged is None:
            return None
        return wilson(self.precision * self.flagged, self.flagged)


class Costs(Part):
    """What the run took."""

    wall_seconds: Maybe = None
    cleaning_seconds: Maybe = None
    ablation_seconds: Maybe = None
    peak_rss_mib: Maybe = None
    trials: int | None = None
    trained_tokens: int | None = None
    flops: Maybe = None


class Report(Part):
    """report.json."""

    title: Text
    created: Text
    command: Text
    versions: dict[Text, Text] = Field(default_factory=dict)
    headline: Text = ""
    """One sentence for a run without a decision; a decision's own headline goes before it."""
    sources: tuple[Source, ...] = ()
    funnel: tuple[Stage, ...] = ()
    drops: tuple[Drop, ...] = ()
    flags: tuple[Drop, ...] = ()
    """What the content rules noted on rows that stay; a row may be in several."""
    checks: Checks | None = None
    buckets: tuple[Bucket, ...] = ()
    languages: tuple[Language, ...] = ()
    """Most rows first; empty when languages were not told."""
    duplicates: tuple[Duplicate, ...] = ()
    contamination: Contaminations | None = None
    judged: Judged | None = None
    semantic: Semantic | None = None
    balance: Balance | None = None
    truth: tuple[Truth, ...] = ()
    ablation: Ablation | None = None
    decision: Decision | None = None
    mixture: Mixture | None = None
    confirmation: Confirmation | None = None
    filters: tuple[Filter, ...] = ()
    """The gain ledger: one line a filter rule."""
    costs: Costs = Costs()
    warnings: tuple[Text, ...] = ()
    absent: dict[Text, Text] = Field(default_factory=dict)
    """Section id -> why it is empty, where the run knows better than the page's own sentence."""

    @property
    def rows_in(self) -> int:
        """Records that the first stage read; a raw row may give several."""
        return self.funnel[0].rows_in if self.funnel else 0

    @property
    def raw_rows(self) -> int:
        """Rows of the files."""
        return sum(source.rows for source in self.sources) or self.rows_in

    @property
    def trained(self) -> bool:
        """Whether the run has anything to say beyond cleaning."""
        return self.ablation is not None or self.decision is not None or self.mixture is not None

    @property
    def rows_kept(self) -> int:
        return self.funnel[-1].kept if self.funnel else 0

    @property
    def row_law(self) -> bool:
        """Every stage adds up and starts from what the stage before it kept."""
        adds_up = all(stage.lost == 0 for stage in self.funnel)
        follows = all(after.rows_in == before.kept for before, after in pairwise(self.funnel))
        return adds_up and follows
