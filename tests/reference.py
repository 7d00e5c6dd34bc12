"""Sweeps in plain NumPy: what the kernels must do site by site, and the yardstick for their speed.
"""

import numpy as np

from phi4hpc.device.source import LEFT
from phi4hpc.kernels.philox import Stream, key, philox
from phi4hpc.lattice.action import neighbours
from phi4hpc.sampling.algorithms import cluster, metropolis, overrelaxation


def uniform(words, precision):
    """Return the deviates that the kernels make of random words (kernels/philox.cuh)."""
    if precision == 'float32':
        return ((words >> 9).astype('f4') + np.float32(0.5)) * np.float32(2**-23)
    return (words + 0.5) * 2.0**-32


def site_action(phi, pull, lam):
    """Return the action of one site up to a constant; `pull` is 2 kappa times the sum of its
    neighbours."""
    return phi * (phi - pull) + lam * (phi**2 - 1) ** 2


def sites(L, colour):
    """Return grids (y, x, number, visited): the kernels' number of a site, and which have
    `colour`."""
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
        words = draw(metropolis.STREAM, site, sweep, replicas, seed, phi.shape[-1])
        for propose, decide in (words[:2], words[2:]):
            trial = phi + phi.dtype.type(width) * (2 * uniform(propose, phi.dtype.name) - 1)
            phi, taken = accept(phi, trial, visited, decide, kappa, lam)
            accepted = accepted + taken
    return phi, accepted


def accept(phi, trial, visited, decide, kappa, lam):
    """Return (fields with the trials that Metropolis' rule takes, how many); those visited are no
    neighbours."""
    pull = phi.dtype.type(2 * kappa) * neighbours(phi)
    gain = site_action(phi, pull, lam) - site_action(trial, pull, lam)
    take = visited & (uniform(decide, phi.dtype.name) < np.exp(np.minimum(gain, 0)))
    return np.where(take, trial, phi), take.sum((-2, -1))


def overrelaxation_sweep(phi_ryx, kappa, lam, seed, sweep, replicas):
    """Return (phi_ryx after one sweep of reflections, accepted ones (r,)); rows above one another
    share words."""
    phi, accepted, L = phi_ryx, 0, phi_ryx.shape[-1]
    rows = 2 if L % 4 else 4
    centre = min(kappa / (1 - 2 * lam), 1 / 4) if lam < 0.5 else 1 / 4
    for colour in (0, 1):
        y, x, _, visited = sites(L, colour)
        first = (colour * L + y // rows * rows) * (L // 2) + x // 2
        words = draw(overrelaxation.STREAM, first, sweep, replicas, seed, L)
        decide = np.take_along_axis(words, np.broadcast_to(y % rows, words.shape)[:1], 0)[0]
        trial = phi.dtype.type(2 * centre) * neighbours(phi) - phi
        phi, taken = accept(phi, trial, visited, decide, kappa, lam)
        accepted = accepted + taken
    return phi, accepted


def cluster_sweep(phi_ryx, kappa, seed, sweep, replicas):
    """Return (phi_ryx after one sweep, labels (r, L^2)): clusters by their smallest sites, in
    their numbers."""
    L, field = phi_ryx.shape[-1], phi_ryx.astype('f8')
    y, x, number, odd = sites(L, 1)
    numbers = np.where(odd, number, sites(L, 0)[2])
    words = draw(cluster.STREAM, number, sweep, replicas, seed, L, draw=0)
    sideways = np.where(y % 2 == 0, -1, 1)              # to the neighbour in the same column x // 2
    ends = [(y, x + sideways), (y, x - sideways), (y - 1, x), (y + 1, x)]
    labels, phi = np.tile(np.arange(L * L), (len(field), 1)), phi_ryx.copy()
    for r in range(len(field)):
        links = []
        for word, (v, u) in zip(words[:, r], ends, strict=True):
            weight = np.exp(-4 * kappa * field[r] * field[r, v % L, u % L])
            bound = odd & (weight < uniform(word, 'float64'))
            links += zip(number[bound], numbers[v % L, u % L][bound], strict=True)
        labels[r] = smallest_of_each_component(L * L, links)
    words = draw(cluster.STREAM, np.arange(L * L // 4), sweep, replicas, seed, L, draw=1)
    signs = words.transpose(1, 0, 2) >> 31
    flipped = np.take_along_axis(signs.reshape(len(field), -1), labels, 1)[:, numbers]
    return np.where(flipped == 1, -phi, phi), labels


def smallest_of_each_component(count, links):
    """Return the smallest number in the component of each of 0 ... count-1 joined by `links`, by
    plain relaxation."""
    labels, (a, b) = np.arange(count), np.array(links, int).reshape(-1, 2).T
    while True:
        least = np.minimum(labels[a], labels[b])
        relaxed = labels.copy()
        np.minimum.at(relaxed, a, least)
        np.minimum.at(relaxed, b, least)
        if (relaxed == labels).all():
            return labels
        labels = relaxed


def log_uniforms(turns, chains, rungs, seed, L):
    """Return (turn, chain, lower rung) logarithms of the deviates that decide swaps
    (kernels/exchange.cpp)."""
    turn, chain, low = np.ix_(np.asarray(turns), np.arange(chains), np.arange(rungs - 1))
    return np.log(uniform(philox((low, turn, chain, 0), key(seed, Stream.SWAP, L))[0], 'float64'))


def unpack(packed):
    """Return phi_ryx from fields in the kernels' order (kernels/field.cuh)."""
    r, _, L, _ = packed.shape
    phi_ryx = np.empty((r, L, L), packed.dtype)
    for y, x in (0, 0), (0, 1), (1, 0), (1, 1):
        phi_ryx[:, y::2, x::2] = packed[:, (y + x) % 2, y::2, LEFT:LEFT + L // 2]
    return phi_ryx
