"""The rules of exchanging hoppings between neighbouring rungs: pure functions, the same on every rank.

Even and odd pairs of rungs take turns (deterministic even-odd, non-reversible: Syed et al., arXiv:1905.02939). The
action is linear in kappa, so the hopping energy H decides alone: ln a = 2 (kappa_j - kappa_i) (H_i - H_j).
"""

import numpy as np

from phi4hpc.kernels.philox import Stream, key, philox, uniform


def pairs(rungs, turn):
    """Return the lower rungs of the pairs that meet at turn 0, 1, 2, ...: 0, 2, 4, ... and 1, 3, 5, ... alternately."""
    return np.arange(turn % 2, rungs - 1, 2)


def log_acceptance(kappa_low, kappa_high, hopping_low, hopping_high):
    """Return ln a of exchanging the replicas at two hoppings; `hopping` is H = sum_{x,mu} phi(x) phi(x+mu) of each."""
    return 2 * (kappa_high - kappa_low) * (hopping_low - hopping_high)


def log_uniforms(turns, chains, rungs, seed, L):
    """Return (turn, chain, lower rung) logarithms of uniform deviates: equal counters, so equal on every rank."""
    turn, chain, low = np.ix_(np.asarray(turns) % 2**32, np.arange(chains), np.arange(rungs - 1))
    return np.log(uniform(philox((low, turn, chain, 0), key(seed, Stream.SWAP, L))[0]))


def decide(kappas, hopping_ck, turn, log_uniform_cp):
    """Return (low, accepted_cp): the lower rungs of the pairs of this turn, and whether each pair of each chain swaps.

    `hopping_ck`: H of the replica at each rung k of each chain c; `log_uniform_cp`: this turn's deviates for all pairs.
    """
    low = pairs(len(kappas), turn)
    log_a = log_acceptance(kappas[low], kappas[low + 1], hopping_ck[:, low], hopping_ck[:, low + 1])
    return low, log_uniform_cp[:, low] < log_a


def swap(values_ck, low, accepted_cp):
    """Exchange values_ck at rungs low and low + 1 where accepted; in place."""
    chain, pair = np.nonzero(accepted_cp)
    lower, upper = low[pair], low[pair] + 1
    values_ck[chain, lower], values_ck[chain, upper] = values_ck[chain, upper], values_ck[chain, lower]
