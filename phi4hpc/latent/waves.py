"""Plane waves: matrices between fields, averaged over the symmetries of the lattice.

The ensemble is symmetric under shifts and under the eight symmetries of the square. A matrix B
between fields, averaged over these, is diagonal in plane waves e_p(x) = e^{ipx} / Omega^(1/2), with

    B(p) = sum_{x,y} e^{-ip(x-y)} B(x, y) / Omega,

averaged over the orbit of p. So the eigenvectors of a Gram matrix that is averaged are waves, its
eigenvalues come in multiplets that are labelled by orbits, and both are exact. A matrix is given
as sum_k a_k b_k^T.

Suffixes: n samples, k columns, D sites, w waves, y x lattice axes or momenta, o orbits, r values.
"""

import numpy as np
import torch
from torch import Tensor

from phi4hpc.latent.rows import as_fields
from phi4hpc.lattice.orbits import momenta, numbered, representatives, zone_momentum


def waves(rows_D: Tensor) -> Tensor:
    """Return fields (..., D) in Fourier space, (..., w).

    These are real and imaginary parts at the half of all momenta that torch.fft.rfft2 gives.
    """
    rows_yx = as_fields(rows_D)
    if not len(rows_D):                      # of a rank without samples; FFTs refuse it
        L = rows_yx.shape[-1]
        return rows_D.new_zeros(*rows_D.shape[:-1], 2 * L * (L // 2 + 1))
    return torch.view_as_real(torch.fft.rfft2(rows_yx)).flatten(-3)


def diagonal(a_kw: Tensor, b_kw: Tensor, L: int) -> Tensor:
    """Return the real part of B(p) at all momenta, (L, L), from `waves` (..., w) of a and b.

    Momenta are ordered as by numpy.fft.fft2. The imaginary part is odd in p and has no part in the
    mean over an orbit.
    """
    return everywhere((a_kw * b_kw).flatten(0, -2).sum(0), L)


def everywhere(product_w: Tensor, L: int) -> Tensor:
    """Return products of waves at all momenta, (..., L, L), over Omega; they are even in p."""
    half = product_w.unflatten(-1, (L, L // 2 + 1, 2)).sum(-1)
    return torch.fft.fft2(torch.fft.irfft2(half, s=(L, L))).real / L**2


def over_orbits(values_yx: Tensor) -> Tensor:
    """Return means over orbits (..., o) of values at all momenta (..., L, L)."""
    L = values_yx.shape[-1]
    orbit_D = torch.from_numpy(numbered(L).ravel()).to(values_yx.device)
    count_o = torch.bincount(orbit_D).to(values_yx)
    flat = values_yx.flatten(-2)
    zeros = flat.new_zeros(*flat.shape[:-1], len(count_o))
    return zeros.index_add(-1, orbit_D, flat) / count_o


def coordinates(L: int) -> dict[str, np.ndarray]:
    """Return arrays over orbits (o,): `p_hat`, `n_y`, `n_x` and how many `momenta` there are."""
    n_y, n_x = representatives(L)
    return {'p_hat': zone_momentum(L)[n_y, n_x], 'n_y': n_y, 'n_x': n_x,
            'momenta': momenta(L)}


def scaled(rows_nkD: Tensor, factor_yx: Tensor) -> Tensor:
    """Return rows (n, k, D) times a matrix that multiplies in Fourier space by a factor, which is
    the same at p and -p.
    """
    L = len(factor_yx)
    half = torch.fft.rfft2(as_fields(rows_nkD)) * factor_yx[:, :L // 2 + 1]
    return torch.fft.irfft2(half, s=(L, L)).flatten(-2)


def spread_out(value_o: np.ndarray, momenta_o: np.ndarray) -> np.ndarray:
    """Return the values of orbits as often as each has momenta, largest first, (r,)."""
    return np.sort(np.repeat(value_o, momenta_o))[::-1]


def participation(value_o: np.ndarray, momenta_o: np.ndarray) -> float:
    """Return (sum s^2)^2 / sum s^4: the number of waves that count, from 1 to all."""
    fourth = (momenta_o * value_o**4).sum()
    return float((momenta_o * value_o**2).sum() ** 2 / fourth) if fourth > 0 else np.nan


def summed(values_ryx: np.ndarray) -> np.ndarray:
    """Return the sums over the momenta of each orbit, (r, o), of values at all momenta."""
    orbit_D = numbered(values_ryx.shape[-1]).ravel()
    return np.array([np.bincount(orbit_D, values_yx.ravel()) for values_yx in values_ryx])
