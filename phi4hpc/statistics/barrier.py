"""How well a ladder carries replicas: acceptance of its pairs, communication barrier, round trips.

The barrier Lambda is the sum of the rejections r of all pairs, and tends to a limit as rungs are
added. With non-reversible swaps all replicas of a chain together make at best
1 / (2 + 2 sum r / (1 - r)) round trips a turn, and with many rungs 1 / (2 + 2 Lambda) (Syed,
Bouchard-Cote, Deligiannidis, Doucet, arXiv:1905.02939).

Axes: c chain, p pair of neighbouring rungs, k rung, r replica.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

POOR = 0.1
"""Acceptance below which a pair holds up the traffic."""


@dataclass(frozen=True)
class Traffic:
    """What the counts of a run say: acceptances of pairs, Lambda, and round trips a turn and chain.

    The round trips are those found, those expected for these rungs, and the most with more rungs.
    """

    acceptance_p: np.ndarray
    barrier: float
    round_trips: float
    expected_round_trips: float
    best_round_trips: float


def tempering(kappas: np.ndarray, summary: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what results.json keeps of the exchange on a lattice, as plain values.

    `summary` is that of storage.reader.Lattice.
    """
    found = traffic(summary['swap_tried'], summary['swap_accepted'], summary['round_trips'])
    part_k, error_k = flow(summary)
    error_p = acceptance_error(summary['swap_tried'], found.acceptance_p)
    return {'kappa': kappas.tolist(), 'acceptance': found.acceptance_p.tolist(),
            'acceptance_error': error_p.tolist(), 'barrier': found.barrier,
            'warnings': list(warnings(kappas, summary['swap_tried'], found.acceptance_p)),
            'round_trips': found.round_trips, 'expected_round_trips': found.expected_round_trips,
            'best_round_trips': found.best_round_trips,
            'round_trips_of_replicas': summary['round_trips'].tolist(),
            'flow': part_k.tolist(), 'flow_error': error_k.tolist()}


def traffic(tried_cp: np.ndarray, swapped_cp: np.ndarray, trips_cr: np.ndarray) -> Traffic:
    """Return the Traffic of all chains, from counts of tries, swaps and round trips.

    A pair meets every other turn, so the turns are twice the tries of a pair.
    """
    tried_p = np.maximum(tried_cp.sum(0), 1)
    acceptance_p = swapped_cp.sum(0) / tried_p
    barrier = float((1 - acceptance_p).sum())
    # With a = 1 - r, r / (1 - r) = 1 / a - 1.
    resistance = float((1 / np.maximum(acceptance_p, 0.5 / tried_p) - 1).sum())
    found = float(trips_cr.sum() / (2 * tried_p[0]))
    return Traffic(acceptance_p, barrier, found, 1 / (2 + 2 * resistance), 1 / (2 + 2 * barrier))


def acceptance_error(tried_cp: np.ndarray, acceptance_p: np.ndarray) -> np.ndarray:
    """Return the binomial errors of acceptances, over all chains.

    Of an acceptance of 0 or 1 the error is that of half a count, not 0.
    """
    tried_p = np.maximum(tried_cp.sum(0), 1)
    rate_p = np.clip(acceptance_p, 0.5 / tried_p, 1 - 0.5 / tried_p)
    return np.sqrt(rate_p * (1 - rate_p) / tried_p)


def flow(summary: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return (part, error) over rungs: the part of the replicas found there that rise.

    A replica rises where the bottom of the ladder is the end that it was at last. The part falls
    evenly from 1 to 0 along a ladder without bottleneck (Katzgraber, Trebst, Huse, Troyer,
    cond-mat/0602085). The error is binomial; a rung meets one independent replica a round trip.
    """
    known_k = np.maximum(summary['flow_known'].sum(0), 1)
    part_k = summary['flow_rising'].sum(0) / known_k
    return part_k, np.sqrt(part_k * (1 - part_k) / max(1, summary['round_trips'].sum()))


def rungs_wanted(acceptance: float, tries: int, wanted: float = 0.5) -> int:
    """Return how many rungs to put between two, for an acceptance `wanted` between neighbours.

    Acceptance falls as erfc(dkappa sigma / 2), sigma the standard deviation of 2 H. Where no try
    was accepted, half a try counts as accepted.
    """
    from scipy.special import erfcinv

    return max(0, math.ceil(erfcinv(max(acceptance, 0.5 / tries)) / erfcinv(wanted)) - 1)


def warnings(kappas: np.ndarray | Sequence[float], tried_cp: np.ndarray,
             acceptance_p: np.ndarray) -> Iterator[str]:
    """Yield a line for every pair that accepts too rarely: where it is, and what to do."""
    for p, acceptance in enumerate(acceptance_p):
        if acceptance < POOR:
            more = rungs_wanted(acceptance, tried_cp[:, p].sum())
            yield (f'swaps between kappa = {kappas[p]:g} and {kappas[p + 1]:g} are accepted in '
                   f'{100 * acceptance:.1f}% of tries; {more} rungs more between them would make '
                   'it about 50%')
