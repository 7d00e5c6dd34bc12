"""How fast draws are written and read, beside a plain MPI-IO file of the same size on the same
disk.

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
from pathlib import Path

import numpy as np

from phi4hpc.parallel import world
from phi4hpc.storage.creation import drivers
from phi4hpc.storage.layout import Shape, owners
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.writer import open_writer

L, RUNGS_OF_RANK, REPEATS = 64, 16, 4


def main(megabytes, folder, as_json):
    """Print bytes a second of both drivers where h5py has both, as a table or as JSON. Collective.
    """
    comm = world.world()
    with world.guard(comm), shared_folder(comm, folder) as path:
        rows = [row(comm, driver, megabytes, path) for driver in drivers()]
    if comm.rank == 0:
        print(json.dumps(rows, indent=1) if as_json else table(rows))


@contextlib.contextmanager
def shared_folder(comm, folder):
    """Yield a new folder in `folder` that every rank knows, and remove it at the end."""
    made = tempfile.mkdtemp(dir=folder) if comm.rank == 0 else None
    try:
        yield Path(comm.bcast(made))
        comm.Barrier()
    finally:
        if made:
            shutil.rmtree(made)


def row(comm, driver, megabytes, folder):
    """Return one line of the table: the best of some repeats, MB/s over all ranks. Collective."""
    rungs = RUNGS_OF_RANK * comm.size
    draws = max(1, int(megabytes * 1e6 / (rungs * L * L * 4)))
    shape = Shape(L, tuple(np.linspace(0.2, 0.3, rungs)), 1, draws, 'float32')
    size = rungs * draws * L * L * 4 / 1e6
    found = {name: [] for name in ('write', 'plain_write', 'read', 'plain_read')}
    for number in range(REPEATS):
        path = folder / f'{driver}.{number}'
        if comm.rank == 0:
            path.mkdir()
        comm.Barrier()
        for name, seconds in timed(comm, driver, path, shape, 1 if number % 2 else -1):
            found[name].append(size / seconds)
    best = {name: max(values) for name, values in found.items()}
    return {'driver': driver, 'ranks': comm.size, 'megabytes': round(size), **best}


def timed(comm, driver, folder, shape, order):
    """Yield (what, seconds of the slowest rank), the plain file first where `order` is 1, last
    where it is -1.

    By turns, for on many a machine the second of two files is the slower one.
    """
    extents = (len(own(comm, shape)), shape.draws_at_once, L, L)
    phi_fnyx = np.random.default_rng(comm.rank).standard_normal(extents, np.float32)
    plain, path = folder / 'plain', folder / 'ensembles.h5'
    works = [('plain_write', plain_write, comm, plain, shape, phi_fnyx), ('plain_read', plain_read, comm, plain, shape),
             ('write', write, comm, driver, path, shape, phi_fnyx), ('read', read, comm, path, shape)]
    for name, *work in works[::2][::order]:
        yield name, clock(comm, *work)
    if comm.rank == 0:
        for file in (file for file in folder.rglob('*') if file.is_file()):
            forget(file)
    for name, *work in works[1::2][::order]:
        yield name, clock(comm, *work)


def clock(comm, work, *args):
    """Return how long the slowest rank takes."""
    comm.Barrier()
    began = time.perf_counter()
    work(*args)
    return max(comm.allgather(time.perf_counter() - began))


def own(comm, shape):
    """Return the rungs that this rank writes and reads."""
    return np.flatnonzero(owners(shape.rungs, comm.size) == comm.rank)


def pieces(shape):
    """Yield (first, last) draws of each chunk."""
    for first in range(0, shape.draws, shape.draws_at_once):
        yield first, min(first + shape.draws_at_once, shape.draws)


def write(comm, driver, path, shape, phi_fnyx):
    """Write all draws by the driver, with a commit after each chunk."""
    writer = open_writer(driver, comm, path, [shape], {'lambda': 0.0})
    sizes = shape.extents()
    summary = {name: np.zeros([sizes[d] for d in dimensions]) for name, (dimensions, _) in shape.datasets().items()
               if 'draw' not in dimensions} | {'kappa': shape.kappas}
    for first, last in pieces(shape):
        writer.write(L, 'phi', first, phi_fnyx[:, :last - first])
        writer.flush()
        comm.Barrier()
        if comm.rank == 0:
            writer.commit(L, last, summary)
    writer.sync()
    writer.close()


def plain_write(comm, path, shape, phi_fnyx):
    """Write the same bytes to a plain file, and bring them to the disk."""
    file = world.shared_file(comm, path)
    for first, last in pieces(shape):
        for rung, phi_nyx in zip(own(comm, shape), phi_fnyx, strict=True):
            file.Write_at(int((rung * shape.draws + first) * L * L * 4), phi_nyx[:last - first])
    file.Sync()
    file.Close()


def forget(path):
    """Have the system drop a file from its cache."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def read(comm, path, shape):
    """Read this rank's rungs as training does."""
    with Ensembles(path) as ensembles:
        lattice = ensembles[L]
        for rung in own(comm, shape):
            lattice.phi[rung, 0, :]


def plain_read(comm, path, shape):
    """Read the same bytes from the plain file."""
    for rung in own(comm, shape):
        np.fromfile(path, np.float32, shape.draws * L * L, offset=int(rung * shape.draws * L * L * 4))


def table(rows):
    """Return the rows as text."""
    heads = [*('write', 'plain', 'ratio'), *('read', 'plain', 'ratio')]
    lines = [f'{"driver":<9}{"ranks":>6}{"MB":>7}' + '{:>9}{:>9}{:>8}{:>9}{:>9}{:>8}   (MB/s)'.format(*heads)]
    lines += [f'{r["driver"]:<9}{r["ranks"]:>6}{r["megabytes"]:>7}{r["write"]:>9.0f}{r["plain_write"]:>9.0f}'
              f'{r["write"] / r["plain_write"]:>8.2f}{r["read"]:>9.0f}{r["plain_read"]:>9.0f}'
              f'{r["read"] / r["plain_read"]:>8.2f}' for r in rows]
    return '\n'.join(lines)
