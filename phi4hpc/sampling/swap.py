"""The rules of exchanging hoppings between neighbouring rungs: pure functions, the same on every rank.

Even and odd pairs of rungs take turns (deterministic even-odd, non-reversible: Syed et al., arXiv:1905.02939). The
action is linear in kappa, so the hopping energy H decides alone: ln a = 2 (kappa_j - kappa_i) (H_i - H_j).
"""

import numpy as np

from phi4hpc.kernels.philox import Stream, key, philox, uniform


def pairs(rungs, turn):
    """Return slices of the lower and the upper rungs of the pairs that meet at a turn: 0, 2, ... or 1, 3, ... below."""
    low = turn % 2
    return slice(low, rungs - 1, 2), slice(low + 1, rungs, 2)


def log_acceptance(kappa_low, kappa_high, hopping_low, hopping_high):
    """Return ln a of exchanging the replicas at two hoppings; `hopping` is H = sum_{x,mu} phi(x) phi(x+mu) of each."""
    return 2 * (kappa_high - kappa_low) * (hopping_low - hopping_high)


def log_uniforms(turns, chains, rungs, seed, L):
    """Return (turn, chain, lower rung) logarithms of uniform deviates: equal counters, so equal on every rank."""
    turn, chain, low = np.ix_(np.asarray(turns) % 2**32, np.arange(chains), np.arange(rungs - 1))
    return np.log(uniform(philox((low, turn, chain, 0), key(seed, Stream.SWAP, L))[0]))


def decide(kappas, hopping_ck, turn, log_uniform_cp):
    """Return (c, pairs of this turn) whether each pair of each chain swaps.

    `hopping_ck`: H of the replica at each rung k of each chain c; `log_uniform_cp`: this turn's deviates for all pairs.
    """
    low, high = pairs(len(kappas), turn)
    return log_uniform_cp[:, low] < log_acceptance(kappas[low], kappas[high], hopping_ck[:, low], hopping_ck[:, high])


def swap(values_ck, turn, accepted_cp):
    """Exchange the values_ck of the pairs of a turn where accepted; in place."""
    low, high = (values_ck[:, rungs] for rungs in pairs(values_ck.shape[1], turn))
    low[...], high[...] = np.where(accepted_cp, high, low), np.where(accepted_cp, low, high)
