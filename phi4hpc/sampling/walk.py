"""One lattice on its way: its replicas, the ladder on which they wander, its rungs and the step sizes.

What a rank does by itself is `step`; `exchange` needs to be told of the replicas of all ranks, and does the same on
every rank.
"""

import numpy as np

from phi4hpc.lattice.observables import DENSITIES
from phi4hpc.sampling import placement
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.replicas import Replicas
from phi4hpc.sampling.tuning import WINDOW, Widths

HOPPING = DENSITIES.index('hopping')


class Walk:
    """The lattice `shape` of a deck; `held`: (first, last), this rank holds the replicas first ... last - 1."""

    def __init__(self, device, deck, shape, held):
        self.shape, self.thermalisation = shape, deck.sample.thermalisation
        self.replicas = Replicas(device, deck, shape.L, held)
        self.ladder = Ladder(shape.kappas, shape.chains, deck.seed, shape.L)
        self.widths = Widths(len(shape.kappas), deck.sample.acceptance)
        self.pinned = deck.ladder.pinned
        self.moves = placement.moves(self.thermalisation) if deck.ladder.tuned else ()
        self.everyone = np.arange(shape.rungs)

    def step(self, number):
        """Make step `number` and measure; return (r, 2) of this rank's replicas: hopping energy H, accepted hits."""
        self.rung_r = self.ladder.rung_of(self.everyone)
        rung_r = self.rung_r[self.replicas.own]
        accepted_r = self.replicas.step(number, self.ladder.kappas[rung_r], self.widths.width_k[rung_r])
        self.densities_rq = self.replicas.measure()
        return np.stack([self.densities_rq[:, HOPPING] * self.shape.L**2, accepted_r], 1)

    def draw(self):
        """Return a draw: what fetches this rank's fields, its densities, and the rungs of the replicas of all ranks."""
        self.ladder.look()
        return self.replicas.fields.fetch(), self.densities_rq, self.rung_r

    def exchange(self, told_r2, number):
        """Tune and swap after step `number`, by what `step` returned for the replicas of all ranks."""
        hopping_r, accepted_r = told_r2.T
        if number < self.tuned:
            self.widths.count(self.rung_r, accepted_r, self.replicas.hits)
            if (number + 1) % WINDOW == 0:
                self.widths.adapt()
        if self.ladder.rungs > 1:
            self.ladder.exchange(hopping_r, number)
        if number + 1 in self.moves:
            self.move_rungs()
        if number + 1 == self.thermalisation:
            self.ladder.forget()

    def move_rungs(self):
        """Move the rungs to where all pairs would reject alike, by the swaps since they last moved."""
        kappas = self.ladder.kappas
        moved = placement.moved(kappas, self.ladder.tried_cp, self.ladder.swapped_cp, self.pinned)
        self.widths.follow(kappas, moved)
        self.ladder.kappas = moved
        self.ladder.forget()

    @property
    def tuned(self):
        """The step from which on the step sizes are frozen."""
        return self.thermalisation * 4 // 5

    def summary(self):
        """Return what ensembles.h5 keeps of the way so far."""
        return {'kappa': self.ladder.kappas, 'step_size': self.widths.width_k, 'swap_tried': self.ladder.tried_cp,
                'swap_accepted': self.ladder.swapped_cp, 'round_trips': self.ladder.trips_cr,
                'flow_rising': self.ladder.rising_ck, 'flow_known': self.ladder.known_ck}

    def state(self):
        """Return what the way on depends on besides the fields, a dict of arrays, alike on every rank."""
        return self.ladder.state() | self.widths.state()

    def restore(self, state):
        """Take up a state."""
        self.ladder.restore(state)
        self.widths.restore(state)
