"""The layout of ensembles.h5, which both drivers write and one reader knows.

A lattice of size L is the group `L032`. The dimensions (kappa, chain, draw, y, x) carry scales, so
that xarray opens the file with names and coordinates. All space is allocated when the file is made;
afterwards only raw data and `committed`, the number of complete draws, change. Where a rung needs
one number, it is chain * kappas + kappa, as a replica's is: a chain is then a run of such numbers.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
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

VirtualLayoutOf = Callable[['Shape', int, str, tuple[int, ...], str], h5py.VirtualLayout]
Datasets = Mapping[tuple[int, str], h5py.Dataset]


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


def create_group(file: h5py.File, shape: Shape, attributes: Mapping[str, Any],
                 virtual_layout: VirtualLayoutOf | None = None) -> None:
    """Make a lattice's group in a file that one process has open.

    `virtual_layout(shape, parts, name, extents, dtype)`, where given, makes per-draw datasets
    virtual.
    """
    group = file.create_group(shape.group)
    group.attrs.update({'L': shape.L, **attributes})
    group.create_dataset('committed', data=np.int64(0))
    for name, values in shape.scales().items():
        group.create_dataset(name, data=values).make_scale(name)
    for name, (dimensions, dtype) in shape.datasets().items():
        extents = tuple(len(group[d]) for d in dimensions)
        if virtual_layout and name in PER_DRAW:
            where = virtual_layout(shape, attributes['parts'], name, extents, dtype)
            dataset = group.create_virtual_dataset(name, where)
        else:
            chunks = chunk_of(shape, extents, dimensions)
            dataset = allocate(group, name, extents, dtype, chunks)
        for axis, dimension in enumerate(dimensions):
            dataset.dims[axis].attach_scale(group[dimension])


def chunk_of(shape: Shape, extents: tuple[int, ...],
             dimensions: tuple[str, ...]) -> tuple[int, ...] | None:
    """Return the chunk of a dataset; None where it is contiguous, as is what has no draws.

    A chunk of a per-draw dataset holds one rung: `shape.chunk` fields, or the numbers of all draws.
    """
    if not {'draw', 'field'} & set(dimensions) or 0 in extents:
        return None
    if 'y' in dimensions:
        return (*[1] * (len(extents) - 3), shape.chunk, *extents[-2:])
    return (*[1] * (len(extents) - 1), extents[-1])


def allocate(group: h5py.Group, name: str, extents: tuple[int, ...], dtype: str,
             chunks: tuple[int, ...] | None) -> h5py.Dataset:
    """Make a dataset whose space is allocated now and not filled.

    A parallel writer then changes no metadata, and a kill leaves a file that opens.
    """
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    creation.set_fill_time(h5py.h5d.FILL_TIME_IFSET if 0 in extents else h5py.h5d.FILL_TIME_NEVER)
    return group.create_dataset(name, extents, dtype, chunks=chunks, dcpl=creation)


def carry_over(old: h5py.Group, new: h5py.Group, name: str) -> Iterator[None]:
    """Copy the draws of the per-draw dataset `name` to a group with other room.

    Yields after each chunk.
    """
    old, new = old[name], new[name]
    axis = old.ndim - (3 if name == 'phi' else 1)
    count = min(old.shape[axis], new.shape[axis])
    step = new.chunks[axis] if new.chunks else max(1, count)
    for index in np.ndindex(*old.shape[:axis]):
        for first in range(0, count, step):
            draws = slice(first, min(first + step, count))
            new[(*index, draws)] = old[(*index, draws)]
            yield


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


def handles(file: h5py.File, names: Mapping[Shape, Iterable[str]]) -> Datasets:
    """Return {(L, name): open dataset} of a file, of the names of each shape.

    To open one takes half of the time that writing a mebibyte takes, so this is done once.
    """
    return {(shape.L, name): file[shape.group][name] for shape in names for name in names[shape]}


def put(dataset: h5py.Dataset, rows: Any, *start: int) -> None:
    """Write `rows` into a dataset from the index `start` on; quicker than h5py's own way.

    `start` may be shorter than the dataset's rank: further axes begin at 0.
    """
    rows = np.asarray(rows, order='C')
    space, rank = dataset.id.get_space(), dataset.id.rank
    count = (1,) * (rank - rows.ndim) + rows.shape
    if rows.size and rank:
        space.select_hyperslab(start + (0,) * (rank - len(start)), count)
    dataset.id.write(h5py.h5s.create_simple(count), space, rows)


def put_summary(datasets: Datasets, L: int, draws: int, summary: Mapping[str, Any]) -> None:
    """Write the small datasets and, last, the number of complete draws.

    What is not in `summary` becomes NaN.
    """
    names = {name for size, name in datasets if size == L} - {*PER_DRAW, 'committed'}
    for name in names:
        values = np.broadcast_to(summary.get(name, np.nan), datasets[L, name].shape)
        put(datasets[L, name], values)
    put(datasets[L, 'committed'], draws)
