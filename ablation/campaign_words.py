"""The figures of simulated campaigns in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ablation.campaigns import World
from ablation.error_rates import Found, Pilots, Rate, Rules
from ablation.power import Design, chance_of_done, detectable, prompts_for

ONE_BUCKET, RUN = "asked for one bucket", "asked for the whole run"
"""What the planning was asked for; names of its designs."""


def lines(
    world: World,
    rules: Rules,
    asked: dict[str, Design | None],
    found: dict[str, Found],
    pilots: dict[str, Pilots],
    most_prompts: int,
) -> Iterator[str]:
    """What the command prints without --json."""
    alphas, known = rules.alphas(world.looks), world.components()
    splits = f" and {world.off_dev} further splits" if world.off_dev else ""
    yield (
        f"{world.looks} looks, {world.buckets} buckets{splits}, margin {rules.margin:g}, error {1 - rules.level:.3g} "
        f"over all looks ({rules.spending} spending: {min(alphas):.2g} to {max(alphas):.2g} a test)"
    )
    yield f"to say DONE with {100 * rules.power:.0f}% probability at any one look, for buckets that are flat in truth:"
    for name, design in asked.items():
        yield f"  {name}: {'more than the limits allow' if design is None else design.words()}"
        yield from (f"    or {line}" for line in _alternatives(world, rules, name, design, most_prompts))
    for name, rates in found.items():
        yield from _rates(name, rates, rules)
        gain = detectable(rates.world.design(), known, min(alphas), rules.power)
        planned = chance_of_done(rates.world.design(), known, rules.goal(world))
        yield f"  planned for DONE of one flat bucket: {100 * planned:.1f}%; smallest gain it detects: {gain:.3f}"
    for name, p in pilots.items():
        yield (
            f"planned from a pilot of {world.prompts} prompts x {world.seeds} seeds, {name}: median "
            f"{p.median_prompts:.0f} prompts x {p.median_seeds:g} seeds; DONE when flat {100 * p.done:.1f}% "
            f"[{100 * p.low:.1f}, {100 * p.high:.1f}] over {p.pilots} pilots ({p.unanswered} without an answer)"
        )


def _alternatives(world: World, rules: Rules, name: str, design: Design | None, most_prompts: int) -> Iterator[str]:
    """The same power with two more seeds, and with four times the samples."""
    if design is None:
        return
    goal = rules.goal(world, world.buckets if name == RUN else 1)
    for other in (replace(design, seeds=design.seeds + 2), replace(design, samples=4 * design.samples)):
        prompts = prompts_for(other, world.components(), goal, most_prompts)
        if prompts is not None:
            yield replace(other, prompts=prompts).words()


def _rates(name: str, f: Found, rules: Rules) -> Iterator[str]:
    twice = f"{rules.gain:g} x the margin"
    rows: Sequence[tuple[str, Rate]] = (
        (f"DONE while each doubling gives {twice} (any bucket, any look)", f.false_done),
        ("DONE while a bucket still moves, courses mixed", f.false_done_mixed),
        ("DONE while each doubling gives the margin itself, one bucket", f.false_done_at_margin_one_bucket),
        ("  the same, any bucket", f.false_done_at_margin),
        ("DONE of the run while one bucket gives the margin and the others nothing", f.false_done_run),
        (f"usual rule stops while each doubling gives {twice} (any bucket, any look)", f.folk_false_stop),
        ("  the same, one bucket", f.folk_false_stop_one_bucket),
        ("  while it gives the margin itself (any bucket, any look)", f.folk_false_stop_at_margin),
        ("DONE of a truly flat bucket, at the first look", f.done_flat),
        ("  at some planned look", f.done_flat_by_the_end),
        ("DONE of the run when all buckets are flat, at the first look", f.done_run),
        ("  at some planned look", f.done_run_by_the_end),
        (f"coverage of {100 * rules.level:g}% intervals", f.coverage),
        ("  at the first look", f.coverage_first_look),
    )
    yield f"{name}: {f.world.design().words()}, {f.campaigns} campaigns"
    yield from (f"  {what}: {rate.words()}" for what, rate in rows)
