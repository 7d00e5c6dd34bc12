"""Which ranks work together: those that share a chain of any lattice, by its replicas or by the
rungs that they write.

Swaps and draws stay within a team, so that no team waits for another. What all ranks must know,
while tuning and for the file, is summed over them: each team adds what it knows of its own chains.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phi4hpc.parallel.communicator import Communicator

Integers = NDArray[np.integer]
Sums = dict[str, NDArray[np.float64]]


class Team:
    """The ranks with which this one of `world` shares chains, of `rungs` rungs each. Collective.

    `bounds`: (lattice, rank + 1), a rank holds the replicas bounds[:, rank] ... bounds[:, rank +
    1] - 1; `owners`: for each lattice the rank that writes each rung.
    """

    def __init__(self, world: Communicator, bounds: Integers, owners: Sequence[Integers],
                 rungs: int) -> None:
        numbers = teams(bounds, owners, rungs)
        ranks = np.flatnonzero(numbers == numbers[world.rank])
        self.comm = world.Split(numbers[world.rank])
        # Only its first rank adds to sums.
        self.first, self.speaks = ranks[0], self.comm.rank == 0
        self.bounds = bounds[:, ranks[0]:ranks[-1] + 2]
        # (lattice, 2): first, and one after the last.
        self.chains = self.bounds[:, [0, -1]] // rungs


def teams(bounds: Integers, owners: Sequence[Integers], rungs: int) -> Integers:
    """Return the number of each rank's team. A chain's ranks are neighbours, so teams are runs of
    ranks."""
    bonded = np.zeros(bounds.shape[1] - 1, bool)                           # to the rank before
    for of_ranks, owner_f in zip(bounds, owners, strict=True):
        holder_f = np.repeat(np.arange(len(bonded)), np.diff(of_ranks))
        for ranks in np.hstack([holder_f.reshape(-1, rungs), owner_f.reshape(-1, rungs)]):
            bonded[ranks.min() + 1:ranks.max() + 1] = True
    return np.cumsum(~bonded)


def summed(comm: Communicator, arrays: Mapping[str, NDArray[Any]]) -> Callable[[], Sums]:
    """Begin to sum {name: array} over the ranks; return what waits for the sums and returns them.
    Collective."""
    total = np.concatenate([np.ravel(array) for array in arrays.values()], dtype=float)
    request = comm.Iallreduce(None, total)                     # in place; only `total` must stay

    def wait() -> Sums:
        request.Wait()
        parts = np.split(total, np.cumsum([np.size(array) for array in arrays.values()])[:-1])
        return {name: part.reshape(np.shape(array))
                for (name, array), part in zip(arrays.items(), parts, strict=True)}

    return wait
