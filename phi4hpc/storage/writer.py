"""Writing ensembles.h5 from all ranks.

Rank 0 makes the file alone, complete but for the draws; then every rank writes the draws of the rungs that it owns, by
parallel HDF5 into the one file, or into a part of its own behind virtual datasets. Where a run asks for more draws than
there is room for, or fewer, a file with what the old one holds is made and takes its place.
"""

import contextlib
import shutil
from itertools import product
from pathlib import Path

import h5py
import numpy as np

from phi4hpc.errors import UserError
from phi4hpc.files import whole
from phi4hpc.logs import log
from phi4hpc.parallel.world import all_come, together
from phi4hpc.rundirectory.draws import too_many
from phi4hpc.storage import layout
from phi4hpc.storage.hdf5 import written
from phi4hpc.storage.mpio import Mpio
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.virtual import Virtual, make_parts, part_layout, parts_fit

DRIVERS = {'mpio': Mpio, 'virtual': Virtual}


def open_writer(driver, comm, path, shapes, attributes, each=iter):
    """Return a writer of the ensembles `shapes` at `path`, made or extended as needed. Collective.

    `driver`: as in the deck; `auto` goes on with that of the file, or else takes `mpio` where h5py can. `each(pieces)`
    yields the pieces of this rank's work, before which it may raise; then what was there stays. The writer has
    `owners(L)`, `write(L, name, first, rows)`, `flush()`, `commit(L, draws, summary)`, `sync()` and `close()`. Raises
    UserError where the file cannot be gone on with, the driver cannot be had, or the disk has too little room.
    """
    making = ()
    with together(comm):
        if comm.rank == 0:
            driver, making = prepare(driver, Path(path), shapes, attributes, comm.size)
            next(making, None)                                             # what it refuses, all ranks hear of
    exhaust(each(making))
    driver = comm.bcast(driver)
    log.info('storage: driver %s', driver)
    return DRIVERS[driver](comm, path, shapes)


@contextlib.contextmanager
def writing(driver, comm, *what):
    """Yield an open_writer, and close it at the end, or where every rank meets a UserError: HDF5 complains of what is
    left open. Collective; an error that one rank meets alone ends the job without that (world.guard)."""
    door, writer = comm.Dup(), open_writer(driver, comm, *what)
    try:
        yield writer
    except UserError:
        if all_come(door):
            writer.close()
        raise
    writer.close()
    door.Free()


def prepare(driver, path, shapes, attributes, ranks):
    """Return the driver to use, and a generator that makes the file; refuse one that cannot be gone on with."""
    if not path.exists():
        driver = pick_driver(driver)
        return driver, create(driver, path, shapes, attributes, ranks)
    with Ensembles(path) as old:
        driver = pick_driver(driver, made_by=old.file.attrs['driver'])
        if old.file.attrs['layout_version'] < layout.VERSION:
            raise UserError(f'{path}: made by an older phi4hpc, which laid it out otherwise; finish it with that '
                            'one, or begin anew with --restart')
        if (there := max(old[shape.L].draws for shape in shapes)) > shapes[0].draws:
            raise too_many(path, there, shapes[0].draws)
        fits = all(len(old.file[shape.group]['draw']) == shape.draws for shape in shapes)
        if not (fits and parts_fit(path, shapes, int(old.file.attrs.get('parts', 0)))):
            log.info('%s: making room for %d draws', path, shapes[0].draws)
            return driver, create_anew(path, shapes)
    return driver, iter(())


def pick_driver(name, made_by=None):
    """Return `mpio` or `virtual` for the deck's driver `name`, and a file made by one of them.

    Raises UserError where they differ, and where mpio is needed and h5py is serial.
    """
    if made_by and name not in ('auto', made_by):
        raise UserError(f'storage.driver: {name}, but ensembles.h5 was made by {made_by}; '
                        f'go on with storage.driver={made_by} or auto, or begin anew with --restart')
    parallel = h5py.get_config().mpi
    name = made_by or name
    if name == 'mpio' and not parallel:
        raise UserError('storage.driver: mpio needs an h5py built with parallel HDF5, and this one is serial; '
                        'use storage.driver=virtual, or auto to take what is there')
    return name if name != 'auto' else 'mpio' if parallel else 'virtual'


def exhaust(steps):
    """Do all steps of a generator."""
    for _ in steps:
        pass


def create(driver, path, shapes, attributes, parts, old=None):
    """Make the file, and `parts` parts where draws are kept in them; with what `old`, an open reader, holds.

    Yields once there is known to be room, then now and then.
    """
    require_room(path, shapes)
    yield
    attributes = attributes | {'driver': driver}
    if driver == 'virtual':
        yield from make_parts(path, shapes, parts, extend=old is not None)
        attributes['parts'] = parts
    with whole(path) as temporary, written(temporary) as file:
        file.attrs.update({'layout_version': layout.VERSION, **attributes})
        for shape in shapes:
            layout.create_group(file, shape, attributes, part_layout if driver == 'virtual' else None)
        names = (*layout.SUMMARY, 'committed', *(layout.PER_DRAW if driver == 'mpio' else ()))
        for shape, name in product(shapes if old else (), names):
            yield from carry_over(old.file[shape.group], file[shape.group], name)


def create_anew(path, shapes):
    """Make the file that is at `path` anew with room for `shapes`, with what it holds; yield meanwhile."""
    with Ensembles(path) as old:
        attributes = dict(old.file.attrs)
        yield from create(attributes['driver'], path, shapes, attributes, int(attributes.get('parts', 0)), old)


def carry_over(old, new, name):
    """Copy a dataset from a group to another one, and yield meanwhile."""
    if name in layout.PER_DRAW:
        yield from layout.carry_over(old, new, name)
    else:
        new[name][...] = old[name][()]


def require_room(path, shapes):
    """Raise UserError where the disk has less room than the file will take; quotas show only later."""
    needed = sum(int(np.prod([len(shape.scales()[d]) for d in dimensions])) * np.dtype(dtype).itemsize
                 for shape in shapes for dimensions, dtype in shape.datasets().values())
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise UserError(f'{path}: takes {needed / 1e6:.3g} MB, and {free / 1e6:.3g} MB are free there; '
                        'free some space, or name another directory with --out')
