"""The layout of ensembles.h5, which both drivers write and one reader knows.

A lattice of size L is the group `L032`. The dimensions (kappa, chain, draw, y, x) carry scales, so
that xarray opens the file with names and coordinates. All space is allocated when the file is made;
afterwards only raw data and `committed`, the number of complete draws, change. Where a rung needs
one number, it is chain * kappas + kappa, as a replica's is: a chain is then a run of such numbers.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from phi4hpc.lattice.series import SERIES
from phi4hpc.parallel.blocks import block

VERSION = 4
COLUMNS = (*SERIES, 'replica')
"""The datasets that have a number a draw, in the order in which its checksum takes them."""
PER_DRAW = (*COLUMNS, 'checksum', 'phi', 'phi_checksum')
"""What the rank that owns a rung writes."""
LADDER = ('kappa', 'swap_tried', 'swap_accepted', 'round_trips', 'flow_rising', 'flow_known')
"""What rank 0 writes of the ladder at each commit, before `committed`."""
PROPOSALS = ('_step_size', '_acceptance')
"""The ends of the names of what it writes then of each algorithm that tunes a step size."""
CHUNK_BYTES = 2**20
SERIES_BLOCK = 4096


@dataclass(frozen=True)
class Shape:
    """The extents of one lattice's group."""

    L: int
    kappas: tuple[float, ...]
    chains: int
    draws: int
    precision: str
    every: int = 1
    """A field is kept with each draw whose number, from 1, `every` divides; 0 keeps none."""
    tuned: tuple[str, ...] = ()
    """The algorithms whose step sizes and acceptances are kept."""

    @property
    def group(self) -> str:
        """The group's name."""
        return group_name(self.L)

    @property
    def rungs(self) -> int:
        """The number of series of draws: kappas times chains."""
        return len(self.kappas) * self.chains

    def keeps(self, draw: int) -> bool:
        """Return whether a field is kept with a draw, numbered from 0."""
        return self.every > 0 and (draw + 1) % self.every == 0

    def fields(self, draws: int) -> int:
        """Return how many fields are kept with the first `draws` draws."""
        return draws // self.every if self.every else 0

    @property
    def field_bytes(self) -> int:
        """The bytes of one field."""
        return self.L**2 * np.dtype(self.precision).itemsize

    @property
    def chunk(self) -> int:
        """Fields in one chunk of phi, about a mebibyte."""
        return int(min(self.fields(self.draws), max(1, CHUNK_BYTES // self.field_bytes)))

    @property
    def draw_bytes(self) -> int:
        """Bytes of a draw of one rung, its field among them where any are kept."""
        return 8 * len(SERIES) + (self.every > 0) * self.field_bytes

    @property
    def draws_at_once(self) -> int:
        """Draws that the sampler writes at a time: a chunk of phi, or a few thousand of series."""
        return min(self.draws, self.chunk * self.every or SERIES_BLOCK)

    @property
    def summary(self) -> tuple[str, ...]:
        """The names of what rank 0 writes at each commit, except for `committed`."""
        return (*LADDER, *(f'{name}{end}' for name in self.tuned for end in PROPOSALS))

    def extents(self) -> dict[str, int]:
        """Return {dimension: extent}."""
        rungs = len(self.kappas)
        found = {'kappa': rungs, 'chain': self.chains, 'draw': self.draws, 'y': self.L,
                 'x': self.L, 'pair': rungs - 1, 'walker': rungs}
        return found if self.every == 1 else {**found, 'field': self.fields(self.draws)}

    def scales(self) -> dict[str, np.ndarray]:
        """Return {dimension: coordinates}."""
        scales = {name: np.arange(extent) for name, extent in self.extents().items()}
        scales['kappa'] = np.array(self.kappas)
        if self.every != 1:
            scales['field'] = self.every * (scales['field'] + 1) - 1
        return scales

    def datasets(self) -> dict[str, tuple[tuple[str, ...], str]]:
        """Return {name: (dimensions, type)}."""
        per_draw = ('kappa', 'chain', 'draw')
        per_field = ('kappa', 'chain', 'draw' if self.every == 1 else 'field')
        per_pair, per_rung = ('chain', 'pair'), ('chain', 'kappa')
        return {'phi': ((*per_field, 'y', 'x'), self.precision),
                **dict.fromkeys(SERIES, (per_draw, 'f8')), 'replica': (per_draw, 'i4'),
                'checksum': (per_draw, 'u4'), 'phi_checksum': (per_field, 'u4'),
                **dict.fromkeys(self.summary[len(LADDER):], (('kappa',), 'f8')),
                'swap_tried': (per_pair, 'i8'), 'swap_accepted': (per_pair, 'i8'),
                'round_trips': (('chain', 'walker'), 'i8'),
                'flow_rising': (per_rung, 'i8'), 'flow_known': (per_rung, 'i8')}

    @property
    def disk_bytes(self) -> int:
        """The bytes of the group in ensembles.h5, metadata aside."""
        extents = self.extents()
        return sum(math.prod(extents[d] for d in dimensions) * np.dtype(dtype).itemsize
                   for dimensions, dtype in self.datasets().values())


def group_name(L: int) -> str:
    """Return the name of a lattice's group: L032 for L = 32."""
    return f'L{L:03d}'


def owners(items: int, size: int) -> np.ndarray:
    """Return the owner, of `size`, of each of `items` items, which they have in blocks."""
    bounds = [block(items, size, owner) for owner in range(size)]
    return np.repeat(np.arange(size), [last - first for first, last in bounds])


def rectangles(first: int, last: int,
               kappas: int) -> Iterator[tuple[slice, tuple[int, int], tuple[int, int]]]:
    """Yield the rungs numbered first ... last - 1 as rectangles of (kappa, chain), one a chain.

    Each is (a slice of these rungs, the first (kappa, chain), the extents along both).
    """
    begin = first
    while begin < last:
        chain, kappa = divmod(begin, kappas)
        end = min(last, (chain + 1) * kappas)
        yield slice(begin - first, end - first), (kappa, chain), (end - begin, 1)
        begin = end
