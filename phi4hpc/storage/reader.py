"""Reading ensembles.h5, whichever driver wrote it."""

from pathlib import Path

import numpy as np

from phi4hpc.errors import UserError
from phi4hpc.storage import layout
from phi4hpc.storage.hdf5 import opened
from phi4hpc.storage.virtual import part_path

ANEW = 'make it anew with --restart'


class Ensembles:
    """The file as a mapping: `ensembles[L]` is a lattice, `sizes` are those there. A context manager."""

    def __init__(self, path):
        if not Path(path).exists():
            raise UserError(f'{path}: no such file; run the stage sample first')
        self.file = opened(path, ANEW, rdcc_nbytes=0)                  # whole chunks are read; a cache would copy them
        version = int(self.file.attrs['layout_version'])
        if version > layout.VERSION:
            raise UserError(f'{path}: layout version {version}, this phi4hpc reads {layout.VERSION}; use a newer one')
        # A part that is missing, or damaged, would read silently as zeros.
        for part in range(int(self.file.attrs.get('parts', 0))):
            if not part_path(path, part).exists():
                raise UserError(f'{part_path(path, part)}: missing, so {path} cannot be read; keep the two together')
            opened(part_path(path, part), ANEW).close()
        self.sizes = sorted(int(group.attrs['L']) for group in self.file.values())

    def __getitem__(self, L):
        return Lattice(self.file[layout.group_name(L)])

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()


class Lattice:
    """One lattice's draws: `kappas` (k,), `chains`, `draws` (the complete ones), the dataset `phi` (k, c, n, y, x).

    `fields`: how many of phi are complete, kept with the draws numbered `field_draws`.
    """

    def __init__(self, group):
        self.group = group
        self.L = int(group.attrs['L'])
        self.kappas = group['kappa'][...]
        self.chains = len(group['chain'])
        self.draws = int(group['committed'][()])
        self.phi = group['phi']
        self.block = max(1, layout.CHUNK_BYTES // (self.L**2 * self.phi.dtype.itemsize))   # draws to read at a time
        self.field_draws = group['field' if 'field' in group else 'draw'][...]
        self.fields = int((self.field_draws < self.draws).sum())

    def series(self, name, k=slice(None)):
        """Return the (k, c, n) series of a density, or `replica`, or (c, n) of one rung k; complete draws only."""
        return self.group[name][k, :, :self.draws]

    def rung(self, kappa):
        """Return the index of a hopping on the ladder. Raises UserError where it is no rung."""
        k = int(abs(self.kappas - kappa).argmin())
        if not np.isclose(self.kappas[k], kappa, rtol=1e-9, atol=0):
            raise UserError(f'L = {self.L}: kappa = {kappa:g} is not on the ladder, {self.kappas[k]:g} is nearest; '
                            'pin it in ladder.tuned.pinned, or name it among ladder.kappas')
        return k

    def summary(self):
        """Return what the sampler says of itself: step sizes, swaps tried and accepted, round trips."""
        return {name: self.group[name][...] for name in layout.SUMMARY if name in self.group}
