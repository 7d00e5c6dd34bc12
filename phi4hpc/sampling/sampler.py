"""The loop that makes draws: step, measure, swap, keep; the same bits on any number of ranks.

All lattices of the deck step together, their replicas dealt out to the ranks. A step is one pass of the recipe and one
turn of swaps, for which one Allgatherv tells every rank of the replicas of all. Thermalisation tunes the step sizes
during its first four fifths; then they are frozen. Draws of a lattice go a few at a time to the owners of their rungs,
who write them, and are committed when a block of them is full. A checkpoint is written when the run's control asks for
one, right after every lattice has committed, so that file and checkpoint agree.
"""

import time

import numpy as np

from phi4hpc.logs import Progress, log
from phi4hpc.runcontrol import Action, Stopped
from phi4hpc.sampling.deal import deal
from phi4hpc.sampling.draws import Draws
from phi4hpc.sampling.walk import Walk
from phi4hpc.storage import checkpoint


class Sampler:
    """Samples the lattices `shapes` of a deck on all ranks of `comm`, into `writer`, with checkpoints in `folder`.

    `control`: the runcontrol.Control that is asked after every step.
    """

    def __init__(self, comm, device, deck, shapes, writer, folder, control):
        self.comm, self.plan, self.control = comm, deck.sample, control
        self.folder, self.generations, self.device = folder, deck.checkpoint.keep, device
        self.bounds = deal(comm, device, deck, shapes)
        held = self.bounds[:, comm.rank:comm.rank + 2]
        self.walks = [Walk(device, deck, *each) for each in zip(shapes, held, strict=True)]
        self.draws = [Draws(comm, writer, *each) for each in zip(shapes, self.bounds, strict=True)]
        # Ranks hold runs of one row of all replicas: what they tell, in their order, is in the order of that row.
        counts, ends = np.diff(self.bounds, axis=1).sum(0), np.cumsum(self.bounds[:, -1])
        self.own, self.everyone = (np.empty((n, self.walks[0].tells)) for n in (counts[comm.rank], ends[-1]))
        self.received = self.everyone, counts * self.walks[0].tells
        self.told = np.split(self.everyone, ends[:-1])                     # of each lattice
        self.total = self.plan.thermalisation + self.plan.draws * self.plan.spacing
        self.writer, self.steps = writer, 0
        self.stalled = 0.0                                                 # seconds that draws took from sampling

    def run(self):
        """Thermalise and make all draws, from the last checkpoint where there is one. Collective.

        Raises Stopped, with everything saved, where the control says so.
        """
        self._resume_or_start()
        self.control.begin()
        began = time.monotonic()
        with Progress('sample', self.total, self.comm.rank) as progress:
            progress.skip(self.steps)
            while self.steps < self.total:
                self.advance()
                progress.advance()
                action = self.control.ask()
                if action or self.steps == self.total:
                    self.save()
                if action is Action.STOP:
                    raise Stopped(f'after {self.steps} of {self.total} steps')
        elapsed = max(time.monotonic() - began, 1e-9)
        log.info('sample: %.1f s, of which %.1f%% went into bringing draws to the file', elapsed,
                 100 * self.stalled / elapsed)

    def advance(self):
        """Make one step of every lattice: the recipe, a measurement, a draw where it is time for one, and swaps."""
        told = self._tell([walk.step(self.steps) for walk in self.walks])
        drawn = self.steps + 1 - self.plan.thermalisation
        for walk, draws, told_rn in zip(self.walks, self.draws, told, strict=True):
            if drawn > 0 and drawn % self.plan.spacing == 0:
                self._stall(draws.keep, *walk.draw())
            walk.exchange(told_rn, self.steps)
            if draws.full:
                self._stall(draws.commit, walk.summary())
        self.steps += 1

    def _tell(self, told):
        """Return what the ranks have to tell of their replicas, each (r, n) for every lattice, of all replicas."""
        self.comm.Allgatherv(np.concatenate(told, out=self.own), self.received)
        return self.told

    def _stall(self, act, *args):
        """Do something for the file in place of sampling, and count how long that takes."""
        began = time.monotonic()
        act(*args)
        self.stalled += time.monotonic() - began

    def save(self):
        """Commit the draws of every lattice, then write a checkpoint. Collective."""
        for walk, draws in zip(self.walks, self.draws, strict=True):
            self._stall(draws.commit, walk.summary())
        self._stall(self.writer.sync)
        self._stall(checkpoint.save, self.comm, self.folder, self.generations, self.fields(), self.state())

    def fields(self):
        """Return {group: (fields phi_ryx of the replicas that this rank holds, bounds of what each rank holds)}."""
        return {walk.shape.group: (walk.replicas.fields.read(), bounds)
                for walk, bounds in zip(self.walks, self.bounds, strict=True)}

    def state(self):
        """Return what the way on depends on besides the fields: {name: array}, alike on every rank, after any step."""
        of_walks = {f'{walk.shape.group}.{name}': value for walk in self.walks for name, value in walk.state().items()}
        return {'steps': np.array(self.steps), 'device': np.bytes_(self.device.name), **of_walks}

    def restore(self, fields, state):
        """Take up a state after which all draws are committed; `fields`: {group: phi_ryx of what this rank holds}."""
        self.steps = int(state['steps'])
        for walk, draws in zip(self.walks, self.draws, strict=True):
            group = walk.shape.group
            walk.replicas.fields.write(fields[group])
            walk.restore({name.removeprefix(f'{group}.'): value for name, value in state.items()})
            draws.go_on(max(0, self.steps - self.plan.thermalisation) // self.plan.spacing, walk.summary())
        if (made_on := state['device'].decode()) != self.device.name:
            log.warning('sample: the checkpoint was made on the device %s and goes on on %s: the same distribution, '
                        'not the same bits', made_on, self.device.name)

    def _resume_or_start(self):
        held = {walk.shape.group: walk.replicas.held for walk in self.walks}
        found = checkpoint.load(self.comm, self.folder, held)
        if found is None:
            for walk, draws in zip(self.walks, self.draws, strict=True):
                walk.replicas.start()
                draws.go_on(0, walk.summary())
            return
        self.restore(*found)
        log.info('sample: goes on after %d of %d steps', self.steps, self.total)
