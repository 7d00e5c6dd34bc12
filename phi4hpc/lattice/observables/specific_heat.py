"""4 (<H^2> - <H>^2) / Omega = d^2 ln Z / dkappa^2 / Omega."""

from phi4hpc.lattice.observable import Draws, Ensemble, Mean, Means, Moments

LABEL = '$C$'
LONG_LABEL = r'$4(\langle H^2\rangle-\langle H\rangle^2)/\Omega$'


def moments(draws: Draws) -> Moments:
    return {'hopping': draws.hopping, 'hopping2': draws.hopping**2}


def value(mean: Means, ensemble: Ensemble) -> Mean:
    return 4 * ensemble.sites * (mean['hopping2'] - mean['hopping'] ** 2)
