"""One lattice on its way: its replicas, the ladder on which they wander, its rungs and the step sizes.

What a rank does by itself is `step`; `exchange` needs to be told of the replicas of all ranks, and does the same on
every rank.
"""

import numpy as np

from phi4hpc.lattice.observables import DENSITIES
from phi4hpc.sampling import placement
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.replicas import Replicas
from phi4hpc.sampling.tuning import WINDOW, tuned

HOPPING = DENSITIES.index('hopping')


class Walk:
    """The lattice `shape` of a deck; `held`: (first, last), this rank holds the replicas first ... last - 1."""

    def __init__(self, device, deck, shape, held):
        self.shape, self.thermalisation = shape, deck.sample.thermalisation
        self.tuned = self.thermalisation * 4 // 5                           # steps after which step sizes are frozen
        self.replicas = Replicas(device, deck, shape.L, held)
        self.sizes = tuned(deck.sample, len(shape.kappas))                  # {algorithm: StepSizes}
        self.ladder = Ladder(shape.kappas, shape.chains, deck.seed, shape.L, self.tells)
        for sizes, accepted_k in zip(self.sizes.values(), self.ladder.sums_nk, strict=True):
            sizes.accepted_k = accepted_k
        self.pinned = deck.ladder.pinned
        self.moves = placement.moves(self.thermalisation) if deck.ladder.tuned else ()
        self.told_rn = np.empty((len(self.replicas.own), self.tells))
        self.proposals = [(sizes, shape.chains * self.replicas.proposals(name)) for name, sizes in self.sizes.items()]

    def step(self, number):
        """Make step `number` and measure; return (r, `tells`) of this rank's replicas.

        These are the hopping energy H, and how many proposals were accepted of each algorithm with a step size.
        """
        rung_r = self.ladder.rung_r[slice(*self.replicas.held)]
        sizes = {name: each.size_k[rung_r] for name, each in self.sizes.items()}
        accepted = self.replicas.step(number, self.ladder.kappas[rung_r], sizes)
        self.densities_rq = self.replicas.measure()
        for column, values in enumerate([self.densities_rq[:, HOPPING] * self.shape.L**2, *accepted.values()]):
            self.told_rn[:, column] = values
        return self.told_rn

    def draw(self):
        """Return a draw: what begins to fetch this rank's fields, its SERIES, and the rungs of all replicas."""
        self.ladder.look()
        series_rq = np.column_stack([self.densities_rq, self.replicas.longest_mode()])
        return self.replicas.fields.fetch, series_rq, self.ladder.rung_r

    def exchange(self, told_rn, number):
        """Tune and swap after step `number`, by what `step` returned for the replicas of all ranks."""
        self.ladder.exchange(told_rn, number)
        for sizes, tried in self.proposals:
            sizes.tried += tried
        if number < self.thermalisation:
            self._tune(number)

    def _tune(self, number):
        """Tune after step `number` of thermalisation; after the last one counts begin anew."""
        if number < self.tuned and (number + 1) % WINDOW == 0:
            for sizes in self.sizes.values():
                sizes.adapt(number // WINDOW)
        if number + 1 in self.moves:
            self.move_rungs()
        if number + 1 == self.thermalisation:
            self.ladder.forget()
            for sizes in self.sizes.values():
                sizes.forget()

    def move_rungs(self):
        """Move the rungs to where all pairs would reject alike, by the swaps since they last moved."""
        kappas = self.ladder.kappas
        moved = placement.moved(kappas, self.ladder.tried_cp, self.ladder.swapped_cp, self.pinned)
        for sizes in self.sizes.values():
            sizes.follow(kappas, moved)
        self.ladder.move(moved)

    @property
    def tells(self):
        """How many numbers of each replica the others are told."""
        return 1 + len(self.sizes)

    def summary(self):
        """Return what ensembles.h5 keeps of the way so far."""
        tuned = {f'{name}_{what}': values for name, sizes in self.sizes.items()
                 for what, values in (('step_size', sizes.size_k), ('acceptance', sizes.found()))}
        return {'kappa': self.ladder.kappas, 'swap_tried': self.ladder.tried_cp,
                'swap_accepted': self.ladder.swapped_cp, 'round_trips': self.ladder.trips_cr,
                'flow_rising': self.ladder.rising_ck, 'flow_known': self.ladder.known_ck, **tuned}

    def state(self):
        """Return what the way on depends on besides the fields, a dict of arrays, alike on every rank."""
        tuned = {f'{name}.{what}': values for name, sizes in self.sizes.items()
                 for what, values in sizes.state().items()}
        return self.ladder.state() | tuned

    def restore(self, state):
        """Take up a state."""
        self.ladder.restore(state)
        for name, sizes in self.sizes.items():
            sizes.restore({what: state[f'{name}.{what}'] for what in sizes.state()})
