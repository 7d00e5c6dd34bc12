"""The rules of exchanging hoppings between neighbouring rungs: pure functions, the same on every rank.

Even and odd pairs of rungs take turns (deterministic even-odd, non-reversible: Syed et al., arXiv:1905.02939). The
action is linear in kappa, so the hopping energy H decides alone: ln a = 2 (kappa_j - kappa_i) (H_i - H_j).

Arrays: ck (chain, rung), cp (chain, pair of neighbours), m (pair that meets at a turn, chain by chain). What is done at
every turn is done on m: NumPy takes a third of the time for one contiguous axis that it takes for two with strides.
"""

from typing import NamedTuple

import numpy as np

from phi4hpc.kernels.philox import Stream, key, philox, uniform


class Meeting(NamedTuple):
    """Where the pairs of a turn are: their two rungs on the ladder, these in a flat ck, and the pairs in a flat cp."""

    rung_low_m: np.ndarray
    rung_high_m: np.ndarray
    low_m: np.ndarray
    high_m: np.ndarray
    pair_m: np.ndarray


def meetings(chains, rungs):
    """Return the Meeting of even turns, at which the pairs 0, 2, ... meet, and that of odd ones, 1, 3, ..."""
    return tuple(_meeting(chains, rungs, first) for first in (0, 1))


def _meeting(chains, rungs, first):
    chain, rung = (index.ravel() for index in np.mgrid[:chains, first:rungs - 1:2])
    low = chain * rungs + rung
    return Meeting(rung, rung + 1, low, low + 1, chain * (rungs - 1) + rung)


def log_acceptance(kappa_low, kappa_high, hopping_low, hopping_high):
    """Return ln a of exchanging the replicas at two hoppings; `hopping` is H = sum_{x,mu} phi(x) phi(x+mu) of each."""
    return 2 * (kappa_high - kappa_low) * (hopping_low - hopping_high)


def log_uniforms(turns, chains, rungs, seed, L):
    """Return (turn, chain, lower rung) logarithms of uniform deviates: equal counters, so equal on every rank."""
    turn, chain, low = np.ix_(np.asarray(turns) % 2**32, np.arange(chains), np.arange(rungs - 1))
    return np.log(uniform(philox((low, turn, chain, 0), key(seed, Stream.SWAP, L))[0]))


def decide(kappas, hopping_ck, meeting, log_uniform_cp):
    """Return (m,) whether each pair swaps.

    `hopping_ck`: H of the replica at each rung of each chain; `log_uniform_cp`: this turn's deviates for all pairs.
    """
    hopping_f = hopping_ck.reshape(-1)
    return log_uniform_cp.reshape(-1)[meeting.pair_m] < log_acceptance(
        kappas[meeting.rung_low_m], kappas[meeting.rung_high_m], hopping_f[meeting.low_m], hopping_f[meeting.high_m])


def swap(values_ck, meeting, accepted_m):
    """Exchange the values_ck of the pairs of a turn where accepted; in place, so they must be contiguous."""
    values_f, low, high = values_ck.reshape(-1), meeting.low_m[accepted_m], meeting.high_m[accepted_m]
    values_f[low], values_f[high] = values_f[high], values_f[low]
