"""The Metropolis sweep in plain NumPy: what the kernels must do hit by hit, and the yardstick for their speed."""

import numpy as np

from phi4hpc.kernels.philox import Stream, key, philox
from phi4hpc.lattice.action import neighbours


def uniform(words, precision):
    """Return the deviates that the kernels make of random words (kernels/philox.cuh)."""
    if precision == 'float32':
        return ((words >> 9).astype('f4') + np.float32(0.5)) * np.float32(2**-23)
    return (words + 0.5) * 2.0**-32


def site_action(phi, pull, lam):
    """Return the action of one site up to a constant; `pull` is 2 kappa times the sum of its neighbours."""
    return phi * (phi - pull) + lam * (phi**2 - 1) ** 2


def metropolis_sweep(phi_ryx, kappa, lam, width, seed, sweep, replicas):
    """Return (phi_ryx after one sweep of two hits a site, accepted hits (r,))."""
    phi, accepted = phi_ryx.copy(), np.zeros(len(phi_ryx), np.int64)
    for colour in (0, 1):
        phi, taken = half_sweep(phi, colour, kappa, lam, width, seed, sweep, replicas)
        accepted += taken
    return phi, accepted


def half_sweep(phi, colour, kappa, lam, width, seed, sweep, replicas):
    """Visit the sites of one colour; the other colour stands still, so all may be visited at once."""
    L, precision = phi.shape[-1], phi.dtype.name
    y, x = np.indices((L, L))
    site = (colour * L + y) * (L // 2) + x // 2
    counter = (site[None], sweep, np.asarray(replicas)[:, None, None], 0)
    words = philox(counter, key(seed, Stream.METROPOLIS, L))
    visited = ((x + y) % 2 == colour)[None]
    pull, accepted = phi.dtype.type(2 * kappa) * neighbours(phi), 0
    for propose, decide in (words[:2], words[2:]):
        trial = phi + phi.dtype.type(width) * (2 * uniform(propose, precision) - 1)
        gain = site_action(phi, pull, lam) - site_action(trial, pull, lam)
        take = visited & (uniform(decide, precision) < np.exp(np.minimum(gain, 0)))
        phi, accepted = np.where(take, trial, phi), accepted + take.sum((-2, -1))
    return phi, accepted
