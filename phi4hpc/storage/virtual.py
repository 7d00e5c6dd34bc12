"""The driver `virtual`, for an h5py without parallel HDF5: a file a part, and virtual datasets that show them as one.

There are as many parts as ranks when the file is made; a run that resumes on other ranks shares the parts out anew.
"""

from itertools import product
from pathlib import Path

import h5py

from phi4hpc.files import WriteBack, sync, whole
from phi4hpc.parallel.world import block
from phi4hpc.storage import layout
from phi4hpc.storage.hdf5 import written

FOLDER = 'ensembles.parts'


def part_path(path, part):
    """Return the path of a part, beside the file that shows it."""
    return Path(path).parent / FOLDER / f'{part:05d}.h5'


class Virtual:
    """Writes this rank's parts of the file at `path`; the interface of storage.writer."""

    def __init__(self, comm, path, shapes):
        self.comm, self.path = comm, path
        self.shapes = {shape.L: shape for shape in shapes}
        self.file = h5py.File(path, 'r+') if comm.rank == 0 else None
        self.summary = self.file and layout.opened(self.file, shapes, (*layout.SUMMARY, 'committed'))
        self.parts = comm.bcast(self.file and int(self.file.attrs['parts']))
        own = range(*block(self.parts, comm.size, comm.rank))
        # A cache of chunks would copy what is written; chunks come whole.
        self.files = {part: h5py.File(part_path(path, part), 'r+', rdcc_nbytes=0) for part in own}
        self.write_backs = [WriteBack(part_path(path, part)) for part in own]
        self.rows = {part: layout.opened(file, shapes, layout.PER_DRAW) for part, file in self.files.items()}

    def owners(self, L):
        """Return the rank that writes each rung: the one that has its part open."""
        return layout.owners(self.parts, self.comm.size)[layout.owners(self.shapes[L].rungs, self.parts)]

    def write(self, L, name, first, rows):
        """Write draws first, first + 1, ... of all rungs that this rank owns."""
        for part in self.files:
            begin, end = block(self.shapes[L].rungs, self.parts, part)
            if end > begin:
                layout.put(self.rows[part][L, name], rows[:end - begin], 0, first)
            rows = rows[end - begin:]

    def flush(self):
        """Let go what this rank has written."""
        for file, write_back in zip(self.files.values(), self.write_backs, strict=True):
            file.flush()
            write_back.begin()

    def commit(self, L, draws, summary):
        """Declare `draws` draws complete, on rank 0 alone, once those of every rank are written and flushed."""
        layout.write_summary(self.summary, L, draws, summary)
        self.file.flush()

    def sync(self):
        """Bring to the disk what was written. Collective."""
        for path in (*(part_path(self.path, part) for part in self.files), *([self.path] if self.file else ())):
            sync(path)
        self.comm.Barrier()

    def close(self):
        """Close this rank's parts. Collective."""
        for file in filter(None, (*self.write_backs, self.file, *self.files.values())):
            file.close()
        self.comm.Barrier()


def make_parts(path, shapes, parts, extend=False):
    """Make the parts: for each lattice the per-draw datasets (rung, draw, ...) of the rungs that a part holds.

    `extend`: parts are there, with whatever room, and what they hold is carried over.
    Yields meanwhile.
    """
    part_path(path, 0).parent.mkdir(exist_ok=True)
    for part in range(parts):
        with whole(part_path(path, part)) as temporary, written(temporary) as file:
            for shape in shapes:
                first, last = block(shape.rungs, parts, part)
                make_group(file.create_group(shape.group), shape, last - first)
            if extend:
                with h5py.File(part_path(path, part), 'r') as old:
                    for shape, name in product(shapes, layout.PER_DRAW):
                        yield from layout.carry_over(old[shape.group], file[shape.group], name)


def parts_fit(path, shapes, parts):
    """Return whether all parts have room for the draws of `shapes`.

    A kill while they are made anew leaves some that have and some that have not.
    """
    for part in range(parts):
        with h5py.File(part_path(path, part)) as file:
            if any(file[shape.group]['checksum'].shape[-1] != shape.draws for shape in shapes):
                return False
    return True


def make_group(group, shape, rungs):
    """Make the datasets of one lattice in a part that holds `rungs` rungs."""
    for name in layout.PER_DRAW:
        (_, _, *dimensions), dtype = shape.datasets()[name]
        extents = (rungs, *(len(shape.scales()[d]) for d in dimensions))
        layout.allocate(group, name, extents, dtype, layout.chunk_of(shape, extents, ('rung', *dimensions)))


def part_layout(shape, parts, name, extents, dtype):
    """Return the virtual layout (kappa, chain, ...) of a dataset over its parts."""
    whole = h5py.VirtualLayout(extents, dtype)
    for part in range(parts):
        first, last = block(shape.rungs, parts, part)
        rows = (last - first, *extents[2:])
        source = h5py.VirtualSource(f'{FOLDER}/{part:05d}.h5', f'{shape.group}/{name}', rows, dtype)
        for rung in range(first, last):
            chain, kappa = divmod(rung, len(shape.kappas))
            whole[kappa, chain] = source[rung - first]
    return whole
