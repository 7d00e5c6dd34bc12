"""xi / L of the second-moment correlation length, which tends to a universal number at kappa_c."""

from phi4hpc.lattice.observable import Draws, Ensemble, Mean, Means, Moments
from phi4hpc.lattice.second_moment import second_moment_length

LABEL = r'$\xi/L$'
NAME = 'correlation length over L'


def moments(draws: Draws) -> Moments:
    return {'m2': draws.magnetisation**2, 'mode': draws.mode}


def value(mean: Means, ensemble: Ensemble) -> Mean | None:
    length = second_moment_length(ensemble.sites * mean['m2'], mean['mode'], ensemble.L)
    return None if length is None else length / ensemble.L
