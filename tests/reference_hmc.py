"""Trajectories of hybrid Monte Carlo in plain NumPy, step by step: what the kernel must do."""

import numpy as np

from phi4hpc.lattice.action import action, force
from phi4hpc.sampling.algorithms.hmc import STREAM
from tests.reference import draw, uniform


def hmc_trajectory(phi_ryx, kappa, lam, length, steps, integrator, seed, number, replicas):
    """Return (phi_ryx after one trajectory, accepted (r,), energy gained (r,))."""
    L = phi_ryx.shape[-1]
    vary, decide = uniform(draw(STREAM, 0, number, replicas, seed, L, draw=1)[:2], 'float64')
    step = (length / steps * (0.8 + 0.4 * vary))[:, None, None]
    p = momenta(L, seed, number, replicas)
    moved, q = follow(phi_ryx, p, kappa, lam, step, steps, integrator)
    gained = energy(moved, q, kappa, lam) - energy(phi_ryx, p, kappa, lam)
    take = decide < np.exp(np.minimum(-gained, 0))
    return np.where(take[:, None, None], moved, phi_ryx), take, gained


def momenta(L, seed, number, replicas):
    """Return normal deviates (r, L, L): a Philox call makes two of each colour, in neighbouring
    rows."""
    y, x = np.indices((L, L))
    words = draw(STREAM, y // 2 * (L // 2) + x // 2, number, replicas, seed, L)
    u, v = (uniform(np.where(y % 2, words[2 + i], words[i]), 'float64') for i in (0, 1))
    angle = 2 * np.pi * v
    return np.sqrt(-2 * np.log(u)) * np.where((x + y) % 2, np.sin(angle), np.cos(angle))


def energy(phi, p, kappa, lam):
    """Return what a trajectory would keep if it were exact, (r,)."""
    return (p**2).sum((-2, -1)) / 2 + action(phi, kappa, lam)


def follow(phi, p, kappa, lam, step, steps, integrator):
    """Return (phi, p) after `steps` steps, written out one by one."""
    for _ in range(steps):
        phi, p = ONE_STEP[integrator](phi, p, step, lambda phi: -force(phi, kappa, lam))
    return phi, p


def leapfrog(phi, p, step, pull):
    p = p + step / 2 * pull(phi)
    phi = phi + step * p
    return phi, p + step / 2 * pull(phi)


def omelyan(phi, p, step, pull, end=0.1931833275037836):
    p = p + end * step * pull(phi)
    phi = phi + step / 2 * p
    p = p + (1 - 2 * end) * step * pull(phi)
    phi = phi + step / 2 * p
    return phi, p + end * step * pull(phi)


ONE_STEP = {'leapfrog': leapfrog, 'omelyan': omelyan}
