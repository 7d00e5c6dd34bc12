"""What the fields of a block spin are divided by at each level, where it minds how large they are.

A network is applied to fields of the variance that it was trained on. A few hundred draws fix the
constants. That they are not exact does no harm, since fields are normalised once more, by all
draws, before anything is said of them (flow/normalised.py).
"""

import numpy as np

from phi4hpc.flow.chain import Chain
from phi4hpc.parallel.communicator import Communicator, Pieces

SITES = 2**24
"""How many sites the draws have at most, of all ranks, since they are held in memory."""


def draws(L: int) -> int:
    """Return from how many draws of L x L sites the constants are found."""
    return max(16, min(256, SITES // L**2))


def factors(comm: Communicator, chain: Chain, phi_nyx: np.ndarray, at_once: int, variance: float,
            each: Pieces) -> list[float]:
    """Return the constants of all levels after the first. Collective.

    `phi_nyx`: this rank's share of some draws, taken `at_once` at a time; `variance`: <phi^2> of
    normalised fields.
    """
    number, found = comm.allreduce(len(phi_nyx)), []
    parts = [chain.block.first(phi_nyx[n:n + at_once].astype(np.float64))
             for n in range(0, len(phi_nyx), at_once)]
    for level, L in enumerate(chain.sizes[1:], 1):
        parts = [chain.coarse(level, part_nyx, 0, range(len(part_nyx))) for part_nyx in each(parts)]
        square = comm.allreduce(float(sum(np.vdot(part, part) for part in parts)))
        found.append(float(np.sqrt(square / (number * L**2) / variance)))
        parts = [part / found[-1] for part in parts]
    return found
