"""Sweeps in plain NumPy: what the kernels must do site by site, and the yardstick for their speed."""

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


def sites(L, colour):
    """Return grids (y, x, number, visited): the kernels' number of a site, and which have `colour`."""
    y, x = np.indices((L, L))
    return y, x, (colour * L + y) * (L // 2) + x // 2, (x + y) % 2 == colour


def draw(stream, site, sweep, replicas, seed, L, draw=0):
    """Return the four words (4, r, ...) of each replica at the sites numbered `site`."""
    replicas = np.asarray(replicas).reshape(-1, *[1] * np.ndim(site))
    return philox((site, sweep, replicas, draw), key(seed, stream, L))


def metropolis_sweep(phi_ryx, kappa, lam, width, seed, sweep, replicas):
    """Return (phi_ryx after one sweep of two hits a site, accepted hits (r,))."""
    phi, accepted = phi_ryx, 0
    for colour in (0, 1):
        _, _, site, visited = sites(phi.shape[-1], colour)
        words = draw(Stream.METROPOLIS, site, sweep, replicas, seed, phi.shape[-1])
        for propose, decide in (words[:2], words[2:]):
            trial = phi + phi.dtype.type(width) * (2 * uniform(propose, phi.dtype.name) - 1)
            phi, taken = accept(phi, trial, visited, decide, kappa, lam)
            accepted = accepted + taken
    return phi, accepted


def accept(phi, trial, visited, decide, kappa, lam):
    """Return (fields with the trials that Metropolis' rule takes, how many); those visited are no neighbours."""
    pull = phi.dtype.type(2 * kappa) * neighbours(phi)
    gain = site_action(phi, pull, lam) - site_action(trial, pull, lam)
    take = visited & (uniform(decide, phi.dtype.name) < np.exp(np.minimum(gain, 0)))
    return np.where(take, trial, phi), take.sum((-2, -1))


def overrelaxation_sweep(phi_ryx, kappa, lam, seed, sweep, replicas):
    """Return (phi_ryx after one sweep of reflections, accepted ones (r,)); rows above one another share words."""
    phi, accepted, L = phi_ryx, 0, phi_ryx.shape[-1]
    rows = 2 if L % 4 else 4
    centre = min(kappa / (1 - 2 * lam), 1 / 4) if lam < 0.5 else 1 / 4
    for colour in (0, 1):
        y, x, _, visited = sites(L, colour)
        first = (colour * L + y // rows * rows) * (L // 2) + x // 2
        words = draw(Stream.OVERRELAXATION, first, sweep, replicas, seed, L)
        decide = np.take_along_axis(words, np.broadcast_to(y % rows, words.shape)[:1], 0)[0]
        trial = phi.dtype.type(2 * centre) * neighbours(phi) - phi
        phi, taken = accept(phi, trial, visited, decide, kappa, lam)
        accepted = accepted + taken
    return phi, accepted
