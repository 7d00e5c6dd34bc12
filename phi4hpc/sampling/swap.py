"""The rule of exchanging hoppings between neighbouring rungs: a pure function, for which the action is linear in kappa.

Even and odd pairs of rungs take turns (deterministic even-odd, non-reversible: Syed et al., arXiv:1905.02939); the
compiled kernels/exchange.cu makes the turns.
"""


def log_acceptance(kappa_low, kappa_high, hopping_low, hopping_high):
    """Return ln a of exchanging the replicas at two hoppings; `hopping` is H = sum_{x,mu} phi(x) phi(x+mu) of each."""
    return 2 * (kappa_high - kappa_low) * (hopping_low - hopping_high)
