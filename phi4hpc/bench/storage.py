"""`phi4hpc bench storage`: how fast draws are written and read, beside a plain MPI-IO file of the
same size on the same disk.

Every rank writes its share as the sampler does, a chunk of every rung and then a commit, and reads
it as training does, a rung after the other; the plain file takes the same bytes in pieces of a
chunk. Both are on the disk before the clock stops, and out of the system's cache before they are
read.
"""

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phi4hpc.parallel import world
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.together import guard
from phi4hpc.storage.creation import drivers
from phi4hpc.storage.layout import Shape, owners
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.writer import open_writer

L, RUNGS_OF_RANK, REPEATS = 64, 16, 4
PARTS = ('write', 'plain_write', 'read', 'plain_read')


def main(megabytes: int, folder: Path, as_json: bool) -> None:
    """Print bytes a second of both drivers where h5py has both, as a table or as JSON. Collective.
    """
    comm = world.world()
    with guard(comm), shared_folder(comm, folder) as path:
        rows = [row(comm, driver, megabytes, path) for driver in drivers()]
    if comm.rank == 0:
        print(json.dumps(rows, indent=1) if as_json else table(rows))


@contextlib.contextmanager
def shared_folder(comm: Communicator, folder: Path) -> Iterator[Path]:
    """Yield a new folder in `folder` that every rank knows, and remove it at the end."""
    made = tempfile.mkdtemp(dir=folder) if comm.rank == 0 else None
    try:
        yield Path(comm.bcast(made))
        comm.Barrier()
    finally:
        if made:
            shutil.rmtree(made)


def row(comm: Communicator, driver: str, megabytes: int, folder: Path) -> dict[str, Any]:
    """Return one line of the table: the best of some repeats, MB/s over all ranks. Collective."""
    rungs = RUNGS_OF_RANK * comm.size
    draws = max(1, int(megabytes * 1e6 / (rungs * L * L * 4)))
    shape = Shape(L, tuple(np.linspace(0.2, 0.3, rungs)), 1, draws, 'float32')
    size = rungs * draws * L * L * 4 / 1e6
    found: dict[str, list[float]] = {name: [] for name in PARTS}
    for number in range(REPEATS):
        path = folder / f'{driver}.{number}'
        if comm.rank == 0:
            path.mkdir()
        comm.Barrier()
        for name, seconds in timed(comm, driver, path, shape, 1 if number % 2 else -1):
            found[name].append(size / seconds)
    best = {name: max(values) for name, values in found.items()}
    return {'driver': driver, 'ranks': comm.size, 'megabytes': round(size), **best}


def timed(comm: Communicator, driver: str, folder: Path, shape: Shape,
          order: int) -> Iterator[tuple[str, float]]:
    """Yield (part, seconds of the slowest rank) of each of PARTS.

    The plain file is first where `order` is 1 and last where it is -1: they take turns, since on
    many machines the second of two files is the slower one.
    """
    extents = (len(own(comm, shape)), shape.draws_at_once, L, L)
    phi_fnyx = np.random.default_rng(comm.rank).standard_normal(extents, np.float32)
    plain, path = folder / 'plain', folder / 'ensembles.h5'
    writes: dict[str, Callable[[], None]] = {
        'plain_write': partial(plain_write, comm, plain, shape, phi_fnyx),
        'write': partial(write, comm, driver, path, shape, phi_fnyx)}
    reads: dict[str, Callable[[], None]] = {
        'plain_read': partial(plain_read, comm, plain, shape),
        'read': partial(read, comm, path, shape)}
    for name in [*writes][::order]:
        yield name, clock(comm, writes[name])
    if comm.rank == 0:
        for file in (file for file in folder.rglob('*') if file.is_file()):
            forget(file)
    for name in [*reads][::order]:
        yield name, clock(comm, reads[name])


def clock(comm: Communicator, work: Callable[[], None]) -> float:
    """Return how long the slowest rank takes."""
    comm.Barrier()
    began = time.perf_counter()
    work()
    return max(comm.allgather(time.perf_counter() - began))


def own(comm: Communicator, shape: Shape) -> NDArray[np.integer]:
    """Return the rungs that this rank writes and reads."""
    return np.flatnonzero(owners(shape.rungs, comm.size) == comm.rank)


def pieces(shape: Shape) -> Iterator[tuple[int, int]]:
    """Yield (first, last) draws of each chunk."""
    for first in range(0, shape.draws, shape.draws_at_once):
        yield first, min(first + shape.draws_at_once, shape.draws)


def write(comm: Communicator, driver: str, path: Path, shape: Shape,
          phi_fnyx: NDArray[np.float32]) -> None:
    """Write all draws by the driver, with a commit after each chunk."""
    writer = open_writer(driver, comm, path, [shape], {'lambda': 0.0})
    sizes = shape.extents()
    summary = {name: np.zeros([sizes[d] for d in dimensions])
               for name, (dimensions, _) in shape.datasets().items()
               if 'draw' not in dimensions} | {'kappa': shape.kappas}
    for first, last in pieces(shape):
        writer.write(L, 'phi', first, phi_fnyx[:, :last - first])
        writer.flush()
        comm.Barrier()
        if comm.rank == 0:
            writer.commit(L, last, summary)
    writer.sync()
    writer.close()


def plain_write(comm: Communicator, path: Path, shape: Shape,
                phi_fnyx: NDArray[np.float32]) -> None:
    """Write the same bytes to a plain file, and bring them to the disk."""
    file = world.shared_file(comm, path)
    for first, last in pieces(shape):
        for rung, phi_nyx in zip(own(comm, shape), phi_fnyx, strict=True):
            file.Write_at(int((rung * shape.draws + first) * L * L * 4), phi_nyx[:last - first])
    file.Sync()
    file.Close()


def forget(path: Path) -> None:
    """Have the system drop a file from its cache."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def read(comm: Communicator, path: Path, shape: Shape) -> None:
    """Read this rank's rungs as training does."""
    with Ensembles(path) as ensembles:
        lattice = ensembles[L]
        for rung in own(comm, shape):
            lattice.phi[rung, 0, :]


def plain_read(comm: Communicator, path: Path, shape: Shape) -> None:
    """Read the same bytes from the plain file."""
    for rung in own(comm, shape):
        np.fromfile(path, np.float32, shape.draws * L * L,
                    offset=int(rung * shape.draws * L * L * 4))


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as text."""
    heads = [*('write', 'plain', 'ratio'), *('read', 'plain', 'ratio')]
    head = '{:<9}{:>6}{:>7}{:>9}{:>9}{:>8}{:>9}{:>9}{:>8}   (MB/s)'
    line = '{:<9}{:>6}{:>7}{:>9.0f}{:>9.0f}{:>8.2f}{:>9.0f}{:>9.0f}{:>8.2f}'
    return '\n'.join([head.format('driver', 'ranks', 'MB', *heads), *(
        line.format(r['driver'], r['ranks'], r['megabytes'],
                    r['write'], r['plain_write'], r['write'] / r['plain_write'],
                    r['read'], r['plain_read'], r['read'] / r['plain_read']) for r in rows)])
