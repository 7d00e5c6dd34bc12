"""Means with Gamma-method errors: the autocorrelation of the draws is estimated and paid for.

By pyerrors (Joswig, Kuberski, Kuhlmann, Neuendorf, arXiv:2209.14371), after Wolff, hep-lat/0306017. A chain, or each of
its stretches where draws are left out, is one of pyerrors' replica: draws within one remember each other.
"""

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A value, its error, and the integrated autocorrelation time behind it, in draws, with its error and window."""

    value: float
    error: float
    tau_int: float
    tau_int_error: float
    window: int

    def as_dict(self):
        """Return the plain dict that results.json keeps."""
        return asdict(self)


def obs(series_cn, ensemble='ensemble'):
    """Return the mean of a series (chain, draw) as a pyerrors.Obs; functions of such are propagated linearly.

    Chains may differ in length: any sequence of series of draws will do.
    """
    import pyerrors

    series = [np.asarray(s, np.float64) for s in series_cn]
    return pyerrors.Obs(series, [f'{ensemble}|c{c}' for c in range(len(series))])


def estimate(observable):
    """Return the Estimate of a pyerrors.Obs, or of a function of several from one ensemble."""
    observable.gamma_method()
    name = observable.e_names[0]
    return Estimate(float(observable.value), float(observable.dvalue), float(observable.e_tauint[name]),
                    float(observable.e_dtauint[name]), int(observable.e_windowsize[name]))


def mean(series_cn):
    """Return the Estimate of the mean of a series (chain, draw)."""
    return estimate(obs(series_cn))


def value_and_error(observable):
    """Return {'value', 'error'} of any pyerrors.Obs, also of a function of several ensembles."""
    observable.gamma_method()
    return {'value': float(observable.value), 'error': float(observable.dvalue)}
