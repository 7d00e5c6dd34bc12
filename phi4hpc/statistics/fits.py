"""Fits of finite-size scaling, with errors that cover the corrections which cannot be fitted.

Means of several lattices are y(L) = sum_p X_p(L) parameter_p + delta(L) + noise, where delta stands
for all corrections to scaling. In two dimensions the powers L^-omega of these are known only in
part: 7/4 (the analytic background of the susceptibility), 2 and their multiples where L is large;
about 1.5 is reported for phi^4 (Kaupuzs, Melnik, arXiv:2407.09856), and the same authors suspect
powers as small as 1/4 (arXiv:1406.7491); where lambda is small, lattices are on their way from the
Gaussian to the Ising fixed point, and over the sizes of a study corrections fall with smaller
powers than they do in the end. Few sizes fix one amplitude or none, and a fit with the wrong power
is wrong by more than its error.

So no power is chosen. All from 1/4 to 7/2, twice 7/4, are there with amplitudes that are normal and
independent, the same for each power on the smallest lattice L_0. Then delta is normal as well, with
the covariance

    <delta(L) delta(L')> = size^2 K(L L' / L_0^2),   K(x) = int domega x^-omega / (7/2 - 1/4),

which is added to that of the noise, and generalised least squares give the parameters: theory
errors as in effective field theories, which know the size but not the sign of what they leave out
(Wesolowski, Klco, Furnstahl, Phillips, Thapaliya, arXiv:1511.03618). Not even the size is known.
All sizes up to a largest one are taken to be as likely as each other, and results are averaged over
them with the likelihood of the data. What this adds to the error of the noise is the systematic
error. Where data fix the corrections it is small; where they do not, it is what corrections could
do that are as large as the data allow.

On small lattices an expansion in powers need not make sense. So fits to all lattices and to those
that are left without the smallest ones, as long as there are FEWEST, are averaged, with weights by
their total errors. How far they differ is part of the systematic error.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve

from phi4hpc.parallel.leftout import Missing

if TYPE_CHECKING:
    from pyerrors import Obs

OMEGAS = 0.25, 3.5
"""The smallest and the largest power of a correction."""
FEWEST = 3
"""Lattices that are left, at least, where small ones are left out."""
SIZES = 40
"""Sizes of corrections that are averaged over."""


class Fit(NamedTuple):
    """Parameters with their systematic errors, and how well they fit.

    `size`: the mean size of corrections on the smallest lattice. `chi2` is the mean over sizes,
    with corrections in the covariance; `dof` counts data less parameters.
    """

    parameters: 'list[Obs]'
    systematic: np.ndarray
    size: float
    chi2: float
    dof: int


def starts(sizes: Iterable[int]) -> list[int]:
    """Return the lattices from which on fits are made, smallest first."""
    ascending = sorted(set(sizes))
    return ascending[:max(1, len(ascending) - FEWEST + 1)]


def averaged(fits: list[Fit], number: int) -> 'tuple[Obs, float]':
    """Return (average, systematic error) of the parameter `number` over Fits."""
    values = [fit.parameters[number] for fit in fits]
    systematic_f = np.array([fit.systematic[number] for fit in fits])
    for value in values:
        value.gamma_method()
    weight_f = 1 / (np.square([value.dvalue for value in values]) + systematic_f**2)
    weight_f /= weight_f.sum()
    mean = sum(weight * value for weight, value in zip(weight_f, values, strict=True))
    scatter_f = np.array([value.value - mean.value for value in values])
    return mean, float(np.sqrt(weight_f @ (systematic_f**2 + scatter_f**2)))


class Solution(NamedTuple):
    """Generalised least squares at one size of corrections: how parameters follow from data."""

    solve_pn: np.ndarray
    covariance_pp: np.ndarray
    chi2: float
    log_likelihood: float


def correction_kernel(sizes: ArrayLike, beyond: float = 0.0) -> np.ndarray:
    """Return <delta(L) delta(L')> (n, n) of corrections of size 1 on the smallest of the lattices.

    `sizes`: L of each datum. They fall with L^-(`beyond` + omega).
    """
    L = np.asarray(sizes, float)
    log_nn = np.log(np.outer(L, L) / L.min() ** 2)
    omegas, weights = np.polynomial.legendre.leggauss(16)
    omegas = OMEGAS[0] + (OMEGAS[1] - OMEGAS[0]) * (omegas + 1) / 2 + beyond
    return np.exp(-np.multiply.outer(log_nn, omegas)) @ weights / 2


def covariance(observed: 'list[Obs]') -> np.ndarray:
    """Return the covariance of pyerrors.Obs, (n, n). Raises Missing where it has no inverse."""
    import pyerrors

    for observable in observed:
        observable.gamma_method()
    if not all(observable.dvalue > 0 for observable in observed):
        raise Missing('one of the means does not fluctuate')
    covariance_nn = pyerrors.covariance(observed)
    scale_n = np.sqrt(np.diag(covariance_nn))
    if np.linalg.eigvalsh(covariance_nn / np.outer(scale_n, scale_n)).min() < 1e-12:
        raise Missing('the means fluctuate as one')
    return covariance_nn


def fit(design_np: np.ndarray, kernel_nn: np.ndarray, observed: 'list[Obs]', largest: float) -> Fit:
    """Return the Fit of sum_p design_np parameter_p to data, corrections as in `kernel_nn`.

    `largest`: the largest size of corrections on the smallest lattice, in the unit of the data.
    Raises Missing where data are as few as parameters, or where their covariance has no inverse.
    """
    if len(observed) <= design_np.shape[1]:
        raise Missing(f'{len(observed)} means for {design_np.shape[1]} parameters')
    noise_nn = covariance(observed)
    y_n = np.array([o.value for o in observed])
    # Sizes are flat up to the largest, and taken more densely where they are small.
    x_s = (np.arange(SIZES) + 0.5) / SIZES
    size_s = largest * x_s**3
    solutions = [solution(design_np, noise_nn + size**2 * kernel_nn, y_n) for size in size_s]
    log_weight_s = np.array([s.log_likelihood for s in solutions]) + 2 * np.log(x_s)
    weight_s = np.exp(log_weight_s - log_weight_s.max())
    return _averaged(solutions, weight_s / weight_s.sum(), size_s, noise_nn, observed)


def solution(design_np: np.ndarray, covariance_nn: np.ndarray, y_n: np.ndarray) -> Solution:
    """Return the Solution of generalised least squares, parameters flat."""
    factor = cho_factor(covariance_nn, lower=True)
    weighted_np = cho_solve(factor, design_np)
    curvature_pp = design_np.T @ weighted_np
    solve_pn = np.linalg.solve(curvature_pp, weighted_np.T)
    miss_n = y_n - design_np @ (solve_pn @ y_n)
    chi2 = float(miss_n @ cho_solve(factor, miss_n))
    log_likelihood = (-chi2 / 2 - np.log(np.diag(factor[0])).sum()
                      - np.linalg.slogdet(curvature_pp)[1] / 2)
    return Solution(solve_pn, np.linalg.inv(curvature_pp), chi2, float(log_likelihood))


def _averaged(solutions, weight_s, size_s, noise_nn, observed):
    """Return the Fit that is the average of solutions at all sizes."""
    y_n = np.array([o.value for o in observed])
    solve_spn = np.stack([s.solve_pn for s in solutions])
    solve_pn = np.tensordot(weight_s, solve_spn, 1)
    scatter_sp = solve_spn @ y_n - solve_pn @ y_n
    total_p = weight_s @ (np.stack([np.diag(s.covariance_pp) for s in solutions]) + scatter_sp**2)
    noise_p = np.einsum('pn,nm,pm->p', solve_pn, noise_nn, solve_pn)
    parameters = [sum(factor * o for factor, o in zip(row, observed, strict=True))
                  for row in solve_pn]
    return Fit(parameters, np.sqrt(np.maximum(total_p - noise_p, 0)), float(weight_s @ size_s),
               float(weight_s @ [s.chi2 for s in solutions]), len(observed) - len(parameters))
