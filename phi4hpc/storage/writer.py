"""Writing ensembles.h5 from all ranks.

Rank 0 makes the file alone, with all but the draws (storage/creation.py). Then every rank writes
the draws of the rungs that it owns, by parallel HDF5 into the one file (storage/mpio.py), or into a
part of its own behind virtual datasets (storage/virtual.py).
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from phi4hpc.errors import UserError
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Communicator, Pieces
from phi4hpc.parallel.together import all_come, together
from phi4hpc.storage.creation import prepare
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.mpio import Mpio
from phi4hpc.storage.virtual import Virtual


class Writer(Protocol):
    """What a driver does for the sampler."""

    def owners(self, L: int) -> np.ndarray:
        """Return the rank that writes each rung, numbered chain * kappas + kappa."""

    def write(self, L: int, name: str, first: int, rows: np.ndarray) -> None:
        """Write draws of all rungs that this rank owns. No other rank takes part.

        `rows` (f, n, ...): n draws of f rungs, which go to draws first, first + 1, ...
        """

    def flush(self) -> None:
        """Pass on what this rank has written."""

    def commit(self, L: int, draws: int, summary: Mapping[str, Any]) -> None:
        """Declare the first `draws` draws complete, on rank 0 alone.

        By then every rank has written and flushed its own.
        """

    def sync(self) -> None:
        """Bring to the disk what was written. Collective."""

    def close(self) -> None:
        """Close the files. Collective."""


Driver = Callable[[Communicator, str | os.PathLike, Sequence[Shape]], Writer]
DRIVERS: dict[str, Driver] = {'mpio': Mpio, 'virtual': Virtual}


def open_writer(driver: str, comm: Communicator, path: str | os.PathLike, shapes: Sequence[Shape],
                attributes: Mapping[str, Any], each: Pieces = iter) -> Writer:
    """Return a Writer of the ensembles `shapes` at `path`, made or extended as needed. Collective.

    `driver`: as in the deck; `auto` takes that of the file where there is one, or else `mpio` where
    h5py can. `attributes` are those of the file and its groups. `each(pieces)` yields the pieces of
    this rank's work, before which it may raise; then what was there stays. Raises UserError where
    the file cannot be continued, the driver cannot be had, or the disk has too little room.
    """
    pieces: Iterable[None] = ()
    with together(comm):
        if comm.rank == 0:
            driver, making = prepare(driver, Path(path), shapes, attributes, comm.size)
            next(making, None)                                 # its UserError reaches all ranks
            pieces = making
    for _ in each(pieces):
        pass
    driver = comm.bcast(driver)
    log.info('storage: driver %s', driver)
    return DRIVERS[driver](comm, path, shapes)


@contextlib.contextmanager
def writing(driver: str, comm: Communicator, path: str | os.PathLike, shapes: Sequence[Shape],
            attributes: Mapping[str, Any], each: Pieces = iter) -> Iterator[Writer]:
    """Yield the Writer of `open_writer`, and close it at the end. Collective.

    It is closed where every rank meets a UserError, too, since HDF5 complains of open files.
    An error that one rank meets alone ends the job without that (parallel.together.guard).
    """
    door = comm.Dup()
    writer = open_writer(driver, comm, path, shapes, attributes, each)
    try:
        yield writer
    except UserError:
        if all_come(door):
            writer.close()
        raise
    writer.close()
    door.Free()
