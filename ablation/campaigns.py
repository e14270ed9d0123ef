"""Simulated campaigns in bulk: looks at growing data, buckets, seeds, prompt clusters, prompts and Bernoulli samples.

One campaign trains dose arms, each twice the data of the one before; look k compares the newest two. Every sample is a
coin whose chance is one half plus the difficulty of its prompt (which all arms share), the arm's effect on its cluster
and on the prompt, and the seed's effect; the planted gain moves the level of the score, because a rate cannot gain
0.1 a dozen times. So scores have the noise of rates, means that are known exactly, and one draw of noise serves every
planted course: worlds that are compared share their luck. The intervals come from `parts`, `running_ratios` and
`spread`, the lines behind `estimate`; whether a look says DONE comes from `flat`, as in `standing`.

Not covered: the guards on the level of a score (at the floor, below the base), splits that share prompts, and OVER,
which would pre-empt DONE where two off-dev splits are shown worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Literal

import numpy as np
import numpy.typing as npt

from ablation.claims import flat
from ablation.crossed import Array, Mask, parts, spread, t_quantiles
from ablation.pooled import running_ratios
from ablation.power import Components, Design

Kind = Literal["flat", "gaining", "gaining, then flat", "harmful"]
DIFFICULTY = 0.3
"""Prompts differ by up to this, to both sides of one half."""
BLOCK = 25
"""Campaigns drawn from one random stream: the outcome does not depend on the number of processes."""
_AT_ONCE = 60_000
"""Scores held at once, so that they stay in a core's cache."""


@dataclass(frozen=True)
class World:
    """What is simulated. Standard deviations are on the scale of the score, per arm."""

    looks: int = 12
    buckets: int = 9
    prompts: int = 400
    """Per bucket and split."""
    seeds: int = 3
    samples: int = 4
    seed_sd: float = 0.01
    prompt_sd: float = 0.1
    cluster_sd: float = 0.05
    cluster_size: int = 2
    doses: int = 4
    """Trained arms at the first look; each look adds one, and all of them pool the seed variance."""
    off_dev: int = 0
    """Further splits (OOD, hard) with as many prompts of their own."""

    @property
    def arms(self) -> int:
        return self.doses + self.looks - 1

    def components(self) -> Components:
        """The variances of a paired difference of two arms that this world has."""
        shared = DIFFICULTY**2 / 3 + self.prompt_sd**2 + self.cluster_sd**2 + self.seed_sd**2
        prompt = 2 * (self.prompt_sd**2 + self.cluster_size * self.cluster_sd**2)
        return Components(2 * self.seed_sd**2, prompt, 0.0, 2 * max(0.25 - shared, 0.0))

    def design(self) -> Design:
        """As at the first look, where the fewest arms pool the seed variance."""
        return Design(self.prompts, self.seeds, self.samples, self.doses, self.cluster_size, 1.0)


@dataclass(frozen=True)
class Noise:
    """What the looks would see if nothing were gained; campaigns x buckets x splits x looks."""

    mean: Array
    se: Array
    df: Array

    def half(self, error: Array | float) -> Array:
        """Half-width of the intervals with this error at each end; one number or one a look."""
        errors = np.broadcast_to(np.asarray(error, dtype=np.float64), self.mean.shape[-1:])
        return np.stack(
            [self.se[..., k] * t_quantiles(1.0 - float(errors[k]), self.df[..., k]) for k in range(len(errors))],
            axis=-1,
        )


def course(kind: Kind, gain: float, looks: int, turn: int) -> Array:
    """True gain of the last doubling at each look; a gain that ends gives nothing from look `turn` (0-based) on."""
    at = np.arange(looks)
    if kind == "gaining":
        return np.full(looks, gain)
    if kind == "harmful":
        return np.full(looks, -gain)
    return np.where(at < turn, gain, 0.0) if kind == "gaining, then flat" else np.zeros(looks)


def says_done(noise: Noise, gains: Array, margin: float, alphas: Sequence[float]) -> Mask:
    """Campaigns x buckets x looks. gains: buckets x looks on dev; the other splits gain nothing."""
    half = noise.half(np.asarray(alphas))
    dev = noise.mean[:, :, 0] + gains
    others = [noise.mean[:, :, k] + half[:, :, k] for k in range(1, noise.mean.shape[2])]
    return flat(dev - half[:, :, 0], dev + half[:, :, 0], others, margin)


def draw(world: World, campaigns: int, seed: int = 0, workers: int = 1) -> Noise:
    """Noise of `campaigns` campaigns; the same for any number of workers."""
    sizes = [min(BLOCK, campaigns - begin) for begin in range(0, campaigns, BLOCK)]
    jobs = [(world, size, seed, block) for block, size in enumerate(sizes)]
    if workers > 1 and len(jobs) > 1:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(_block, jobs, chunksize=max(1, len(jobs) // (8 * workers))))
    else:
        found = [_block(job) for job in jobs]
    shape = (campaigns, world.buckets, 1 + world.off_dev, world.looks)
    mean, se, df = (np.concatenate(column).reshape(shape) for column in zip(*found, strict=True))
    return Noise(mean, se, df)


def _block(job: tuple[World, int, int, int]) -> tuple[Array, Array, Array]:
    world, campaigns, seed, block = job
    rng = np.random.default_rng(np.random.SeedSequence([seed, block]))
    cells = campaigns * world.buckets * (1 + world.off_dev)
    at_once = max(1, _AT_ONCE // (world.arms * world.seeds * world.prompts))
    done = [
        _differences(world, *cluster_scores(rng, world, min(at_once, cells - begin)))
        for begin in range(0, cells, at_once)
    ]
    mean, se, df = (np.concatenate(column) for column in zip(*done, strict=True))
    return mean, se, df


def _differences(world: World, sums: Array, sizes: Array) -> tuple[Array, Array, Array]:
    """Each look's newest arm minus the one before: mean, se, df, cells x looks."""
    first = world.doses - 1
    found = parts(sums[:, first:] - sums[:, first - 1 : -1], sizes)
    f: Array | None = None
    f_df: Array | float = 1.0
    if world.seeds > 1:
        f = running_ratios(sums, sizes)[:, first - 1 :]
        f_df = np.arange(first, first + world.looks, dtype=np.float64) * (world.seeds - 1.0)
    width = spread(found, sizes.size, world.seeds, f, f_df, 1.0 / (world.prompts + 2))
    return found.mean, width.se, np.broadcast_to(width.df, width.se.shape)


def cluster_scores(rng: np.random.Generator, world: World, cells: int) -> tuple[Array, Array]:
    """Sums of scores about one half, cells x arms x seeds x clusters, and the prompts of each cluster."""
    n, size = world.prompts, world.cluster_size
    counts = correct(rng, world, cells)
    starts = np.arange(0, n, size)
    sizes = np.minimum(size, n - starts).astype(np.float64)
    if n % size == 0:
        summed = counts.reshape(*counts.shape[:-1], len(starts), size).sum(axis=-1, dtype=np.float64)
    else:
        summed = np.add.reduceat(counts, starts, axis=-1, dtype=np.float64)
    return summed / world.samples - 0.5 * sizes, sizes


def correct(rng: np.random.Generator, world: World, cells: int) -> npt.NDArray[np.int16]:
    """Correct samples of each (cell, arm, seed, prompt)."""
    n, arms, f32 = world.prompts, world.arms, np.float32
    chance = (rng.random((cells, 1, n), dtype=f32) - f32(0.5)) * f32(2 * DIFFICULTY) + f32(0.5)
    if world.cluster_sd > 0:
        clusters = math.ceil(n / world.cluster_size)
        effect = rng.standard_normal((cells, arms, clusters), dtype=f32) * f32(world.cluster_sd)
        chance = chance + np.repeat(effect, world.cluster_size, axis=-1)[..., :n]
    if world.prompt_sd > 0:
        chance = chance + rng.standard_normal((cells, arms, n), dtype=f32) * f32(world.prompt_sd)
    seeds = rng.standard_normal((cells, arms, world.seeds, 1), dtype=f32) * f32(world.seed_sd)
    scaled = (chance[:, :, None] + seeds) * f32(65536)
    threshold = np.clip(scaled, 0, 65535).astype(np.uint16)
    counts = np.zeros(threshold.shape, dtype=np.int16)
    for _ in range(world.samples):
        coins = np.asarray(rng.bit_generator.random_raw((threshold.size + 3) // 4)).view(np.uint16)
        counts += coins[: threshold.size].reshape(threshold.shape) < threshold
    return counts
