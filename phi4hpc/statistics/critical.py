"""The critical point and exponents by finite-size scaling, from Curves of lattices of several sizes.

At the kappa where U_L or xi / L takes the value that it has at criticality in the Ising class, on a periodic square,
lattices differ from kappa_c by L^-(1/nu + omega), with nu = 1 and omega = 7/4, the analytic background of the
susceptibility, closely followed by omega = 2; where lambda is small, the crossover from the Gaussian fixed point goes
by smaller powers until lattices are large. At fixed xi / L other means scale with powers of L (Hasenbusch,
cond-mat/9902026), free of the error of kappa_c.
"""

from functools import partial
from itertools import pairwise, product

import numpy as np

from phi4hpc.lattice.transition import EXACT, UNIVERSAL
from phi4hpc.parallel.leftout import Missing
from phi4hpc.statistics.fits import averaged, linear_fit, power_law
from phi4hpc.statistics.gamma import value_and_error
from phi4hpc.statistics.points import crossing, peak

OMEGA = 1.75
CORRECTIONS = (OMEGA,), (2.0,), (1.0,), (OMEGA, 2 * OMEGA), (2.0, 4.0), (1.0, OMEGA), (1.0, 2.0)
"""What fits take for omega: that, the next, what a crossover looks like; and two orders at once, as where lambda is
small one alone drags the result along from size to size."""


def critical(curves):
    """Yield what the Curves {L: Curve}, ascending, say of the transition: points and exponents as pyerrors.Obs.

    Before that, None after each of its steps, which take long where draws are many. What the draws do not give is
    left out, with a line in `left_out` that says why; `kappa_c` and `exponents` are None where lattices are too few.
    """
    found = {'levels': [], 'crossings': [], 'peaks': [], 'kappa_c': None, 'exponents': None, 'left_out': []}
    for name, place, of in points(curves):
        try:
            found[name].append(place | of())
        except Missing as missing:
            found['left_out'].append(f'{words(place)}: {missing}')
        yield None
    found['kappa_c'] = critical_kappa([(point['L'], point['of'], point['kappa']) for point in found['levels']])
    fixed = {point['L']: point['kappa'] for point in found['levels'] if point['of'] == 'correlation_ratio'}
    if len(fixed) > 2:
        found['exponents'] = yield from exponents(curves, fixed, found['left_out'])
    yield found


def points(curves):
    """Yield (list, place, function that finds the rest of its entry) of levels, crossings and peaks."""
    for (L, curve), (name, level) in product(curves.items(), UNIVERSAL.items()):
        yield 'levels', {'L': L, 'of': name}, partial(crossed, curve, name, level)
    for (small, large), name in product(pairwise(curves), UNIVERSAL):
        place = {'small': small, 'large': large, 'of': name}
        yield 'crossings', place, partial(crossed, curves[large], name, curves[small])
    for L, curve in curves.items():
        yield 'peaks', {'L': L}, partial(highest, curve, 'susceptibility')


def crossed(curve, name, level):
    """Return the part of an entry that says where a curve crosses."""
    return {'kappa': crossing(curve, name, level)}


def highest(curve, name):
    """Return the part of an entry that says where a curve is highest."""
    return dict(zip(('kappa', 'height'), peak(curve, name), strict=True))


def words(place):
    """Return in words which lattices an entry is about."""
    return 'L = ' + ' and '.join(str(place[key]) for key in ('L', 'small', 'large') if key in place)


def plain(found):
    """Return what `critical` found as results.json keeps it, every pyerrors.Obs as {'value', 'error'}."""
    if isinstance(found, list):
        return [plain(entry) for entry in found]
    if isinstance(found, dict):
        return {key: plain(entry) for key, entry in found.items() if key != 'value'} | (
            value_and_error(found['value']) if 'value' in found else {})
    return value_and_error(found) if hasattr(found, 'gamma_method') else found


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


def exponents(curves, fixed, left_out):
    """Return {name: value, systematic, smallest, omegas, chi2, dof, exact} of nu, beta/nu and gamma/nu.

    From powers of L of d U_L / d kappa, <|M|> and Omega <M^2> at fixed xi / L, at the kappas `fixed` {L: Obs}; without
    and with each of CORRECTIONS, from each lattice on, and averaged. Yields None after each step. Lattices whose mean
    is not positive are left out, with a line in `left_out`; an exponent with fewer than three is as well.
    """
    at = {'nu': lambda curve: lambda kappa: curve.slope('binder', kappa),
          'beta/nu': lambda curve: lambda kappa: curve.mean('abs_magnetisation', kappa),
          'gamma/nu': lambda curve: lambda kappa: curve.mean('susceptibility_m2', kappa)}
    of_power = {'nu': lambda p: 1 / p[1], 'beta/nu': lambda p: -p[1], 'gamma/nu': lambda p: p[1]}
    found = {}
    for name, of in at.items():
        observed = {}
        for L, kappa in fixed.items():
            try:
                observed[L] = positive(curves[L].at(kappa, of(curves[L])))
            except Missing as missing:
                left_out.append(f'L = {L}, {name}: {missing}')
            yield None
        if len(observed) > 2:
            found[name] = fitted(power_fits(observed), of_power[name]) | {'exact': EXACT[name]}
    return found


def positive(mean):
    """Return a pyerrors.Obs whose logarithm is to be taken. Raises Missing where it is not above 0."""
    if not mean.value > 0:
        raise Missing(f'what should scale with a power of L is {mean.value:.3g}')
    return mean


def power_fits(observed):
    """Return {(smallest, omegas): Fit} of power laws to {L: pyerrors.Obs} that leave a degree of freedom."""
    sizes, fits = list(observed), {}
    for first, omegas in product(range(len(sizes)), ((), *CORRECTIONS)):
        chosen = sizes[first:]
        if len(chosen) > 2 + len(omegas):
            fits[chosen[0], omegas] = power_law(chosen, [observed[L] for L in chosen], omegas)
    return fits
