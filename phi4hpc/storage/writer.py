"""Writing ensembles.h5 from all ranks, by either driver. Rank 0 makes the file alone; then every rank writes raw data.

`mpio`: every rank writes its rungs into one file by parallel HDF5. `virtual`: every rank writes its rungs into a part
file of its own, and ensembles.h5 shows the parts as one dataset of the same name and shape.
"""

import os
from pathlib import Path

import h5py
import numpy as np

from phi4hpc.errors import UserError
from phi4hpc.mpi import block
from phi4hpc.storage import layout


def pick_driver(name):
    """Return `mpio` or `virtual` for the deck's driver. Raises UserError where mpio is asked for and h5py is serial."""
    parallel = h5py.get_config().mpi
    if name == 'mpio' and not parallel:
        raise UserError('storage.driver: mpio needs an h5py built with parallel HDF5, and this one is serial; '
                        'use storage.driver=virtual, or auto to take what is there')
    return name if name != 'auto' else 'mpio' if parallel else 'virtual'


def open_writer(driver, comm, path, shapes, attributes):
    """Return a writer of the ensembles `shapes`; the file is made where there is none. Collective."""
    writer = {'mpio': Mpio, 'virtual': Virtual}[driver]
    if comm.rank == 0 and not Path(path).exists():
        create(path, shapes, attributes | {'driver': driver, **writer.prepare(path, shapes, comm.size)}, writer.layout)
    comm.Barrier()
    return writer(comm, path, shapes)


def create(path, shapes, attributes, virtual_layout):
    """Make the file under a temporary name, with all its datasets and no draws in it; then give it its name."""
    temporary = f'{path}.new'
    with h5py.File(temporary, 'w') as file:
        file.attrs.update({'layout_version': layout.VERSION, **attributes})
        for shape in shapes:
            layout.create_group(file, shape, attributes, virtual_layout and (
                lambda name, extents, dtype, shape=shape: virtual_layout(shape, attributes['parts'], name, extents, dtype)))
    settle(temporary, path)


def settle(temporary, path):
    """Bring a complete file to the disk, then to its name."""
    with open(temporary, 'rb+') as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


class Mpio:
    """One file, written by parallel HDF5."""

    layout = None

    def __init__(self, comm, path, shapes):
        self.comm = comm
        self.file = h5py.File(path, 'r+', driver='mpio', comm=comm)
        self.shapes = {shape.L: shape for shape in shapes}

    @staticmethod
    def prepare(path, shapes, parts):
        """Return the attributes that this driver adds."""
        return {}

    def owners(self, L):
        """Return the rank that writes each rung."""
        return owners(self.shapes[L].rungs, self.comm.size)

    def write(self, L, name, rung, first, rows):
        """Write draws first, first + 1, ... of one rung."""
        shape = self.shapes[L]
        self.file[shape.group][name][*divmod(rung, shape.chains), first:first + len(rows)] = rows

    def commit(self, L, draws, summary):
        """Declare `draws` draws complete, once they are on the disk on every rank. Collective."""
        self.file.flush()
        self.comm.Barrier()
        if self.comm.rank == 0:
            write_summary(self.file[self.shapes[L].group], draws, summary)

    def close(self):
        """Close the file. Collective."""
        self.file.close()


class Virtual:
    """A file a part, and virtual datasets over them. Parts are shared out anew when a run resumes on other ranks."""

    def __init__(self, comm, path, shapes):
        self.comm, self.path = comm, path
        self.shapes = {shape.L: shape for shape in shapes}
        with h5py.File(path, 'r') as file:
            self.parts = int(file.attrs['parts'])
        self.files = {p: h5py.File(part_path(path, p), 'r+') for p in range(*block(self.parts, comm.size, comm.rank))}

    @staticmethod
    def prepare(path, shapes, parts):
        """Make the part files; return the attributes that this driver adds."""
        for part in range(parts):
            part_path(path, part).parent.mkdir(exist_ok=True)
            with h5py.File(part_path(path, part), 'w') as file:
                for shape in shapes:
                    make_part(file.create_group(shape.group), shape, np.diff(block(shape.rungs, parts, part))[0])
        return {'parts': parts}

    @staticmethod
    def layout(shape, parts, name, extents, dtype):
        """Return the virtual layout of a dataset over its parts."""
        whole = h5py.VirtualLayout(extents, dtype)
        for part in range(parts):
            first, last = block(shape.rungs, parts, part)
            source = h5py.VirtualSource(f'{FOLDER}/{part:05d}.h5', f'{shape.group}/{name}', (last - first, *extents[2:]), dtype)
            for rung in range(first, last):
                whole[divmod(rung, shape.chains)] = source[rung - first]
        return whole

    def owners(self, L):
        """Return the rank that writes each rung: the one that has its part open."""
        part_owner = owners(self.parts, self.comm.size)
        return part_owner[owners(self.shapes[L].rungs, self.parts)]

    def write(self, L, name, rung, first, rows):
        """Write draws first, first + 1, ... of one rung."""
        shape = self.shapes[L]
        part = owners(shape.rungs, self.parts)[rung]
        start, _ = block(shape.rungs, self.parts, part)
        self.files[part][shape.group][name][rung - start, first:first + len(rows)] = rows

    def commit(self, L, draws, summary):
        """Declare `draws` draws complete, once they are on the disk on every rank. Collective."""
        for file in self.files.values():
            file.flush()
        self.comm.Barrier()
        if self.comm.rank == 0:
            with h5py.File(self.path, 'r+') as file:
                write_summary(file[self.shapes[L].group], draws, summary)

    def close(self):
        """Close this rank's parts. Collective."""
        for file in self.files.values():
            file.close()
        self.comm.Barrier()


FOLDER = 'ensembles.parts'


def part_path(path, part):
    """Return the path of a part file, beside the file that shows it."""
    return Path(path).parent / FOLDER / f'{part:05d}.h5'


def make_part(group, shape, rungs):
    """Make a part's datasets: (rung, draw, ...) for the rungs that it holds."""
    for name, (dimensions, dtype) in shape.datasets().items():
        if name in layout.PER_DRAW:
            extents = (rungs, *(len(shape.scales()[d]) for d in dimensions[2:]))
            layout.allocate(group, name, extents, dtype, layout.chunk_of(shape, extents, ('rung', *dimensions[2:])))


def owners(items, size):
    """Return which of `size` owners has each of `items` items, in blocks."""
    return np.repeat(np.arange(size), [np.diff(block(items, size, rank))[0] for rank in range(size)])


def write_summary(group, draws, summary):
    """Write the small datasets and, last, the number of complete draws."""
    for name in layout.SUMMARY:
        group[name][...] = summary[name]
    group['committed'][...] = draws
