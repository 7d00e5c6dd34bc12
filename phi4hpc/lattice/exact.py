"""Exact results that simulations are held against."""

from collections.abc import Sequence
from math import comb
from typing import Any

import numpy as np

KAPPA_C_ISING = np.log(1 + np.sqrt(2)) / 4
"""Critical hopping as lambda -> infinity, where the model is the Ising model at beta = 2 kappa."""


def ising_hopping(kappa: float, L: int) -> float:
    """Return <H> / Omega of spins +-1 with weight exp(2 kappa H) on the L x L torus, kappa > 0.

    H is `action.hopping`, so this is the Ising model at beta = 2 kappa, and <H> is d ln Z / d beta
    of Kaufman's Z (Phys. Rev. 76, 1232). The slope is taken by a step into the complex plane, which
    costs no digits.
    """
    return float(_ising_log_z(2 * kappa + 1e-30j, L).imag / 1e-30) / L**2


def _ising_log_z(beta: complex, L: int) -> complex:
    """Return ln Z up to a constant.

    2 Z is (2 sinh 2 beta)^(L^2 / 2) times a sum of four products over r, odd or even, of either
    2 cosh(L gamma_r / 2) or 2 sinh(L gamma_r / 2): exp(L |gamma_r| / 2) (1 +- exp(-L |gamma_r|)).
    One factor needs care: gamma_0 changes sign at the critical point, and with it the product of
    sinh over even r.
    """
    r, gamma_0 = np.arange(1, 2 * L), 2 * beta + np.log(np.tanh(beta))
    sign = 1 if gamma_0.real > 0 else -1
    others = np.arccosh(np.cosh(2 * beta) / np.tanh(2 * beta) - np.cos(np.pi * r / L))
    odd, even = others[::2], np.append(others[1::2], sign * gamma_0)
    both = [np.prod(1 + np.exp(-L * g)) + s * np.prod(1 - np.exp(-L * g))
            for g, s in ((odd, 1), (even, sign))]
    return L**2 / 2 * np.log(np.sinh(2 * beta)) + L / 2 * odd.sum() + np.log(
        both[0] + both[1] * np.exp(L / 2 * (even.sum() - odd.sum())))


def free_propagator(kappa: float, momentum: Sequence[Any]) -> Any:
    """Return G(p) = 1 / (2 (1 - 2 kappa sum_mu cos p_mu)) at lambda = 0, kappa < 1/4.

    `momentum`: the two components p_mu = 2 pi n_mu / L, numbers or arrays that broadcast.
    """
    return 1 / (2 * (1 - 2 * kappa * sum(np.cos(p) for p in momentum)))


def one_site_moments(lam: float, powers: Sequence[int] = (2, 4), reach: float = 12.0,
                     points: int = 200_001) -> list[float]:
    """Return <phi^n> of the weight exp(-(1 - 2 lambda) phi^2 - lambda phi^4), for each power n.

    At kappa = 0 that is the whole model. By the trapezoidal rule, which converges exponentially for
    such integrands.
    """
    phi = np.linspace(-reach, reach, points)
    weight = np.exp(-((1 - 2 * lam) * phi**2 + lam * phi**4))
    return [float((phi**n * weight).sum() / weight.sum()) for n in powers]


def two_torus(kappa: float, lam: float, reach: float = 5.5,
              points: int = 121) -> tuple[float, float, float]:
    """Return <M^2>, <M^4> and <phi^2> on the L = 2 torus, where neighbours are linked twice.

    It integrates over the two even sites at every pair of odd sites: given the sum of these, the
    even sites are independent.
    """
    phi = np.linspace(-reach, reach, points)
    weight = np.exp(-((1 - 2 * lam) * phi**2 + lam * phi**4))
    a, b = np.meshgrid(phi, phi, indexing='ij')
    # Every even site is linked twice to each odd one.
    source = 4 * kappa * (a + b)
    # Moments 0 to 4 of the sum of the two even sites.
    moments = _moments_of_pair(phi, weight, source.ravel())
    odd, prior = (a + b).ravel(), np.outer(weight, weight).ravel()
    norm = (prior * moments[0]).sum()
    total = [(prior * sum(comb(n, k) * odd ** (n - k) * moments[k] for k in range(n + 1))).sum()
             / norm for n in (2, 4)]
    # All four sites are alike, so an odd one stands for each.
    square = (prior * moments[0] * (a**2).ravel()).sum() / norm
    return total[0] / 16, total[1] / 256, square


def _moments_of_pair(phi: np.ndarray, weight: np.ndarray, source: np.ndarray) -> list[np.ndarray]:
    """Return the integrals of (u + v)^k w(u) w(v) exp(source (u + v)), for powers k = 0 ... 4."""
    tilted = weight * np.exp(np.outer(source, phi))
    single = [(tilted * phi**k).sum(1) for k in range(5)]
    return [sum(comb(k, j) * single[j] * single[k - j] for j in range(k + 1)) for k in range(5)]
