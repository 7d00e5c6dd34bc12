"""Where the rungs of a ladder go: at equal rejection between neighbours, the pinned ones where
they are pinned.

The communication barrier Lambda(kappa) is the sum of the rejections of all pairs up to kappa, and
between the rungs a monotone cubic; rungs equally spaced in Lambda reject alike. Rejections are
counted in rounds of doubling length while thermalising, and rungs move after each (Syed,
Bouchard-Cote, Deligiannidis, Doucet, arXiv:1905.02939, section 5).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phi4hpc.deck.schema import SHORTEST_ROUND, Ladder

DIGITS = 8                        # of a hopping, so that it is the same wherever it was computed
TINY = np.finfo(float).tiny

Floats = NDArray[np.float64]


def first(ladder: Ladder) -> tuple[float, ...]:
    """Return the rungs at which the deck's ladder begins: equally spaced between those that are
    pinned."""
    pinned = np.array(ladder.pinned)
    return tuple(placed(pinned, pinned, ladder.rungs, lambda kappa: kappa).tolist())


def moves(thermalisation: int) -> frozenset[int]:
    """Return the steps after which rungs move: half of thermalisation, half of that, ..."""
    halves = (thermalisation >> n for n in range(1, thermalisation.bit_length()))
    return frozenset(step for step in halves if step >= SHORTEST_ROUND)


def moved(kappas: Floats, tried_cp: Floats, swapped_cp: Floats,
          pinned: Sequence[float]) -> Floats:
    """Return rungs (k,) of equal rejection, by the swaps tried and accepted at the rungs `kappas`.

    `pinned`: rungs that stay, both ends among them.
    """
    from scipy.interpolate import PchipInterpolator

    tried_p = np.maximum(tried_cp.sum(0), 1)
    # A pair that has never rejected may do so seldom. So that Lambda rises everywhere, it counts
    # for half a rejection.
    rejection_p = np.maximum(1 - swapped_cp.sum(0) / tried_p, 0.5 / tried_p)
    barrier_k = np.concatenate([[0.0], np.cumsum(rejection_p)])
    barrier_of_pinned = barrier_k[np.searchsorted(kappas, pinned)]
    kappa_of_barrier = PchipInterpolator(barrier_k, kappas)
    return placed(np.array(pinned), barrier_of_pinned, len(kappas), kappa_of_barrier)


def placed(pinned: Floats, barrier_of_pinned: Floats, rungs: int,
           kappa_of_barrier: Callable[[Floats], Floats]) -> Floats:
    """Return `rungs` rungs, those pinned among them; between two of these they are equally spaced
    in the barrier."""
    share = shares(np.diff(barrier_of_pinned), rungs - 1)
    inside = [np.linspace(low, high, pairs, endpoint=False)[1:]
              for (low, high), pairs in zip(pairwise(barrier_of_pinned), share, strict=True)]
    free = np.round(kappa_of_barrier(np.concatenate([[], *inside])), DIGITS)
    return np.sort(np.concatenate([pinned, free]))


def shares(lengths: Floats, pairs: int) -> NDArray[np.int64]:
    """Return how many of the pairs of rungs each part of the barrier gets, one at least: the worst
    pair is best."""
    # All but a few go by the rule of proportion, which never gives a part more than it ends with.
    spare = pairs - len(lengths)
    share = 1 + np.floor(spare * lengths / max(lengths.sum(), TINY) * (1 - 1e-12)).astype(np.int64)
    for _ in range(pairs - share.sum()):
        share[np.argmax(lengths / share)] += 1
    return share
