"""First fields: hot, cold, or both by turns over the chains."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phi4hpc.device.portable import cos, log
from phi4hpc.kernels.philox import Stream, key, philox, uniform


def first_fields(kind: str, L: int, rungs: int, replicas: Sequence[int] | NDArray[np.integer],
                 seed: int) -> NDArray[np.float64]:
    """Return phi_ryx of the given replicas, every `rungs` of which make a chain.

    `kind`: `hot`, independent normal deviates; `cold`, all sites 1; `mixed`, hot and cold chains
    by turns.
    """
    in_even_chain_r = np.asarray(replicas) // rungs % 2 == 0
    hot_r = (kind == 'hot') | ((kind == 'mixed') & in_even_chain_r)
    return np.where(hot_r[:, None, None], normal(L, replicas, seed), 1.0)


def normal(L: int, replicas: Sequence[int] | NDArray[np.integer], seed: int) -> NDArray[np.float64]:
    """Return independent normal deviates (r, L, L) by Box and Muller."""
    sites, replica = np.arange(L * L)[None, :], np.asarray(replicas)[:, None]
    words = philox((sites, 0, replica, 0), key(seed, Stream.START, L))
    radius, angle = np.sqrt(-2 * log(uniform(words[0]))), 2 * np.pi * uniform(words[1])
    return (radius * cos(angle)).reshape(-1, L, L)
