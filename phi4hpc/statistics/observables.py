"""Ensemble means of one hopping, from the series of its draws, as pyerrors.Obs: functions of them keep their errors."""

from phi4hpc.lattice.observables import SERIES
from phi4hpc.statistics.gamma import obs


def cumulants(magnetisation_cn, sites):
    """Return the means made of the moments of M, from its series (chain, draw).

    abs_magnetisation <|M|>; susceptibility Omega (<M^2> - <|M|>^2), which peaks at the transition also where both signs
    of M are visited; susceptibility_m2 Omega <M^2>, right in the symmetric phase; binder U_L = 1 - <M^4> / (3 <M^2>^2).
    """
    first, second, fourth = (obs(abs(magnetisation_cn) ** n) for n in (1, 2, 4))
    return {'abs_magnetisation': first, 'susceptibility': sites * (second - first**2),
            'susceptibility_m2': sites * second, 'binder': 1 - fourth / (3 * second**2)}


def means(densities_cnq, sites):
    """Return the cumulants and the mean densities, from the series (chain, draw, density) named by SERIES."""
    series = {name: densities_cnq[..., q] for q, name in enumerate(SERIES)}
    return cumulants(series.pop('magnetisation'), sites) | {name: obs(s) for name, s in series.items()}


def propagator(propagator_cnp):
    """Return the list over momenta of the means of |phi~(p)|^2 / Omega, from its series (chain, draw, momentum)."""
    return [obs(propagator_cnp[..., p]) for p in range(propagator_cnp.shape[-1])]
