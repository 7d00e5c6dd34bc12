"""Draws of one lattice with the rank that owns their rungs: kept until a chunk of the file is full, then written."""

import numpy as np

from phi4hpc.lattice.observables import SERIES
from phi4hpc.sampling.delivery import deliver
from phi4hpc.storage.checksums import checksums


class Owned:
    """The rungs of the lattice `shape` that this rank writes; `bounds`: which replicas each rank of `comm` holds.

    Suffixes: f rung of this rank, b draw, or field, since the last write.
    """

    def __init__(self, comm, writer, shape, bounds):
        self.comm, self.writer, self.shape, self.bounds = comm, writer, shape, bounds
        self.owner_f = writer.owners(shape.L)
        self.rungs = np.flatnonzero(self.owner_f == comm.rank)
        self.rung_br = np.empty((shape.block, shape.rungs), int)           # of all replicas, flat
        self.series_fbq = np.empty((len(self.rungs), shape.block, len(SERIES)))
        self.phi_fbyx = np.empty((len(self.rungs), shape.chunk, shape.L, shape.L), shape.precision)
        self.draws = self.fields = 0                                       # how many of them are here

    def take(self, series_brq, rung_br, fields, kept):
        """Bring draws here. Collective.

        `series_brq`: of this rank's replicas; `rung_br`: flat rung of all replicas; `fields`: phi_ryx of this rank's
        replicas, of the draws numbered `kept` among these.
        """
        draws, phi = slice(self.draws, self.draws + len(rung_br)), slice(self.fields, self.fields + len(kept))
        self._deliver(series_brq, rung_br, self.series_fbq[:, draws])
        if kept:
            self._deliver(fields, rung_br[kept], self.phi_fbyx[:, phi])
        self.rung_br[draws] = rung_br
        self.draws, self.fields = draws.stop, phi.stop

    def _deliver(self, rows_br, rung_br, into_fb):
        deliver(self.comm, rows_br, rung_br, self.bounds, self.owner_f, into_fb)

    def write(self, committed):
        """Write all draws that are here; the first of them is number `committed`."""
        first = self.shape.fields(committed)
        replica_bf = np.argsort(self.rung_br[:self.draws], axis=1).astype(np.int32)
        for f, rung in enumerate(self.rungs):
            columns = dict(zip(SERIES, self.series_fbq[f, :self.draws].T, strict=True))
            columns['replica'] = replica_bf[:, rung]
            self._write(rung, committed, columns | {'checksum': checksums(columns.values())})
            phi_byx = self.phi_fbyx[f, :self.fields]
            self._write(rung, first, {'phi': phi_byx, 'phi_checksum': checksums([phi_byx])} if self.fields else {})
        self.draws = self.fields = 0

    def _write(self, rung, first, columns):
        for name, values in columns.items():
            self.writer.write(self.shape.L, name, rung, first, values)
