"""Omega <M^2> = G(0), which is the susceptibility of the symmetric phase."""

from phi4hpc.lattice.observable import Draws, Ensemble, Mean, Means, Moments

LABEL = r'$\Omega\langle M^2\rangle$'
NAME = 'susceptibility of the symmetric phase'


def moments(draws: Draws) -> Moments:
    return {'m2': draws.magnetisation**2}


def value(mean: Means, ensemble: Ensemble) -> Mean:
    return ensemble.sites * mean['m2']
