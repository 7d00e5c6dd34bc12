"""HDF5 files on a disk that may be full."""

import contextlib
import io

import h5py

from phi4hpc.errors import UserError, circumstance


class Sink(io.FileIO):
    """A file that keeps to itself, as `fault`, what goes wrong in writing: HDF5 may not survive that in closing it."""

    fault = None

    def write(self, content):
        """Write all of it, or what there is room for; never fail."""
        rest = memoryview(content).cast('B')
        try:
            while rest and not self.fault:
                rest = rest[super().write(rest):]
        except OSError as error:
            error.filename, self.fault = str(self.name), error
        return memoryview(content).nbytes


def opened(path, remedy, **how):
    """Return the h5py.File at `path`, to be read. Raises UserError, which ends with a `remedy`, where it is damaged."""
    try:
        return h5py.File(path, 'r', **how)
    except OSError as error:
        damaged = UserError(f'{path}: cannot be opened ({error}); {remedy}')
        raise circumstance(error) or damaged from error


@contextlib.contextmanager
def written(path, mode='w'):
    """Yield the h5py.File at `path`, to be written by this process alone: `w` anew, `r+` what is there.

    Raises OSError at the end where not all could be written.
    """
    with Sink(path, 'w+' if mode == 'w' else mode) as sink:
        try:
            with h5py.File(sink, mode) as file:
                yield file
        finally:
            if sink.fault:
                raise sink.fault
