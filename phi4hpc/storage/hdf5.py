"""HDF5 files on a disk that may be full, and files that may be damaged."""

import contextlib
import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import h5py

from phi4hpc.errors import UserError, circumstance, number_of
from phi4hpc.files import whole


class Sink(io.FileIO):
    """A file that keeps what goes wrong in writing as `fault` and raises nothing.

    HDF5 may crash where an error reaches it while it closes a file.
    """

    fault: OSError | None = None

    def write(self, content: Any) -> int:
        """Write all of the content, or what there is room for, and return its length either way."""
        rest = memoryview(content).cast('B')
        try:
            while rest and not self.fault:
                rest = rest[super().write(rest):]
        except OSError as error:
            error.filename, self.fault = str(self.name), error
        return memoryview(content).nbytes


def readable(path: str | os.PathLike, remedy: str, **options: Any) -> h5py.File:
    """Return the h5py.File at `path`, opened for reading with h5py's `options`.

    Raises UserError where the file is damaged; the message ends with the `remedy`.
    """
    try:
        return h5py.File(path, 'r', **options)
    except OSError as error:
        damaged = UserError(f'{path}: cannot be opened ({error}); {remedy}')
        known = number_of(error) not in (None, errno.ENOENT)
        raise (known and circumstance(error)) or damaged from error


@contextlib.contextmanager
def writable(path: str | os.PathLike, mode: str = 'w',
             opened: Callable[..., Any] = h5py.File) -> Iterator[Any]:
    """Yield the h5py.File at `path` for this process alone to write: `w` makes it, `r+` changes it.

    `opened` makes another kind of file of the stream in its place, such as h5netcdf.File. Raises
    OSError at the end where not all could be written.
    """
    with Sink(path, 'w+' if mode == 'w' else mode) as sink:
        try:
            with opened(sink, mode) as file:
                yield file
        finally:
            if sink.fault:
                raise sink.fault


@contextlib.contextmanager
def changed(path: str | os.PathLike) -> Iterator[h5py.File]:
    """Yield a copy of the h5py.File at `path`, an empty one where there is none, for changes.

    At the end it takes the place of the old one, so that a kill leaves one of them whole.
    """
    there = os.path.exists(path)
    with whole(path) as temporary:
        if there:
            shutil.copy(path, temporary)
        with writable(temporary, 'r+' if there else 'w') as file:
            yield file
