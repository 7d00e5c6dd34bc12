"""Draws of one lattice with the rank that owns their rungs: fields are written as they come,
series once in a block."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phi4hpc.lattice.series import SERIES
from phi4hpc.sampling.delivery import deliver
from phi4hpc.sampling.team import Team
from phi4hpc.storage.checksums import checksums
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import Writer


class Owned:
    """The rungs of the lattice number `lattice`, of the given shape, that this rank writes.

    Suffixes: f rung of this rank's team, b draw, or field, since the last write of series.
    """

    def __init__(self, writer: Writer, shape: Shape, team: Team, lattice: int) -> None:
        self.comm, self.writer, self.shape = team.comm, writer, shape
        self.first, last = map(int, team.bounds[lattice, [0, -1]])         # replicas of the team
        self.bounds = team.bounds[lattice] - self.first
        self.owner_f = writer.owners(shape.L)[self.first:last] - team.first
        own = np.count_nonzero(self.owner_f == self.comm.rank)
        self.rung_br = np.empty((shape.draws_at_once, last - self.first), int)     # flat
        self.series_fbq = np.empty((own, shape.draws_at_once, len(SERIES)))
        self.checksum_fb = np.empty((own, shape.chunk), np.uint32)         # of fields
        self.draws = self.fields = 0                                       # that are here

    def take(self, committed: int, series_brq: NDArray[np.float64], rung_br: NDArray[np.integer],
             phi_bryx: NDArray[Any], kept: Sequence[int]) -> None:
        """Bring draws here, and write their fields. Collective in the team.

        `committed`: draws that were here before the last write of series; `series_brq`: of this
        rank's replicas; `rung_br`: flat rung of the team's replicas, both from 0; `phi_bryx`:
        fields of this rank's replicas, of the draws numbered `kept` among these.
        """
        draws = slice(self.draws, self.draws + len(rung_br))
        here = slice(self.fields, self.fields + len(kept))
        self.series_fbq[:, draws] = self._delivered(series_brq, rung_br)
        if kept:
            phi_fbyx = self._delivered(phi_bryx, rung_br[kept])
            self.checksum_fb[:, here] = checksums([phi_fbyx])
            first = self.shape.fields(committed) + here.start
            self.writer.write(self.shape.L, 'phi', first, phi_fbyx)
        self.rung_br[draws] = rung_br
        self.draws, self.fields = draws.stop, here.stop

    def _delivered(self, rows_br: NDArray[Any], rung_br: NDArray[np.integer]) -> NDArray[Any]:
        return deliver(self.comm, rows_br, rung_br, self.bounds, self.owner_f)

    def write(self, committed: int) -> None:
        """Write the series of all draws that are here; the first of them is number `committed`."""
        replica_bf = self.first + np.argsort(self.rung_br[:self.draws], axis=1).astype(np.int32)
        series_qfb = np.moveaxis(self.series_fbq[:, :self.draws], -1, 0)
        columns = dict(zip(SERIES, series_qfb, strict=True))
        columns['replica'] = replica_bf[:, self.owner_f == self.comm.rank].T
        columns['checksum'] = checksums(columns.values())
        for name, values in columns.items():
            self.writer.write(self.shape.L, name, committed, values)
        if self.fields:
            checksum_fb = self.checksum_fb[:, :self.fields]
            first = self.shape.fields(committed)
            self.writer.write(self.shape.L, 'phi_checksum', first, checksum_fb)
        self.draws = self.fields = 0
        self.writer.flush()
