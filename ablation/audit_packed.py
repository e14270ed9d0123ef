"""The rows that a trial would lay end to end, audited: does any token see another document? Needs torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ablation.audit import audit_packing
from ablation.documents import Layout, lay_out
from ablation.pack import Rows


def audit_layout(encoded: Iterable[tuple[Sequence[int], Sequence[float]]]) -> dict[str, str]:
    """Faults (see `audit.FAULTS`) of (ids, weights) rows as `documents.lay_out` packs them, by length."""
    rows = Rows.of(encoded)
    ordered = np.argsort(rows.lengths, kind="stable")
    layout = lay_out(rows, ordered)
    starts = np.concatenate([[0], np.cumsum(rows.lengths[ordered])])
    return audit_packing(starts.tolist(), layout.positions.tolist(), seen(layout), layout.trained.tolist())


def seen(layout: Layout) -> list[list[int]]:
    """For each token of the layout, the tokens that its attention call shows it: those before it in its grid row."""
    shown: list[list[int]] = [[] for _ in layout.ids]
    places, at = {}, 0
    for group in layout.groups:
        for line in group.tolist():
            for column in range(len(line)):
                places[at] = line[: column + 1]
                at += 1
    for token, place in enumerate(layout.back.tolist()):
        shown[token] = places[place]
    return shown
