"""Draws of one lattice on their way to the file.

They wait for a few others, go to the owners of their rungs, who write them, and are committed when
a block is full. Some mebibytes go together: less would be many small writes, and more would not
stay in a cache meanwhile. Nobody waits until all ranks have written: a block is declared complete
when the next one is full, or where a checkpoint asks for it.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from phi4hpc.parallel.communicator import Communicator
from phi4hpc.sampling.cost import DELIVERED_BYTES
from phi4hpc.sampling.lattice_sampler import LatticeSampler
from phi4hpc.sampling.owned import Owned
from phi4hpc.sampling.team import summed
from phi4hpc.storage.writer import Writer

Floats = NDArray[np.float64]


class Draws:
    """The draws of lattice number `lattice`, by its sampler, that the ranks of `comm` write."""

    def __init__(self, comm: Communicator, writer: Writer, sampler: LatticeSampler,
                 lattice: int) -> None:
        self.comm, self.writer, self.sampler, self.shape = comm, writer, sampler, sampler.shape
        self.owned = Owned(writer, self.shape, sampler.team, lattice)
        of_a_draw = self.shape.rungs * self.shape.draw_bytes
        self.together = max(1, DELIVERED_BYTES * comm.size // of_a_draw)
        self.phi_bryx = sampler.replicas.fields.pinned(min(self.together, self.shape.chunk))
        # The number of draws that are written, declared complete or about to be.
        self.committed = 0
        # The draws that wait: (series_rq, flat rung of the team's replicas) of each, and which of
        # them have a field.
        self.waiting: list[tuple[Floats, NDArray[np.integer]]] = []
        self.kept: list[int] = []
        # What waits for the last field to arrive, and for the sums of counts.
        self.arrival: Callable[[], None] | None = None
        self.counts: Callable[[], dict[str, Floats]] | None = None

    def go_on(self, committed: int) -> None:
        """Say that only the first `committed` draws of the file are sure, and go on after them.
        Collective."""
        self.committed, self.counts = committed, summed(self.comm, self.sampler.counts())
        self.settle()
        self.comm.Barrier()

    def keep(self, series_rq: NDArray[np.float64], rung_r: NDArray[np.integer]) -> None:
        """Keep a draw, as LatticeSampler.draw returns it, with the fields as they are now.
        Collective in the team.

        Fields are waited for when the next draw comes, so that a GPU need not be.
        """
        self._arrive()
        if len(self.waiting) == self.together:
            self._deliver()
        if self.shape.keeps(self.drawn):
            self.arrival = self.sampler.replicas.fields.fetch(self.phi_bryx[len(self.kept)])
            self.kept.append(len(self.waiting))
        self.waiting.append((series_rq, rung_r))

    def _arrive(self) -> None:
        """Wait for the fields that are on their way."""
        if self.arrival is not None:
            self.arrival()
            self.arrival = None

    def _deliver(self) -> None:
        """Bring all draws that wait to the owners."""
        series_brq, rung_br = map(np.array, zip(*self.waiting, strict=True))
        self.owned.take(self.committed, series_brq, rung_br, self.phi_bryx[:len(self.kept)],
                        self.kept)
        self.waiting.clear()
        self.kept.clear()

    @property
    def drawn(self) -> int:
        """Draws made so far, written or not."""
        return self.committed + self.owned.draws + len(self.waiting)

    @property
    def full(self) -> bool:
        """Whether a block of the file is waiting, or the rest of all draws."""
        drawn = self.drawn
        ends_block = drawn % self.shape.draws_at_once == 0 or drawn == self.shape.draws
        return drawn > self.committed and ends_block

    def commit(self) -> None:
        """Write the draws that wait, and begin to declare them complete. Collective."""
        drawn = self.drawn
        if drawn == self.committed:
            return
        self._arrive()
        if self.waiting:
            self._deliver()
        self.owned.write(self.committed)
        self.settle()
        self.committed, self.counts = drawn, summed(self.comm, self.sampler.counts())

    def settle(self) -> None:
        """Declare complete what was committed last, once all ranks have written it: then they have
        summed counts."""
        if self.counts is not None:
            counts, self.counts = self.counts(), None
            if self.comm.rank == 0:
                self.writer.commit(self.shape.L, self.committed, self.sampler.summary(counts))
