"""The yardstick: Metropolis on a checkerboard as one writes it in NumPy, with NumPy's own random
numbers."""

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phi4hpc.bench.algorithms import KAPPA, LAMBDA, SITES, WIDTH
from phi4hpc.lattice.action import neighbours
from phi4hpc.parallel.communicator import Communicator


def metropolis(comm: Communicator, L: int, precision: str, seconds: float) -> tuple[int, float]:
    """Return (hits, seconds) of this rank. Collective."""
    rng, sweeps = np.random.default_rng(1), 0
    phi = rng.normal(size=(max(1, SITES['host'] // L**2), L, L)).astype(precision)
    sweep(phi, rng)                                    # the first one imports
    comm.Barrier()
    began = perf_counter()
    while (elapsed := perf_counter() - began) < seconds:
        sweep(phi, rng)
        sweeps += 1
    return phi.size * sweeps, elapsed


def sweep(phi_ryx: NDArray[Any], rng: np.random.Generator) -> None:
    """Visit even sites, then odd ones; in place."""
    real, L = phi_ryx.dtype.type, phi_ryx.shape[-1]
    even = np.indices((L, L)).sum(0) % 2 == 0
    for visited in (even, ~even):
        phi, pull = phi_ryx[:, visited], real(2 * KAPPA) * neighbours(phi_ryx)[:, visited]
        trial = phi + real(WIDTH) * (2 * rng.random(phi.shape, phi.dtype) - 1)
        gain = site_action(phi, pull) - site_action(trial, pull)
        take = rng.random(phi.shape, phi.dtype) < np.exp(np.minimum(gain, 0))
        phi_ryx[:, visited] = np.where(take, trial, phi)


def site_action(phi: NDArray[Any], pull: NDArray[Any]) -> NDArray[Any]:
    """Return the action of sites up to a constant; `pull` is 2 kappa times the sum of their
    neighbours."""
    square = phi * phi
    return square * ((1 - 2 * LAMBDA) + LAMBDA * square) - pull * phi
