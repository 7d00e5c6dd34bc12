"""Series whose every property is known: autoregressive ones, and free fields."""

import numpy as np
from scipy.signal import lfilter

from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.exact import free_propagator
from phi4hpc.lattice.series import DENSITIES, SERIES


def autoregressive(coefficient, shape, seed):
    """Return normal series of unit variance along axis 1 with tau_int = (1 + a) / (2 (1 - a))."""
    noise = np.random.default_rng(seed).normal(size=shape)
    noise[:, 0] /= np.sqrt(1 - coefficient**2)
    return lfilter([np.sqrt(1 - coefficient**2)], [1, -coefficient], noise, axis=1)


def free_fields(kappa, white_cnyx):
    """Return draws at lambda = 0, phi~ = sqrt(G(p)) white~, from fields of normal deviates.

    These are independent in space, and draws remember others as the deviates do.
    """
    p = 2 * np.pi * np.fft.fftfreq(white_cnyx.shape[-1])
    propagator_yx = free_propagator(kappa, np.meshgrid(p, p))
    return np.fft.ifft2(np.sqrt(propagator_yx) * np.fft.fft2(white_cnyx)).real


def jackknife(series_cn, blocks, function):
    """Return (value, error) of function({name: mean}) by leaving out blocks of draws.

    `series_cn`: {name: (chain, draw)}, draws a multiple of `blocks`, their number in each chain.
    """
    means_b = {name: s.reshape(len(s), blocks, -1).mean(2).ravel() for name, s in series_cn.items()}
    count = len(next(iter(means_b.values())))
    value = function({name: m.mean() for name, m in means_b.items()})
    left_out = [function({name: (m.sum() - m[b]) / (count - 1) for name, m in means_b.items()})
                for b in range(count)]
    return value, np.sqrt((count - 1) * np.var(left_out, axis=0))


def series_of(phi):
    """Return {name: array} of the series that are kept of fields (..., y, x)."""
    return {name: getattr(Draws.of_fields(phi), name) for name in SERIES}


def densities(phi):
    """Return the densities of fields (..., y, x), along a last axis in the order of DENSITIES."""
    series = series_of(phi)
    return np.stack([series[name] for name in DENSITIES], -1)
