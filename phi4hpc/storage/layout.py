"""The layout of ensembles.h5: groups, datasets, dimensions. Both drivers write it, one reader knows it.

A lattice of size L is the group `L032`. Dimensions (kappa, chain, draw, y, x) carry scales, so xarray opens the file
with names and coordinates. All space is allocated when the file is made; afterwards only raw data and `committed`,
the number of complete draws, change. Where a rung needs one number it is chain * kappas + kappa,
as a replica's, so that whole chains are runs of them.
"""

from dataclasses import dataclass

import h5py
import numpy as np

from phi4hpc.lattice.observables import SERIES
from phi4hpc.parallel.world import block
from phi4hpc.storage.checksums import COLUMNS

VERSION = 4
PER_DRAW = (*COLUMNS, 'checksum', 'phi', 'phi_checksum')           # written by the rank that owns the rung
STEPS = ('metropolis_step_size', 'metropolis_acceptance', 'hmc_step_size', 'hmc_acceptance')
SUMMARY = ('kappa', 'swap_tried', 'swap_accepted', 'round_trips', 'flow_rising', 'flow_known',    # written by rank 0
           *STEPS)                                                                                # at each commit
WRITTEN = (*PER_DRAW, *SUMMARY, 'committed')
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
    every: int = 1                         # a field is kept with every so many draws; 0: none

    @property
    def group(self):
        """The group's name."""
        return group_name(self.L)

    @property
    def rungs(self):
        """How many series of draws there are: kappas times chains."""
        return len(self.kappas) * self.chains

    def keeps(self, draw):
        """Return whether a field is kept with a draw, numbered from 0."""
        return self.every > 0 and (draw + 1) % self.every == 0

    def fields(self, draws):
        """Return how many fields are kept with the first so many draws."""
        return draws // self.every if self.every else 0

    @property
    def chunk(self):
        """Fields in one chunk of phi, about a mebibyte."""
        size = self.L**2 * np.dtype(self.precision).itemsize
        return int(min(self.fields(self.draws), max(1, CHUNK_BYTES // size)))

    @property
    def draw_bytes(self):
        """Bytes of a draw of one rung, its field among them where any are kept."""
        return 8 * len(SERIES) + (self.every > 0) * self.L**2 * np.dtype(self.precision).itemsize

    @property
    def block(self):
        """Draws that the sampler writes at a time: those of a chunk of phi; of series alone a few thousand."""
        return min(self.draws, self.chunk * self.every or SERIES_BLOCK)

    def scales(self):
        """Return {dimension: coordinates}."""
        rungs = len(self.kappas)
        counted = {'chain': self.chains, 'draw': self.draws, 'y': self.L, 'x': self.L,
                   'pair': rungs - 1, 'walker': rungs}
        scales = {'kappa': np.array(self.kappas), **{name: np.arange(count) for name, count in counted.items()}}
        if self.every != 1:
            scales['field'] = np.flatnonzero([self.keeps(draw) for draw in range(self.draws)])
        return scales

    def datasets(self):
        """Return {name: (dimensions, type)}."""
        per_draw = ('kappa', 'chain', 'draw')
        per_field = ('kappa', 'chain', 'draw' if self.every == 1 else 'field')
        return {'phi': ((*per_field, 'y', 'x'), self.precision), **dict.fromkeys(SERIES, (per_draw, 'f8')),
                'replica': (per_draw, 'i4'), 'checksum': (per_draw, 'u4'), 'phi_checksum': (per_field, 'u4'),
                **dict.fromkeys(STEPS, (('kappa',), 'f8')), 'swap_tried': (('chain', 'pair'), 'i8'),
                'swap_accepted': (('chain', 'pair'), 'i8'), 'round_trips': (('chain', 'walker'), 'i8'),
                'flow_rising': (('chain', 'kappa'), 'i8'), 'flow_known': (('chain', 'kappa'), 'i8')}


def group_name(L):
    """Return the name of a lattice's group: L032 for L = 32."""
    return f'L{L:03d}'


def create_group(file, shape, attributes, virtual_layout=None):
    """Make a lattice's group in an h5py file that one process has open.

    `virtual_layout(shape, parts, name, extents, dtype)`, where given, makes the per-draw datasets virtual.
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
            dataset = allocate(group, name, extents, dtype, chunk_of(shape, extents, dimensions))
        for axis, dimension in enumerate(dimensions):
            dataset.dims[axis].attach_scale(group[dimension])


def chunk_of(shape, extents, dimensions):
    """Return the chunk of a per-draw dataset: one rung, `chunk` fields or all draws; None where contiguous."""
    if not {'draw', 'field'} & set(dimensions) or 0 in extents:
        return None
    if 'y' in dimensions:
        return (*[1] * (len(extents) - 3), shape.chunk, *extents[-2:])
    return (*[1] * (len(extents) - 1), extents[-1])


def allocate(group, name, extents, dtype, chunks):
    """Make a dataset whose space is allocated now and not filled.

    A parallel writer then changes no metadata, and a kill leaves a file that opens.
    """
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER if 0 not in extents else h5py.h5d.FILL_TIME_IFSET)
    return group.create_dataset(name, extents, dtype, chunks=chunks, dcpl=creation)


def carry_over(old, new, name):
    """Copy the draws of the per-draw dataset `name` from a group to one with other room; yield after each chunk."""
    old, new = old[name], new[name]
    axis = old.ndim - (3 if name == 'phi' else 1)
    count = min(old.shape[axis], new.shape[axis])
    step = new.chunks[axis] if new.chunks else max(1, count)
    for index in np.ndindex(*old.shape[:axis]):
        for first in range(0, count, step):
            draws = slice(first, min(first + step, count))
            new[(*index, draws)] = old[(*index, draws)]
            yield


def owners(items, size):
    """Return which of `size` owners has each of `items` items, in blocks."""
    bounds = [block(items, size, owner) for owner in range(size)]
    return np.repeat(np.arange(size), [last - first for first, last in bounds])


def rectangles(first, last, kappas):
    """Yield the rungs first ... last - 1, flat, chain by chain: which of them, where (kappa, chain), how many."""
    begin = first
    while begin < last:
        chain, kappa = divmod(begin, kappas)
        end = min(last, (chain + 1) * kappas)
        yield slice(begin - first, end - first), (kappa, chain), (end - begin, 1)
        begin = end


def opened(file, shapes, names):
    """Return {(L, name): dataset} of a file: to look one up takes half as long as to write a mebibyte."""
    return {(shape.L, name): file[shape.group][name] for shape in shapes for name in names}


def put(dataset, rows, *start):
    """Write `rows`, of which the first is at the index `start`, and at 0 along all further axes; quicker than h5py."""
    rows = np.asarray(rows, order='C')
    space, rank = dataset.id.get_space(), dataset.id.rank
    count = (1,) * (rank - rows.ndim) + rows.shape
    if rows.size and rank:
        space.select_hyperslab(start + (0,) * (rank - len(start)), count)
    dataset.id.write(h5py.h5s.create_simple(count), space, rows)


def write_summary(datasets, L, draws, summary):
    """Write the small datasets and, last, the number of complete draws. What is not in `summary` is not a number."""
    for name in SUMMARY:
        put(datasets[L, name], np.broadcast_to(summary.get(name, np.nan), datasets[L, name].shape))
    put(datasets[L, 'committed'], draws)
