"""Which tokens of a recipe's rows would be trained: counts of faults over all rows, and sample rows to look at.

Rows are taken as they are read, before any stage drops some. Not covered: what another trainer makes of an export.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buckets import InputError, Record, RowError, expand, records, turn_weights
from curate.visible import clip, printable, visible

if TYPE_CHECKING:
    from ablation import Audited, Auditor, Encoder
    from curate.recipe import Recipe
    from curate.shards import Notify

_PACKED = 64
"""Rows that are laid end to end to audit the packing."""


@dataclass
class Report:
    """What the audit found; `faults` and `notes` are rows by kind, `first` where each was met first."""

    tokenizer: str
    context: int | None
    policy: dict[str, Any]
    rows: int = 0
    audited: int = 0
    tokens: int = 0
    trained: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    packed: int = 0
    """Rows whose packing was audited."""
    samples: list[tuple[str, Audited]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        told = {name: value for name, value in vars(self).items() if name != "samples"}
        samples = [{"id": id, "tokens": [asdict(t) for t in row.tokens], **_found(row)} for id, row in self.samples]
        return {**told, "samples": samples}


def audit(recipe: Recipe, base: Path, tokenizer: str | None, rows: int, notify: Notify) -> Report:
    """Every row of the recipe's sources; the first `rows` that were audited are kept as samples.

    Raises InputError where no tokenizer is named or it cannot be used.
    """
    from ablation import Auditor

    encoder, context, name = _encoder(recipe, base, tokenizer)
    auditor, report = Auditor(encoder), Report(name, context, encoder.policy.model_dump())
    packed: list[tuple[list[int], list[float]]] = []
    for record in _records(recipe, base, notify):
        report.rows += 1
        try:
            _row(record, auditor, context, report, rows, packed)
        except RowError as error:
            report.left_out[error.reason] += 1
            report.first.setdefault(error.reason, f"{record.id}: {clip(error.detail, 200)}")
    _packing(packed, report)
    return report


def _row(
    record: Record,
    auditor: Auditor,
    context: int | None,
    report: Report,
    rows: int,
    packed: list[tuple[list[int], list[float]]],
) -> None:
    given = turn_weights(record.draft)
    made = auditor.encoder.encode(record.messages, record.draft.tools, weights=given, context=context)
    if context is not None and len(made.ids) > context:
        raise RowError("longer_than_context", f"{len(made.ids)} tokens, the context has {context}")
    kept = [record.messages[at] for at in made.messages]
    weights = {new: given[old] for new, old in enumerate(made.messages) if old in given}
    row = auditor.row(kept, record.draft.tools, made.ids, made.weights, weights, cut=made.cut)
    report.audited += 1
    report.tokens += len(made.ids)
    report.trained += sum(made.trained)
    for counted, kinds in ((report.faults, row.faults), (report.notes, row.notes)):
        counted.update(kinds.keys())
        for kind, where in kinds.items():
            report.first.setdefault(kind, f"{record.id}: {where}")
    if len(report.samples) < rows:
        report.samples.append((record.id, row))
    if len(packed) < _PACKED:
        packed.append((made.ids, made.weights))


def _packing(packed: list[tuple[list[int], list[float]]], report: Report) -> None:
    from ablation import audit_layout

    if not packed:
        return
    report.packed = len(packed)
    for kind, where in audit_layout(packed).items():
        report.faults[kind] += 1
        report.first.setdefault(kind, f"of {len(packed)} rows laid end to end: {where}")


def _records(recipe: Recipe, base: Path, notify: Notify) -> Iterator[Record]:
    from curate.inputs import every_file
    from curate.read import chunks, read_chunk

    files = every_file(recipe.read.sources, base)
    notify("audit-mask", 0, len(files))
    for done, file in enumerate(files, 1):
        for chunk in chunks(file, recipe.read.shard_rows):
            yield from records(read_chunk(chunk).kept)
        notify("audit-mask", done, len(files))


def _encoder(recipe: Recipe, base: Path, tokenizer: str | None) -> tuple[Encoder, int | None, str]:
    """The encoder, the length at which rows are cut, and the tokenizer's name: the option, else the recipe's."""
    from ablation import Encoder, MaskPolicy, TinyModel, load_encoder, tiny_tokenizer
    from verifiers import load_tokenizer

    settings = recipe.ablate
    policy = settings.mask if settings is not None else MaskPolicy()
    told = recipe.check.trainable if recipe.check is not None else None
    if tokenizer is None and settings is not None:
        if isinstance(settings.model, TinyModel):
            made = tiny_tokenizer(settings.model, expand(settings.model.corpus, base))
            return Encoder(made, policy), settings.model.context, "the tiny model's, made from its corpus"
        folder = base / Path(settings.model.path).expanduser()
        encoder, context = load_encoder(folder)
        return encoder.with_policy(policy), context, settings.model.path
    name = tokenizer or (told.tokenizer if told is not None else None)
    if name is None:
        raise InputError(
            "no tokenizer to audit with: give --tokenizer, or ablate.model or check.trainable in the recipe"
        )
    place = Path(name).expanduser() if tokenizer else base / Path(name).expanduser()
    try:
        made = load_tokenizer(str(place) if place.is_dir() else name)
        return Encoder(made, policy), told.max_tokens if told is not None else None, name
    except (OSError, ValueError) as error:
        raise InputError(f"{name} cannot be used as a tokenizer: {error}") from error


def _found(row: Audited) -> dict[str, dict[str, str]]:
    return {"faults": dict(row.faults), "notes": dict(row.notes)}


def report_text(report: Report) -> str:
    """The counts, for a terminal."""
    from ablation import MASK_FAULTS, MASK_NOTES

    share = report.trained / report.tokens if report.tokens else 0.0
    lines = [
        f"{report.rows} rows, tokenizer: {report.tokenizer}, context: {report.context or 'none'}",
        f"audited {report.audited}: {report.trained:,} of {report.tokens:,} tokens trained ({share:.1%})",
    ]
    for reason, count in report.left_out.most_common():
        lines.append(f"  left out {count}: {reason} (first {report.first[reason]})")
    for kind, text in (MASK_FAULTS | MASK_NOTES).items():
        counted, word = (report.faults, "FAULT") if kind in MASK_FAULTS else (report.notes, "note")
        if counted[kind]:
            lines.append(f"  {word} {kind} in {counted[kind]}: {text} (first {report.first[kind]})")
    if not report.faults:
        lines.append(f"  no fault; {report.packed} rows laid end to end: no token sees another document")
    return "\n".join(lines)


_STYLES = {"trained": "black on green", "special": "yellow", "plain": ""}


def show_samples(report: Report) -> None:
    """Sample rows token by token: coloured on a terminal, trained runs between double brackets elsewhere."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for id, row in report.samples:
        line, before = Text(f"\n{visible(id)}\n", style="bold"), False
        for token in row.tokens:
            trained = token.kind == "trained"
            if trained != before and not console.is_terminal:
                line.append("⟦" if trained else "⟧")
            style = f"{_STYLES[token.kind]}{' underline' if trained and token.special else ''}"
            line.append(visible(token.text), style=style)
            before = trained
        if before and not console.is_terminal:
            line.append("⟧")
        console.print(line)
    if console.is_terminal and report.samples:
        legend = Text("\ntrained", style=_STYLES["trained"])
        console.print(
            legend.append(" | ", style="").append("special", style=_STYLES["special"]).append(" | not trained")
        )


_CSS = (
    "body{font:14px/1.6 system-ui;max-width:60em;margin:2em auto}pre{white-space:pre-wrap;border:1px solid #ccc;"
    "padding:1em}.trained{background:#b7e4c7}.special{color:#946200}"
    ".trained.s{outline:1px solid #2d6a4f}.FAULT{color:#b00020}"
)


def report_html(report: Report) -> str:
    """One page, without scripts; every text of a row is escaped."""
    parts = [
        "<!doctype html><meta charset='utf-8'><title>Loss masks</title>",
        f"<style>{_CSS}</style><h1>Loss masks</h1>",
    ]
    for line in report_text(report).splitlines():
        css = "FAULT" if line.startswith("  FAULT") else ""
        parts.append(f"<p class='{css}'>{_escaped(line)}</p>")
    parts.append("<p><span class='trained'>trained</span> | <span class='special'>special</span> | not trained</p>")
    for id, row in report.samples:
        spans = (f"<span class='{t.kind}{' s' if t.special else ''}'>{_escaped(t.text)}</span>" for t in row.tokens)
        parts.append(f"<h2>{_escaped(id)}</h2><pre>{''.join(spans)}</pre>")
    return "\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return html.escape(visible(printable(text)), quote=True)
