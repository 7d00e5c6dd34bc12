"""The ladder: which replica is at which hopping, and the turns of swaps between neighbouring
rungs.

Arrays: ck (chain, rung), cp (chain, pair of neighbours), r (replica), cr (chain, replica of the
chain), n (what a replica reports: in `reports_rn` its hopping energy first; `sums_nk` lacks it).
Replica c K + k starts at rung k of chain c; fields stay where they are and rungs travel. All ranks
that share chains hold the whole of them and change them alike.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phi4hpc.device import source
from phi4hpc.device.compiler import library
from phi4hpc.device.host import Call, Module
from phi4hpc.kernels.philox import Stream, key
from phi4hpc.sampling import swap

COUNTS = ('heading_cr', 'trips_cr', 'swapped_cp', 'rising_ck', 'known_ck')


class Ladder:
    """`chains` copies of the rungs `kappas` (ascending) for lattices of size L.

    `columns`: how many numbers each replica reports; `first`: the number of the first chain.
    Replicas are numbered from that chain's own. A turn, which every rank makes after every step
    for all of these replicas, is compiled: kernels/exchange.cpp.
    """

    def __init__(self, kappas: ArrayLike, chains: int, seed: int, L: int, columns: int = 1,
                 first: int = 0) -> None:
        self.kappas = np.array(kappas, np.float64)
        self.slope_p = np.empty(len(self.kappas) - 1)
        self.first, self.chains, self.rungs = first, chains, len(self.kappas)
        shape, pairs = (chains, self.rungs), (chains, self.rungs - 1)
        # The replica at each rung, the rung of each replica, and the sums of what replicas report.
        self.replica_ck = np.arange(chains * self.rungs).reshape(shape)
        self.rung_r = np.empty(chains * self.rungs, np.int64)
        self.sums_nk = np.zeros((columns - 1, self.rungs))
        # Which way replicas go, and how often they went from bottom to top and back to bottom.
        self.heading_cr, self.trips_cr = np.zeros(shape, np.int8), np.zeros(shape, np.int64)
        # Even and odd turns, and the swaps in them.
        self.turns, self.swapped_cp = np.zeros(2, np.int64), np.zeros(pairs, np.int64)
        # The turns after which the replica at a rung was rising, and those after which it was
        # known where it goes.
        self.rising_ck, self.known_ck = np.zeros((2, *shape), np.int64)
        self.ends = (np.int32(chains), np.int32(self.rungs), self.replica_ck, self.heading_cr,
                     self.trips_cr)
        self.number = np.zeros(1, np.uint32)                              # of the turn
        self.keys = [*map(np.uint32, key(seed, Stream.SWAP, L))]
        self.kernels = exchange_kernels()
        self.reports_rn: NDArray[np.float64] | None = None
        self._derive()
        self._arrive()

    def turn(self, reports_rn: NDArray[np.float64], number: int) -> None:
        """Make turn `number` of swaps.

        `reports_rn`: of every replica the hopping energy H, and what is added to `sums_nk` at its
        rung. It is quickest where that is the same array every time.
        """
        if reports_rn is not self.reports_rn:
            self.reports_rn, self._call = reports_rn, self._bound(reports_rn)
        self.number[0] = number % 2**32
        self._call(1)

    def _bound(self, reports_rn: NDArray[np.float64]) -> Call:
        """Return the compiled turn with all that it works on, which stays where it is.

        To pass that takes longer than a turn.
        """
        return self.kernels.call('exchange', reports_rn, np.int32(reports_rn.shape[1]),
                                 self.number, *self.keys, self.slope_p, np.int32(self.first),
                                 *self.ends, self.rung_r, self.sums_nk, self.swapped_cp,
                                 self.turns, self.rising_ck, self.known_ck)

    def _arrive(self) -> None:
        """Note which replicas are at the ends of the ladder."""
        self.kernels.launch('arrive', 1, *self.ends)

    def _derive(self) -> None:
        """Set what follows from the rungs and from which replica is where."""
        self.rung_r[self.replica_ck] = np.arange(self.rungs)
        self.slope_p[...] = swap.log_acceptance(self.kappas[:-1], self.kappas[1:], 1.0, 0.0)

    def tried_p(self, turns: NDArray[Any]) -> NDArray[Any]:
        """Return how often each pair of a chain met in these numbers of even and odd turns."""
        return turns[np.arange(self.rungs - 1) % 2]

    def move(self, kappas: ArrayLike) -> None:
        """Move the rungs, and start the counts of swaps anew."""
        self.kappas[...] = kappas
        self._derive()
        self.forget()

    def forget(self) -> None:
        """Start the counts of swaps and round trips anew, as at the end of thermalisation."""
        for name in ('turns', *COUNTS):
            getattr(self, name)[...] = 0
        self._arrive()

    def state(self) -> dict[str, NDArray[Any]]:
        """Return {name: array (chain, ...)}: which replica is at which rung, and all counts of
        swaps.

        Replicas have their numbers from the very first chain on.
        """
        return {'replica_ck': self.replica_ck + self.first * self.rungs,
                **{name: getattr(self, name) for name in COUNTS}}

    def restore(self, kappas: ArrayLike, turns: ArrayLike,
                state: Mapping[str, NDArray[Any]]) -> None:
        """Take up the rungs, the numbers of even and odd turns, and the `state` of these chains."""
        self.kappas[...], self.turns[...] = kappas, turns
        for name, value in state.items():
            getattr(self, name)[...] = value
        self.replica_ck -= self.first * self.rungs
        self._derive()


def exchange_kernels() -> Module:
    """Return the compiled turn."""
    path = source.FOLDER / 'exchange.cpp'
    return Module(library(path, f'#include "{path}"\n'))
