"""Exact results that simulations are held against."""

from math import comb

import numpy as np

KAPPA_C_ISING = np.log(1 + np.sqrt(2)) / 4
"""Critical hopping as lambda -> infinity, where the model is the Ising model at beta = 2 kappa."""


def ising_hopping(kappa, L):
    """Return <H> / Omega of spins +-1 with weight exp(2 kappa H) on the L x L torus, kappa > 0; H as `action.hopping`.

    That is the Ising model at beta = 2 kappa: d ln Z / d beta of Kaufman's Z (Phys. Rev. 76, 1232). The slope is
    taken by a step into the complex plane, which costs no digits.
    """
    return float(_ising_log_z(2 * kappa + 1e-30j, L).imag / 1e-30) / L**2


def _ising_log_z(beta, L):
    """Return ln Z up to a constant: 2 Z is (2 sinh 2 beta)^(L^2 / 2) times a sum of four products over odd or even r.

    These are of 2 cosh(L gamma_r / 2) or of 2 sinh, exp(L |gamma_r| / 2) (1 +- exp(-L |gamma_r|)), but that gamma_0
    changes sign at the critical point, and so does the product of the even 2 sinh.
    """
    r, gamma_0 = np.arange(1, 2 * L), 2 * beta + np.log(np.tanh(beta))
    sign = 1 if gamma_0.real > 0 else -1
    others = np.arccosh(np.cosh(2 * beta) / np.tanh(2 * beta) - np.cos(np.pi * r / L))
    odd, even = others[::2], np.append(others[1::2], sign * gamma_0)
    both = [np.prod(1 + np.exp(-L * g)) + s * np.prod(1 - np.exp(-L * g)) for g, s in ((odd, 1), (even, sign))]
    return L**2 / 2 * np.log(np.sinh(2 * beta)) + L / 2 * odd.sum() + np.log(
        both[0] + both[1] * np.exp(L / 2 * (even.sum() - odd.sum())))


def free_propagator(kappa, momentum):
    """Return G(p) = 1 / (2 (1 - 2 kappa sum_mu cos p_mu)) at lambda = 0, kappa < 1/4.

    `momentum`: sequence of the two components p_mu = 2 pi n_mu / L, arrays that broadcast.
    """
    return 1 / (2 * (1 - 2 * kappa * sum(np.cos(p) for p in momentum)))


def one_site_moments(lam, powers=(2, 4), reach=12.0, points=200_001):
    """Return <phi^n> of the weight exp(-(1 - 2 lambda) phi^2 - lambda phi^4): the whole model at kappa = 0.

    By the trapezoidal rule, which converges exponentially for such integrands.
    """
    phi = np.linspace(-reach, reach, points)
    weight = np.exp(-((1 - 2 * lam) * phi**2 + lam * phi**4))
    return [float((phi**n * weight).sum() / weight.sum()) for n in powers]


def two_torus(kappa, lam, reach=5.5, points=121):
    """Return <M^2>, <M^4> and <phi^2> on the L = 2 torus, where each pair of neighbours is linked twice.

    Integrates the two even sites at every pair of odd sites: given the odd sites' sum, even sites are independent.
    """
    phi = np.linspace(-reach, reach, points)
    weight = np.exp(-((1 - 2 * lam) * phi**2 + lam * phi**4))
    a, b = np.meshgrid(phi, phi, indexing='ij')
    source = 4 * kappa * (a + b)                                  # every even site is linked twice to each odd one
    moments = _moments_of_pair(phi, weight, source.ravel())       # of the sum of the two even sites, powers 0 to 4
    odd, prior = (a + b).ravel(), np.outer(weight, weight).ravel()
    norm = (prior * moments[0]).sum()
    total = [(prior * sum(comb(n, k) * odd ** (n - k) * moments[k] for k in range(n + 1))).sum() / norm for n in (2, 4)]
    square = (prior * moments[0] * (a**2).ravel()).sum() / norm   # all four sites are alike
    return total[0] / 16, total[1] / 256, square


def _moments_of_pair(phi, weight, source):
    """Return, for powers k = 0 ... 4, the integrals of (u + v)^k w(u) w(v) exp(source (u + v))."""
    tilted = weight * np.exp(np.outer(source, phi))
    single = [(tilted * phi**k).sum(1) for k in range(5)]
    return [sum(comb(k, j) * single[j] * single[k - j] for j in range(k + 1)) for k in range(5)]
