"""xi, the second-moment correlation length."""

from phi4hpc.lattice.observable import Draws, Ensemble, Mean, Means, Moments
from phi4hpc.lattice.second_moment import second_moment_length

LABEL = r'$\xi$'
ESTIMATED = ('rungs', 'reconstructions')


def moments(draws: Draws) -> Moments:
    return {'m2': draws.magnetisation**2, 'mode': draws.mode}


def value(mean: Means, ensemble: Ensemble) -> Mean | None:
    return second_moment_length(ensemble.sites * mean['m2'], mean['mode'], ensemble.L)
