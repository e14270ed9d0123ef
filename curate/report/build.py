"""Collects report.json from what a run folder holds; computes nothing that a stage has not decided."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from buckets import BUCKETS, InputError, empty_frame, read_frame, read_json
from curate.closing import passed_over_sources, unread_sources
from curate.earlier import SEPARATOR, earlier_rows
from curate.gains import filters_part
from curate.guard import allowed_text
from curate.pairs import LOOKS
from curate.report.ablated import ablation_part, no_verdict, trial_warnings
from curate.report.confirmation import confirmation_part
from curate.report.contaminated import contamination_part
from curate.report.evidence import Decision, Mixture
from curate.report.judged import judged_part
from curate.report.model import (
    Balance,
    Bucket,
    Checked,
    Checks,
    Costs,
    Duplicate,
    Language,
    Near,
    Report,
    Semantic,
    Shortfall,
    Side,
    Source,
    SourceFile,
    Stage,
)
from curate.report.rules import EXAMPLES, as_fallen, drops
from curate.report.truth import truth_table
from curate.shards import StageFolder
from curate.text import talk_text

_PAIRS = 6
_BINS = 10
_SURE = 0.7


def build(out: Path) -> Report:
    """The report of a run folder; sections whose stage has not run are left empty."""
    journal = read_json(out / "run.json")
    recipe = read_json(out / "recipe.json")
    fallen = read_frame(out / "ledger.parquet")
    lines = journal["stages"]
    kept = _kept(out / journal["data"])
    near = _near_rows(out)
    noted = read_frame(out / "noted.parquet") if (out / "noted.parquet").exists() else None
    texts = _texts(out, lines[0], fallen, near, noted)
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
        drops=drops(fallen, texts, _source_sizes(lines[0])),
        flags=() if noted is None else drops(as_fallen(noted), texts, _source_sizes(lines[0])),
        checks=_checks(notes.get("check", {})),
        buckets=_buckets(kept),
        languages=_languages(kept),
        duplicates=_duplicates(fallen, texts),
        contamination=contamination_part(out, notes.get("decontaminate")),
        judged=judged_part(out, _base(out, recipe), _line_of("judge", lines), recipe["recipe"].get("judge")),
        semantic=_semantic(notes.get("semantic"), near, texts),
        balance=_balance(notes.get("balance"), recipe["recipe"].get("balance")),
        truth=truth_table(_base(out, recipe), recipe["recipe"].get("truth"), fallen),
        ablation=ablation_part(ablation, analysis) if ablation else None,
        decision=Decision.model_validate(analysis["decision"]) if analysis else None,
        mixture=Mixture.model_validate(analysis["mixture"]) if analysis and analysis["mixture"] else None,
        confirmation=confirmation_part(out) if analysis else None,
        filters=filters_part(out),
        costs=_costs(journal, lines, ablation),
        warnings=(
            *allowed_text(journal.get("allowed", [])),
            *_warnings(journal, lines, kept, notes),
            *trial_warnings(recipe["recipe"], _base(out, recipe), ablation),
        ),
        absent={} if analysis else no_verdict(recipe["recipe"], ablation),
    )


def _line_of(stage: str, lines: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    return next((line for line in lines if line["stage"] == stage), None)


def _optional(path: Path) -> Any:
    return read_json(path) if path.exists() else None


def _base(out: Path, recipe: dict[str, Any]) -> Path:
    return (out / str(recipe["base"])).resolve()


def _kept(folder: Path) -> pl.DataFrame:
    columns = ["bucket", "bucket_confidence", "tokens", "answer_tokens", "difficulty", "language"]
    shards = sorted(folder.glob("*.kept.parquet"))
    if not shards:
        raise InputError(f"{folder}: no shards; run the road again")
    return pl.concat([read_frame(path, columns) for path in shards])


def _near_rows(out: Path) -> pl.DataFrame | None:
    """Pairs for the page: the nearest confirmed ones and the nearest others."""
    path = out / "flags.parquet"
    if not path.exists():
        return None
    flags = read_frame(path).sort(-pl.col("cosine"), "id")
    confirmed = pl.col("signal").is_not_null()
    return pl.concat([flags.filter(confirmed).head(_PAIRS), flags.filter(~confirmed).head(_PAIRS)])


def _semantic(notes: dict[str, Any] | None, near: pl.DataFrame | None, texts: dict[str, str]) -> Semantic | None:
    if notes is None:
        return None
    wanted = ("action", "model", "cosine", "flagged", "confirmed", "dropped")
    found = {"pairs": 0, "method": "no row to compare", "flagged": 0, "confirmed": {}, "dropped": 0} | notes
    measured = {name: notes.get(name) for name in ("recall", "recall_low", "recall_high")}
    examples = tuple(
        Near(
            cosine=line["cosine"],
            signal=line["signal"],
            veto=line["veto"],
            row=Side(id=line["id"], text=texts.get(line["id"], "")),
            other=Side(id=line["other"], text=texts.get(line["other"], "")),
        )
        for line in (near.iter_rows(named=True) if near is not None else ())
    )
    plain = {name: found[name] for name in (*wanted, "pairs", "method")}
    return Semantic(**plain, **measured, examples=examples)


def _texts(
    out: Path, read: dict[str, Any], fallen: pl.DataFrame, near: pl.DataFrame | None, noted: pl.DataFrame | None
) -> dict[str, str]:
    """Text of the rows that the page may show: examples of each rule and flag, duplicates and witnesses, near pairs."""
    examples = fallen.group_by("stage", "rule", maintain_order=True).head(EXAMPLES)
    twins = fallen.filter(pl.col("rule").is_in(["exact_duplicate", "near_duplicate"]))
    twins = twins.group_by("rule", maintain_order=True).head(_PAIRS)
    pairs = [] if near is None else [near["id"], near["other"]]
    pairs += [] if noted is None else [noted.group_by("rule", maintain_order=True).head(EXAMPLES)["id"]]
    wanted = pl.concat([examples["id"], twins["id"], twins["witness"], *pairs]).drop_nulls().unique()
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
    rows, kept, raw = lines[0]["counts"]["rows_in"], lines[-1]["counts"]["kept"], lines[0]["notes"]["raw_rows"]
    what = "rows" if raw == rows else f"records (from {raw:,} raw rows)"
    share = f"{kept / max(rows, 1):.1%}"
    return f"{kept:,} of {rows:,} {what} stay ({share}); every other one is in the ledger with its reason."


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
        sizes[file["source"]] = sizes.get(file["source"], 0) + file["records"]
    return sizes


def _stage(line: dict[str, Any]) -> Stage:
    seconds = line["seconds"]
    return Stage(
        stage=line["stage"],
        seconds=seconds,
        rows_per_second=line["counts"]["rows_in"] / seconds if seconds else None,
        **line["counts"],
    )


def _checks(notes: dict[str, Any]) -> Checks | None:
    """None where the stage has not run, or was run before it counted."""
    found = tuple(Checked(**line) for line in notes.get("checks", []))
    return Checks(checks=found, untimed_shards=notes["untimed_shards"]) if found else None


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


def _languages(kept: pl.DataFrame) -> tuple[Language, ...]:
    told = kept.drop_nulls("language").group_by("language").agg(rows=pl.len(), tokens=pl.col("tokens").sum())
    lines = told.sort(-pl.col("rows").cast(pl.Int64), "language").iter_rows(named=True)
    return tuple(Language(**line) for line in lines)


def _bucket(name: str, title: str, rows: pl.DataFrame) -> Bucket:
    place = (rows["difficulty"].drop_nulls() * _BINS).cast(pl.Int32()).clip(0, _BINS - 1)
    bins = tuple(int((place == k).sum()) for k in range(_BINS)) if len(place) else None
    return Bucket(
        id=name,
        title=title,
        rows=rows.height,
        tokens=int(rows["tokens"].sum()),
        unsure_rows=int((rows["bucket_confidence"] < _sure_from(name)).sum()),
        tokens_p50=_quantile(rows, 0.5),
        tokens_p95=_quantile(rows, 0.95),
        difficulty=bins,
    )


def _sure_from(name: str) -> float:
    """Confidence below which a row is a close call: what remains (general instruction) can never be surer than .55."""
    if name not in BUCKETS:
        return _SURE
    highest = 1 - math.prod(1 - signal.weight for signal in BUCKETS[name].signals)
    return min(_SURE, highest - 1e-6)


def _quantile(rows: pl.DataFrame, share: float) -> float | None:
    return rows["tokens"].quantile(share)


def _balance(notes: dict[str, Any] | None, table: dict[str, Any] | None) -> Balance | None:
    """None also where the recipe sets no quota: there was nothing to fill."""
    if notes is None or not table or (table["max_rows"] is None and not table["min_rows"]):
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


def _warnings(
    journal: dict[str, Any], lines: Sequence[dict[str, Any]], kept: pl.DataFrame, notes: dict[str, dict[str, Any]]
) -> Iterator[str]:
    told = [*unread_sources(lines[0]["notes"]["files"]), *passed_over_sources(journal)]
    yield from (warning[0].upper() + warning[1:] for warning in told)
    unsure = kept["bucket"].null_count()
    if unsure:
        yield f"{unsure:,} kept rows fit no bucket clearly; they are exported but not ablated."
    skipped = notes.get("dedup", {}).get("pairs_not_compared_in_crowds", 0)
    if skipped:
        yield f"{skipped:,} pairs in crowded MinHash bands were not compared; near duplicates among them may stay."
    yield from _semantic_warnings(notes.get("semantic", {}))
    unread = notes.get("dedup", {}).get("similar_pairs_not_read", 0)
    if unread:
        yield f"{unread:,} similar pairs were not read word by word: beyond the {LOOKS} nearest of a row."
    quarantined = lines[0]["counts"]["quarantined"]
    if quarantined:
        yield f"{quarantined:,} raw rows could not be read; each stands in the ledger with file, row and reason."


def _semantic_warnings(notes: dict[str, Any]) -> Iterator[str]:
    cut = notes.get("rows_longer_than_the_model_reads", 0)
    if cut:
        yield f"{cut:,} prompts are longer than the embedding model reads; only their beginnings were compared."
    skipped = notes.get("pairs_not_looked_at", 0)
    if skipped:
        yield f"{skipped:,} pairs near in meaning stand in crowds and were counted, but not looked at one by one."
    short = notes.get("recall")
    if short is not None and not notes["recall_reached"]:
        yield f"The search for pairs near in meaning found {short:.1%} of those of a sample, less than was asked for."
