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


def tempering(kappas, summary):
    """Return what results.json tells of the exchange on a lattice, as plain values."""
    found = traffic(summary['swap_tried'], summary['swap_accepted'], summary['round_trips'])
    part_k, error_k = flow(summary)
    error_p = acceptance_error(summary['swap_tried'], found.acceptance_p)
    return {'kappa': kappas.tolist(), 'acceptance': found.acceptance_p.tolist(),
            'acceptance_error': error_p.tolist(), 'barrier': found.barrier,
            'warnings': list(warnings(kappas, summary['swap_tried'], found.acceptance_p)),
            'round_trips': found.round_trips, 'expected_round_trips': found.expected_round_trips,
            'best_round_trips': found.best_round_trips, 'round_trips_of_replicas': summary['round_trips'].tolist(),
            'flow': part_k.tolist(), 'flow_error': error_k.tolist()}


def traffic(tried_cp, swapped_cp, trips_cr):
    """Return the Traffic of all chains. A pair meets every other turn, so twice the tries of a pair are the turns."""
    tried_p = np.maximum(tried_cp.sum(0), 1)
    acceptance_p = swapped_cp.sum(0) / tried_p
    barrier = float((1 - acceptance_p).sum())
    resistance = float((1 / np.maximum(acceptance_p, 0.5 / tried_p) - 1).sum())      # r / (1 - r) = 1 / a - 1
    found = float(trips_cr.sum() / (2 * tried_p[0]))
    return Traffic(acceptance_p, barrier, found, 1 / (2 + 2 * resistance), 1 / (2 + 2 * barrier))


def acceptance_error(tried_cp, acceptance_p):
    """Return the binomial errors of acceptances, over all chains.

    Of an acceptance of 0 or 1 the error is that of half a count, not 0.
    """
    tried_p = np.maximum(tried_cp.sum(0), 1)
    rate_p = np.clip(acceptance_p, 0.5 / tried_p, 1 - 0.5 / tried_p)
    return np.sqrt(rate_p * (1 - rate_p) / tried_p)


def flow(summary):
    """Return (part, error) over rungs: of the replicas there, those that were at the bottom last, and not at the top.

    Falls evenly from 1 to 0 along a ladder without bottleneck (Katzgraber, Trebst, Huse, Troyer, cond-mat/0602085).
    The error is binomial; a rung meets independent replicas as often as there are round trips.
    """
    known_k = np.maximum(summary['flow_known'].sum(0), 1)
    part_k = summary['flow_rising'].sum(0) / known_k
    return part_k, np.sqrt(part_k * (1 - part_k) / max(1, summary['round_trips'].sum()))


def rungs_wanted(acceptance, tries, wanted=0.5):
    """Return how many rungs to put between two whose exchange is accepted so rarely, for `wanted` between neighbours.

    Acceptance falls as erfc(dkappa sigma / 2), sigma the standard deviation of 2 H; none in `tries` counts as half.
    """
    return max(0, math.ceil(inverse_erfc(max(acceptance, 0.5 / tries)) / inverse_erfc(wanted)) - 1)


def inverse_erfc(y):
    """Return x with erfc(x) = y."""
    return -NormalDist().inv_cdf(y / 2) / math.sqrt(2)


def warnings(kappas, tried_cp, acceptance_p):
    """Yield a line for every pair that accepts too rarely: where it is and what would do."""
    for p, acceptance in enumerate(acceptance_p):
        if acceptance < POOR:
            more = rungs_wanted(acceptance, tried_cp[:, p].sum())
            yield (f'swaps between kappa = {kappas[p]:g} and {kappas[p + 1]:g} are accepted in {100 * acceptance:.1f}% '
                   f'of tries; {more} rungs more between them would make it about 50%')
