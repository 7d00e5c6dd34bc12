"""Points that finite-size scaling asks for: where a curve crosses a level or another curve, and
peaks.

A point is found on the curves, and moves with them: a curve R that fluctuates by dR crosses a level
at a kappa that fluctuates by -dR / R'. So points are pyerrors.Obs as well, and keep their
correlations. A point that is not there raises Missing, with the reason.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from phi4hpc.parallel.leftout import Missing
from phi4hpc.statistics.curve import Curve

if TYPE_CHECKING:
    from pyerrors import Obs

SCAN = 33
"""Kappas of a stretch at which a point is looked for."""
WIDE = 5
"""Steps to either side over which the curvature of a peak is taken."""


def crossing(curve: Curve, name: str, level: float | Curve) -> 'Obs':
    """Return the kappa at which a mean rises through `level`, a number or another Curve.

    Where there are several it is the steepest: far from the transition two curves that agree within
    errors cross by chance as well.
    """
    def excess(kappa: float) -> float:
        other = level.value(name, kappa) if isinstance(level, Curve) else level
        return curve.value(name, kappa) - other

    def slope(kappa: float) -> float:
        step = curve.part(kappa).step
        return (excess(kappa + step) - excess(kappa - step)) / (2 * step)

    kappas = [kappa for low, high in stretches(curve, level if isinstance(level, Curve) else curve)
              for kappa in roots(excess, np.linspace(low, high, SCAN))]
    if kappas:
        kappa = max(kappas, key=lambda kappa: np.nan_to_num(slope(kappa), nan=-np.inf))
        if not slope(kappa) > 0:
            raise Missing(f'{name} is too flat at kappa = {kappa:.6g}')
        target = level.mean(name, kappa) if isinstance(level, Curve) else level
        return kappa - (curve.mean(name, kappa) - target) / slope(kappa)
    where = f'the curve of L = {level.L}' if isinstance(level, Curve) else f'{level:.6g}'
    raise Missing(f'{name} does not rise through {where} where draws reach, {reached(curve)}')


def stretches(one: Curve, other: Curve) -> list[tuple[float, float]]:
    """Return the ranges of kappa that two Curves both reach."""
    both = [(max(a.reach[0], b.reach[0]), min(a.reach[1], b.reach[1]))
            for a in one.parts for b in other.parts]
    return [(low, high) for low, high in both if low < high]


def peak(curve: Curve, name: str) -> 'tuple[Obs, Obs]':
    """Return (kappa, height) of the maximum of a mean."""
    grids = [np.linspace(low, high, SCAN) for low, high in stretches(curve, curve)]
    values = np.array([[curve.value(name, kappa) for kappa in grid] for grid in grids])
    if np.isnan(values).any():
        raise Missing(f'{name} is not defined everywhere')
    part, top = np.unravel_index(values.argmax(), values.shape)
    if top in (0, SCAN - 1):
        raise Missing(f'{name} has no maximum where draws reach, {reached(curve)}')
    wide = WIDE * curve.part(grids[part][top]).step
    kappa = root(lambda kappa: curve.value(name, kappa - wide) - curve.value(name, kappa + wide),
                 grids[part][top - 1:top + 2])
    if kappa is None:
        raise too_flat(name, grids[part][top])
    return _summit(curve, name, kappa, wide)


def _summit(curve, name, kappa, wide):
    """Return (kappa, height) of the parabola through three points of a curve about `kappa`."""
    below, here, above = (curve.mean(name, kappa + shift) for shift in (-wide, 0, wide))
    curvature = (below + above - 2 * here).value / wide**2
    if not curvature < 0:
        raise too_flat(name, kappa)
    return kappa - (above - below) / (2 * wide) / curvature, here


def too_flat(name: str, kappa: float) -> Missing:
    """Return what to raise where a maximum cannot be placed."""
    return Missing(f'{name} has a maximum near kappa = {kappa:.6g} that is too flat to be placed')


def reached(curve: Curve) -> str:
    """Return in words the kappas that the draws of a Curve reach."""
    reaches = (part.reach for part in curve.parts)
    return ' and '.join(f'{low:.6g} to {high:.6g}' for low, high in reaches)


def root(function: Callable[[float], float], grid: np.ndarray) -> float | None:
    """Return where a continuous function first rises through zero on a grid, or None."""
    return next(roots(function, grid), None)


def roots(function: Callable[[float], float], grid: np.ndarray) -> Iterator[float]:
    """Yield where a continuous function rises through zero on a grid.

    NaN stands for where the function is not defined: there it does not rise.
    """
    values = np.array([function(x) for x in grid])
    for i in np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0)):
        with suppress(ValueError):                                # NaN on the way
            yield float(brentq(function, *grid[i:i + 2], xtol=1e-12))
