"""G(p) = <|phi~(p)|^2> / Omega along a diagonal, p = (p, p), the mean of both diagonals."""

import numpy as np

from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.lattice.observable import Draws, Moments

LABEL = r'$G(\hat p)$'
NAME = 'propagator along a diagonal'
ESTIMATED = ('rungs',)
ARGUMENT = 'p_hat'


def argument(L: int) -> np.ndarray:
    return lattice_momentum(L, components=2)


def moments(draws: Draws) -> Moments:
    return {'diagonal_propagator': draws.diagonal_propagator}
