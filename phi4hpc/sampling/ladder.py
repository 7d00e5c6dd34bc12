"""The ladder: which replica is at which hopping, and how the exchange between them goes.

Arrays: ck (chain, rung), cp (chain, pair of neighbours), m (pair that meets at a turn, chain by chain), r (replica),
cr (chain, replica of the chain). Replica c K + k starts at rung k of chain c; fields stay where they are and rungs
travel. Every rank holds the whole ladder and changes it alike.
"""

import numpy as np

from phi4hpc.sampling import swap

TURNS = 256                       # turns whose random deviates are drawn at once
COUNTS = ('heading_r', 'trips_cr', 'turns', 'swapped_even_m', 'swapped_odd_m', 'rising_ck', 'known_ck')
STATE = ('kappas', 'replica_ck', *COUNTS)
UNKNOWN, RISING, FALLING, FELL = range(4)     # was last: at neither end, the bottom, the top from the bottom, the top
AT_TOP = np.array([FELL, FALLING, FALLING, FELL], np.int8)                # what they become there


class Ladder:
    """`chains` copies of the rungs `kappas` (ascending) for lattices of size L."""

    def __init__(self, kappas, chains, seed, L):
        self.kappas, self.seed, self.L = np.array(kappas, np.float64), seed, L
        self.chains, self.rungs = chains, len(kappas)
        shape = chains, self.rungs
        self.meetings = swap.meetings(chains, self.rungs)                 # of even and of odd turns
        self.ends = [np.flatnonzero((rung_low_m == 0) | (rung_high_m == self.rungs - 1))
                     for rung_low_m, rung_high_m, *_ in self.meetings]    # the pairs of a turn at an end of the ladder
        self.rung_template_ck = np.tile(np.arange(self.rungs), (chains, 1))
        self.log_uniform = {}                                             # of the block of turns in use
        self.replica_ck = np.arange(chains * self.rungs).reshape(shape)   # which replica is at a rung
        self.heading_r = np.zeros(chains * self.rungs, np.int8)           # which way replicas go
        self.trips_cr = np.zeros(shape, np.int64)                         # bottom to top and back to bottom
        self.turns = np.zeros(2, np.int64)                                # even and odd ones
        self.swapped_even_m, self.swapped_odd_m = (np.zeros(each.pair_m.size, np.int64) for each in self.meetings)
        self.rising_ck, self.known_ck = np.zeros((2, *shape), np.int64)   # of the times looked: it rose, was known
        self._arrive()

    def rung_of(self, replicas):
        """Return the rungs at which the given replicas are."""
        rung = np.empty(self.replica_ck.size, np.int64)
        rung[self.replica_ck] = self.rung_template_ck
        return rung[replicas]

    def exchange(self, hopping_r, turn):
        """Make turn `turn` of swaps; `hopping_r`: the hopping energy H of every replica of every chain."""
        meeting = self.meetings[turn % 2]
        self.take(turn, swap.decide(self.kappas, hopping_r[self.replica_ck], meeting, self._deviates(turn)))

    def take(self, turn, accepted_m):
        """Carry out and count the decisions on the pairs that meet at a turn, and the round trips that are done."""
        odd = turn % 2
        swap.swap(self.replica_ck, self.meetings[odd], accepted_m)
        self.turns[odd] += 1
        counts_m = self.swapped_odd_m if odd else self.swapped_even_m
        counts_m += accepted_m
        if True in accepted_m[self.ends[odd]].tolist():
            self._arrive()

    def _arrive(self):
        """Turn the replicas that are at an end of the ladder."""
        bottom, top = self.replica_ck[:, 0], self.replica_ck[:, -1]
        # Few come home: a list is searched in less time than a comparison of arrays takes.
        if FALLING in self.heading_r[bottom].tolist():
            self.trips_cr.reshape(-1)[bottom] += self.heading_r[bottom] == FALLING
        self.heading_r[bottom] = RISING
        self.heading_r[top] = AT_TOP[self.heading_r[top]]

    @property
    def tried_cp(self):
        """How often each pair met."""
        return np.tile(self.turns[np.arange(self.rungs - 1) % 2], (self.chains, 1))

    @property
    def swapped_cp(self):
        """How often each pair swapped."""
        counts_cp = np.empty((self.chains, self.rungs - 1), np.int64)
        for meeting, counts_m in zip(self.meetings, (self.swapped_even_m, self.swapped_odd_m), strict=True):
            counts_cp.reshape(-1)[meeting.pair_m] = counts_m
        return counts_cp

    def look(self):
        """Count at each rung which way the replica there goes."""
        heading_ck = self.heading_r[self.replica_ck]
        self.rising_ck += heading_ck == RISING
        self.known_ck += heading_ck != UNKNOWN

    def _deviates(self, turn):
        """Return this turn's log uniform deviates (c, p), drawn for a block of turns at a time."""
        first = turn - turn % TURNS
        if first not in self.log_uniform:
            turns = np.arange(first, first + TURNS)
            self.log_uniform = {first: swap.log_uniforms(turns, self.chains, self.rungs, self.seed, self.L)}
        return self.log_uniform[first][turn - first]

    def forget(self):
        """Start the counts of swaps and round trips anew, as at the end of thermalisation."""
        for name in COUNTS:
            getattr(self, name)[...] = 0
        self._arrive()

    def state(self):
        """Return what a checkpoint must hold, a dict of arrays."""
        return {name: getattr(self, name) for name in STATE}

    def restore(self, state):
        """Take up the state of a checkpoint."""
        for name in STATE:
            getattr(self, name)[...] = state[name]
