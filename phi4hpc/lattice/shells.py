"""Latent sizes that close a shell of momenta, so that the linear optimum is symmetric.

G(p) is the same for all momenta of an orbit under the eight symmetries of the square, up to eight
modes. Where a latent size keeps a part of them, noise decides which part, and the autoencoder does
not have the symmetry. Latent sizes that keep whole orbits are 1, 5, 9, 13, 21 and so on.
"""

import numpy as np

from phi4hpc.lattice.orbits import zone_momentum


def closed_sizes(L: int) -> np.ndarray:
    """Return the latent sizes d that keep whole orbits of momenta on an L x L lattice, ascending.

    Orbits are kept in the order of the lattice momentum |p^|, as G(p) falls with it. Orbits of one
    |p^| are kept together.
    """
    _, count_s = np.unique(rounded(L), return_counts=True)
    return np.cumsum(count_s)


def rounded(L: int) -> np.ndarray:
    """Return |p^| at all momenta, (L, L), the same to the bit for all of a shell."""
    return np.round(zone_momentum(L), 9)


def neighbours(d: int, L: int) -> list[int]:
    """Return the next sizes below and above `d` that close a shell, none where `d` closes one."""
    closed = closed_sizes(L)
    above = int(np.searchsorted(closed, d))
    if above == len(closed) or closed[above] == d:
        return []
    return [int(size) for size in closed[max(0, above - 1):above + 1]]


def kept_shells(d: int, L: int) -> np.ndarray:
    """Return which momenta lie below the cut of whole shells that number nearest to `d`, (L, L).

    Momenta are ordered as by numpy.fft.fft2.
    """
    closed, p_yx = closed_sizes(L), rounded(L)
    count = closed[np.abs(closed - d).argmin()]
    return p_yx <= np.sort(p_yx, axis=None)[count - 1]


def bands(L: int, growth: float = 1.5) -> np.ndarray:
    """Return the number of the band of each momentum, (L, L), ordered as by numpy.fft.fft2.

    Bands are of whole shells, in the order of |p^|: p = 0 alone, then each holds about half as many
    momenta as all below it, by `growth`. So there are about 15 bands at L = 32, narrow where G(p)
    changes fast.
    """
    closed = closed_sizes(L)
    wanted = growth ** np.arange(np.ceil(np.log(L**2) / np.log(growth)))
    upto = np.unique([0, *closed[np.abs(closed - wanted[:, None]).argmin(1)], L**2])
    rank_yx = np.searchsorted(np.sort(p_yx := rounded(L), axis=None), p_yx)
    return np.searchsorted(upto, rank_yx, side='right') - 1
