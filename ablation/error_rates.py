"""How often simulated campaigns are wrong, and how often they are right at the size that the planning asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ablation.analyse_settings import Spending
from ablation.campaigns import Kind, Noise, World, correct, course, draw, says_done
from ablation.crossed import Array, Estimate, Mask, estimate
from ablation.looks import look_alpha
from ablation.pooled import seed_ratio
from ablation.power import Design, Goal, ask, from_pilot
from verifiers import wilson

MIXED: tuple[Kind, ...] = ("flat", "gaining", "gaining, then flat", "harmful")


@dataclass(frozen=True)
class Rate:
    """A share with its 95% Wilson interval."""

    hits: int
    of: int
    rate: float
    low: float
    high: float

    def words(self) -> str:
        return f"{100 * self.rate:.2f}% [{100 * self.low:.2f}, {100 * self.high:.2f}] ({self.hits} of {self.of})"


@dataclass(frozen=True)
class Rules:
    """What was fixed before the run, as in `Margins`; `gain` is the planted gain per doubling, in margins."""

    margin: float = 0.05
    level: float = 0.95
    spending: Spending = "equal"
    gain: float = 2.0
    power: float = 0.8

    def alphas(self, looks: int) -> list[float]:
        return [look_alpha(1.0 - self.level, k + 1, looks, self.spending) for k in range(looks)]

    def goal(self, world: World, buckets: int = 1) -> Goal:
        """For the look with the least error to spend."""
        return Goal(self.margin, min(self.alphas(world.looks)), self.power, world.off_dev, buckets)


@dataclass(frozen=True)
class Found:
    """Rates at one design. A campaign is wrong when any bucket is called DONE at any look while it still gains."""

    world: World
    campaigns: int
    false_done: Rate
    """Every bucket gains `gain` margins per doubling at every look."""
    false_done_at_margin: Rate
    """Every bucket gains the margin itself: the edge of the claim, with up to (1 - level) a *bucket*."""
    false_done_at_margin_one_bucket: Rate
    false_done_run: Rate
    """The run is called DONE, at any look, while one bucket gains the margin and all others are flat."""
    false_done_mixed: Rate
    """Flat, gaining, gaining then flat and harmful buckets side by side."""
    folk_false_stop: Rate
    """The usual rule, stop when the last gain is not significant, on the gaining campaigns: any bucket, any look."""
    folk_false_stop_one_bucket: Rate
    folk_false_stop_at_margin: Rate
    done_flat: Rate
    """A truly flat bucket is called DONE at the first look, the one with the fewest degrees of freedom."""
    done_flat_each_look: float
    """The same, mean over looks."""
    done_flat_by_the_end: Rate
    """At some planned look."""
    done_run: Rate
    """All buckets are flat, and all are called DONE at the first look."""
    done_run_by_the_end: Rate
    """At some planned look, all of them at once."""
    done_after_the_turn: Rate
    """Buckets that gain and then are flat: DONE at some look after."""
    coverage: Rate
    """Intervals at `level` that hold the truth; all looks."""
    coverage_first_look: Rate


def rate(hits: Mask | np.bool) -> Rate:
    return share(int(hits.sum()), int(hits.size))


def share(hits: int, of: int) -> Rate:
    """With its 95% interval (Wilson 1927); of nothing: 0 to 1."""
    low, high = wilson(hits, of)
    return Rate(hits, of, hits / of if of else math.nan, low, high)


def _any(hits: Mask | np.bool) -> Mask:
    """At some look."""
    found: Mask = np.asarray(np.asarray(hits).any(axis=-1))
    return found


def measure(world: World, rules: Rules, campaigns: int, seed: int = 0, workers: int = 1) -> Found:
    """All rates of one design from one set of noise."""
    noise = draw(world, campaigns, seed, workers)
    alphas = rules.alphas(world.looks)
    usual = noise.half((1.0 - rules.level) / 2.0)[:, :, 0]
    covered = np.abs(noise.mean[:, :, 0]) <= usual

    def done(gains: Array) -> Mask:
        return says_done(noise, gains, rules.margin, alphas)

    def folk(gains: Array) -> Mask:
        return np.abs(noise.mean[:, :, 0] + gains) <= usual

    strong, edge = (_alike(world, "gaining", times * rules.margin) for times in (rules.gain, 1.0))
    lone = edge * (np.arange(world.buckets) == 0)[:, None]
    mixed = _side_by_side(world, rules.gain * rules.margin)
    at_edge, gaining, flat, beside = done(edge), done(strong), done(np.zeros_like(edge)), done(mixed)
    stopped, turned = folk(strong), _turned(world)
    late = beside[:, turned] & (mixed[turned] == 0)
    return Found(
        world,
        campaigns,
        false_done=rate(gaining.any(axis=(1, 2))),
        false_done_at_margin=rate(at_edge.any(axis=(1, 2))),
        false_done_at_margin_one_bucket=rate(at_edge.any(axis=2)),
        false_done_run=rate(_any(done(lone).all(axis=1))),
        false_done_mixed=rate((beside & (mixed != 0)).any(axis=(1, 2))),
        folk_false_stop=rate(stopped.any(axis=(1, 2))),
        folk_false_stop_one_bucket=rate(stopped.any(axis=2)),
        folk_false_stop_at_margin=rate(folk(edge).any(axis=(1, 2))),
        done_flat=rate(flat[:, :, 0]),
        done_flat_each_look=float(flat.mean()),
        done_flat_by_the_end=rate(flat.any(axis=2)),
        done_run=rate(flat[:, :, 0].all(axis=1)),
        done_run_by_the_end=rate(_any(flat.all(axis=1))),
        done_after_the_turn=rate(late.any(axis=2)),
        coverage=rate(covered),
        coverage_first_look=rate(covered[:, :, 0]),
    )


def _alike(world: World, kind: Kind, gain: float) -> Array:
    return np.stack([course(kind, gain, world.looks, world.looks)] * world.buckets)


def _side_by_side(world: World, gain: float) -> Array:
    """The kinds in turn; gains end at different looks."""
    rows = [course(MIXED[b % len(MIXED)], gain, world.looks, _turn(world, b)) for b in range(world.buckets)]
    return np.stack(rows)


def _turned(world: World) -> list[int]:
    return [b for b in range(world.buckets) if MIXED[b % len(MIXED)] == "gaining, then flat"]


def _turn(world: World, bucket: int) -> int:
    return max(world.looks // 2 + (bucket // len(MIXED)) % 2, 1)


@dataclass(frozen=True)
class Pilots:
    """The tool asks from what pilots estimated, each pilot one first look at `world`; shares are means over pilots."""

    pilots: int
    unanswered: int
    """Pilots after which no design within the limits would do."""
    median_prompts: float
    median_seeds: float
    done: float
    """At the asked sizes: truly flat buckets called DONE (or, for the run, all of them together)."""
    low: float
    high: float
    """95% interval over pilots."""


def after_pilots(
    world: World,
    rules: Rules,
    pilots: int,
    *,
    whole_run: bool,
    campaigns: int = 30,
    seed: int = 1,
    most: tuple[int, int] = (2000, 40),
) -> Pilots:
    """Components pooled over the buckets of the pilot, as `decide` asks. `most`: prompts and seeds to be had."""
    designs: list[Design] = []
    shares: list[float] = []
    goal = rules.goal(world, world.buckets if whole_run else 1)
    for number in range(pilots):
        rng = np.random.default_rng([seed, number])
        found = [_pilot(replace(world, looks=1), rng) for _ in range(world.buckets)]
        known = from_pilot(found)
        design = None if known is None else ask(world.design(), known, goal, *most)
        if design is None:
            continue
        bought = replace(world, looks=1, prompts=design.prompts, seeds=design.seeds)
        done = _done_flat(draw(bought, campaigns, seed=10_000 + number), rules, goal)
        shares.append(float(done.all(axis=1).mean() if whole_run else done.mean()))
        designs.append(design)
    mean = float(np.mean(shares)) if shares else math.nan
    error = 1.96 * float(np.std(shares, ddof=1)) / math.sqrt(len(shares)) if len(shares) > 1 else math.nan
    prompts, seeds = ([d.prompts for d in designs], [d.seeds for d in designs]) if designs else ([0], [0])
    typical = float(np.median(prompts)), float(np.median(seeds))
    return Pilots(pilots, pilots - len(shares), *typical, mean, mean - error, mean + error)


def _pilot(world: World, rng: np.random.Generator) -> Estimate:
    scores = correct(rng, world, 1)[0] / world.samples
    clusters = np.arange(world.prompts) // world.cluster_size
    return estimate(scores[-1] - scores[-2], clusters, ratio=seed_ratio(scores, clusters), bounded=1.0)


def _done_flat(noise: Noise, rules: Rules, goal: Goal) -> Mask:
    """Campaigns x buckets at a single look."""
    return says_done(noise, np.zeros(noise.mean.shape[1::2]), rules.margin, [goal.alpha])[:, :, 0]
