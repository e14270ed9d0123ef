"""Collects report.json from what a run folder holds; computes nothing that a stage has not decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from buckets import BUCKETS, InputError, empty_frame, read_frame, read_json
from curate.earlier import SEPARATOR
from curate.report.ablated import ablation_part, no_verdict, trial_warnings
from curate.report.evidence import Decision, Mixture
from curate.report.model import (
    Balance,
    Bucket,
    Costs,
    Drop,
    Duplicate,
    Example,
    Report,
    Shortfall,
    Side,
    Source,
    SourceFile,
    Stage,
)
from curate.report.truth import truth_table
from curate.shards import StageFolder
from curate.show import earlier_rows
from curate.text import talk_text

_EXAMPLES = 3
_PAIRS = 6
_BINS = 10


def build(out: Path) -> Report:
    """The report of a run folder; sections whose stage has not run are left empty."""
    journal = read_json(out / "run.json")
    recipe = read_json(out / "recipe.json")
    fallen = read_frame(out / "ledger.parquet")
    lines = journal["stages"]
    kept = _kept(out / journal["data"])
    texts = _texts(out, lines[0], fallen)
    notes = {line["stage"]: line["notes"] for line in lines}
    ablation = journal.get("ablation")
    analysis = _optional(out / "analysis.json") if ablation else None
    return Report(
        title=journal["title"],
        created=journal["created"],
        command=journal["command"],
        versions=journal["versions"],
        headline=_headline(lines),
        sources=_sources(recipe["recipe"], lines[0]),
        funnel=tuple(_stage(line) for line in lines),
        drops=_drops(fallen, texts, _source_sizes(lines[0])),
        buckets=_buckets(kept),
        duplicates=_duplicates(fallen, texts),
        balance=_balance(notes.get("balance")),
        truth=truth_table(_base(out, recipe), recipe["recipe"].get("truth"), fallen),
        ablation=ablation_part(ablation, analysis) if ablation else None,
        decision=Decision.model_validate(analysis["decision"]) if analysis else None,
        mixture=Mixture.model_validate(analysis["mixture"]) if analysis and analysis["mixture"] else None,
        costs=_costs(journal, lines, ablation),
        warnings=(*_warnings(lines, kept, notes), *trial_warnings(recipe["recipe"], _base(out, recipe), ablation)),
        absent={} if analysis else no_verdict(recipe["recipe"], ablation),
    )


def _optional(path: Path) -> Any:
    return read_json(path) if path.exists() else None


def _base(out: Path, recipe: dict[str, Any]) -> Path:
    return (out / str(recipe["base"])).resolve()


def _kept(folder: Path) -> pl.DataFrame:
    columns = ["bucket", "bucket_confidence", "tokens", "answer_tokens", "difficulty"]
    shards = sorted(folder.glob("*.kept.parquet"))
    if not shards:
        raise InputError(f"{folder}: no shards; run the road again")
    return pl.concat([read_frame(path, columns) for path in shards])


def _texts(out: Path, read: dict[str, Any], fallen: pl.DataFrame) -> dict[str, str]:
    """Text of the rows that the page may show: examples of each rule, duplicates and their witnesses."""
    examples = fallen.group_by("stage", "rule", maintain_order=True).head(_EXAMPLES)
    twins = fallen.filter(pl.col("rule").is_in(["exact_duplicate", "near_duplicate"]))
    twins = twins.group_by("rule", maintain_order=True).head(_PAIRS)
    wanted = pl.concat([examples["id"], twins["id"], twins["witness"]]).drop_nulls().unique()
    folder = StageFolder(out / "stages", read["stage"], read["fingerprint"]).path
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.kept.parquet")):
        rows = pl.scan_parquet(path).filter(pl.col("id").is_in(wanted.implode())).select("id", text=talk_text())
        found.update(rows.collect().iter_rows())
    rest = [id for id in wanted if id not in found and SEPARATOR in id]
    return found | _earlier_texts(out, rest)


def _earlier_texts(out: Path, ids: Sequence[str]) -> dict[str, str]:
    """Text of witnesses that stood before the run; the page does without them when that run is gone by now."""
    try:
        rows = earlier_rows(out, ids) if ids else empty_frame()
    except InputError as error:
        return dict.fromkeys(ids, f"(cannot be shown: {error})")
    return dict(rows.select("id", text=talk_text()).iter_rows())


def _headline(lines: Sequence[dict[str, Any]]) -> str:
    rows, kept = lines[0]["counts"]["rows_in"], lines[-1]["counts"]["kept"]
    return (
        f"{kept:,} of {rows:,} rows stay ({kept / max(rows, 1):.1%}); every other row is in the ledger with its reason."
    )


def _sources(recipe: dict[str, Any], read: dict[str, Any]) -> tuple[Source, ...]:
    files = read["notes"]["files"]
    return tuple(
        Source(
            name=source["name"],
            bucket=source["bucket"],
            files=tuple(
                SourceFile(**{key: value for key, value in file.items() if key != "source"})
                for file in files
                if file["source"] == source["name"]
            ),
        )
        for source in recipe["read"]["sources"]
    )


def _source_sizes(read: dict[str, Any]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for file in read["notes"]["files"]:
        sizes[file["source"]] = sizes.get(file["source"], 0) + file["rows"]
    return sizes


def _stage(line: dict[str, Any]) -> Stage:
    seconds = line["seconds"]
    return Stage(
        stage=line["stage"],
        seconds=seconds,
        rows_per_second=line["counts"]["rows_in"] / seconds if seconds else None,
        **line["counts"],
    )


def _drops(fallen: pl.DataFrame, texts: dict[str, str], sizes: dict[str, int]) -> tuple[Drop, ...]:
    drops = []
    for (stage, rule), rows in fallen.group_by("stage", "rule", maintain_order=True):
        shares = rows.group_by("source").len().sort("source").iter_rows()
        drops.append(
            Drop(
                stage=str(stage),
                rule=str(rule),
                reason=rows["reason"].mode(maintain_order=True)[0],
                count=rows.height,
                share_of_source={source: count / sizes[source] for source, count in shares},
                examples=tuple(_example(row, texts) for row in rows.head(_EXAMPLES).iter_rows(named=True)),
            )
        )
    return tuple(drops)


def _example(row: dict[str, Any], texts: dict[str, str]) -> Example:
    return Example(
        id=row["id"],
        source=row["source"],
        excerpt=texts.get(row["id"], ""),
        evidence=row["evidence"] or "",
        witness=row["witness"],
    )


def _duplicates(fallen: pl.DataFrame, texts: dict[str, str]) -> tuple[Duplicate, ...]:
    pairs = []
    for rule, kind in (("near_duplicate", "near"), ("exact_duplicate", "exact")):
        rows = fallen.filter(pl.col("rule") == rule).head(_PAIRS)
        for row in rows.select("id", "witness", "evidence").iter_rows(named=True):
            pairs.append(
                Duplicate.model_validate(
                    {
                        "kind": kind,
                        "jaccard": float(row["evidence"].removeprefix("jaccard ")) if kind == "near" else None,
                        "dropped": Side(id=row["id"], text=texts.get(row["id"], "")),
                        "witness": Side(id=row["witness"], text=texts.get(row["witness"], "")),
                    }
                )
            )
    return tuple(pairs)


def _buckets(kept: pl.DataFrame) -> tuple[Bucket, ...]:
    parts = {bucket: rows for (bucket,), rows in kept.group_by("bucket")}
    lines = [_bucket(name, BUCKETS[name].title, parts[name]) for name in BUCKETS if name in parts]
    if None in parts:
        lines.append(_bucket("unsure", "No bucket clear enough", parts[None]))
    return tuple(lines)


def _bucket(name: str, title: str, rows: pl.DataFrame) -> Bucket:
    place = (rows["difficulty"].drop_nulls() * _BINS).cast(pl.Int32()).clip(0, _BINS - 1)
    bins = tuple(int((place == k).sum()) for k in range(_BINS)) if len(place) else None
    return Bucket(
        id=name,
        title=title,
        rows=rows.height,
        tokens=int(rows["tokens"].sum()),
        unsure_rows=int((rows["bucket_confidence"] < 0.7).sum()),
        tokens_p50=_quantile(rows, 0.5),
        tokens_p95=_quantile(rows, 0.95),
        difficulty=bins,
    )


def _quantile(rows: pl.DataFrame, share: float) -> float | None:
    return rows["tokens"].quantile(share)


def _balance(notes: dict[str, Any] | None) -> Balance | None:
    if notes is None:
        return None
    return Balance(shortfalls=tuple(Shortfall(**line) for line in notes["shortfalls"]))


def _costs(journal: dict[str, Any], lines: Sequence[dict[str, Any]], ablation: dict[str, Any] | None) -> Costs:
    plan = (ablation or {}).get("notes", {}).get("plan", {})
    cleaning = sum(line["seconds"] for line in lines)
    trained = ablation["seconds"] if ablation else None
    return Costs(
        wall_seconds=cleaning + (trained or 0.0),
        cleaning_seconds=cleaning,
        ablation_seconds=trained,
        peak_rss_mib=journal.get("peak_rss_mib"),
        trials=plan.get("trials"),
        trained_tokens=plan.get("tokens"),
        flops=plan.get("flops"),
    )


def _warnings(lines: Sequence[dict[str, Any]], kept: pl.DataFrame, notes: dict[str, dict[str, Any]]) -> Iterator[str]:
    unsure = kept["bucket"].null_count()
    if unsure:
        yield f"{unsure:,} kept rows fit no bucket clearly; they are exported but not ablated."
    skipped = notes.get("dedup", {}).get("pairs_not_compared_in_crowds", 0)
    if skipped:
        yield f"{skipped:,} pairs in crowded MinHash bands were not compared; near duplicates among them may stay."
    quarantined = lines[0]["counts"]["quarantined"]
    if quarantined:
        yield f"{quarantined:,} raw rows could not be read; each stands in the ledger with file, row and reason."
