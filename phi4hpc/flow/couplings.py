"""Couplings of an ensemble of continuous fields, by the Schwinger-Dyson equations.

For S = sum_a K_a S_a and the weight exp(-S), integration by parts gives

    sum_b < sum_x d_x S_a d_x S_b > K_b = < sum_x d_x^2 S_a >,

one linear equation for each operator, with a matrix that is symmetric and positive (score matching:
Hyvarinen, J. Mach. Learn. Res. 6 (2005) 695). It holds for the S of the ensemble, whatever it is;
with operators that do not span S, K is the closest by the mean square of the difference of slopes.
"""

from collections.abc import Sequence

import numpy as np

from phi4hpc.lattice.operator import Operator

SINGULAR = 1e12
"""The condition number from which a matrix is as good as singular."""
ACTION = ('nearest', 'phi2', 'phi4')
"""The operators of the lattice action itself."""


def couplings(slope_cc: np.ndarray, curvature_c: np.ndarray) -> np.ndarray:
    """Return K (c,) from < sum_x d_x S_a d_x S_b > (c, c) and < sum_x d_x^2 S_a > (c,).

    Operators differ by orders of magnitude, so the matrix is scaled to a unit diagonal first. nan
    where the equations have no unique solution, as for fields that never vary.
    """
    scale_c = np.sqrt(np.diag(slope_cc))
    with np.errstate(divide='ignore', invalid='ignore'):
        matrix_cc = slope_cc / np.outer(scale_c, scale_c)
    if not np.isfinite(matrix_cc).all() or np.linalg.cond(matrix_cc) > SINGULAR:
        return np.full(len(scale_c), np.nan)
    return np.linalg.solve(matrix_cc, curvature_c / scale_c) / scale_c


def kappa_lambda(nearest: float, phi2: float, phi4: float) -> tuple[float, float]:
    """Return (kappa', lambda'), which do not change where the field is multiplied by a constant.

    The field is scaled such that S = sum_x -2 kappa phi phi' + (1 - 2 lambda) phi^2
    + lambda phi^4: with u the square of the constant, K_2 u + 2 K_4 u^2 = 1. nan where no constant
    does that.
    """
    root = np.sqrt(phi2**2 + 8 * phi4) if phi2**2 + 8 * phi4 >= 0 else np.nan
    u = 2 / (phi2 + root) if phi2 + root > 0 else np.nan
    return -nearest * u / 2, phi4 * u**2


def solved(slope_cc: np.ndarray, curvature_c: np.ndarray,
           operators: Sequence[Operator]) -> np.ndarray:
    """Return (kappa', lambda', K of every operator)."""
    K_c = couplings(slope_cc, curvature_c)
    by_name = dict(zip((each.name for each in operators), K_c, strict=True))
    return np.array([*kappa_lambda(*(by_name[name] for name in ACTION)), *K_c])
