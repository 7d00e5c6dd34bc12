"""The free form of a propagator in the symmetric phase, G(p) = Z / (p^^2 + m^2), fitted to its
lowest momenta.

Least squares in G with weights 1 / error^2, by pyerrors: momenta are weighted as if they were
independent, while the errors of Z and m^2 know that they fluctuate together, and how long draws
remember.
"""

from typing import Any

import numpy as np

from phi4hpc.parallel.leftout import Missing, left_out
from phi4hpc.statistics.gamma import value_and_error

LOWEST = 1.0                     # the largest lattice momentum p^ that the fit takes
FEWEST = 3                       # momenta that it takes at least


def free_form(p_hat: np.ndarray, propagator: list) -> dict[str, Any] | None:
    """Return the fit to a propagator, a list of pyerrors.Obs over lattice momenta `p_hat`.

    It has the form that results.json keeps: `z` and `mass2` are {'value', 'error'}, beside `chi2`,
    `dof` and `largest_momentum`, the end of the fitted range. None where there are too few momenta,
    or no fit is found.
    """
    if len(p_hat) < FEWEST:
        return None
    largest = max(LOWEST, float(p_hat[FEWEST - 1]))
    low = np.flatnonzero(p_hat <= largest)
    with left_out('free_form'):
        result = fit(p_hat[low] ** 2, [propagator[n] for n in low])
        z, mass2 = (value_and_error(parameter) for parameter in result.fit_parameters)
        return {'z': z, 'mass2': mass2, 'chi2': float(result.chisquare), 'dof': int(result.dof),
                'largest_momentum': float(p_hat[low[-1]])}
    return None


def fit(p2: np.ndarray, propagator: list) -> Any:
    """Return pyerrors' fit of Z / (p2 + m^2) to a list of pyerrors.Obs; raises where it fails."""
    from pyerrors.fits import least_squares

    for mean in propagator:
        mean.gamma_method()
    values, errors = np.array([(mean.value, mean.dvalue) for mean in propagator]).T
    if not (np.all(values > 0) and np.all(errors > 0)):
        raise Missing('values and errors of the propagator are not all positive')
    return least_squares(p2, propagator, lambda a, x: a[0] / (x + a[1]), silent=True,
                         initial_guess=first_guess(p2, values))


def first_guess(p2: np.ndarray, g: np.ndarray) -> list[float]:
    """Return [Z, m^2] of the straight line through 1 / G, each point weighted as in a fit of G."""
    slope, intercept = np.polyfit(p2, 1 / g, 1, w=g)
    return [1 / slope, intercept / slope]
