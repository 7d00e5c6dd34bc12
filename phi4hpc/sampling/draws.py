"""Draws of one lattice on their way to the file: they wait for a few others, go to the owners of their rungs, who write
them, and are committed when a block is full.

Some mebibytes go together: less would be many small writes, and more would not stay in a cache meanwhile. That all have
written is not waited for: a block is declared complete when the next one is full, or where a checkpoint asks for it.
"""

import numpy as np

from phi4hpc.sampling.cost import DELIVERED_BYTES
from phi4hpc.sampling.owned import Owned
from phi4hpc.sampling.team import summed


class Draws:
    """The draws of `walk`, a Walk of the lattice number `lattice`, that the ranks of `comm` write by `writer`."""

    def __init__(self, comm, writer, walk, lattice):
        self.comm, self.writer, self.walk, self.shape = comm, writer, walk, walk.shape
        self.owned = Owned(writer, self.shape, walk.team, lattice)
        self.together = max(1, DELIVERED_BYTES * comm.size // (self.shape.rungs * self.shape.draw_bytes))
        self.phi_bryx = walk.replicas.fields.landing(min(self.together, self.shape.chunk))
        self.committed = 0                                                 # draws written, and to be declared complete
        self.waiting = []                                                  # (series_rq, flat rung of the team's)
        self.kept = []                                                     # which of them have a field
        self.coming = self.counts = None                                   # what waits for the last field; for the sums

    def go_on(self, committed):
        """Say that only the first `committed` draws of the file are sure, and go on after them. Collective."""
        self.committed, self.counts = committed, summed(self.comm, self.walk.counts())
        self.settle()
        self.comm.Barrier()

    def keep(self, series_rq, rung_r):
        """Keep a draw of the walk, as Walk.draw tells of it, with the fields as they are now. Collective in its team.

        These are waited for when the next draw comes, so that a GPU need not be.
        """
        self._arrive()
        if len(self.waiting) == self.together:
            self._deliver()
        if self.shape.keeps(self.drawn):
            self.coming = self.walk.replicas.fields.fetch(self.phi_bryx[len(self.kept)])
            self.kept.append(len(self.waiting))
        self.waiting.append((series_rq, rung_r))

    def _arrive(self):
        """Wait for the fields that are on their way."""
        if self.coming is not None:
            self.coming()
            self.coming = None

    def _deliver(self):
        """Bring all that waits to the owners."""
        series_brq, rung_br = map(np.array, zip(*self.waiting, strict=True))
        self.owned.take(self.committed, series_brq, rung_br, self.phi_bryx[:len(self.kept)], self.kept)
        self.waiting.clear()
        self.kept.clear()

    @property
    def drawn(self):
        """Draws made so far, written or not."""
        return self.committed + self.owned.draws + len(self.waiting)

    @property
    def full(self):
        """Whether a chunk of the file is waiting, or all there will be."""
        drawn = self.drawn
        return drawn > self.committed and (drawn % self.shape.draws_at_once == 0 or drawn == self.shape.draws)

    def commit(self):
        """Write the draws that wait, and begin to declare them complete. Collective."""
        drawn = self.drawn
        if drawn == self.committed:
            return
        self._arrive()
        if self.waiting:
            self._deliver()
        self.owned.write(self.committed)
        self.settle()
        self.committed, self.counts = drawn, summed(self.comm, self.walk.counts())

    def settle(self):
        """Declare complete what was committed last, once all ranks have written it: then they have summed counts."""
        if self.counts is not None:
            counts, self.counts = self.counts(), None
            if self.comm.rank == 0:
                self.writer.commit(self.shape.L, self.committed, self.walk.summary(counts))
