"""The driver `mpio`: one file, into which every rank writes its rungs by parallel HDF5."""

import errno
import os
import shutil

import h5py

from phi4hpc.storage.layout import owners, write_summary


class Mpio:
    """Writes the file at `path`; the interface of storage.writer."""

    def __init__(self, comm, path, shapes):
        self.comm, self.path = comm, path
        self.file = h5py.File(path, 'r+', driver='mpio', comm=comm)
        self.shapes = {shape.L: shape for shape in shapes}

    def owners(self, L):
        """Return the rank that writes each rung."""
        return owners(self.shapes[L].rungs, self.comm.size)

    def write(self, L, name, rung, first, rows):
        """Write draws first, first + 1, ... of one rung. Independent: it concerns this rank alone."""
        shape = self.shapes[L]
        kappa, chain = divmod(rung, shape.chains)
        try:
            self.file[shape.group][name][kappa, chain, first:first + len(rows)] = rows
        except OSError as error:
            # MPI keeps the system's reason to itself.
            reason = errno.ENOSPC if shutil.disk_usage(self.path).free < 2 * rows.nbytes else errno.EIO
            raise OSError(reason, os.strerror(reason), str(self.path)) from error

    def commit(self, L, draws, summary):
        """Declare `draws` draws complete, once those of every rank are written. Collective."""
        self.comm.Barrier()
        if self.comm.rank == 0:
            write_summary(self.file[self.shapes[L].group], draws, summary)

    def sync(self):
        """Bring to the disk what was written. Collective."""
        self.file.flush()

    def close(self):
        """Close the file. Collective."""
        self.file.close()
