"""Means with errors by the Gamma method, which estimates the autocorrelation of the draws.

By pyerrors (Joswig, Kuberski, Kuhlmann, Neuendorf, arXiv:2209.14371), after Wolff, hep-lat/0306017.
Each chain, or each stretch of one where draws between are left out, is one of pyerrors' replica:
draws of different replica are taken as independent. Axes: c chain, n draw.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pyerrors import Obs


@dataclass(frozen=True)
class Estimate:
    """A value with its error, and the integrated autocorrelation time that the error rests on.

    The autocorrelation time, its own error, and the window in which it is summed are in draws.
    """

    value: float
    error: float
    tau_int: float
    tau_int_error: float
    window: int

    def as_dict(self) -> dict[str, Any]:
        """Return the plain dict that results.json keeps."""
        return asdict(self)


def obs(series_cn: Iterable[np.ndarray], ensemble: str = 'ensemble') -> 'Obs':
    """Return the mean of a series as a pyerrors.Obs; the errors of its functions are linear.

    `series_cn` is an array (c, n), or any sequence of series of draws, of any lengths.
    """
    import pyerrors

    series = [np.asarray(s, np.float64) for s in series_cn]
    return pyerrors.Obs(series, [f'{ensemble}|c{c}' for c in range(len(series))])


def estimate(observable: 'Obs') -> Estimate:
    """Return the Estimate of a pyerrors.Obs, or of a function of several from one ensemble.

    The Obs is left as it was: the method would add autocorrelations to it, twice as long as the
    series that it has.
    """
    observable = copy(observable)
    observable.gamma_method()
    name = observable.e_names[0]
    return Estimate(float(observable.value), float(observable.dvalue),
                    float(observable.e_tauint[name]), float(observable.e_dtauint[name]),
                    int(observable.e_windowsize[name]))


def mean(series_cn: Iterable[np.ndarray]) -> Estimate:
    """Return the Estimate of the mean of a series (c, n)."""
    return estimate(obs(series_cn))


def value_and_error(observable: 'Obs') -> dict[str, float]:
    """Return {'value', 'error'} of any pyerrors.Obs, also of a function of several ensembles."""
    observable.gamma_method()
    return {'value': float(observable.value), 'error': float(observable.dvalue)}
