"""Linear block spins of one dimension, as rows from L sites to L / b blocks.

Those of the square are products of two. All of them commute with shifts by a block: row X is row 0,
moved by b X sites. In Fourier space such a map mixes the b momenta p, p + 2 pi / b, ... that blocks
cannot tell apart, its aliases, and keeps one combination of them.
"""

import numpy as np


def zone_rows(L: int, block: int) -> np.ndarray:
    """Return the orthonormal rows (L / b, L) that keep the momenta |p| <= pi / b: a sharp cut-off.

    Of the aliases p = +-pi / b, which weigh alike, the wave is kept that is largest in the middle
    of a block, where all rows are centred. A square zone of these is the best linear map of one
    latent a block that commutes with shifts by a block, where G(p) falls with every component of p.
    """
    count = L // block
    mode_k = np.arange(-(count // 2), count // 2 + 1)
    weight_k = np.where(2 * abs(mode_k) == count, np.sqrt(0.5), 1.0)
    from_middle_Xx = np.arange(L) - (block * np.arange(count)[:, None] + (block - 1) / 2)
    waves_kXx = np.cos(2 * np.pi / L * mode_k[:, None, None] * from_middle_Xx)
    return np.sqrt(block) / L * np.einsum('k,kXx->Xx', weight_k, waves_kXx)


def mean_rows(L: int, block: int) -> np.ndarray:
    """Return the rows (L / b, L) that take the mean over each block: Kadanoff's."""
    return np.kron(np.eye(L // block), np.full(block, 1 / block))


def decimating_rows(L: int, block: int) -> np.ndarray:
    """Return the rows (L / b, L) that take the first site of each block."""
    return np.eye(L)[::block]
