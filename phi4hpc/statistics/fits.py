"""Fits to means of several lattices: generalised least squares, linear in their parameters, pyerrors.Obs again."""

from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """Parameters, as pyerrors.Obs, and chi^2 with its degrees of freedom."""

    parameters: list
    chi2: float
    dof: int


def linear_fit(design_np, observed):
    """Return the Fit of sum_p design_np parameter_p to the list of pyerrors.Obs, with all of their covariance."""
    import pyerrors

    for observable in observed:
        observable.gamma_method()
    inverse_nn = np.linalg.inv(pyerrors.covariance(observed))
    solve_pn = np.linalg.solve(design_np.T @ inverse_nn @ design_np, design_np.T @ inverse_nn)
    parameters = [sum(factor * o for factor, o in zip(row, observed, strict=True)) for row in solve_pn]
    miss_n = np.array([o.value for o in observed]) - design_np @ [p.value for p in parameters]
    return Fit(parameters, float(miss_n @ inverse_nn @ miss_n), len(observed) - len(parameters))


def averaged(fits, of):
    """Return (average, systematic, heaviest Fit) of the pyerrors.Obs of(parameters) over a list of Fits.

    Weights are exp(dof - chi^2 / 2): Akaike's, where fits leave out some of the points (Jay, Neil, arXiv:2008.01069).
    `systematic` is how far fits scatter, and what error the heaviest misses by where its chi^2 is above its dof.
    """
    log_weights = np.array([fit.dof - fit.chi2 / 2 for fit in fits])
    weights = np.exp(log_weights - log_weights.max())
    values = [of(fit.parameters) for fit in fits]
    mean = sum(weight * value for weight, value in zip(weights / weights.sum(), values, strict=True))
    mean.gamma_method()
    spread = np.average([(value.value - mean.value) ** 2 for value in values], weights=weights)
    heaviest = fits[int(log_weights.argmax())]
    missed = max(heaviest.chi2 / heaviest.dof - 1, 0) * mean.dvalue**2
    return mean, float(np.sqrt(spread + missed)), heaviest


def power_law(sizes, observed, omegas=()):
    """Return the Fit of a + p ln L + sum of b L^-omega to ln of the list of pyerrors.Obs; p is parameter 1."""
    L = np.array(sizes, float)
    columns = [np.ones_like(L), np.log(L), *(L**-omega for omega in omegas)]
    return linear_fit(np.stack(columns, 1), [np.log(o) for o in observed])
