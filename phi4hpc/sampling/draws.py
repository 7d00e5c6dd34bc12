"""Draws of one lattice on their way to the file: kept in memory for a while, then delivered, written and committed."""

import numpy as np

from phi4hpc.lattice.observables import SERIES
from phi4hpc.sampling.delivery import deliver
from phi4hpc.storage.checksums import checksums


class Draws:
    """The draws of the lattice `shape`, in their order; `bounds`: which replicas each rank of `comm` holds."""

    def __init__(self, comm, writer, shape, bounds):
        self.comm, self.writer, self.shape, self.bounds = comm, writer, shape, bounds
        self.committed = 0                                                 # draws that are in the file
        self.waiting = []                                                  # (densities_rq, flat rung of all)
        self.fields, self.coming = [], None                                # phi_ryx; what returns the last of them

    def go_on(self, committed, summary):
        """Say that only the first `committed` draws of the file are sure, and go on after them. Collective."""
        self.committed = committed
        self.writer.commit(self.shape.L, committed, summary)

    def keep(self, fetched, densities_rq, rung_r):
        """Keep a draw: this rank's fields and densities, and the rungs at which the replicas of all ranks are.

        `fetched` returns the fields; it is called when the next draw comes, so that a GPU need not be waited for.
        """
        self._arrive()
        self.coming = fetched
        chain_r = np.arange(len(rung_r)) // (len(rung_r) // self.shape.chains)
        self.waiting.append((densities_rq, rung_r * self.shape.chains + chain_r))

    def _arrive(self):
        """Take the fields that are on their way."""
        if self.coming is not None:
            self.fields.append(self.coming())
            self.coming = None

    @property
    def full(self):
        """Whether a chunk of the file is waiting, or all there will be."""
        drawn = self.committed + len(self.waiting)
        return drawn % self.shape.block == 0 or drawn == self.shape.draws

    def commit(self, summary):
        """Write the draws that wait, and declare them complete. Collective."""
        if not self.waiting:
            return
        self._arrive()
        phi_br, (densities_br, rung_br) = np.array(self.fields), map(np.array, zip(*self.waiting, strict=True))
        owner_f = self.writer.owners(self.shape.L)
        phi = deliver(self.comm, phi_br, rung_br, self.bounds, owner_f)
        densities = deliver(self.comm, densities_br, rung_br, self.bounds, owner_f)
        replica_bf = np.argsort(rung_br, axis=1)
        for rung, rows in phi.items():
            columns = dict(zip(SERIES, densities[rung].T, strict=True))
            columns |= {'phi': rows, 'replica': replica_bf[:, rung].astype(np.int32)}
            for name, values in {**columns, 'checksum': checksums(columns)}.items():
                self.writer.write(self.shape.L, name, rung, self.committed, values)
        self.committed += len(self.waiting)
        self.waiting.clear()
        self.fields.clear()
        self.writer.commit(self.shape.L, self.committed, summary)
