"""Exponents by the Monte Carlo renormalisation group (Swendsen, Phys. Rev. Lett. 42 (1979) 859).

With S of the finer and S' of the coarser level, the couplings of the two are related near a fixed
point by

    <S' S'>_c T = <S' S>_c,    T_ab = dK'_a / dK_b,

and y = log2 of the largest eigenvalue of T. Operators may nearly coincide, so <S' S'>_c is scaled
to unit variances and decomposed, and directions that the draws do not resolve are dropped.

Axes: a operators, k directions that are kept.
"""

import numpy as np

ROUNDING = 1e-9
"""What a variance is at most that holds nothing but rounding errors, in parts of the mean square or
of the sum of variances."""
RESOLVED = 3.0
"""Standard errors that the variance of a direction is above zero, where it is resolved."""


def connected(product_aa: np.ndarray, mean_a: np.ndarray, mean_b: np.ndarray) -> np.ndarray:
    """Return <S_a S_b> - <S_a> <S_b>. The means of odd operators are zero by symmetry."""
    return product_aa - np.outer(mean_a, mean_b)


def variances(covariance_aa: np.ndarray, square_a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances along the directions of operators of unit variance, the largest first,
    and these directions (a, k), divided by the standard deviations.

    `square_a`: mean squares. An operator that does not vary, as phi^2 of signs, is in none of them.
    """
    if not np.isfinite(covariance_aa).all():
        return np.zeros(len(square_a)), np.zeros_like(covariance_aa)
    varies_a = np.diag(covariance_aa) > ROUNDING * square_a
    deviation_a = np.sqrt(np.where(varies_a, np.diag(covariance_aa), np.inf))
    variance_k, direction_ak = np.linalg.eigh(covariance_aa / np.outer(deviation_a, deviation_a))
    return variance_k[::-1], direction_ak[:, ::-1] / deviation_a[:, None]


def resolved(variance_k: np.ndarray, error_k: np.ndarray) -> int:
    """Return how many directions are resolved, of variances that have these errors."""
    return int(((variance_k > RESOLVED * error_k) & (variance_k > ROUNDING)).cumprod().sum())


def matrix(covariance_aa: np.ndarray, square_a: np.ndarray, cross_aa: np.ndarray,
           kept: int) -> np.ndarray:
    """Return T (a, a) in the span of the first `kept` directions."""
    variance_k, direction_ak = (part[..., :kept] for part in variances(covariance_aa, square_a))
    return direction_ak / variance_k @ direction_ak.T @ cross_aa


def exponent(covariance_aa: np.ndarray, square_a: np.ndarray, cross_aa: np.ndarray,
             kept: int) -> float:
    """Return y = log2 of the largest eigenvalue of T; nan where that is no positive number."""
    if not kept or not np.isfinite(cross_aa).all():
        return np.nan
    values = np.linalg.eigvals(matrix(covariance_aa, square_a, cross_aa, kept))
    largest = values[abs(values).argmax()]
    return float(np.log2(largest.real)) if largest.imag == 0 and largest.real > 0 else np.nan
