"""Where the rungs of a ladder go: at equal rejection between neighbours, the pinned ones where they are pinned.

The communication barrier Lambda(kappa) is the sum of the rejections of all pairs up to kappa, and between the rungs a
monotone cubic; rungs equally spaced in Lambda reject alike. Rejections are counted in rounds of doubling length while
thermalising, and rungs move after each (Syed, Bouchard-Cote, Deligiannidis, Doucet, arXiv:1905.02939, section 5).
"""

from itertools import pairwise

import numpy as np

from phi4hpc.deck.schema import SHORTEST_ROUND

DIGITS = 8                        # of a hopping, so that it is the same number wherever it was computed


def first(ladder):
    """Return the rungs at which the deck's ladder begins: equally spaced between those that are pinned."""
    return tuple(placed(ladder.pinned, ladder.pinned, ladder.rungs, lambda kappa: kappa).tolist())


def moves(thermalisation):
    """Return the steps after which rungs move: half of thermalisation, half of that, ..."""
    halves = (thermalisation >> n for n in range(1, thermalisation.bit_length()))
    return frozenset(step for step in halves if step >= SHORTEST_ROUND)


def moved(kappas, tried_cp, swapped_cp, pinned):
    """Return rungs (k,) of equal rejection, by the swaps tried and accepted at the rungs `kappas`.

    `pinned`: rungs that stay, both ends among them.
    """
    from scipy.interpolate import PchipInterpolator

    tried_p = np.maximum(tried_cp.sum(0), 1)
    # A pair that did not reject may do so seldom: so Lambda rises everywhere.
    rejection_p = np.maximum(1 - swapped_cp.sum(0) / tried_p, 0.5 / tried_p)
    barrier_k = np.concatenate([[0.0], np.cumsum(rejection_p)])
    return placed(pinned, barrier_k[np.searchsorted(kappas, pinned)], len(kappas), PchipInterpolator(barrier_k, kappas))


def placed(pinned, barrier_of_pinned, rungs, kappa_of_barrier):
    """Return `rungs` rungs, those pinned among them; between two of these they are equally spaced in the barrier."""
    share = shares(np.diff(barrier_of_pinned), rungs - 1)
    inside = [np.linspace(low, high, pairs, endpoint=False)[1:]
              for (low, high), pairs in zip(pairwise(barrier_of_pinned), share, strict=True)]
    free = np.round(kappa_of_barrier(np.concatenate([[], *inside])), DIGITS)
    return np.sort(np.concatenate([pinned, free]))


def shares(lengths, pairs):
    """Return how many of the pairs of rungs each part of the barrier gets, one at least: the worst pair is best."""
    share = np.ones(len(lengths), int)
    for _ in range(pairs - len(lengths)):
        share[np.argmax(lengths / share)] += 1
    return share
