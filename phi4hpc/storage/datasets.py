"""Datasets of ensembles.h5: how they are made, copied, and written into.

They are laid out as storage/layout.py says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import h5py
import numpy as np

from phi4hpc.storage.layout import PER_DRAW, Shape

VirtualLayoutOf = Callable[[Shape, int, str, tuple[int, ...], str], h5py.VirtualLayout]
Datasets = Mapping[tuple[int, str], h5py.Dataset]


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
