"""Observables of a configuration, in NumPy. Arrays are phi_...yx; densities are per site."""

import numpy as np

from phi4hpc.lattice.action import hopping

SERIES = ('magnetisation', 'hopping', 'phi2', 'phi4')


def densities(phi):
    """Return a (..., 4) float64 array of the per-site densities named by SERIES."""
    phi = np.asarray(phi, np.float64)
    square = phi * phi
    sums = [phi.sum((-2, -1)), hopping(phi), square.sum((-2, -1)), (square * square).sum((-2, -1))]
    return np.stack(sums, -1) / phi.shape[-1] ** 2


def propagator(phi):
    """Return |phi~(p)|^2 / Omega over the momenta p = 2 pi n / L of numpy.fft.fft2, shaped like phi."""
    return np.abs(np.fft.fft2(phi)) ** 2 / phi.shape[-1] ** 2


def axis_propagator(phi):
    """Return |phi~(p)|^2 / Omega for n = 0 ... L/2 along an axis, mean of both axes, shape (..., L/2 + 1), float64.

    Only the two lines through the origin of momentum space are transformed: sums over rows and over columns.
    """
    phi = np.asarray(phi, np.float64)
    lines = [np.abs(np.fft.rfft(phi.sum(axis), axis=-1)) ** 2 for axis in (-1, -2)]
    return (lines[0] + lines[1]) / (2 * phi.shape[-1] ** 2)


def lattice_momentum(L):
    """Return p^ = 2 sin(p / 2) for p = 2 pi n / L, n = 0 ... L/2."""
    return 2 * np.sin(np.pi * np.arange(L // 2 + 1) / L)
