"""Linear optima of an ensemble, from its propagator G(p) at all momenta, before any training.

A translation-invariant ensemble has the covariance

    C(x, y) = <phi(x) phi(y)> = sum_p G(p) e^{ip(x-y)} / Omega,

which in Fourier space multiplies by G(p). The best linear autoencoder spans the leading modes
(lattice/modes.py). After any other linear encoder E, the linear decoder of least mean squared error
is that of linear regression, g = C E^T (E C E^T)^-1.

Shapes: n configurations, y x lattice axes, r rows, d latents, D = L^2 sites.
"""

import numpy as np

from phi4hpc.lattice.modes import mode_propagator
from phi4hpc.lattice.orbits import symmetrised
from phi4hpc.parallel.communicator import Communicator, Pieces


def common_propagator(comm: Communicator, phi_nyx: np.ndarray, each: Pieces = iter) -> np.ndarray:
    """Return G(p) of all ranks' configurations at all momenta, ordered as by numpy.fft.fft2.

    It is averaged over the eight symmetries of the square, as the ensemble has them. `phi_nyx` is
    this rank's share, `each` as in shards.read_range. The sum is in the order of the ranks, so that
    every rank has the same bits.
    """
    count = len(phi_nyx)
    shares = comm.allgather((count, count * mode_propagator(phi_nyx, each)))
    mean_yx = sum(power_yx for _, power_yx in shares) / sum(n for n, _ in shares)
    return symmetrised(mean_yx)


def covariant(rows_rD: np.ndarray, propagator_yx: np.ndarray) -> np.ndarray:
    """Return the rows (r, D) times the covariance C of the ensemble."""
    L = len(propagator_yx)
    half_ryx = np.fft.rfft2(rows_rD.reshape(-1, L, L)) * propagator_yx[:, :L // 2 + 1]
    return np.fft.irfft2(half_ryx, s=(L, L)).reshape(rows_rD.shape)


def optimal_decoder(encoder_dD: np.ndarray, propagator_yx: np.ndarray) -> np.ndarray:
    """Return the matrix (D, d) of least loss from the latents of a linear encoder to the field."""
    covariant_dD = covariant(encoder_dD, propagator_yx)
    return np.linalg.solve(covariant_dD @ encoder_dD.T, covariant_dD).T


def linear_loss(encoder_dD: np.ndarray, decoder_Dd: np.ndarray,
                propagator_yx: np.ndarray) -> float:
    """Return the mean of (phi - g f phi)^2 of a site, for two matrices f and g.

    It is exact for any translation-invariant ensemble of this propagator.
    """
    covariant_dD = covariant(encoder_dD, propagator_yx)
    kept = 2 * (covariant_dD * decoder_Dd.T).sum()
    back = ((covariant_dD @ encoder_dD.T) * (decoder_Dd.T @ decoder_Dd)).sum()
    return float((propagator_yx.sum() - kept + back) / propagator_yx.size)


def water_filling(propagator_yx: np.ndarray, latent: int,
                  width: float) -> tuple[np.ndarray, float]:
    """Return the powers of `latent` modes in the best linear code with noise, and its loss of a
    site, as the cost `latent_noise` derives them; exact for free fields.

    The noise has the standard deviation `width` where latents have the mean power one. The powers
    (d,) are those of the modes of largest G(p), largest first.
    """
    modes_D = np.sort(propagator_yx, axis=None)[::-1]
    kept_d = modes_D[:latent]
    # With the first n modes above mu their powers sum to d. The largest n that leaves all of them
    # above it is the right one.
    n_d = np.arange(1, latent + 1)
    root_mu_d = np.cumsum(np.sqrt(kept_d)) / (latent / width**2 + n_d)
    root_mu = root_mu_d[np.flatnonzero(np.sqrt(kept_d) > root_mu_d)[-1]]
    power_d = width**2 * np.maximum(0, np.sqrt(kept_d) / root_mu - 1)
    loss = (kept_d / (1 + power_d / width**2)).sum() + modes_D[latent:].sum()
    return power_d, float(loss / modes_D.size)


def shannon(propagator_yx: np.ndarray, nats: float) -> float:
    """Return the least loss of a site of any code of free fields that holds at most `nats`.

    Each mode above some theta is known to within theta, and others not at all: the loss is the mean
    of min(theta, G(p)), where max(0, ln(G(p) / theta)) / 2 sums to `nats` (Kolmogorov, IRE Trans.
    Inf. Theory 2 (1956) 102). No code of free fields reaches less, however clever it is. Of other
    fields of this propagator a code may, as free ones are the hardest.
    """
    modes_D = np.sort(propagator_yx, axis=None)[::-1]
    log_D = np.log(modes_D)
    # As in water_filling: with the first n modes above theta, which lets them sum to `nats`.
    log_theta_D = (np.cumsum(log_D) - 2 * nats) / np.arange(1, modes_D.size + 1)
    theta = np.exp(log_theta_D[np.flatnonzero(log_D > log_theta_D)[-1]])
    return float(np.minimum(theta, modes_D).mean())
