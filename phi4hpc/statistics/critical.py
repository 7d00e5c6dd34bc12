"""The critical point and exponents by finite-size scaling, from Curves of several lattices.

At criticality on a periodic square, U_L and xi / L tend to values that are known in the Ising
class. A lattice takes them at a kappa that differs from kappa_c by corrections to scaling,

    kappa_i(L) = kappa_c + delta_i(L),   i = U_L or xi / L,   delta ~ L^-(1 / nu + omega),   nu = 1.

What is not known of the omegas, and how delta is treated, is in `fits`. Both kappas come from the
same lattices and from the same corrections: over lambda from 0.01 to 1, and L from 16 to 64, those
of U_L are 1.5 to 3.5 times those of xi / L, and have their sign. So the amplitudes of both are
taken to be correlated, and half as large for xi / L; what they do not share may still be of either
sign. They may be several times as large as the span of all levels, since only a part of them shows
over a few sizes.

RELATIVE_SIZE, CORRELATION and LARGEST_SHIFT are held against experiment: at each lambda of 0.01,
0.02, 0.1, 1 and 10, kappa_c from forty studies of the sizes 16 and 32, of 16, 24 and 32, and of 16,
32 and 64 was within two total errors of its value from long runs in 95% or more, and within 3.3 in
all, whether noise or corrections were more (tests/validate/test_critical_point.py repeats it).

At fixed xi / L other means scale with powers of L (Hasenbusch, cond-mat/9902026), free of the error
of kappa_c, and exponents are fitted with the same corrections, of up to half a mean on the smallest
lattice.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from phi4hpc.lattice.transition import EXACT, UNIVERSAL
from phi4hpc.parallel.leftout import Missing, left_out
from phi4hpc.statistics.curve import Curve
from phi4hpc.statistics.fits import Fit, averaged, correction_kernel, fit, starts
from phi4hpc.statistics.gamma import value_and_error
from phi4hpc.statistics.points import crossing, peak

if TYPE_CHECKING:
    from pyerrors import Obs

OMEGA = 1.75
"""The power of the leading correction on large lattices."""
RELATIVE_SIZE = {'binder': 1.0, 'correlation_ratio': 0.5}
"""How large corrections of one level are, those of the other being 1 or 1/2."""
CORRELATION = 0.9
"""How far corrections of both levels go together."""
LARGEST_SHIFT = 8.0
"""The largest size of corrections to levels of U_L, in units of the span of all levels."""
LARGEST_PART = 0.5
"""The largest size of corrections to a mean that scales with a power, in units of the mean."""
Levels = list[tuple[int, str, 'Obs']]


def critical(curves: Mapping[int, Curve]) -> Iterator[dict[str, Any] | None]:
    """Yield what the Curves {L: Curve}, ascending, say of the transition, with pyerrors.Obs.

    Before that, yield None after each step, which takes long where draws are many. What the draws
    do not give is left out with a note that says why; `kappa_c` and `exponents` are then None.
    """
    found: dict[str, Any] = {'levels': [], 'crossings': [], 'peaks': [], 'kappa_c': None,
                             'exponents': None}
    for name, place, of in points(curves):
        with left_out(words(name, place)):
            found[name].append(place | of())
        yield None
    levels = found['levels']
    with left_out('kappa_c'):
        found['kappa_c'] = critical_kappa([(one['L'], one['of'], one['kappa']) for one in levels])
    fixed = {one['L']: one['kappa'] for one in levels if one['of'] == 'correlation_ratio'}
    found['exponents'] = (yield from exponents(curves, fixed)) or None
    yield found


def points(curves: Mapping[int, Curve]) -> Iterator[tuple[str, dict, Callable[[], dict]]]:
    """Yield (list, place, function that finds the rest of the entry) of each point looked for."""
    for (L, curve), (name, level) in product(curves.items(), UNIVERSAL.items()):
        yield 'levels', {'L': L, 'of': name}, partial(_crossed, curve, name, level)
    for (small, large), name in product(pairwise(curves), UNIVERSAL):
        place = {'small': small, 'large': large, 'of': name}
        yield 'crossings', place, partial(_crossed, curves[large], name, curves[small])
    for L, curve in curves.items():
        yield 'peaks', {'L': L}, partial(_highest, curve, 'susceptibility')


def _crossed(curve, name, level):
    return {'kappa': crossing(curve, name, level)}


def _highest(curve, name):
    return dict(zip(('kappa', 'height'), peak(curve, name), strict=True))


def words(name: str, place: Mapping[str, Any]) -> str:
    """Return in words what an entry of the list `name` is about."""
    sizes = ' and '.join(str(place[key]) for key in ('L', 'small', 'large') if key in place)
    return f'L = {sizes}: {name.removesuffix("s")} of {place.get("of", "susceptibility")}'


def plain(found: Any) -> Any:
    """Return what `critical` found as results.json keeps it, each Obs as {'value', 'error'}."""
    if isinstance(found, list):
        return [plain(entry) for entry in found]
    if isinstance(found, dict):
        return {key: plain(entry) for key, entry in found.items() if key != 'value'} | (
            value_and_error(found['value']) if 'value' in found else {})
    return value_and_error(found) if hasattr(found, 'gamma_method') else found


def critical_kappa(levels: Levels) -> dict[str, Any]:
    """Return kappa_c from triples (L, name, kappa). Raises Missing with fewer than two sizes."""
    sizes = {L for L, _, _ in levels}
    if len(sizes) < 2:
        raise Missing('levels of at least two sizes are needed')
    fits = [level_fit([level for level in levels if level[0] >= start]) for start in starts(sizes)]
    return summary(fits, 0, sizes)


def level_fit(levels: Levels) -> Fit:
    """Return the Fit of kappa_c to triples (L, name, kappa)."""
    sizes, names, kappas = zip(*levels, strict=True)
    relative_n = np.array([RELATIVE_SIZE[name] for name in names])
    alike_nn = np.array([[1.0 if a == b else CORRELATION for a in names] for b in names])
    kernel_nn = correction_kernel(sizes, beyond=1.0) * np.outer(relative_n, relative_n) * alike_nn
    return fit(np.ones((len(levels), 1)), kernel_nn, list(kappas), largest_shift(kappas))


def largest_shift(kappas: 'Sequence[Obs]') -> float:
    """Return the largest size of corrections to levels, whose span is known up to their errors."""
    error = max(value_and_error(kappa)['error'] for kappa in kappas)
    return LARGEST_SHIFT * (np.ptp([kappa.value for kappa in kappas]) + error)


def summary(fits: list[Fit], number: int, sizes: Iterable[int]) -> dict[str, Any]:
    """Return what results.json keeps of the parameter `number` of Fits, the first to all `sizes`.

    `size` is that of corrections on the `smallest` lattice. It, chi2 and dof are those of the
    first.
    """
    value, systematic = averaged(fits, number)
    return {'value': value, 'systematic': systematic, 'smallest': min(sizes), 'size': fits[0].size,
            'chi2': fits[0].chi2, 'dof': fits[0].dof}


def exponents(curves: Mapping[int, Curve],
              fixed: 'Mapping[int, Obs]') -> Generator[None, None, dict[str, Any]]:
    """Return {name: summary and exact value} of nu, beta/nu and gamma/nu.

    They come from powers of L of d U_L / d kappa, <|M|> and Omega <M^2> at fixed xi / L, at the
    kappas `fixed` {L: Obs}. Yields None after each step. A lattice whose mean is not positive is
    left out with a note, and so is an exponent with fewer than three lattices.
    """
    at = {'nu': lambda curve: partial(curve.slope, 'binder'),
          'beta/nu': lambda curve: partial(curve.mean, 'abs_magnetisation'),
          'gamma/nu': lambda curve: partial(curve.mean, 'susceptibility_m2')}
    found = {}
    for name, of in at.items():
        observed = {}
        for L, kappa in fixed.items():
            with left_out(f'L = {L}: {name}'):
                observed[L] = logarithm(curves[L].at(kappa, of(curves[L])))
            yield None
        with left_out(name):
            found[name] = exponent(name, observed) | {'exact': EXACT[name]}
    return found


def logarithm(mean: 'Obs') -> 'Obs':
    """Return the logarithm of a mean, which fluctuates in proportion to it.

    Raises Missing where the mean is not positive; that of one chain by itself need not be.
    """
    if not mean.value > 0:
        raise Missing(f'what should scale with a power of L is {mean.value:.3g}')
    return np.log(mean.value) + (mean - mean.value) / mean.value


def exponent(name: str, observed: 'Mapping[int, Obs]') -> dict[str, Any]:
    """Return the summary of an exponent from logarithms {L: Obs} of the mean that scales with it.

    Raises Missing with fewer than three sizes.
    """
    if len(observed) < 3:
        raise Missing('means of at least three sizes at fixed xi / L are needed')
    fits = [power_law({L: mean for L, mean in observed.items() if start <= L})
            for start in starts(observed)]
    found = summary(fits, 1, observed)
    return found | {'nu': _inverse, 'beta/nu': _negative, 'gamma/nu': dict}[name](found)


def power_law(observed: 'Mapping[int, Obs]') -> Fit:
    """Return the Fit of a + p ln L to logarithms {L: Obs}; p is parameter 1."""
    L = np.array(list(observed), float)
    design_np = np.stack([np.ones_like(L), np.log(L)], 1)
    return fit(design_np, correction_kernel(L), list(observed.values()), LARGEST_PART)


def _inverse(found):
    value = 1 / found['value']
    return {'value': value, 'systematic': float(found['systematic'] * value.value**2)}


def _negative(found):
    return {'value': -found['value']}
