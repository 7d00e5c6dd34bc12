"""One lattice while it is sampled: its replicas, the ladder on which they wander, its rungs and
the step sizes.

What a rank does by itself is `step`. In `swap` the ranks of a team report on their replicas to
each other, and then do the same. What is counted of all chains, for tuning and for the file, is
summed over all ranks.
"""

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phi4hpc.deck.schema import Deck
from phi4hpc.device.device import Device
from phi4hpc.lattice.series import DENSITIES
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.sampling import placement
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.replicas import Replicas, finished
from phi4hpc.sampling.team import Team, summed
from phi4hpc.sampling.tuning import WINDOW, acceptance, step_sizes
from phi4hpc.storage.layout import Shape

HOPPING = DENSITIES.index('hopping')


class LatticeSampler:
    """The lattice number `lattice` of a deck, of the given shape, as this rank of `comm` and its
    team hold it."""

    def __init__(self, comm: Communicator, device: Device, deck: Deck, shape: Shape, team: Team,
                 lattice: int) -> None:
        self.comm, self.team, self.shape = comm, team, shape
        self.thermalisation = deck.sample.thermalisation
        self.frozen_after = self.thermalisation * 4 // 5            # steps that tune step sizes
        first, last = team.chains[lattice]
        bounds, self.chains = team.bounds[lattice], slice(first, last)
        begin, end = map(int, bounds[team.comm.rank:team.comm.rank + 2])
        self.replicas = Replicas(device, deck, shape.L, (begin, end))
        self.sizes = step_sizes(deck.sample, shape.L, len(shape.kappas))    # {algorithm: StepSizes}
        columns = 1 + len(self.sizes)
        self.ladder = Ladder(shape.kappas, last - first, deck.seed, shape.L, columns, first)
        self.pinned = deck.ladder.pinned
        self.moves = placement.moves(self.thermalisation) if deck.ladder.tuned else frozenset()
        # Of each replica of the team: its hopping energy, and the accepted proposals of each
        # algorithm in `sizes`.
        self.reports_rn = np.empty((len(self.ladder.rung_r), columns))
        self.bottom_c1 = len(shape.kappas) * np.arange(last - first)[:, None]
        self.own = slice(begin - bounds[0], end - bounds[0])
        self.received = self.reports_rn, np.diff(bounds) * columns

    def step(self, number: int) -> None:
        """Make step `number` of the replicas here, and measure."""
        finished(self.parts(number))

    def parts(self, number: int) -> Generator[str, None, None]:
        """Make `step`, and yield the name of each algorithm, and `measure`, when it is done."""
        rung_r = self.ladder.rung_r[self.own]
        sizes = {name: each.size_k[rung_r] for name, each in self.sizes.items()}
        accepted = yield from self.replicas.parts(number, self.ladder.kappas[rung_r], sizes)
        self.densities_rq = self.replicas.measure()
        self.reports_rn[self.own, 0] = self.densities_rq[:, HOPPING] * self.shape.L**2
        for column, values in enumerate(accepted.values(), 1):
            self.reports_rn[self.own, column] = values
        yield 'measure'

    def draw(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return what a draw keeps beside its fields.

        That is (r, q) the SERIES of this rank's replicas, and (r,) the flat rung of each of the
        team's, from 0.
        """
        series_rq = np.column_stack([self.densities_rq, self.replicas.longest_mode()])
        rung_ck = self.ladder.rung_r.reshape(-1, self.ladder.rungs) + self.bottom_c1
        return series_rq, rung_ck.ravel()

    def swap(self, number: int) -> None:
        """Report to the team on the replicas here, then swap and tune after step `number`.
        Collective in the team."""
        if self.team.comm.size > 1:
            self.team.comm.Allgatherv(None, self.received)                 # in place
        self.ladder.turn(self.reports_rn, number)
        for sizes in self.sizes.values():
            sizes.tried += self.shape.chains * sizes.proposals
        if number < self.thermalisation:
            self._tune(number)

    def _tune(self, number: int) -> None:
        """Tune after step `number` of thermalisation; after the last one counts begin anew."""
        adapts = number < self.frozen_after and (number + 1) % WINDOW == 0
        moves = number + 1 in self.moves
        if adapts or moves:
            counts = summed(self.comm, self.counts())()
        if adapts:
            for name, sizes in self.sizes.items():
                sizes.adapt(number // WINDOW, counts[f'{name}.accepted_k'])
            self._forget_proposals()
        if moves:
            self.move_rungs(counts)
        if number + 1 == self.thermalisation:
            self.ladder.forget()
            self._forget_proposals()

    def move_rungs(self, counts: Mapping[str, NDArray[Any]]) -> None:
        """Move the rungs to where all pairs would reject alike, by the swaps of all chains since
        they last moved."""
        kappas, swapped_cp = self.ladder.kappas, counts['swapped_cp']
        tried_cp = np.broadcast_to(self.ladder.tried_p(counts['turns']), swapped_cp.shape)
        moved = placement.moved(kappas, tried_cp, swapped_cp, self.pinned)
        for sizes in self.sizes.values():
            sizes.follow(kappas, moved)
        self._forget_proposals()
        self.ladder.move(moved)

    def _forget_proposals(self) -> None:
        """Let the counts of proposals begin anew."""
        self.ladder.sums_nk[...] = 0
        for sizes in self.sizes.values():
            sizes.tried = 0

    def counts(self) -> dict[str, NDArray[Any]]:
        """Return {name: array} whose sum over all ranks is what is known of all chains.

        What all ranks know alike is rank 0's to add, what a team knows is its first rank's.
        """
        counts = {name: self._among_all(values) for name, values in self.ladder.state().items()}
        counts['turns'] = (self.comm.rank == 0) * self.ladder.turns
        for (name, sizes), accepted_k in zip(self.sizes.items(), self.ladder.sums_nk, strict=True):
            counts[f'{name}.accepted_k'] = accepted_k
            counts[f'{name}.tried'] = (self.comm.rank == 0) * np.array(sizes.tried)
        return {name: self.team.speaks * values for name, values in counts.items()}

    def _among_all(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return an array of the chains here as one of all chains, zero for the others."""
        everyone = np.zeros((self.shape.chains, *values.shape[1:]))
        everyone[self.chains] = values
        return everyone

    def summary(self, counts: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return what ensembles.h5 keeps of the way so far; `counts`: summed over all ranks."""
        proposals = {}
        for name, sizes in self.sizes.items():
            proposals[f'{name}_step_size'] = sizes.size_k
            accepted_k, tried = counts[f'{name}.accepted_k'], counts[f'{name}.tried']
            proposals[f'{name}_acceptance'] = acceptance(accepted_k, tried)
        return {'kappa': self.ladder.kappas, 'swap_tried': self.ladder.tried_p(counts['turns']),
                'swap_accepted': counts['swapped_cp'], 'round_trips': counts['trips_cr'],
                'flow_rising': counts['rising_ck'], 'flow_known': counts['known_ck'], **proposals}

    def state(self, counts: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return what the way on depends on besides the fields; `counts`: summed over all ranks."""
        sizes = {f'{name}.size_k': sizes.size_k for name, sizes in self.sizes.items()}
        return {'kappas': self.ladder.kappas, **counts, **sizes}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take up a state."""
        of_chains = {name: state[name][self.chains] for name in self.ladder.state()}
        self.ladder.restore(state['kappas'], state['turns'], of_chains)
        for (name, sizes), accepted_k in zip(self.sizes.items(), self.ladder.sums_nk, strict=True):
            sizes.size_k[...] = state[f'{name}.size_k']
            sizes.tried = int(state[f'{name}.tried'])
            accepted_k[...] = (self.comm.rank == 0) * state[f'{name}.accepted_k']
