"""Observables of a configuration, in NumPy. Arrays are phi_...yx; densities are per site."""

import numpy as np

from phi4hpc.lattice.action import hopping

DENSITIES = ('magnetisation', 'hopping', 'phi2', 'phi4')
SERIES = (*DENSITIES, 'mode')
"""What is kept of every draw: densities, and |phi~(p)|^2 / Omega at the smallest momentum, mean of both axes."""


def densities(phi):
    """Return a (..., 4) float64 array of the per-site densities named by DENSITIES."""
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
    return _lines(phi.sum(-1), phi.sum(-2))


def diagonal_propagator(phi):
    """Return the same along a diagonal, p = (2 pi n / L) (1, +-1), mean of both: sums along the other diagonals."""
    phi = np.asarray(phi, np.float64)
    y, x = np.ogrid[:phi.shape[-1], :phi.shape[-1]]
    return _lines(*(phi[..., y, (x + sign * y) % phi.shape[-1]].sum(-2) for sign in (1, -1)))


def longest_mode(phi):
    """Return |phi~(p)|^2 / Omega at p = 2 pi / L along an axis, mean of both axes, shape phi.shape[:-2], float64."""
    L = phi.shape[-1]
    angle = 2 * np.pi / L * np.arange(L)
    # No matrix product: its rounding depends on how many fields there are, and so on the number of ranks.
    sums = [phi.sum(axis, dtype=np.float64) for axis in (-1, -2)]
    return sum((line * wave).sum(-1) ** 2 for line in sums for wave in (np.cos(angle), np.sin(angle))) / (2 * L**2)


def _lines(*sums_nx):
    """Return the mean over lines of |sums~|^2 / Omega, n = 0 ... L/2."""
    return sum(np.abs(np.fft.rfft(sums, axis=-1)) ** 2 for sums in sums_nx) / (len(sums_nx) * sums_nx[0].shape[-1] ** 2)


def correlator(propagator_np):
    """Return the correlator of time slices, (1/L) sum_p G(p) cos(p t) for t = 0 ... L/2, of propagators on an axis.

    This is sum_x <phi(0, 0) phi(x, t)>; at every momentum that `axis_propagator` gives, p = (p, 0).
    """
    return np.fft.irfft(propagator_np, axis=-1)[..., :propagator_np.shape[-1]]


def lattice_momentum(L, components=1):
    """Return p^ = 2 sin(p / 2) for p = 2 pi n / L, n = 0 ... L/2; of p = (p, p) where there are two components."""
    return 2 * np.sqrt(components) * np.sin(np.pi * np.arange(L // 2 + 1) / L)
