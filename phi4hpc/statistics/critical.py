"""The critical point and exponents by finite-size scaling, from Curves of lattices of several sizes.

At the kappa where U_L or xi / L takes the value that it has at criticality in the Ising class, on a periodic square,
lattices differ from kappa_c by L^-(1/nu + omega), with nu = 1 and omega = 7/4, the analytic background of the
susceptibility, closely followed by omega = 2; where lambda is small, the crossover from the Gaussian fixed point goes
by smaller powers until lattices are large. At fixed xi / L other means scale with powers of L (Hasenbusch,
cond-mat/9902026), free of the error of kappa_c.
"""

from itertools import pairwise, product

import numpy as np

from phi4hpc.lattice.critical import EXACT, UNIVERSAL
from phi4hpc.statistics.gamma import value_and_error
from phi4hpc.statistics.scaling import averaged, linear_fit, power_law

OMEGA = 1.75
CORRECTIONS = (OMEGA,), (2.0,), (1.0,), (OMEGA, 2 * OMEGA), (2.0, 4.0), (1.0, OMEGA), (1.0, 2.0)
"""What fits take for omega: that, the next, what a crossover looks like; and two orders at once, as where lambda is
small one alone drags the result along from size to size."""


def critical(curves):
    """Yield what the Curves {L: Curve}, ascending, say of the transition: points and exponents as pyerrors.Obs.

    Before that, None after each of its steps, which take long where draws are many. What the draws do not reach is left
    out of the lists; `kappa_c` and `exponents` are None where lattices are too few.
    """
    found = {'levels': [], 'crossings': [], 'peaks': [], 'kappa_c': None, 'exponents': None}
    for name, points in (('levels', levels(curves)), ('crossings', crossings(curves)), ('peaks', peaks(curves))):
        for point in points:
            found[name].append(point)
            yield None
    found['kappa_c'] = critical_kappa([(point['L'], point['of'], point['kappa']) for point in found['levels']])
    fixed = {point['L']: point['kappa'] for point in found['levels'] if point['of'] == 'correlation_ratio'}
    if len(fixed) > 2:
        found['exponents'] = yield from exponents(curves, fixed)
    yield found


def plain(found):
    """Return what `critical` found as results.json keeps it, every pyerrors.Obs as {'value', 'error'}."""
    if isinstance(found, list):
        return [plain(entry) for entry in found]
    if isinstance(found, dict):
        return {key: plain(entry) for key, entry in found.items() if key != 'value'} | (
            value_and_error(found['value']) if 'value' in found else {})
    return value_and_error(found) if hasattr(found, 'gamma_method') else found


def levels(curves):
    """Yield where the curves take the values of the Ising class."""
    for L, curve in curves.items():
        for name, level in UNIVERSAL.items():
            kappa = curve.crossing(name, level)
            if kappa is not None:
                yield {'L': L, 'of': name, 'kappa': kappa}


def crossings(curves):
    """Yield where the curves of neighbouring sizes cross."""
    for small, large in pairwise(curves):
        for name in UNIVERSAL:
            kappa = curves[large].crossing(name, curves[small])
            if kappa is not None:
                yield {'small': small, 'large': large, 'of': name, 'kappa': kappa}


def peaks(curves):
    """Yield the maximum of the connected susceptibility of every lattice."""
    for L, curve in curves.items():
        top = curve.peak('susceptibility')
        if top is not None:
            yield {'L': L, 'kappa': top[0], 'height': top[1]}


def critical_kappa(levels):
    """Return kappa_c from `levels`, triples (L, name, kappa), or None where there are too few.

    kappa = kappa_c + sum over omegas of a_name L^-(1 + omega) is fitted with each of CORRECTIONS to the lattices from
    each on, and averaged. `smallest`, `omegas`, `chi2` and `dof` are those of the fit that weighs most.
    """
    sizes = sorted({L for L, _, _ in levels})
    fits = {(smallest, omegas): fit for smallest in sizes for omegas in CORRECTIONS
            if (fit := level_fit(levels, smallest, omegas)) is not None}
    return fitted(fits, lambda parameters: parameters[0]) if fits else None


def fitted(fits, of):
    """Return what is told of the average over Fits {(smallest, omegas): Fit} of of(parameters)."""
    value, systematic, heaviest = averaged(list(fits.values()), of)
    smallest, omegas = next(model for model, fit in fits.items() if fit is heaviest)
    return {'value': value, 'systematic': systematic, 'smallest': smallest, 'omegas': omegas,
            'chi2': heaviest.chi2, 'dof': heaviest.dof}


def level_fit(levels, smallest, omegas):
    """Return the Fit of kappa_c and amplitudes for each name, or None where that leaves no degree of freedom."""
    chosen = [level for level in levels if level[0] >= smallest]
    terms = list(product(sorted({name for _, name, _ in chosen}), omegas))
    if len(chosen) <= 1 + len(terms):
        return None
    design = [[1.0, *(L ** -(1 + omega) * (name == of) for of, omega in terms)] for L, name, _ in chosen]
    return linear_fit(np.array(design), [kappa for _, _, kappa in chosen])


def exponents(curves, fixed):
    """Return {name: value, systematic, smallest, omegas, chi2, dof, exact} of nu, beta/nu and gamma/nu.

    From powers of L of d U_L / d kappa, <|M|> and Omega <M^2> at fixed xi / L, at the kappas `fixed` {L: Obs}; without
    and with each of CORRECTIONS, from each lattice on, and averaged. Yields None after each step.
    """
    at = {'nu': lambda curve: lambda kappa: curve.slope('binder', kappa),
          'beta/nu': lambda curve: lambda kappa: curve(kappa)['abs_magnetisation'],
          'gamma/nu': lambda curve: lambda kappa: curve(kappa)['susceptibility_m2']}
    of_power = {'nu': lambda p: 1 / p[1], 'beta/nu': lambda p: -p[1], 'gamma/nu': lambda p: p[1]}
    found = {}
    for name, of in at.items():
        observed = {}
        for L, kappa in fixed.items():
            observed[L] = curves[L].at(kappa, of(curves[L]))
            yield None
        found[name] = fitted(power_fits(observed), of_power[name]) | {'exact': EXACT[name]}
    return found


def power_fits(observed):
    """Return {(smallest, omegas): Fit} of power laws to {L: pyerrors.Obs} that leave a degree of freedom."""
    sizes, fits = list(observed), {}
    for first, omegas in product(range(len(sizes)), ((), *CORRECTIONS)):
        chosen = sizes[first:]
        if len(chosen) > 2 + len(omegas):
            fits[chosen[0], omegas] = power_law(chosen, [observed[L] for L in chosen], omegas)
    return fits
