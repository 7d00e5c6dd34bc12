"""Shells of momenta that the symmetry of the square makes equal, and latent sizes that close one.

G(p) is the same for all momenta of an orbit under the eight symmetries of the square: up to eight
modes, of which a latent size may keep a part only. Which part is then decided by noise, and the
autoencoder is not symmetric. Latent sizes that keep whole orbits are 1, 5, 9, 13, 21 and so on.
"""

import numpy as np

from phi4hpc.lattice.modes import orbits


def symmetrised(propagator_yx: np.ndarray) -> np.ndarray:
    """Return G(p), (L, L) ordered as by numpy.fft.fft2, averaged over the symmetries of the square.

    It is the same to the bit for all momenta of an orbit.
    """
    orbit_yx = orbits(len(propagator_yx))
    sum_o = np.bincount(orbit_yx.ravel(), propagator_yx.ravel())
    return (sum_o / np.bincount(orbit_yx.ravel()))[orbit_yx]


def closed_sizes(L: int) -> np.ndarray:
    """Return the latent sizes d that keep whole orbits of momenta on an L x L lattice, ascending.

    Orbits are kept in the order of the lattice momentum p^2 = sum_mu 4 sin^2(p_mu / 2), as G(p)
    falls with it. Orbits of one p^2 are kept together.
    """
    line = (2 * np.sin(np.pi * np.arange(L) / L)) ** 2
    _, count_s = np.unique(np.round(line[:, None] + line, 12), return_counts=True)
    return np.cumsum(count_s)


def neighbours(d: int, L: int) -> list[int]:
    """Return the sizes next to `d` below and above that close a shell; none where `d` closes one."""
    closed = closed_sizes(L)
    above = int(np.searchsorted(closed, d))
    if above == len(closed) or closed[above] == d:
        return []
    return [int(size) for size in closed[max(0, above - 1):above + 1]]
