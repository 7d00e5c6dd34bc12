"""The ladder: which replica is at which hopping, and how the exchange between them goes.

Arrays: ck (chain, rung), cp (chain, pair of neighbours), r (replica), cr (chain, replica of the chain), n (what a
replica tells besides its hopping energy). Replica c K + k starts at rung k of chain c; fields stay where they are and
rungs travel. All ranks that share chains hold them whole and change them alike.
"""

import numpy as np

from phi4hpc.device import host
from phi4hpc.kernels.philox import Stream, key
from phi4hpc.sampling import swap

COUNTS = ('heading_cr', 'trips_cr', 'swapped_cp', 'rising_ck', 'known_ck')


class Ladder:
    """`chains` copies of the rungs `kappas` (ascending) for lattices of size L; `tells`: numbers that a replica tells.

    `first`: the number of the first chain; replicas are numbered from its own. A turn, which every rank makes after
    every step for all of these replicas, is compiled: kernels/exchange.cu.
    """

    def __init__(self, kappas, chains, seed, L, tells=1, first=0):
        self.kappas, self.slope_p = np.array(kappas, np.float64), np.empty(len(kappas) - 1)
        self.first, self.chains, self.rungs = first, chains, len(kappas)
        shape, pairs = (chains, self.rungs), (chains, self.rungs - 1)
        self.replica_ck = np.arange(chains * self.rungs).reshape(shape)   # which replica is at a rung
        self.rung_r = np.empty(chains * self.rungs, np.int64)             # the rung of a replica
        self.sums_nk = np.zeros((tells - 1, self.rungs))                  # of what replicas told at a rung
        self.heading_cr = np.zeros(shape, np.int8)                        # which way replicas go
        self.trips_cr = np.zeros(shape, np.int64)                         # bottom to top and back to bottom
        self.turns = np.zeros(2, np.int64)                                # even and odd ones
        self.swapped_cp = np.zeros(pairs, np.int64)
        self.rising_ck, self.known_ck = np.zeros((2, *shape), np.int64)   # of all turns: it rose, was known
        self.told_rn, self.keys = None, [*map(np.uint32, key(seed, Stream.SWAP, L))]
        self.ends = np.int32(chains), np.int32(self.rungs), self.replica_ck, self.heading_cr, self.trips_cr
        self.kernels = host.Module(host.shared_object('exchange'))
        self._derive()
        self._arrive()

    def _bind(self, told_rn):
        """Pass the compiled turn all that it works on, which stays where it is: that takes longer than a turn."""
        self.told_rn = told_rn
        self._turn = self.kernels.call('exchange', told_rn, np.int32(told_rn.shape[1]), np.uint32(0), *self.keys,
                                       self.slope_p, np.int32(self.first), *self.ends, self.rung_r, self.sums_nk,
                                       self.swapped_cp, self.turns, self.rising_ck, self.known_ck)
        self._number = self._turn.values[2]

    def _arrive(self):
        """Turn the replicas that are at an end of the ladder."""
        self.kernels.launch('arrive', 1, *self.ends)

    def _derive(self):
        """Set what follows from the rungs and from who is where."""
        self.rung_r[self.replica_ck] = np.arange(self.rungs)
        self.slope_p[...] = swap.log_acceptance(self.kappas[:-1], self.kappas[1:], 1.0, 0.0)

    def exchange(self, told_rn, turn):
        """Make turn `turn` of swaps; `told_rn`: of every replica the hopping energy H, and what adds to `sums_nk`.

        Quickest where that is the same array every time.
        """
        if told_rn is not self.told_rn:
            self._bind(told_rn)
        self._number.value = turn % 2**32
        self._turn(1)

    def tried_p(self, turns):
        """Return how often each pair of a chain met in so many even and odd turns."""
        return turns[np.arange(self.rungs - 1) % 2]

    def move(self, kappas):
        """Move the rungs, and start counts anew."""
        self.kappas[...] = kappas
        self._derive()
        self.forget()

    def forget(self):
        """Start the counts of swaps and round trips anew, as at the end of thermalisation."""
        for name in ('turns', *COUNTS):
            getattr(self, name)[...] = 0
        self._arrive()

    def state(self):
        """Return {name: array (chain, ...)}, who is at which rung, with numbers from the very first chain on, and all
        that was counted."""
        return {'replica_ck': self.replica_ck + self.first * self.rungs,
                **{name: getattr(self, name) for name in COUNTS}}

    def restore(self, kappas, turns, state):
        """Take up the rungs, how many even and odd turns there were, and the `state` of these chains."""
        self.kappas[...], self.turns[...] = kappas, turns
        for name, value in state.items():
            getattr(self, name)[...] = value
        self.replica_ck -= self.first * self.rungs
        self._derive()
