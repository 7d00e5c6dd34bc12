"""The rule by which neighbouring rungs swap replicas: a pure function, since the action is linear
in kappa.

Even and odd pairs of rungs take turns (deterministic even-odd, non-reversible: Syed et al.,
arXiv:1905.02939). The turns are made by the compiled kernels/exchange.cpp.
"""

from typing import Any

Number = Any                      # or an array of them


def log_acceptance(kappa_low: Number, kappa_high: Number, hopping_low: Number,
                   hopping_high: Number) -> Number:
    """Return ln a of swapping the replicas at two hoppings, kappa_low and kappa_high.

    `hopping_low`, `hopping_high`: H = sum_{x,mu} phi(x) phi(x+mu) of the replica at each.
    """
    return 2 * (kappa_high - kappa_low) * (hopping_low - hopping_high)
