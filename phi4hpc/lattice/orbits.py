"""The eight symmetries of the square on the Brillouin zone, and orbits of momenta under them.

Arrays over momenta are (L, L), ordered as by numpy.fft.fft2. An ensemble that is symmetric under
the square has the same G(p), and an autoencoder that respects it the same response, at all momenta
of an orbit.
"""

import numpy as np


def images(values_yx: np.ndarray) -> np.ndarray:
    """Return the array over momenta as each of the eight symmetries carries it, (8, L, L)."""
    L = len(values_yx)
    there, back = np.arange(L), -np.arange(L) % L
    return np.stack([turned[np.ix_(y, x)] for turned in (values_yx, values_yx.T)
                     for y in (there, back) for x in (there, back)])


def symmetrised(values_yx: np.ndarray) -> np.ndarray:
    """Return the mean over the orbit of each momentum, (L, L), the same to the bit all over it."""
    orbit_yx = numbered(len(values_yx))
    sum_o = np.bincount(orbit_yx.ravel(), values_yx.ravel())
    return (sum_o / np.bincount(orbit_yx.ravel()))[orbit_yx]


def numbered(L: int) -> np.ndarray:
    """Return a number for the orbit of each momentum, (L, L), the same for all momenta of it."""
    n = np.minimum(np.arange(L), -np.arange(L) % L)
    small, large = np.minimum(n[:, None], n), np.maximum(n[:, None], n)
    return large * (large + 1) // 2 + small


def momenta(L: int) -> np.ndarray:
    """Return how many momenta each orbit has, (o,), by its number."""
    return np.bincount(numbered(L).ravel())


def representatives(L: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (n_y, n_x) of one momentum of each orbit: 0 <= n_y <= n_x <= L/2."""
    n_x, n_y = np.tril_indices(L // 2 + 1)
    return n_y, n_x


def zone_momentum(L: int) -> np.ndarray:
    """Return |p^| = 2 (sin^2(p_y / 2) + sin^2(p_x / 2))^(1/2) at all momenta, (L, L)."""
    line = 2 * np.sin(np.pi * np.arange(L) / L)
    return np.hypot(line[:, None], line)
