"""U_L = 1 - <M^4> / (3 <M^2>^2): 0 where M is normal, 2/3 where |M| is sharp."""

from phi4hpc.lattice.observable import ROUNDING, Draws, Ensemble, Mean, Means, Moments

LABEL = '$U_L$'
NAME = 'Binder cumulant'


def moments(draws: Draws) -> Moments:
    return {'m2': draws.magnetisation**2, 'm4': draws.magnetisation**4}


def value(mean: Means, ensemble: Ensemble) -> Mean | None:
    return 1 - mean['m4'] / (3 * mean['m2'] ** 2) if mean['m2'] > ROUNDING else None
