"""Draws of one lattice on their way to the file: they wait for a few others, go to the owners of their rungs, who write
them, and are committed when a block is full.

Some mebibytes go together: less would be many small writes, and more would not stay in a cache meanwhile.
"""

import numpy as np

from phi4hpc.sampling.owned import Owned

DELIVERED_BYTES = 2**22


class Draws:
    """The draws of the lattice `shape`, in their order; `bounds`: which replicas each rank of `comm` holds."""

    def __init__(self, comm, writer, shape, bounds):
        self.writer, self.shape = writer, shape
        self.owned = Owned(comm, writer, shape, bounds)
        self.together = max(1, DELIVERED_BYTES * comm.size // (shape.rungs * shape.draw_bytes))
        self.committed = 0                                                 # draws that are in the file
        self.waiting = []                                                  # (series_rq, flat rung of all)
        self.fields = []                                                   # phi_ryx of those of them that have one
        self.coming = None                                                 # what returns the next of these

    def go_on(self, committed, summary):
        """Say that only the first `committed` draws of the file are sure, and go on after them. Collective."""
        self.committed = committed
        self.writer.commit(self.shape.L, committed, summary)

    def keep(self, fetch, series_rq, rung_r):
        """Keep a draw: this rank's series, and the rungs at which the replicas of all ranks are. Collective.

        `fetch` begins to read the fields and returns what returns them; that is called when the next draw comes, so
        that a GPU need not be waited for.
        """
        self._arrive()
        if len(self.waiting) == self.together:
            self._deliver()
        if self.shape.keeps(self.drawn):
            self.coming = fetch()
        chain_r = np.arange(len(rung_r)) // (len(rung_r) // self.shape.chains)
        self.waiting.append((series_rq, rung_r * self.shape.chains + chain_r))

    def _arrive(self):
        """Take the fields that are on their way."""
        if self.coming is not None:
            self.fields.append(self.coming())
            self.coming = None

    def _deliver(self):
        """Bring all that waits to the owners."""
        series_brq, rung_br = map(np.array, zip(*self.waiting, strict=True))
        first = self.drawn - len(self.waiting)
        kept = [b for b in range(len(self.waiting)) if self.shape.keeps(first + b)]
        self.owned.take(self.committed, series_brq, rung_br, self.fields, kept)
        self.waiting.clear()
        self.fields.clear()

    @property
    def drawn(self):
        """Draws made so far, written or not."""
        return self.committed + self.owned.draws + len(self.waiting)

    @property
    def full(self):
        """Whether a chunk of the file is waiting, or all there will be."""
        drawn = self.drawn
        return drawn > self.committed and (drawn % self.shape.block == 0 or drawn == self.shape.draws)

    def commit(self, summary):
        """Write the draws that wait, and declare them complete. Collective."""
        drawn = self.drawn
        if drawn == self.committed:
            return
        self._arrive()
        if self.waiting:
            self._deliver()
        self.owned.write(self.committed)
        self.committed = drawn
        self.writer.commit(self.shape.L, drawn, summary)
