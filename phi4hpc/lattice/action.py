"""The lattice action, its force and its parts, site by site in NumPy. Arrays are phi_...yx, periodic in y and x."""

import numpy as np


def hopping(phi):
    """Return H = sum_{x,mu} phi(x) phi(x+mu), shape phi.shape[:-2].

    Each of the 2 L^2 links counts once; at L = 2 each pair of neighbours has two links.
    """
    return (phi * (np.roll(phi, -1, -1) + np.roll(phi, -1, -2))).sum((-2, -1))


def neighbours(phi):
    """Return the sum over the four neighbours of every site, shaped like phi."""
    return sum(np.roll(phi, step, axis) for axis in (-1, -2) for step in (1, -1))


def action(phi, kappa, lam):
    """Return S = sum_x { -2 kappa phi [phi(x+e1) + phi(x+e2)] + (1 - 2 lambda) phi^2 + lambda phi^4 }."""
    return -2 * kappa * hopping(phi) + ((1 - 2 * lam) * phi**2 + lam * phi**4).sum((-2, -1))


def force(phi, kappa, lam):
    """Return dS/dphi(x), shaped like phi."""
    return -2 * kappa * neighbours(phi) + 2 * (1 - 2 * lam) * phi + 4 * lam * phi**3
