"""Ensemble means of one hopping as pyerrors.Obs: functions of them keep their errors, by linear propagation.

Means come from draws of that hopping (`means`) or, reweighted, from those of a whole ladder (`statistics.reweighting`).
"""

import numpy as np

from phi4hpc.lattice.observables import DENSITIES
from phi4hpc.statistics.gamma import obs


def moments(series):
    """Return {name: array} of what is averaged, from series of `magnetisation`, `hopping` and `mode`, of any shape."""
    m, hopping = series['magnetisation'], series['hopping']
    return {'abs_magnetisation': abs(m), 'm2': m**2, 'm4': m**4, 'hopping': hopping, 'hopping2': hopping**2,
            'mode': series['mode']}


ROUNDING = 1e-12                 # of <phi^2>: what an autoencoder drops comes back as so little, not as 0


def derived(mean, L, floor=0.0):
    """Return what is made of the means {moment: number or pyerrors.Obs} on an L x L lattice, Omega = L^2.

    abs_magnetisation <|M|>; susceptibility Omega (<M^2> - <|M|>^2), which peaks at the transition also where both signs
    of M are visited; susceptibility_m2 Omega <M^2>, right in the symmetric phase; binder U_L = 1 - <M^4> / (3 <M^2>^2);
    hopping <H> / Omega; specific_heat 4 (<H^2> - <H>^2) / Omega = d^2 ln Z / dkappa^2 / Omega; correlation_length xi
    and correlation_ratio xi / L. What divides by a mean up to `floor`, which is nothing but rounding, is None.
    """
    sites, m2 = L**2, mean['m2']
    xi = correlation_length(sites * m2, mean['mode'], L) if mean['mode'] > floor else None
    return {'abs_magnetisation': mean['abs_magnetisation'],
            'susceptibility': sites * (m2 - mean['abs_magnetisation'] ** 2), 'susceptibility_m2': sites * m2,
            'binder': 1 - mean['m4'] / (3 * m2**2) if m2 > floor else None, 'hopping': mean['hopping'],
            'specific_heat': 4 * sites * (mean['hopping2'] - mean['hopping'] ** 2),
            'correlation_length': xi, 'correlation_ratio': xi if xi is None else xi / L}


def correlation_length(zero_mode, mode, L):
    """Return the second-moment correlation length, or None where G(0) does not exceed G(p_min), as by chance.

    xi = sqrt(G(0) / G(p_min) - 1) / (2 sin(p_min / 2)), p_min = 2 pi / L; G(0) = Omega <M^2>.
    """
    squared = zero_mode / mode - 1
    with np.errstate(invalid='ignore'):                           # a chain alone may have G(0) < G(p_min)
        return np.sqrt(squared) / (2 * np.sin(np.pi / L)) if squared > 0 else None


def means(series, L):
    """Return every mean of series (chain, draw) named by lattice.observables.SERIES."""
    of_moments = {name: obs(values) for name, values in moments(series).items()}
    others = {name: obs(series[name]) for name in DENSITIES[2:]}
    return derived(of_moments, L, floor=ROUNDING * others['phi2'].value) | others


def over_momenta(lines_cnp):
    """Return the list over the last axis of the means of series (chain, draw, momentum or time)."""
    return [obs(lines_cnp[..., p]) for p in range(lines_cnp.shape[-1])]


def effective_mass(correlator):
    """Return the list over t = 1, 2, ... of arccosh((C(t-1) + C(t+1)) / 2 C(t)), until noise makes it undefined.

    The mass of a periodic lattice, where C(t) ~ cosh(m (t - L/2)); `correlator`: list over t = 0 ... L/2.
    """
    masses = []
    for before, now, after in zip(correlator, correlator[1:], correlator[2:], strict=False):
        ratio = (before + after) / (2 * now)
        if not (now.value > 0 and ratio.value > 1):
            break
        with np.errstate(invalid='ignore'):                       # nor need a chain alone have a mass
            masses.append(np.arccosh(ratio))
    return masses
