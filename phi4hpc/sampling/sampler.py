"""The loop that makes draws: step, measure, swap, keep; the same bits on any number of ranks.

A step is one pass of the recipe and one turn of swaps. Thermalisation tunes the step sizes during its first four
fifths; then they are frozen. Draws are kept in memory until a chunk is full, then delivered to the rungs' owners,
written and committed. A checkpoint is written now and then, right after a commit, so the two agree.
"""

import time
from dataclasses import dataclass

import numpy as np

from phi4hpc.lattice.observables import SERIES
from phi4hpc.logs import Progress, log
from phi4hpc.mpi import block
from phi4hpc.sampling import tuning
from phi4hpc.sampling.delivery import deliver
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.replicas import Replicas
from phi4hpc.storage import checkpoint

CHECKPOINT_SECONDS = 60.0


@dataclass
class Buffer:
    """Draws that are not written yet, in the order of draws."""

    phi: list
    densities: list
    rung: list

    def clear(self):
        for kept in (self.phi, self.densities, self.rung):
            kept.clear()


class Sampler:
    """Samples one lattice of a deck on all ranks of `comm`, into `writer`, with checkpoints at `checkpoint_path`."""

    def __init__(self, comm, device, deck, shape, writer, checkpoint_path):
        self.comm, self.deck, self.plan, self.shape, self.writer = comm, deck, deck.sample, shape, writer
        self.path = checkpoint_path
        self.replicas = Replicas(comm, device, deck, shape.L)
        self.ladder = Ladder(shape.kappas, shape.chains, deck.seed, shape.L)
        self.widths = tuning.Widths(len(shape.kappas), self.plan.acceptance)
        self.buffer = Buffer([], [], [])
        self.steps = self.committed = 0
        self.spans = [np.diff(block(self.replicas.total, comm.size, rank))[0] for rank in range(comm.size)]

    @property
    def drawn(self):
        """Draws made so far, written or not."""
        return self.committed + len(self.buffer.phi)

    def run(self):
        """Thermalise and make all draws, from the last checkpoint where there is one."""
        self._resume_or_start()
        self.saved = time.monotonic()
        total = self.plan.thermalisation + self.plan.draws * self.plan.spacing
        with Progress(f'sample L = {self.shape.L}', total, self.comm.rank) as progress:
            progress.skip(self.steps)
            while self.steps < total:
                densities = self._step()
                if self.steps <= self.plan.thermalisation:
                    self._thermalise()
                elif (self.steps - self.plan.thermalisation) % self.plan.spacing == 0:
                    self._keep(densities)
                progress.advance()

    def _step(self):
        """Make one step and one turn of swaps; return this rank's densities (r, 4), measured before the swaps."""
        rung_r = self.ladder.rung_of(self.replicas.own)
        accepted = self.replicas.step(self.steps, rung_r, self.widths.width_k)
        if self._tunes():
            self.widths.count(rung_r, accepted, self.replicas.hits)
        densities = self.replicas.fields.measure()
        self.rung_at_measurement = self.ladder.rung_of(np.arange(self.replicas.total))
        if self.ladder.rungs > 1:
            self.ladder.exchange(self._all_hoppings(densities[:, 1]), self.steps)
        self.steps += 1
        return densities

    def _all_hoppings(self, hopping_r):
        """Return the hopping energy H of every replica of every rank."""
        everyone = np.empty(self.replicas.total)
        self.comm.Allgatherv(hopping_r * self.shape.L**2, (everyone, self.spans))
        return everyone

    def _tunes(self):
        return self.steps < self.plan.thermalisation * 4 // 5

    def _thermalise(self):
        if self._tunes() and self.steps % tuning.WINDOW == 0:
            counts = self.widths.counts()
            total = np.empty_like(counts)
            self.comm.Allreduce(counts, total)
            self.widths.adapt(total)
        if self.steps == self.plan.thermalisation:
            self.ladder.forget()

    def _keep(self, densities):
        chain = np.arange(self.replicas.total) // self.ladder.rungs
        self.buffer.phi.append(self.replicas.fields.read())
        self.buffer.densities.append(densities)
        self.buffer.rung.append(self.rung_at_measurement * self.shape.chains + chain)
        last = self.drawn == self.plan.draws
        due = self.comm.bcast(time.monotonic() - self.saved > CHECKPOINT_SECONDS)
        if last or due or self.drawn % self.shape.block == 0:
            self._commit()
        if last or due:
            self._save()

    def _commit(self):
        """Write the draws in memory and declare them complete."""
        rung_br, owner_f = np.array(self.buffer.rung), self.writer.owners(self.shape.L)
        phi = deliver(self.comm, np.array(self.buffer.phi), rung_br, owner_f)
        densities = deliver(self.comm, np.array(self.buffer.densities), rung_br, owner_f)
        replica_bf = np.argsort(rung_br, axis=1)
        for rung, rows in phi.items():
            self._write('phi', rung, rows)
            self._write('replica', rung, replica_bf[:, rung])
            for i, name in enumerate(SERIES):
                self._write(name, rung, densities[rung][:, i])
        self.committed = self.drawn
        self.buffer.clear()
        self.writer.commit(self.shape.L, self.committed, self._summary())

    def _write(self, name, rung, rows):
        self.writer.write(self.shape.L, name, rung, self.committed, rows)

    def _summary(self):
        return {'step_size': self.widths.width_k, 'swap_tried': self.ladder.tried_cp,
                'swap_accepted': self.ladder.swapped_cp, 'round_trips': self.ladder.trips_cr}

    def _save(self):
        counters = {'width_k': self.widths.width_k, 'steps': self.steps, 'committed': self.committed}
        checkpoint.save(self.comm, self.path, self.replicas.total, self.replicas.fields.read(),
                        self.ladder.state() | counters)
        self.saved = time.monotonic()

    def _resume_or_start(self):
        found = checkpoint.load(self.comm, self.path)
        if found is None:
            self.replicas.start()
            return
        phi_ryx, state = found
        self.replicas.fields.write(phi_ryx)
        self.ladder.restore(state)
        self.widths.width_k[...] = state['width_k']
        self.steps, self.committed = int(state['steps']), int(state['committed'])
        log.info('sample L = %d: goes on with %d of %d draws', self.shape.L, self.committed, self.plan.draws)
