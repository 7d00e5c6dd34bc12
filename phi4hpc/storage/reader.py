"""Reading ensembles.h5, whichever driver wrote it."""

import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from phi4hpc.errors import UserError
from phi4hpc.storage import layout
from phi4hpc.storage.hdf5 import readable

REMEDY = 'make it anew with --restart'
FOLDER = 'ensembles.parts'


def part_path(path: str | os.PathLike, part: int) -> Path:
    """Return the path of a part, beside the file at `path`; the driver `virtual` has parts."""
    return Path(os.path.realpath(path)).parent / FOLDER / f'{part:05d}.h5'


class Ensembles:
    """The file as a mapping: `ensembles[L]` is a Lattice, `sizes` are those there.

    A context manager, which closes the file. Raises UserError where the file or a part of it is
    missing, damaged, or of a newer version.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        if not Path(path).exists():
            raise UserError(f'{path}: no such file; run the stage sample first')
        # Chunks are read whole; a cache would copy them.
        self.file = readable(path, REMEDY, rdcc_nbytes=0)
        version = int(self.file.attrs['layout_version'])
        if version > layout.VERSION:
            raise UserError(f'{path}: layout version {version}, this phi4hpc reads '
                            f'{layout.VERSION}; use a newer one')
        for part in range(int(self.file.attrs.get('parts', 0))):
            require_part(path, part)
        self.sizes = sorted(int(group.attrs['L']) for group in self.file.values())

    def __getitem__(self, L: int) -> 'Lattice':
        if L not in self.sizes:
            raise UserError(f'{self.file.filename}: L = {L} is not sampled; expected one of '
                            f'{", ".join(map(str, self.sizes))}')
        return Lattice(self.file[layout.group_name(L)])

    def __enter__(self) -> 'Ensembles':
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


def require_part(path: str | os.PathLike, part: int) -> None:
    """Raise UserError where a part is missing or damaged: HDF5 would read it as zeros."""
    file = part_path(path, part)
    if not file.exists():
        raise UserError(f'{file}: missing, so {path} cannot be read; keep the two together')
    readable(file, REMEDY).close()


class Lattice:
    """One lattice's draws in the open `group`.

    `kappas` (k,), `chains`, `draws` (the complete ones), and the dataset `phi` (k, c, n, y, x). Its
    first `fields` fields are complete; they were kept with the draws numbered `field_draws`.
    `draws_at_once` fields are about a mebibyte.
    """

    def __init__(self, group: h5py.Group) -> None:
        self.group = group
        self.L = int(group.attrs['L'])
        self.kappas: np.ndarray = group['kappa'][...]
        self.chains = len(group['chain'])
        self.draws = int(group['committed'][()])
        self.phi = group['phi']
        self.draws_at_once = max(1, layout.CHUNK_BYTES // (self.L**2 * self.phi.dtype.itemsize))
        self.field_draws: np.ndarray = group['field' if 'field' in group else 'draw'][...]
        self.fields = int((self.field_draws < self.draws).sum())

    def series(self, name: str, k: Any = slice(None)) -> np.ndarray:
        """Return the complete draws of a series, (k, c, n), or of one rung k, (c, n)."""
        return self.group[name][k, :, :self.draws]

    def rung(self, kappa: float) -> int:
        """Return the index of a hopping on the ladder. Raises UserError where it is no rung."""
        k = int(abs(self.kappas - kappa).argmin())
        if not np.isclose(self.kappas[k], kappa, rtol=1e-9, atol=0):
            raise UserError(f'L = {self.L}: kappa = {kappa:g} is not on the ladder, '
                            f'{self.kappas[k]:g} is nearest; pin it in ladder.tuned.pinned, '
                            'or name it among ladder.kappas')
        return k

    def summary(self) -> dict[str, np.ndarray]:
        """Return what the sampler noted: step sizes, swaps tried and accepted, round trips."""
        return {name: self.group[name][...] for name in self.group
                if name in layout.LADDER or name.endswith(layout.PROPOSALS)}
