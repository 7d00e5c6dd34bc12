"""Means of moments as pyerrors.Obs, and observables as functions of them, by linear propagation.

The moments of an observable have the shape of the draws, or one axis more where its values are a
list. Axes: k rung, c chain, n draw, p the axis of a list.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from phi4hpc.lattice.observable import Ensemble, Mean, Means, Moments, Observable
from phi4hpc.parallel.leftout import left_out
from phi4hpc.statistics.gamma import obs

Series = dict[Any, np.ndarray]


def flat(moments: Moments, axes: int) -> Series:
    """Return moments as series of `axes` axes each: {(name, p): (k, c, n) or (c, n)}.

    `p` counts the entries of a list, and is None where a moment has no axis more.
    """
    series: Series = {}
    for name, array in moments.items():
        if array.ndim == axes:
            series[name, None] = array
        else:
            series |= {(name, p): array[..., p] for p in range(array.shape[-1])}
    return series


def nested(means: Mapping[Any, Mean]) -> Means:
    """Return {name: mean, or list of means} from means named as by `flat`."""
    found: dict[str, Mean] = {}
    for (name, p), mean in means.items():
        if p is None:
            found[name] = mean
        else:
            found.setdefault(name, []).append(mean)
    return found


def averaged(moments: Moments, average: Callable[[np.ndarray], Mean] = obs) -> Means:
    """Return {name: pyerrors.Obs, or list of them} of moments (c, n) or (c, n, p)."""
    return nested({name: average(series) for name, series in flat(moments, 2).items()})


def values(observables: Mapping[str, Observable], means: Means,
           ensemble: Ensemble) -> dict[str, Mean]:
    """Return {name: value} of every observable, None where it is not defined or fails."""
    found = dict.fromkeys(observables)
    for name, observable in observables.items():
        with left_out(name):
            found[name] = observable.value(means, ensemble)
    return found
