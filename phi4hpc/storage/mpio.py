"""The driver `mpio`: one file, into which every rank writes its rungs by parallel HDF5."""

import errno
import os
import shutil

import h5py

from phi4hpc.files import WriteBack
from phi4hpc.parallel.world import block
from phi4hpc.storage import layout


class Mpio:
    """Writes the file at `path`; the interface of storage.writer."""

    def __init__(self, comm, path, shapes):
        self.comm, self.path = comm, path
        self.file, self.write_back = h5py.File(path, 'r+', driver='mpio', comm=comm), WriteBack(path)
        self.shapes = {shape.L: shape for shape in shapes}
        self.datasets = layout.opened(self.file, shapes, layout.WRITTEN)
        self.rectangles = {shape.L: [*layout.rectangles(*block(shape.rungs, comm.size, comm.rank), len(shape.kappas))]
                           for shape in shapes}

    def owners(self, L):
        """Return the rank that writes each rung."""
        return layout.owners(self.shapes[L].rungs, self.comm.size)

    def write(self, L, name, first, rows):
        """Write draws first, first + 1, ... of all rungs that this rank owns. Independent: no other rank takes part."""
        try:
            for rungs, start, extents in self.rectangles[L]:
                layout.put(self.datasets[L, name], rows[rungs].reshape(extents + rows.shape[1:]), *start, first)
        except OSError as error:
            # MPI keeps the system's reason to itself; a small write may fail for the room that another one just took.
            needed = 2 * max(rows.nbytes, layout.CHUNK_BYTES)
            reason = errno.ENOSPC if shutil.disk_usage(self.path).free < needed else errno.EIO
            raise OSError(reason, os.strerror(reason), str(self.path)) from error

    def flush(self):
        """Let go what this rank has written."""
        self.write_back.begin()

    def commit(self, L, draws, summary):
        """Declare `draws` draws complete, on rank 0 alone, once those of every rank are written and flushed."""
        layout.write_summary(self.datasets, L, draws, summary)

    def sync(self):
        """Bring to the disk what was written. Collective."""
        self.file.flush()

    def close(self):
        """Close the file. Collective."""
        self.write_back.close()
        self.file.close()
