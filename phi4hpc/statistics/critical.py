"""The critical point and exponents by finite-size scaling, from Curves of lattices of several sizes.

At the kappa where U_L or xi / L takes the value that it has at criticality in the Ising class, on a periodic square,
lattices differ from kappa_c by L^-(1/nu + omega), with nu = 1 and omega = 7/4, the analytic background of the
susceptibility, closely followed by omega = 2; where lambda is small, the crossover from the Gaussian fixed point goes
by smaller powers until lattices are large. At fixed xi / L other means scale with powers of L (Hasenbusch,
cond-mat/9902026), free of the error of kappa_c.
"""

from itertools import pairwise

import numpy as np

from phi4hpc.statistics.gamma import value_and_error
from phi4hpc.statistics.scaling import linear_fit, power_law

UNIVERSAL = {'binder': 0.6106924, 'correlation_ratio': 0.9050488292}
"""U* = 1 - V_4 / 3 and (xi / L)* at criticality, on a periodic square: Salas, Sokal, cond-mat/9904038."""
OMEGA = 1.75
OTHER_OMEGAS = 2.0, 1.0
"""In its place, to see how much hangs on it: the next power, and what a crossover looks like."""
EXACT = {'nu': 1.0, 'beta/nu': 0.125, 'gamma/nu': 1.75}
"""Exponents of the Ising class in two dimensions (Onsager)."""


def critical(curves):
    """Return what the Curves {L: Curve}, ascending, say of the transition, as results.json keeps it.

    What the draws do not reach is left out of the lists; `kappa_c` and `exponents` are None where lattices are too few.
    """
    levels = [(L, name, kappa) for L, curve in curves.items() for name, level in UNIVERSAL.items()
              if (kappa := curve.crossing(name, level)) is not None]
    fixed = {L: kappa for L, name, kappa in levels if name == 'correlation_ratio'}
    return {'levels': [{'L': L, 'of': name, 'kappa': value_and_error(kappa)} for L, name, kappa in levels],
            'crossings': list(crossings(curves)), 'peaks': list(peaks(curves)),
            'kappa_c': critical_kappa(levels), 'exponents': exponents(curves, fixed) if len(fixed) > 2 else None}


def crossings(curves):
    """Yield where the curves of neighbouring sizes cross."""
    for small, large in pairwise(curves):
        for name in UNIVERSAL:
            kappa = curves[large].crossing(name, curves[small])
            if kappa is not None:
                yield {'small': small, 'large': large, 'of': name, 'kappa': value_and_error(kappa)}


def peaks(curves):
    """Yield the maximum of the connected susceptibility of every lattice."""
    for L, curve in curves.items():
        top = curve.peak('susceptibility')
        if top is not None:
            yield {'L': L, 'kappa': value_and_error(top[0]), 'value': value_and_error(top[1])}


def critical_kappa(levels):
    """Return kappa_c from `levels`, triples (L, name, kappa), or None where there are too few.

    kappa = kappa_c + a_name L^-(1 + omega) is fitted to the lattices from `smallest` on, the first to give a good fit.
    `systematic` is how far kappa_c goes where another omega or the next smallest lattice is taken instead.
    """
    sizes = sorted({L for L, _, _ in levels})
    fits = {smallest: fit for smallest in sizes if (fit := level_fit(levels, smallest, OMEGA)) is not None}
    if not fits:
        return None
    smallest = next((L for L, fit in fits.items() if fit.good), list(fits)[-1])
    kappa_c = fits[smallest].parameters[0]
    others = [level_fit(levels, smallest, omega) for omega in OTHER_OMEGAS]
    others += [fit for L, fit in fits.items() if smallest < L][:1]
    systematic = max(abs((fit.parameters[0] - kappa_c).value) for fit in others)
    return {**value_and_error(kappa_c), 'systematic': systematic, 'smallest': smallest, 'chi2': fits[smallest].chi2,
            'dof': fits[smallest].dof}


def level_fit(levels, smallest, omega):
    """Return the Fit of kappa_c and an amplitude for each name, or None where that leaves no degree of freedom."""
    chosen = [level for level in levels if level[0] >= smallest]
    names = sorted({name for _, name, _ in chosen})
    if len(chosen) <= 1 + len(names):
        return None
    design = [[1.0, *(L ** -(1 + omega) * (name == of) for of in names)] for L, name, _ in chosen]
    return linear_fit(np.array(design), [kappa for _, _, kappa in chosen])


def exponents(curves, fixed):
    """Return {name: value, error, systematic, chi2, dof, exact} of nu, beta/nu and gamma/nu from kappas {L: Obs}.

    From d U_L / d kappa, <|M|> and Omega <M^2> at fixed xi / L. Where there are four sizes or more the power law has a
    correction L^-omega; `systematic` is what another omega changes, or none and the smallest lattice left out.
    """
    sizes = list(fixed)
    at = {'nu': lambda curve: lambda kappa: curve.slope('binder', kappa),
          'beta/nu': lambda curve: lambda kappa: curve(kappa)['abs_magnetisation'],
          'gamma/nu': lambda curve: lambda kappa: curve(kappa)['susceptibility_m2']}
    of_power = {'nu': lambda p: 1 / p, 'beta/nu': lambda p: -p, 'gamma/nu': lambda p: p}
    found = {}
    for name, of in at.items():
        observed = [curves[L].at(fixed[L], of(curves[L])) for L in sizes]
        omegas = (OMEGA, *OTHER_OMEGAS) if len(sizes) > 3 else (None,)
        fits = [power_law(sizes, observed, omega) for omega in omegas] + [power_law(sizes[1:], observed[1:])]
        value, *others = (of_power[name](fit.parameters[1]) for fit in fits)
        found[name] = {**value_and_error(value), 'systematic': max(abs((value - other).value) for other in others),
                       'chi2': fits[0].chi2, 'dof': fits[0].dof, 'exact': EXACT[name]}
    return found
