"""How far the draws of two neighbouring rungs carry into each other, and which rungs of a ladder
hang together.

Two rungs are weighed against each other by Bennett's acceptance ratio (J. Comput. Phys. 22, 245),
which is MBAR of two ensembles. A curve between rungs is worth drawing as long as, at every kappa
between them, enough draws have a weight that counts.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, log_expit

ENOUGH = 0.02
"""Effective draws that an estimate needs, in units of the draws of a rung."""
FEWEST = 20
"""Effective draws that an estimate needs at least."""
BETWEEN = 9
"""Kappas at which effective draws are counted, from one rung to the next."""
SAMPLE = 5000
"""Draws of a rung that are looked at, at most."""


def enough(draws: int) -> float:
    """Return how many effective draws an estimate needs where a rung has `draws`."""
    return max(ENOUGH * draws, FEWEST)


def connected(kappas: np.ndarray, hopping_kcn: np.ndarray) -> list[slice]:
    """Return the parts of a ladder within which draws carry from each rung to the next.

    `kappas`: (k,) ascending. `hopping_kcn`: H of every draw. The parts are slices of the rungs,
    ascending.
    """
    splits = [i + 1 for i, bridge in enumerate(bridges(kappas, hopping_kcn))
              if not bridge.carries()]
    return [slice(*ends) for ends in pairwise([0, *splits, len(kappas)])]


class Bridge:
    """Two rungs a distance `gap` in kappa apart, and 2 H of their draws, (n,) each."""

    def __init__(self, gap: float, low_n: np.ndarray, high_n: np.ndarray) -> None:
        self.exponent_n = gap * np.concatenate([low_n, high_n])
        self.draws = len(low_n)

    @property
    def rise(self) -> float:
        """f = -ln Z of the upper rung less that of the lower: with it the weights sum to one."""
        low, high = -self.exponent_n.max() - 50, -self.exponent_n.min() + 50
        return brentq(lambda f: expit(f + self.exponent_n).sum() - self.draws, low, high)

    def carries(self) -> bool:
        """Return whether enough draws are effective at all kappas between the rungs."""
        log_low_n = log_expit(-self.rise - self.exponent_n)          # of weights at the lower rung
        for part in np.linspace(0, 1, BETWEEN):
            log_weight_n = log_low_n + part * self.exponent_n
            weight_n = np.exp(log_weight_n - log_weight_n.max())
            if weight_n.sum() ** 2 / np.square(weight_n).sum() < enough(self.draws):
                return False
        return True


def bridges(kappas: np.ndarray, hopping_kcn: np.ndarray) -> Iterator[Bridge]:
    """Yield the Bridge from each rung to the next, of draws taken evenly from all."""
    energy_kn = 2 * hopping_kcn.reshape(len(kappas), -1)
    energy_kn = energy_kn[:, ::-(-energy_kn.shape[1] // SAMPLE)]
    for (low, low_n), (high, high_n) in pairwise(zip(kappas, energy_kn, strict=True)):
        yield Bridge(high - low, low_n, high_n)
