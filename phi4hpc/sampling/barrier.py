"""How well a ladder carries replicas: rejection of its pairs, the communication barrier, and round trips.

Lambda, the sum of the rejections r of all pairs, tends to a limit as rungs are added. With non-reversible swaps all
replicas of a chain together make 1 / (2 + 2 sum r / (1 - r)) round trips a turn, at best, with many rungs,
1 / (2 + 2 Lambda) (Syed, Bouchard-Cote, Deligiannidis, Doucet, arXiv:1905.02939).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

POOR = 0.1                       # acceptance below which a pair holds up the traffic


@dataclass(frozen=True)
class Traffic:
    """What the counts of a run say: acceptance (pair), Lambda, and round trips a turn and chain.

    Found, expected for these rungs, and at best with more of them.
    """

    acceptance_p: np.ndarray
    barrier: float
    round_trips: float
    expected_round_trips: float
    best_round_trips: float


def traffic(tried_cp, swapped_cp, trips_cr):
    """Return the Traffic of all chains. A pair meets every other turn, so twice the tries of a pair are the turns."""
    tried_p = np.maximum(tried_cp.sum(0), 1)
    acceptance_p = swapped_cp.sum(0) / tried_p
    barrier = float((1 - acceptance_p).sum())
    resistance = float((1 / np.maximum(acceptance_p, 0.5 / tried_p) - 1).sum())      # r / (1 - r) = 1 / a - 1
    found = float(trips_cr.sum() / (2 * tried_p[0]))
    return Traffic(acceptance_p, barrier, found, 1 / (2 + 2 * resistance), 1 / (2 + 2 * barrier))


def rungs_wanted(acceptance, tries, wanted=0.5):
    """Return how many rungs to put between two whose exchange is accepted so rarely, for `wanted` between neighbours.

    Acceptance falls as erfc(dkappa sigma / 2), sigma the standard deviation of 2 H; none in `tries` counts as half.
    """
    return max(0, math.ceil(inverse_erfc(max(acceptance, 0.5 / tries)) / inverse_erfc(wanted)) - 1)


def inverse_erfc(y):
    """Return x with erfc(x) = y."""
    return -NormalDist().inv_cdf(y / 2) / math.sqrt(2)


def warnings(kappas, tried_cp, found):
    """Yield a line for every pair that accepts too rarely: where it is and what would do."""
    for p, acceptance in enumerate(found.acceptance_p):
        if acceptance < POOR:
            more = rungs_wanted(acceptance, tried_cp[:, p].sum())
            yield (f'swaps between kappa = {kappas[p]:g} and {kappas[p + 1]:g} are accepted in {100 * acceptance:.1f}% '
                   f'of tries; {more} rungs more between them would make it about 50%')
