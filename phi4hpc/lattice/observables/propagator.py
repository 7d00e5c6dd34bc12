"""G(p) = <|phi~(p)|^2> / Omega along an axis, the mean of both axes."""

import numpy as np

from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.lattice.observable import Draws, Moments

LABEL = r'$G(\hat p)$'
ESTIMATED = ('rungs', 'reconstructions')
ARGUMENT = 'p_hat'


def argument(L: int) -> np.ndarray:
    return lattice_momentum(L)


def moments(draws: Draws) -> Moments:
    return {'propagator': draws.axis_propagator}
