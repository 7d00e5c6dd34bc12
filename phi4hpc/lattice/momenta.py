"""Momenta of the L x L torus, and |phi~(p)|^2 / Omega of fields along lines through the origin.

Arrays are phi_...yx, in NumPy or torch alike. A line has the momenta p = 2 pi n / L, n = 0 ... L/2.
"""

import numpy as np
from array_api_compat import array_namespace, device

from phi4hpc.lattice.arrays import Array


def axis_propagator(phi: Array) -> Array:
    """Return |phi~(p)|^2 / Omega along an axis, the mean of both axes, shape (..., L/2 + 1).

    Only the two lines are transformed: the sums over rows and over columns.
    """
    return _line(phi.sum(-1), phi.sum(-2))


def diagonal_propagator(phi: Array) -> Array:
    """Return |phi~(p)|^2 / Omega at (p, p) and (p, -p), the mean of both, shape (..., L/2 + 1).

    Only the two lines are transformed: the sums along the diagonals that are orthogonal to them.
    """
    L = phi.shape[-1]
    x = array_namespace(phi).arange(L, device=device(phi))
    y = x[:, None]
    return _line(*(phi[..., y, (x + sign * y) % L].sum(-2) for sign in (1, -1)))


def _line(*sums: Array) -> Array:
    """Return the mean of |sums~|^2 / Omega over some lines of sums (..., L), n = 0 ... L/2."""
    transform = array_namespace(*sums).fft.rfft
    modes = [transform(line) for line in sums]
    power = sum(mode.real**2 + mode.imag**2 for mode in modes)
    return power / (len(sums) * sums[0].shape[-1] ** 2)


def correlator(propagator: Array) -> Array:
    """Return (1/L) sum_p G(p) cos(p t) at t = 0 ... L/2 from G(p) along an axis, (..., L/2 + 1).

    With G(p) = |phi~(p)|^2 / Omega this is the correlator of time slices,
    sum_x <phi(0, 0) phi(x, t)>, averaged over where it starts and over both axes.
    """
    return array_namespace(propagator).fft.irfft(propagator)[..., :propagator.shape[-1]]


def lattice_momentum(L: int, components: int = 1) -> np.ndarray:
    """Return p^ = 2 sin(p / 2) on a line along an axis, (L/2 + 1,); two components: a diagonal."""
    return 2 * np.sqrt(components) * np.sin(np.pi * np.arange(L // 2 + 1) / L)
