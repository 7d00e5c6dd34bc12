"""The driver `mpio`: one file, into which every rank writes its rungs by parallel HDF5."""

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from phi4hpc.files import WriteBack
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.storage import datasets, layout
from phi4hpc.storage.layout import Shape


class Mpio:
    """A storage.writer.Writer of the file at `path`."""

    def __init__(self, comm: Communicator, path: str | os.PathLike,
                 shapes: Sequence[Shape]) -> None:
        self.comm, self.path = comm, path
        self.file = h5py.File(path, 'r+', driver='mpio', comm=comm)
        self.write_back = WriteBack(path)
        self.shapes = {shape.L: shape for shape in shapes}
        names = {shape: (*layout.PER_DRAW, *shape.summary, 'committed') for shape in shapes}
        self.datasets = datasets.handles(self.file, names)
        self.rectangles = {shape.L: list(self._own(shape)) for shape in shapes}

    def _own(self, shape: Shape) -> Any:
        first, last = block(shape.rungs, self.comm.size, self.comm.rank)
        return layout.rectangles(first, last, len(shape.kappas))

    def owners(self, L: int) -> np.ndarray:
        """Return the rank that writes each rung."""
        return layout.owners(self.shapes[L].rungs, self.comm.size)

    def write(self, L: int, name: str, first: int, rows: np.ndarray) -> None:
        """Write draws of all rungs that this rank owns. No other rank takes part.

        `rows` (f, n, ...): n draws of f rungs, which go to draws first, first + 1, ...
        """
        try:
            for rungs, start, extents in self.rectangles[L]:
                values = rows[rungs].reshape(extents + rows.shape[1:])
                datasets.put(self.datasets[L, name], values, *start, first)
        except OSError as error:
            reason = self._reason(rows.nbytes)
            raise OSError(reason, os.strerror(reason), str(self.path)) from error

    def _reason(self, size: int) -> int:
        """Return why `size` bytes could not be written, a number of errno, which MPI does not give.

        A small write may fail for the room that another one took just before.
        """
        needed = 2 * max(size, layout.CHUNK_BYTES)
        return errno.ENOSPC if shutil.disk_usage(self.path).free < needed else errno.EIO

    def flush(self) -> None:
        """Pass on what this rank has written."""
        self.write_back.begin()

    def commit(self, L: int, draws: int, summary: Mapping[str, Any]) -> None:
        """Declare the first `draws` draws complete, on rank 0 alone.

        By then every rank has written and flushed its own.
        """
        datasets.put_summary(self.datasets, L, draws, summary)

    def sync(self) -> None:
        """Bring to the disk what was written. Collective."""
        self.file.flush()

    def close(self) -> None:
        """Close the file. Collective."""
        self.write_back.close()
        self.file.close()
