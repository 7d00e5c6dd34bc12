"""One lattice on its way: its replicas, the ladder on which they wander, its rungs and the step sizes.

What a rank does by itself is `step`; `exchange` is told of the replicas of its team, and does the same on every rank of
it. What is counted of all chains, for tuning and for the file, is summed over all ranks.
"""

import numpy as np

from phi4hpc.lattice.series import DENSITIES
from phi4hpc.sampling import placement
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.replicas import Replicas
from phi4hpc.sampling.team import summed
from phi4hpc.sampling.tuning import WINDOW, acceptance, tuned

HOPPING = DENSITIES.index('hopping')


class Walk:
    """The lattice number `lattice` of a deck, of the given shape, as this rank of `comm` and its team hold it."""

    def __init__(self, comm, device, deck, shape, team, lattice):
        self.comm, self.team, self.shape = comm, team, shape
        self.thermalisation = deck.sample.thermalisation
        self.tuned = self.thermalisation * 4 // 5                           # steps after which step sizes are frozen
        first, last = team.chains[lattice]
        bounds, self.chains = team.bounds[lattice], slice(first, last)
        self.replicas = Replicas(device, deck, shape.L, bounds[team.comm.rank:team.comm.rank + 2])
        self.sizes = tuned(deck.sample, len(shape.kappas))                  # {algorithm: StepSizes}
        self.ladder = Ladder(shape.kappas, last - first, deck.seed, shape.L, self.tells, first)
        for sizes, accepted_k in zip(self.sizes.values(), self.ladder.sums_nk, strict=True):
            sizes.accepted_k = accepted_k
        self.pinned = deck.ladder.pinned
        self.moves = placement.moves(self.thermalisation) if deck.ladder.tuned else ()
        self.proposals = [(sizes, shape.chains * self.replicas.proposals(name)) for name, sizes in self.sizes.items()]
        self.told_rn = np.empty((len(self.ladder.rung_r), self.tells))      # of the replicas of the team
        self.bottom_c1 = len(shape.kappas) * np.arange(last - first)[:, None]
        self.own = slice(*self.replicas.held - bounds[0])
        self.received = self.told_rn, np.diff(bounds) * self.tells

    def step(self, number):
        """Make step `number`, and measure."""
        rung_r = self.ladder.rung_r[self.own]
        sizes = {name: each.size_k[rung_r] for name, each in self.sizes.items()}
        accepted = self.replicas.step(number, self.ladder.kappas[rung_r], sizes)
        self.densities_rq = self.replicas.measure()
        for column, values in enumerate([self.densities_rq[:, HOPPING] * self.shape.L**2, *accepted.values()]):
            self.told_rn[self.own, column] = values

    def draw(self):
        """Return a draw, but for its fields: SERIES of this rank's replicas, and flat rungs of the team's, from 0."""
        series_rq = np.column_stack([self.densities_rq, self.replicas.longest_mode()])
        return series_rq, (self.ladder.rung_r.reshape(-1, self.ladder.rungs) + self.bottom_c1).ravel()

    def exchange(self, number):
        """Tell the team of the replicas here, then swap and tune after step `number`."""
        if self.team.comm.size > 1:
            self.team.comm.Allgatherv(None, self.received)                 # in place
        self.ladder.exchange(self.told_rn, number)
        for sizes, tried in self.proposals:
            sizes.tried += tried
        if number < self.thermalisation:
            self._tune(number)

    def _tune(self, number):
        """Tune after step `number` of thermalisation; after the last one counts begin anew."""
        adapts, moves = number < self.tuned and (number + 1) % WINDOW == 0, number + 1 in self.moves
        if adapts or moves:
            counts = summed(self.comm, self.counts())()
        if adapts:
            for name, sizes in self.sizes.items():
                sizes.accepted_k[...] = counts[f'{name}.accepted_k']
                sizes.adapt(number // WINDOW)
        if moves:
            self.move_rungs(counts)
        if number + 1 == self.thermalisation:
            self.ladder.forget()
            for sizes in self.sizes.values():
                sizes.forget()

    def move_rungs(self, counts):
        """Move the rungs to where all pairs would reject alike, by the swaps of all chains since they last moved."""
        kappas, swapped_cp = self.ladder.kappas, counts['swapped_cp']
        tried_cp = np.broadcast_to(self.ladder.tried_p(counts['turns']), swapped_cp.shape)
        moved = placement.moved(kappas, tried_cp, swapped_cp, self.pinned)
        for sizes in self.sizes.values():
            sizes.follow(kappas, moved)
        self.ladder.move(moved)

    @property
    def tells(self):
        """How many numbers of each replica its team is told: its hopping energy, and proposals accepted."""
        return 1 + len(self.sizes)

    def counts(self):
        """Return {name: array} of which the sum over all ranks is what there is to know of all chains.

        What all ranks know alike is rank 0's to add.
        """
        counts = {name: self._among_all(values) for name, values in self.ladder.state().items()}
        counts['turns'] = (self.comm.rank == 0) * self.ladder.turns
        for name, sizes in self.sizes.items():
            counts[f'{name}.accepted_k'] = sizes.accepted_k
            counts[f'{name}.tried'] = (self.comm.rank == 0) * sizes.tried
        return {name: self.team.speaks * values for name, values in counts.items()}

    def _among_all(self, values):
        """Return an array of the chains here as one of all chains, zero for the others."""
        everyone = np.zeros((self.shape.chains, *values.shape[1:]))
        everyone[self.chains] = values
        return everyone

    def summary(self, counts):
        """Return what ensembles.h5 keeps of the way so far; `counts`: summed over all ranks."""
        tuned = {}
        for name, sizes in self.sizes.items():
            tuned[f'{name}_step_size'] = sizes.size_k
            tuned[f'{name}_acceptance'] = acceptance(counts[f'{name}.accepted_k'], counts[f'{name}.tried'])
        return {'kappa': self.ladder.kappas, 'swap_tried': self.ladder.tried_p(counts['turns']),
                'swap_accepted': counts['swapped_cp'], 'round_trips': counts['trips_cr'],
                'flow_rising': counts['rising_ck'], 'flow_known': counts['known_ck'], **tuned}

    def state(self, counts):
        """Return what the way on depends on besides the fields, a dict of arrays; `counts`: summed over all ranks."""
        sizes = {f'{name}.size_k': sizes.size_k for name, sizes in self.sizes.items()}
        return {'kappas': self.ladder.kappas, **counts, **sizes}

    def restore(self, state):
        """Take up a state."""
        of_chains = {name: state[name][self.chains] for name in self.ladder.state()}
        self.ladder.restore(state['kappas'], state['turns'], of_chains)
        for name, sizes in self.sizes.items():
            accepted_k = (self.comm.rank == 0) * state[f'{name}.accepted_k']
            sizes.restore(state[f'{name}.size_k'], accepted_k, state[f'{name}.tried'])
