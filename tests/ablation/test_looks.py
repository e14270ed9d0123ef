"""Repeated looks: the error is spent once, planned sizes give the planned power, and the bulk code is the real code."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import get_args

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from pydantic import ValidationError
from scipy import stats as st

from ablation.analyse_settings import AnalyseSettings, Spending
from ablation.campaign_command import main
from ablation.campaigns import Noise as Bulk
from ablation.campaigns import World, _differences, cluster_scores, correct, course, draw, says_done
from ablation.claims import benjamini_hochberg
from ablation.decide import decide
from ablation.error_rates import Rules, after_pilots, measure, share
from ablation.evidence import Margins
from ablation.looks import look_alpha
from ablation.power import Components, Design, Goal, ask, chance_of_done, detectable, from_pilot, prompts_for
from ablation.scores import read_scores
from ablation.simulate import Noise, Plan, simulate
from ablation.stats import estimate, seed_ratio
from buckets import InputError

SMALL = World(looks=3, buckets=4, prompts=40, seeds=3, samples=4, seed_sd=0.02, cluster_size=2)


@pytest.mark.parametrize("spending", get_args(Spending))
def test_the_shares_of_all_looks_add_up_to_the_error(spending: Spending) -> None:
    shares = [look_alpha(0.05, look, 12, spending) for look in range(1, 13)]
    assert sum(shares) == pytest.approx(0.05)
    assert min(shares) > 0
    assert look_alpha(0.05, 1, 1, spending) == 0.05


def test_spending_is_that_of_lan_and_demets() -> None:
    """Halfway: 2 - 2 Phi(z / sqrt t) = .0056 and a ln(1 + (e - 1) t) = .031 of .05 (Lan and DeMets 1983)."""
    assert look_alpha(0.05, 1, 2, "obrien-fleming") == pytest.approx(0.005575, abs=1e-5)
    assert look_alpha(0.05, 1, 2, "pocock") == pytest.approx(0.031006, abs=1e-5)


def test_a_look_that_was_not_planned_is_refused() -> None:
    with pytest.raises(InputError, match="look 13 is not one of 12"):
        look_alpha(0.05, 13, 12)
    with pytest.raises(ValidationError, match="look 2 is beyond the 1 planned"):
        AnalyseSettings(look=2)
    assert AnalyseSettings(looks=12, look=12).looks == 12


def test_one_look_is_the_default_and_more_make_every_test_stricter() -> None:
    table = read_scores(simulate(Plan({"code": _flat_rates(3)}, {"dev": 60}), Noise(seed=0.0), 1))
    assert decide(table, Margins()) == decide(table, Margins(looks=1, look=1))
    one, third = (decide(table, margins).buckets[0] for margins in (Margins(0.1), Margins(0.1, looks=12, look=3)))
    assert "(90%)" in one.reasons[0]
    assert "(99.2%)" in third.reasons[0]
    assert any("look 3 of 12" in reason for reason in decide(table, Margins(0.1, looks=12, look=3)).reasons)


def _flat_rates(doses: int) -> dict[str, float]:
    names = [f"dose:{2.0**-k:g}" for k in range(doses - 1, 0, -1)]
    return {"base": 0.1, **dict.fromkeys(names, 0.5), "full": 0.5}


def _frame(world: World, counts: npt.NDArray[np.int16], look: int) -> pl.DataFrame:
    """The score table of one campaign at one look (0-based): counts are buckets x arms x seeds x prompts."""
    arms = world.doses + look
    rows = []
    for bucket in range(world.buckets):
        for arm in range(arms):
            full = arm == arms - 1
            dose = 2.0 ** (arm - arms + 1)
            for seed in range(world.seeds):
                for item in range(world.prompts):
                    right = int(counts[bucket, arm, seed, item])
                    rows.append(
                        {
                            "arm": "full" if full else f"dose:{dose:g}",
                            "kind": "full" if full else "dose",
                            "dose": dose,
                            "seed": seed,
                            "item": f"i{item:04d}",
                            "bucket": f"b{bucket}",
                            "split": "dev",
                            "cluster": f"c{item // world.cluster_size:04d}",
                            "samples": world.samples,
                            "terminated": world.samples,
                            "parsed": world.samples,
                            "correct": right,
                            "entropy": 0.5,
                            "nll": 1.0,
                        }
                    )
    return pl.DataFrame(rows).with_columns(pl.lit(None, dtype=pl.String).alias("left_out"))


def test_bulk_campaigns_say_done_where_decide_does() -> None:
    """The same counts as score tables: same estimates to rounding, and the same buckets DONE at each look."""
    world, margin, said = SMALL, 0.13, []
    for number in range(4):
        counts = correct(np.random.default_rng(number), world, world.buckets)
        sums, sizes = cluster_scores(np.random.default_rng(number), world, world.buckets)
        mean, se, df = _differences(world, sums, sizes)
        noise = Bulk(*(values[None, :, None] for values in (mean, se, df)))
        alphas = Rules(margin).alphas(world.looks)
        bulk = says_done(noise, np.zeros((world.buckets, world.looks)), margin, alphas)[0]
        for look in range(world.looks):
            table = read_scores(_frame(world, counts, look))
            before = f"dose:{0.5:g}"
            value = table.contrast({"full": 1.0, before: -1.0}, "b1", "dev", "pass@1")
            assert (value.mean, value.se, value.df) == pytest.approx((mean[1, look], se[1, look], df[1, look]))
            found = decide(table, Margins(margin, looks=world.looks, look=look + 1)).buckets
            assert [b.verdict == "DONE" for b in found] == bulk[:, look].tolist()
            said += bulk[:, look].tolist()
    assert 5 < sum(said) < len(said) - 5


def test_clusters_that_do_not_divide_the_prompts_are_summed_whole() -> None:
    world = replace(SMALL, prompts=7, cluster_size=3)
    sums, sizes = cluster_scores(np.random.default_rng(0), world, 2)
    scores = correct(np.random.default_rng(0), world, 2) / world.samples - 0.5
    assert sizes.tolist() == [3, 3, 1]
    assert sums[..., 2] == pytest.approx(scores[..., 6])
    assert sums.sum(axis=-1) == pytest.approx(scores.sum(axis=-1))


def test_workers_change_nothing_and_seeds_do() -> None:
    world = replace(SMALL, buckets=2)
    alone, pair, other = draw(world, 30, 5, 1), draw(world, 30, 5, 2), draw(world, 30, 6, 1)
    assert (alone.mean == pair.mean).all()
    assert (alone.se == pair.se).all()
    assert (alone.mean != other.mean).any()


def test_the_simulated_noise_has_the_declared_components() -> None:
    world = World(looks=1, buckets=9, prompts=80, seed_sd=0.03, prompt_sd=0.1, cluster_sd=0.08, cluster_size=4)
    c = world.components()
    expected = c.seed / 3 + (c.prompt + c.sample / 4 / 3) / 80
    assert draw(world, 150).mean.var() == pytest.approx(expected, rel=0.1)


def test_done_is_rarely_wrong_and_the_usual_rule_often_is() -> None:
    found = measure(World(looks=12, buckets=9, prompts=80, seed_sd=0.01), Rules(margin=0.05), 60)
    assert found.false_done.high <= 0.07
    assert found.false_done_mixed.hits <= 3
    assert found.folk_false_stop.rate > 0.3
    assert 0.93 <= found.coverage.rate <= 0.97


def test_the_error_at_the_margin_is_that_of_the_planned_looks() -> None:
    """At the edge of the claim the error is all there is: 5% a bucket over four looks, and four times that unspent."""
    world = World(looks=4, buckets=5, prompts=300, seed_sd=0.005)
    found = measure(world, Rules(margin=0.08), 100)
    assert 0.02 <= found.false_done_at_margin_one_bucket.rate <= 0.08
    noise = draw(world, 100)
    edge = np.full((world.buckets, world.looks), 0.08)
    assert says_done(noise, edge, 0.08, [0.05] * 4).any(axis=2).mean() > 0.12


@pytest.mark.parametrize(("seeds", "seed_sd"), [(2, 0.0), (2, 0.05), (3, 0.02), (3, 0.05)])
def test_few_seeds_cover_at_the_nominal_level(seeds: int, seed_sd: float) -> None:
    world = World(looks=2, buckets=9, prompts=60, seeds=seeds, seed_sd=seed_sd)
    assert 0.93 <= measure(world, Rules(), 150).coverage.rate <= 0.97


@pytest.mark.parametrize("off_dev", [0, 2])
def test_the_planned_size_gives_the_planned_power(off_dev: int) -> None:
    world = World(looks=6, buckets=3, seeds=3, seed_sd=0.01, off_dev=off_dev)
    rules = Rules(margin=0.08)
    for buckets in (1, 3):
        design = ask(world.design(), world.components(), rules.goal(world, buckets))
        assert design is not None
        found = measure(replace(world, looks=1, prompts=design.prompts, seeds=design.seeds), _at(rules, world), 150)
        rate = found.done_flat if buckets == 1 else found.done_run
        assert rate.high >= 0.8
        assert rate.low <= 0.87


def _at(rules: Rules, world: World) -> Rules:
    """One look at the error of one of the planned ones."""
    return replace(rules, level=1.0 - min(rules.alphas(world.looks)))


def test_planning_is_the_textbook_one_where_that_holds() -> None:
    """No seed variance, many prompts: n = (z_(1-a) + z_(1-b/2))^2 var / m^2 for TOST at no difference."""
    c = Components(seed=0.0, prompt=0.25, rest=0.0)
    z = st.norm.ppf(0.95) + st.norm.ppf(1 - (1 - 0.8) / 2)
    wanted = z**2 * 0.25 / 0.02**2
    n = prompts_for(Design(10, 3), c, Goal(0.02))
    assert n is not None
    assert n == pytest.approx(wanted, rel=0.06)  # 1.5 points of power are held in reserve
    assert chance_of_done(Design(n, 3), c, Goal(0.02)) == pytest.approx(0.815, abs=0.01)
    gain = (st.norm.ppf(0.95) + st.norm.ppf(0.8)) * math.sqrt(0.25 / 5000)
    assert detectable(Design(5000, 3), c, 0.05) == pytest.approx(gain, rel=0.02)


def test_prompts_do_not_buy_down_seeds_and_one_seed_buys_nothing() -> None:
    c = Components(seed=0.02**2 * 2, prompt=0.02, rest=0.1)
    assert prompts_for(Design(10, 2), c, Goal(0.03)) is None
    assert chance_of_done(Design(10**5, 1), c, Goal(0.5)) == 0.0
    found = ask(Design(10, 2), c, Goal(0.03))
    assert found is not None
    assert found.seeds > 5


def test_a_pilot_asks_for_more_than_the_known_truth_and_mostly_for_enough() -> None:
    world = World(looks=4, buckets=4, prompts=100, seed_sd=0.01)
    rules = Rules(margin=0.06)
    known = ask(world.design(), world.components(), rules.goal(world))
    pilots = after_pilots(world, rules, 12, whole_run=False, campaigns=20)
    assert known is not None
    assert pilots.unanswered == 0
    assert pilots.median_prompts * pilots.median_seeds > known.prompts * known.seeds
    assert pilots.done >= 0.8


def test_pilot_components_are_those_of_the_estimate() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(0, 0.1, (6, 4, 1)) + rng.normal(0, 0.5, (6, 4, 300))
    d = scores[0] - scores[1]
    found = estimate(d, np.arange(300), ratio=seed_ratio(scores, np.arange(300)))
    c = from_pilot([found])
    assert c is not None
    assert c.seed == pytest.approx(found.seed_var, rel=1e-6)
    assert c.seed_df == 15
    assert c.rest == found.rest_var
    assert from_pilot([estimate(d[:1], np.arange(300))]) is None


def test_reasons_of_an_open_run_say_what_would_show_it_flat() -> None:
    table = simulate(Plan({name: _flat_rates(3) for name in ("chat", "code")}, {"dev": 40}), Noise(seed=0.005), 2)
    reasons = " ".join(decide(table, Margins(0.05)).reasons)
    assert "to say DONE of a truly flat bucket as often takes about" in reasons
    assert "for all 2 at once" in reasons
    tight = " ".join(decide(table, Margins(0.002)).reasons)
    assert "the margin must be" in tight


def test_benjamini_hochberg_against_scipy() -> None:
    for seed in range(20):
        p = np.random.default_rng(seed).uniform(0, 0.2, seed)
        assert benjamini_hochberg(p.tolist()) == pytest.approx(st.false_discovery_control(p) if seed else [])


def test_shares_have_the_wilson_interval_of_scipy() -> None:
    for hits, of in ((0, 10), (3, 7), (500, 10_000), (10, 10)):
        low, high = st.binomtest(hits, of).proportion_ci(0.95, method="wilson")
        assert (share(hits, of).low, share(hits, of).high) == pytest.approx((low, high), abs=1e-6)


def test_courses_turn_where_they_should() -> None:
    assert course("gaining, then flat", 0.1, 4, 2).tolist() == [0.1, 0.1, 0, 0]
    assert course("harmful", 0.1, 2, 1).tolist() == [-0.1, -0.1]


def test_the_command_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    words = "campaign --looks 3 --buckets 2 --prompts 60 --margin 0.1 --campaigns 20 --workers 1 --json"
    assert main(words.split()) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["rates"]["given"]["false_done"]["of"] == 20
    assert values["asked"]["asked for the whole run"]["prompts"] > values["asked"]["asked for one bucket"]["prompts"]
    assert sum(values["error_a_test"]) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("--looks 0", 2, "--looks is 0: it must lie between 1 and 100"),
        ("--buckets -3", 2, "--buckets is -3"),
        ("--seed-sd -1", 2, "--seed-sd is -1"),
        ("--margin nan", 2, "--margin is nan"),
        ("--prompts 10 --cluster-size 9", 2, "two clusters are the least"),
        ("--looks 1000000", 2, "--looks is 1000000: it must"),
        ("--margin 0.001", 4, "the margin must be"),
        ("--cluster-size 1000", 4, "no margin would do either; allow more with --most-prompts"),
        ("--pilots 5", 2, "--pilots needs --prompts"),
    ],
)
def test_impossible_options_are_one_sentence(
    words: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["campaign", "--campaigns", "5", *words.split()])
    assert stopped.value.code == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
