"""The ladder: which replica is at which hopping, and how the exchange between them goes.

Arrays: ck (chain, rung), cr (chain, replica of the chain). Replica c K + k starts at rung k of chain c; fields stay
where they are and rungs travel. Every rank holds the whole ladder and changes it alike.
"""

import numpy as np

from phi4hpc.sampling import swap

TURNS = 256                       # turns whose random deviates are drawn at once
STATE = ('kappas', 'replica_ck', 'heading_ck', 'trips_cr', 'tried_cp', 'swapped_cp', 'rising_ck', 'known_ck')
RISING, FALLING, FELL = 1, -1, -2  # was last at the bottom; at the top, having been at the bottom; at the top, not so


class Ladder:
    """`chains` copies of the rungs `kappas` (ascending) for lattices of size L."""

    def __init__(self, kappas, chains, seed, L):
        self.kappas, self.seed, self.L = np.array(kappas, np.float64), seed, L
        self.chains, self.rungs = chains, len(kappas)
        shape = chains, self.rungs
        self.rung_template_ck = np.tile(np.arange(self.rungs), (chains, 1))
        self.log_uniform = {}                                             # of the block of turns in use
        self.replica_ck = np.arange(chains * self.rungs).reshape(shape)   # which replica is at a rung
        self.heading_ck = np.zeros(shape, np.int8)                        # of the replica at a rung; 0: not known yet
        self.trips_cr = np.zeros(shape, np.int64)                         # bottom to top and back to bottom
        self.rising_ck, self.known_ck = np.zeros((2, *shape), np.int64)   # turns whose replica there rises; is known
        self.tried_cp = np.zeros((chains, self.rungs - 1), np.int64)
        self.swapped_cp = np.zeros_like(self.tried_cp)

    def rung_of(self, replicas):
        """Return the rungs at which the given replicas are."""
        rung = np.empty(self.replica_ck.size, np.int64)
        rung[self.replica_ck] = self.rung_template_ck
        return rung[replicas]

    def exchange(self, hopping_r, turn):
        """Make turn `turn` of swaps; `hopping_r`: the hopping energy H of every replica of every chain."""
        self.take(*swap.decide(self.kappas, hopping_r[self.replica_ck], turn, self._deviates(turn)))

    def take(self, low, accepted_cp):
        """Carry out and count the decisions on the pairs above the rungs `low`."""
        for values_ck in (self.replica_ck, self.heading_ck):
            swap.swap(values_ck, low, accepted_cp)
        self.tried_cp[:, low] += 1
        self.swapped_cp[:, low] += accepted_cp
        self._follow()

    def _deviates(self, turn):
        """Return this turn's log uniform deviates (c, p), drawn for a block of turns at a time."""
        first = turn - turn % TURNS
        if first not in self.log_uniform:
            turns = np.arange(first, first + TURNS)
            self.log_uniform = {first: swap.log_uniforms(turns, self.chains, self.rungs, self.seed, self.L)}
        return self.log_uniform[first][turn - first]

    def _follow(self):
        """Turn replicas round at the ends, count round trips, and count at each rung which way they go."""
        bottom, top = self.heading_ck[:, 0], self.heading_ck[:, -1]
        home = np.flatnonzero(bottom == FALLING)
        self.trips_cr[home, self.replica_ck[home, 0] - home * self.rungs] += 1
        bottom[...] = RISING
        top[...] = np.where(abs(top) == RISING, FALLING, FELL)
        self.rising_ck += self.heading_ck == RISING
        self.known_ck += self.heading_ck != 0

    def forget(self):
        """Start the counts of swaps and round trips anew, as at the end of thermalisation."""
        for counts in (self.heading_ck, self.trips_cr, self.tried_cp, self.swapped_cp, self.rising_ck, self.known_ck):
            counts[...] = 0

    def state(self):
        """Return what a checkpoint must hold, a dict of arrays."""
        return {name: getattr(self, name) for name in STATE}

    def restore(self, state):
        """Take up the state of a checkpoint."""
        for name in STATE:
            getattr(self, name)[...] = state[name]
