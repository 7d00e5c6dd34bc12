"""chi = Omega (<M^2> - <|M|>^2), the connected susceptibility.

With <|M|> in place of <M> it peaks at the transition also where both signs of M are visited.
"""

from phi4hpc.lattice.observable import Draws, Ensemble, Mean, Means, Moments

LABEL = r'$\chi$'
LONG_LABEL = r'$\chi=\Omega(\langle M^2\rangle-\langle|M|\rangle^2)$'
NAME = 'connected susceptibility'


def moments(draws: Draws) -> Moments:
    return {'m2': draws.magnetisation**2, 'abs_magnetisation': abs(draws.magnetisation)}


def value(mean: Means, ensemble: Ensemble) -> Mean:
    return ensemble.sites * (mean['m2'] - mean['abs_magnetisation'] ** 2)
