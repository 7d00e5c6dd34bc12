"""Fits to means of several lattices: generalised least squares, linear in their parameters, pyerrors.Obs again."""

from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """Parameters, as pyerrors.Obs, and chi^2 with its degrees of freedom."""

    parameters: list
    chi2: float
    dof: int

    @property
    def good(self):
        """Whether chi^2 is not larger than what one fit in twenty has by chance, where there is a degree of freedom."""
        from scipy.stats import chi2

        return self.dof > 0 and chi2.sf(self.chi2, self.dof) > 0.05


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


def power_law(sizes, observed, omega=None):
    """Return the Fit of a + p ln L, and b L^-omega where given, to ln of the list of pyerrors.Obs; p is parameter 1."""
    L = np.array(sizes, float)
    columns = [np.ones_like(L), np.log(L)] + ([L**-omega] if omega else [])
    return linear_fit(np.stack(columns, 1), [np.log(o) for o in observed])
