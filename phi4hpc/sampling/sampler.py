"""The loop that makes draws: step, measure, swap, keep; the same bits on any number of ranks.

All lattices of the deck step together, their replicas dealt out to the ranks. A step is one pass of the recipe and one
turn of swaps, for which one Allgatherv tells every rank of the replicas of all. Thermalisation tunes the step sizes
during its first four fifths; then they are frozen. Draws of a lattice are kept in memory until a chunk is full, then
delivered to the rungs' owners, written and committed. A checkpoint is written now and then, right after every lattice
has committed, so that file and checkpoint agree.
"""

import time

import numpy as np

from phi4hpc.logs import Progress, log
from phi4hpc.sampling.deal import deal
from phi4hpc.sampling.draws import Draws
from phi4hpc.sampling.walk import Walk
from phi4hpc.storage import checkpoint

CHECKPOINT_SECONDS = 60.0


class Sampler:
    """Samples the lattices `shapes` of a deck on all ranks of `comm`, into `writer`, with a checkpoint at `path`."""

    def __init__(self, comm, device, deck, shapes, writer, path):
        self.comm, self.plan, self.path = comm, deck.sample, path
        self.bounds = deal(comm, device, deck, shapes)
        held = self.bounds[:, comm.rank:comm.rank + 2]
        self.walks = [Walk(device, deck, *each) for each in zip(shapes, held, strict=True)]
        self.draws = [Draws(comm, writer, *each) for each in zip(shapes, self.bounds, strict=True)]
        # Ranks hold runs of one row of all replicas: what they tell, in their order, is in the order of that row.
        self.told = np.diff(self.bounds, axis=1).sum(0) * 2
        self.ends = np.cumsum(self.bounds[:, -1])
        self.total = self.plan.thermalisation + self.plan.draws * self.plan.spacing
        self.steps = 0

    def run(self):
        """Thermalise and make all draws, from the last checkpoint where there is one. Collective."""
        self._resume_or_start()
        self.saved = time.monotonic()
        with Progress('sample', self.total, self.comm.rank) as progress:
            progress.skip(self.steps)
            while self.steps < self.total:
                self.advance()
                if self._due():
                    self.save()
                progress.advance()

    def advance(self):
        """Make one step of every lattice: the recipe, a measurement, a draw where it is time for one, and swaps."""
        told = self._tell([walk.step(self.steps) for walk in self.walks])
        drawn = self.steps + 1 - self.plan.thermalisation
        for walk, draws, told_r2 in zip(self.walks, self.draws, told, strict=True):
            if drawn > 0 and drawn % self.plan.spacing == 0:
                draws.keep(walk.replicas.fields.read(), walk.densities_rq, walk.rung_r)
            walk.exchange(told_r2, self.steps)
            if draws.full:
                draws.commit(walk.summary())
        self.steps += 1

    def _tell(self, told):
        """Return what the ranks have to tell of their replicas, each (r, 2) for every lattice, of all replicas."""
        everyone = np.empty((self.ends[-1], 2))
        self.comm.Allgatherv(np.concatenate(told), (everyone, self.told))
        return np.split(everyone, self.ends[:-1])

    def _due(self):
        """Return whether it is time for a checkpoint. Collective."""
        if self.steps == self.total:
            return True
        late = time.monotonic() - self.saved > CHECKPOINT_SECONDS
        return self.steps % self.plan.spacing == 0 and self.comm.bcast(late)

    def save(self):
        """Commit the draws of every lattice, then write a checkpoint. Collective."""
        for walk, draws in zip(self.walks, self.draws, strict=True):
            draws.commit(walk.summary())
        checkpoint.save(self.comm, self.path, self.fields(), self.state())
        self.saved = time.monotonic()

    def fields(self):
        """Return {group: (fields phi_ryx of the replicas that this rank holds, bounds of what each rank holds)}."""
        return {walk.shape.group: (walk.replicas.fields.read(), bounds)
                for walk, bounds in zip(self.walks, self.bounds, strict=True)}

    def state(self):
        """Return what the way on depends on besides the fields: {name: array}, alike on every rank, after any step."""
        of_walks = {f'{walk.shape.group}.{name}': value for walk in self.walks for name, value in walk.state().items()}
        return {'steps': np.array(self.steps), **of_walks}

    def restore(self, fields, state):
        """Take up a state after which all draws are committed; `fields`: {group: phi_ryx of what this rank holds}."""
        self.steps = int(state['steps'])
        for walk, draws in zip(self.walks, self.draws, strict=True):
            group = walk.shape.group
            walk.replicas.fields.write(fields[group])
            walk.restore({name.removeprefix(f'{group}.'): value for name, value in state.items()})
            draws.committed = max(0, self.steps - self.plan.thermalisation) // self.plan.spacing

    def _resume_or_start(self):
        held = {walk.shape.group: walk.replicas.held for walk in self.walks}
        found = checkpoint.load(self.comm, self.path, held)
        if found is None:
            for walk in self.walks:
                walk.replicas.start()
            return
        self.restore(*found)
        log.info('sample: goes on after %d of %d steps', self.steps, self.total)
