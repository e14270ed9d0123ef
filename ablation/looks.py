"""Error over repeated looks: the risk of a wrong DONE is set once and spent over the looks that were planned.

A campaign is looked at again as data or checkpoints grow, and every look may say DONE. Each look asks about another
doubling, so its difference shares only one arm with the one before, with opposite sign: the correlation is about -1/2.
Group-sequential boundaries (Pocock 1977, O'Brien and Fleming 1979; Lan and DeMets 1983) get their relief from looks
that share data *and* hypothesis, and would be too liberal here. What is used of them is the spending function alone:
look k tests at its own share a_k with sum a_k = a. By the union bound that holds under any dependence: also when a look
is repeated on the same arms with more prompts or seeds, which counts as one of the planned looks.

Equal shares are the default. Where the gain will end is not known, and equal shares make the largest sample that any
look may need the smallest; the Pocock-type spending is nearly the same, the O'Brien-Fleming type gives the first looks
nothing, though a bucket that is flat from the start is where stopping early saves most.
Not covered: looks that nobody counts, and a number of looks that is raised after the scores were seen.
"""

from __future__ import annotations

import math

from scipy import special

from ablation.analyse_settings import Spending
from buckets import InputError


def spent_by(share: float, alpha: float, spending: Spending) -> float:
    """Error spent when `share` (0 to 1) of the planned looks is over; 0 at 0 and alpha at 1.

    Lan and DeMets 1983, one-sided: pocock a ln(1 + (e - 1) t), obrien-fleming 2 - 2 Phi(z_(1-a/2) / sqrt(t)).
    """
    if share <= 0:
        return 0.0
    if share >= 1:
        return alpha
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1.0) * share)
    if spending == "obrien-fleming":
        return float(2.0 * special.ndtr(special.ndtri(alpha / 2.0) / math.sqrt(share)))
    return alpha * share


def look_alpha(alpha: float, look: int = 1, looks: int = 1, spending: Spending = "equal") -> float:
    """Error of each one-sided test at look `look` of `looks`. Raises InputError for a look that was not planned."""
    if looks < 1 or not 1 <= look <= looks:
        raise InputError(f"look {look} is not one of {looks} planned looks: plan more before the scores are seen")
    return spent_by(look / looks, alpha, spending) - spent_by((look - 1) / looks, alpha, spending)


def words(alpha: float, look: int, looks: int, spending: Spending) -> str:
    """What a reader must know of the level: "look 3 of 12: ..."."""
    at = look_alpha(alpha, look, looks, spending)
    return (
        f"look {look} of {looks}: each test is at error {at:.2g}, so that all planned looks together keep "
        f"{alpha:.2g} ({spending} spending)"
    )
