"""The driver `virtual`, for an h5py without parallel HDF5: parts, which ensembles.h5 shows as one.

A part is a file; virtual datasets show all parts as one dataset. There are as many parts as ranks
when the file is made; a run that resumes on other ranks shares the parts out anew.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import h5py
import numpy as np

from phi4hpc.files import WriteBack, make_folder, sync, whole
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.storage import datasets, layout
from phi4hpc.storage.hdf5 import writable
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.reader import FOLDER, part_path


class Virtual:
    """A storage.writer.Writer of this rank's parts of the file at `path`."""

    def __init__(self, comm: Communicator, path: str | os.PathLike,
                 shapes: Sequence[Shape]) -> None:
        self.comm, self.path = comm, path
        self.shapes = {shape.L: shape for shape in shapes}
        self.file: Any = h5py.File(path, 'r+') if comm.rank == 0 else None
        names = {shape: (*shape.summary, 'committed') for shape in shapes}
        self.summary: Any = self.file and datasets.handles(self.file, names)
        self.parts = comm.bcast(self.file and int(self.file.attrs['parts']))
        own = range(*block(self.parts, comm.size, comm.rank))
        # A cache of chunks would copy what is written; chunks come whole.
        self.files = {part: h5py.File(part_path(path, part), 'r+', rdcc_nbytes=0) for part in own}
        self.write_backs = [WriteBack(part_path(path, part)) for part in own]
        self.rows = {part: datasets.handles(file, dict.fromkeys(shapes, layout.PER_DRAW))
                     for part, file in self.files.items()}

    def owners(self, L: int) -> np.ndarray:
        """Return the rank that writes each rung: the one that has its part open."""
        part_of_rung = layout.owners(self.shapes[L].rungs, self.parts)
        return layout.owners(self.parts, self.comm.size)[part_of_rung]

    def write(self, L: int, name: str, first: int, rows: np.ndarray) -> None:
        """Write draws of all rungs that this rank owns. No other rank takes part.

        `rows` (f, n, ...): n draws of f rungs, which go to draws first, first + 1, ...
        """
        for part in self.files:
            begin, end = block(self.shapes[L].rungs, self.parts, part)
            if end > begin:
                datasets.put(self.rows[part][L, name], rows[:end - begin], 0, first)
            rows = rows[end - begin:]

    def flush(self) -> None:
        """Pass on what this rank has written."""
        for file, write_back in zip(self.files.values(), self.write_backs, strict=True):
            file.flush()
            write_back.begin()

    def commit(self, L: int, draws: int, summary: Mapping[str, Any]) -> None:
        """Declare the first `draws` draws complete, on rank 0 alone.

        By then every rank has written and flushed its own.
        """
        datasets.put_summary(self.summary, L, draws, summary)
        self.file.flush()

    def sync(self) -> None:
        """Bring to the disk what was written. Collective."""
        for part in self.files:
            sync(part_path(self.path, part))
        if self.file:
            sync(self.path)
        self.comm.Barrier()

    def close(self) -> None:
        """Close this rank's parts. Collective."""
        for file in filter(None, (*self.write_backs, self.file, *self.files.values())):
            file.close()
        self.comm.Barrier()


def make_parts(path: str | os.PathLike, shapes: Sequence[Shape], parts: int,
               extend: bool = False) -> Iterator[None]:
    """Make the parts, each with the per-draw datasets (rung, draw, ...) of the rungs that it holds.

    `extend`: parts are there, with whatever room, and what they hold is carried over. Yields now
    and then.
    """
    make_folder(part_path(path, 0).parent)
    for part in range(parts):
        with whole(part_path(path, part)) as temporary, writable(temporary) as file:
            for shape in shapes:
                first, last = block(shape.rungs, parts, part)
                make_group(file.create_group(shape.group), shape, last - first)
            if extend:
                with h5py.File(part_path(path, part), 'r') as old:
                    for shape, name in product(shapes, layout.PER_DRAW):
                        yield from datasets.carry_over(old[shape.group], file[shape.group], name)


def parts_fit(path: str | os.PathLike, shapes: Sequence[Shape], parts: int) -> bool:
    """Return whether all parts have room for the draws of `shapes`.

    Where a run is killed while it makes them anew, some have this room and some another one.
    """
    for part in range(parts):
        with h5py.File(part_path(path, part)) as file:
            if any(file[shape.group]['checksum'].shape[-1] != shape.draws for shape in shapes):
                return False
    return True


def make_group(group: h5py.Group, shape: Shape, rungs: int) -> None:
    """Make the datasets of one lattice in a part that holds `rungs` rungs."""
    for name in layout.PER_DRAW:
        (_, _, *dimensions), dtype = shape.datasets()[name]
        extents = (rungs, *(shape.extents()[d] for d in dimensions))
        chunks = datasets.chunk_of(shape, extents, ('rung', *dimensions))
        datasets.allocate(group, name, extents, dtype, chunks)


def part_layout(shape: Shape, parts: int, name: str, extents: tuple[int, ...],
                dtype: str) -> h5py.VirtualLayout:
    """Return the virtual layout (kappa, chain, ...) of a dataset over its parts."""
    shown = h5py.VirtualLayout(extents, dtype)
    for part in range(parts):
        first, last = block(shape.rungs, parts, part)
        rows = (last - first, *extents[2:])
        file, dataset = f'{FOLDER}/{part:05d}.h5', f'{shape.group}/{name}'
        source = h5py.VirtualSource(file, dataset, rows, dtype)
        for rung in range(first, last):
            chain, kappa = divmod(rung, len(shape.kappas))
            shown[kappa, chain] = source[rung - first]
    return shown
