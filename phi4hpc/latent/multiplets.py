"""Singular values that the symmetries of the lattice make equal, and what they are together.

Where ensemble, model and observable are symmetric under translations and under the eight symmetries
of the square, the waves of one orbit of momenta have the same singular value. Of finitely many
samples they come out different, and sorted: the first is too large, the last too small, and neither
has an error that says so. Their mean square has no such bias, and one error by the jackknife.

A direction belongs to an orbit where this holds more than half of its power on the lattice. In a
space of values that agree to rounding, directions hold many orbits, and nothing is pooled. Nor are
values that differ by more than samples scatter, as where a model breaks the symmetry.

Suffixes: k the columns of a Jacobian, r directions, y x lattice axes.
"""

import numpy as np

from phi4hpc.latent.singular import singular_values
from phi4hpc.lattice.orbits import numbered

MOST = 256
"""Directions that are looked at; values after these are too close to each other."""
DOMINANT = 0.5
"""Part of the power of a direction that the momenta of its orbit hold at least."""
LOOSE = 4.0
"""Mean squares of the scatter by which values may differ that are pooled."""
ROUNDING = 1e-9
"""Relative differences of squares that are nothing but rounding errors."""


def multiplets(images_ryx: np.ndarray) -> list[np.ndarray]:
    """Return the numbers r of the directions of each orbit that has more than one."""
    power_ryx = np.abs(np.fft.fft2(images_ryx)) ** 2
    orbits_yx = numbered(images_ryx.shape[-1])
    share_ro = np.array([np.bincount(orbits_yx.ravel(), power_yx.ravel()) / power_yx.sum()
                         for power_yx in power_ryx])
    own = [np.flatnonzero(share_r > DOMINANT) for share_r in share_ro.T] if len(share_ro) else []
    return [found for found in own if len(found) > 1]


def restricted(gram_kk: np.ndarray | None, basis_rk: np.ndarray) -> np.ndarray:
    """Return the Gram matrix in the space of some directions, (r, r); nan where there is none."""
    if gram_kk is None:
        return np.full((len(basis_rk),) * 2, np.nan)
    return basis_rk @ gram_kk @ basis_rk.T


def agree(gram_rr: np.ndarray, error_rr: np.ndarray) -> bool:
    """Return whether a Gram matrix is a multiple of the unit matrix, within its errors.

    Squares are added up over all of its entries, which no choice of directions changes.
    """
    mean = np.trace(gram_rr) / len(gram_rr)
    excess = ((gram_rr - mean * np.eye(len(gram_rr))) ** 2).sum()
    return bool(excess <= LOOSE * (error_rr**2).sum() + (ROUNDING * mean) ** 2)


def pooled_values(gram_kk: np.ndarray, directions_rk: np.ndarray,
                  found: list[np.ndarray]) -> np.ndarray:
    """Return the singular values of a Gram matrix, each multiplet at its root mean square.

    `directions_rk` are the leading right singular vectors of all samples, and `found` the numbers
    of those that make up the `multiplets`. Values of other samples, such as those of a jackknife,
    come in the same order, which is not that of their size where multiplets are interleaved.
    """
    values = singular_values(gram_kk)
    for own in found:
        values[own] = np.sqrt(np.trace(restricted(gram_kk, directions_rk[own])) / len(own))
    return values
