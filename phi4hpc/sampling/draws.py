"""Draws of one lattice on their way to the file: kept in memory for a while, then delivered, written and committed."""

import numpy as np

from phi4hpc.lattice.observables import SERIES, longest_mode
from phi4hpc.sampling.delivery import deliver
from phi4hpc.storage.checksums import checksums


class Draws:
    """The draws of the lattice `shape`, in their order; `bounds`: which replicas each rank of `comm` holds."""

    def __init__(self, comm, writer, shape, bounds):
        self.comm, self.writer, self.shape, self.bounds = comm, writer, shape, bounds
        self.committed = 0                                                 # draws that are in the file
        self.waiting = []                                                  # (densities_rq, flat rung of all)
        self.coming = None                                                 # what returns the fields of the last of them
        self.modes, self.fields = [], []                                   # of those that came: all modes, some fields

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
        """Take the fields that are on their way: their longest mode, and themselves where they are to be written."""
        if self.coming is not None:
            phi_ryx, self.coming = self.coming(), None
            if self.shape.keeps(self.committed + len(self.modes)):
                self.fields.append(phi_ryx)
            self.modes.append(longest_mode(phi_ryx))

    @property
    def drawn(self):
        """Draws made so far, written or not."""
        return self.committed + len(self.waiting)

    @property
    def full(self):
        """Whether a chunk of the file is waiting, or all there will be."""
        return self.drawn % self.shape.block == 0 or self.drawn == self.shape.draws

    def commit(self, summary):
        """Write the draws that wait, and declare them complete. Collective."""
        if not self.waiting:
            return
        self._arrive()
        densities_brq, rung_br = map(np.array, zip(*self.waiting, strict=True))
        self._commit_series(np.concatenate([densities_brq, np.array(self.modes)[..., None]], 2), rung_br)
        self._commit_fields(rung_br)
        self.committed = self.drawn
        for kept in self.waiting, self.modes, self.fields:
            kept.clear()
        self.writer.commit(self.shape.L, self.committed, summary)

    def _commit_series(self, series_brq, rung_br):
        replica_bf = np.argsort(rung_br, axis=1)
        for rung, rows in self._delivered(series_brq, rung_br):
            columns = dict(zip(SERIES, rows.T, strict=True)) | {'replica': replica_bf[:, rung].astype(np.int32)}
            self._write(rung, self.committed, columns | {'checksum': checksums(columns.values())})

    def _commit_fields(self, rung_br):
        kept = [b for b in range(len(rung_br)) if self.shape.keeps(self.committed + b)]
        if kept:
            for rung, phi_byx in self._delivered(self.fields, rung_br[kept]):
                first = self.shape.fields(self.committed)
                self._write(rung, first, {'phi': phi_byx, 'phi_checksum': checksums([phi_byx])})

    def _delivered(self, rows_br, rung_br):
        return deliver(self.comm, rows_br, rung_br, self.bounds, self.writer.owners(self.shape.L))

    def _write(self, rung, first, columns):
        for name, values in columns.items():
            self.writer.write(self.shape.L, name, rung, first, values)
