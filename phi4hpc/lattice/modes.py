"""Real Fourier modes of the L x L torus, ordered by how much they fluctuate.

A translation-invariant ensemble has <phi(x) phi(y)> = sum_p G(p) e^{ip(x-y)} / Omega: its
eigenvectors are the cosine and the sine of each pair of momenta +-p, its eigenvalues G(p). So the
best linear autoencoder of latent size d spans the d modes of largest G(p), and its mean squared
error, summed over sites, is the sum of the G(p) that it drops (Eckart and Young 1936). No trained
autoencoder without a non-linearity can do better.

Shapes: n configurations, y x lattice axes, d modes, D = L^2 sites, h half of the momenta.
"""

from typing import NamedTuple

import numpy as np

from phi4hpc.parallel.communicator import Pieces

CHUNK = 2**20                    # sites that are transformed at a time


class Modes(NamedTuple):
    """The d leading modes: orthonormal rows, their eigenvalues, and the sum of all others."""

    basis_dD: np.ndarray
    kept_d: np.ndarray
    dropped: float


def mode_propagator(phi_nyx: np.ndarray, each: Pieces = iter) -> np.ndarray:
    """Return G(p) = <|phi~(p)|^2> / Omega at all momenta, (y, x), ordered as by numpy.fft.fft2.

    `each(pieces)` yields the pieces of the work, before which it may raise.
    """
    power_yx = np.zeros(phi_nyx.shape[1:])
    step = max(1, CHUNK // power_yx.size)
    for first in each(range(0, len(phi_nyx), step)):
        modes_nyx = np.fft.fft2(np.asarray(phi_nyx[first:first + step], dtype=np.float64))
        power_yx += (modes_nyx.real**2 + modes_nyx.imag**2).sum(axis=0)
    return power_yx / power_yx.size / len(phi_nyx)


def half_powers(phi_nyx: np.ndarray) -> np.ndarray:
    """Return |phi~(p)|^2 of fields at the half of all momenta that numpy.fft.rfft2 gives, (n, h).

    What p and -p have is added up, so that the sum is Omega^2 times the mean of phi^2 over sites.
    """
    L = phi_nyx.shape[-1]
    twice_x = np.where(2 * np.arange(L // 2 + 1) % L == 0, 1, 2)
    waves_nyx = np.fft.rfft2(np.asarray(phi_nyx, np.float64))
    power_nyx = (waves_nyx.real**2 + waves_nyx.imag**2) * twice_x
    return power_nyx.reshape(len(phi_nyx), L * len(twice_x))


def leading_modes(propagator_yx: np.ndarray, d: int) -> Modes:
    """Return the Modes of the `d` largest values of G(p), given as by `mode_propagator`.

    Each pair +-p gives its cosine, then its sine; a momentum that is its own negative gives one
    mode. Momenta whose G(p) agree to twelve digits are taken in lexical order, so that rounding
    never decides.
    """
    size = len(propagator_yx)
    labels = _mode_labels(size)
    values = np.array([propagator_yx[ky, kx] for ky, kx, _ in labels])
    order = np.argsort(-np.round(values / values.max(), 12), kind='stable')
    basis_dD = np.array([_mode(size, *labels[i]) for i in order[:d]])
    return Modes(basis_dD, values[order[:d]], float(values[order[d:]].sum()))


def _mode_labels(size: int) -> list[tuple[int, int, int]]:
    """Return (ky, kx, phase) of all L^2 real modes: phase 0 for the cosine, 1 for the sine."""
    labels = []
    for ky, kx in np.ndindex(size, size):
        partner = (-ky % size, -kx % size)
        if (ky, kx) <= partner:
            labels += [(ky, kx, 0)] if (ky, kx) == partner else [(ky, kx, 0), (ky, kx, 1)]
    return labels


def _mode(size: int, ky: int, kx: int, phase: int) -> np.ndarray:
    """Return the mode as a vector of D sites and length one."""
    y, x = np.ogrid[:size, :size]
    angle_yx = 2 * np.pi / size * ((ky * y + kx * x) % size)
    wave = (np.sin if phase else np.cos)(angle_yx).ravel()
    return wave / np.linalg.norm(wave)
