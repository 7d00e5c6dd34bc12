"""kappa_c by two-lattice matching, from means of operators over blocked ensembles.

A lattice of L sites a side after n + 1 blockings and one of L/2 after n have equally many sites, so
that finite size acts on both alike. At kappa_c, and once the irrelevant couplings have died away,
all their means agree; elsewhere the larger lattice has gone one step further from the fixed point,
and they do not. So kappa_c is where the difference of a mean, as a function of kappa, is zero
(K. G. Wilson, in Recent Developments in Gauge Theories, 1980; Gottlob, Hasenbusch, Pinn,
hep-lat/9601014, which compares such uses of block spins).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from phi4hpc.statistics.rungs import column

RESOLVED = 3.0
"""Errors by which the difference has to rise between two rungs for its zero to mean anything."""

Entry = dict[str, Any]


class Difference(NamedTuple):
    """The mean of an operator on the lattice `L` after `level` blockings, less that on L/2 after
    one blocking fewer, at ascending kappas k."""

    blocks: str
    L: int
    level: int
    operator: str
    kappa_k: np.ndarray
    value_k: np.ndarray
    error_k: np.ndarray


def matched(means: list[Entry]) -> list[Entry]:
    """Return where the means of two lattices agree, for every block spin, level and operator.

    `means` is the list of that name in flow.json. An entry has `blocks`, `L` (of the larger lattice
    as stored), `level` (its blockings), `operator` and `kappa` with value, error and
    `interpolation`. Where no zero is resolved there is no entry.
    """
    return [{**difference._asdict(), 'kappa': kappa} for difference in differences(means)
            if (kappa := zero(difference)) is not None]


def differences(means: list[Entry]) -> Iterator[Difference]:
    """Yield the differences that the means of two lattices allow, by block spin and level.

    The lattices are independent simulations, and so are their errors.
    """
    found = {(e['blocks'], e['start'], e['level'], e['kappa']): e['operators'] for e in means}
    pairs = dict.fromkeys((blocks, L, level) for blocks, L, level, _ in found if level > 0)
    for blocks, L, level in pairs:
        kappas = sorted(kappa for *like, kappa in found if like == [blocks, L, level]
                        and (blocks, L // 2, level - 1, kappa) in found)
        if len(kappas) < 2:
            continue
        large, small = ([found[(blocks, *at, kappa)] for kappa in kappas]
                        for at in ((L, level), (L // 2, level - 1)))
        for operator in large[0]:
            (a, a_error), (b, b_error) = (column(rows, operator) for rows in (large, small))
            yield Difference(blocks, L, level, operator, np.array(kappas), a - b,
                             np.hypot(a_error, b_error))


def zero(difference: Difference) -> dict[str, float] | None:
    """Return kappa where a difference is zero, None where no such place is resolved.

    It is that of the parabola through the two rungs on either side and the next one; its error
    follows from those of the three points. `interpolation` is how far the straight line through the
    two has its zero from there.
    """
    kappa_k, value_k, error_k = difference[4:]
    steps, noise = abs(np.diff(value_k)), np.hypot(error_k[1:], error_k[:-1])
    crossing = (value_k[1:] * value_k[:-1] <= 0) & (steps > RESOLVED * noise)
    if not crossing.any():
        return None
    k = int(np.argmax(np.where(crossing, steps, 0)))
    line = kappa_k[k] - value_k[k] * np.diff(kappa_k)[k] / np.diff(value_k)[k]
    near = np.sort(np.argsort(abs(kappa_k - line))[:3])
    if not ({k, k + 1} <= set(near) and np.isfinite(value_k[near]).all()):
        near = np.array([k, k + 1])
    root = root_of(kappa_k[near], value_k[near], line)
    weight_k, slope_k = lagrange(kappa_k[near], root)
    error = np.linalg.norm(weight_k * error_k[near]) / abs(slope_k @ value_k[near])
    return {'value': float(root), 'error': float(error), 'interpolation': float(abs(root - line))}


def root_of(x_k: np.ndarray, y_k: np.ndarray, guess: float) -> float:
    """Return the zero of the polynomial through two or three points that is nearest to a guess.

    Two of the points have different signs, so all zeros are real.
    """
    middle = x_k.mean()
    roots = np.roots(np.polyfit(x_k - middle, y_k, len(x_k) - 1)).real + middle
    return roots[np.argmin(abs(roots - guess))]


def lagrange(x_k: np.ndarray, x: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of points in the value at x of the polynomial through them, and in its
    slope."""
    basis = [np.poly1d(np.delete(x_k, k), r=True) / np.prod(x_k[k] - np.delete(x_k, k))
             for k in range(len(x_k))]
    return np.array([b(x) for b in basis]), np.array([b.deriv()(x) for b in basis])


def sharpest(found: list[Entry]) -> list[Entry]:
    """Return, for every block spin and pair of lattices, the entry whose kappa has the least error.

    `operators` is the number of those that have a zero, `scatter` the standard deviation over them,
    None where there is one. Means of one ensemble fluctuate together, so that an average over
    operators would gain little, and its error would need all their covariances.
    """
    best = []
    for blocks, L, level in dict.fromkeys((e['blocks'], e['L'], e['level']) for e in found):
        own = [e for e in found if (e['blocks'], e['L'], e['level']) == (blocks, L, level)]
        least = min(own, key=lambda e: e['kappa']['error'])
        scatter = float(np.std([e['kappa']['value'] for e in own], ddof=1)) if own[1:] else None
        best.append({**least, 'operators': len(own), 'scatter': scatter})
    return best
