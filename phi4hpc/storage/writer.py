"""Writing ensembles.h5 from all ranks.

Rank 0 makes the file alone, complete but for the draws; then every rank writes the draws of the rungs that it owns, by
parallel HDF5 into the one file, or into a part of its own behind virtual datasets.
"""

from pathlib import Path

import h5py

from phi4hpc.errors import UserError
from phi4hpc.files import whole
from phi4hpc.storage import layout
from phi4hpc.storage.mpio import Mpio
from phi4hpc.storage.virtual import Virtual, make_parts, part_layout

DRIVERS = {'mpio': Mpio, 'virtual': Virtual}


def pick_driver(name):
    """Return `mpio` or `virtual` for the deck's driver. Raises UserError where mpio is asked for and h5py is serial."""
    parallel = h5py.get_config().mpi
    if name == 'mpio' and not parallel:
        raise UserError('storage.driver: mpio needs an h5py built with parallel HDF5, and this one is serial; '
                        'use storage.driver=virtual, or auto to take what is there')
    return name if name != 'auto' else 'mpio' if parallel else 'virtual'


def open_writer(driver, comm, path, shapes, attributes):
    """Return a writer of the ensembles `shapes` at `path`, made where it is missing. Collective.

    Its interface: `owners(L)`, `write(L, name, rung, first, rows)`, `commit(L, draws, summary)`, `close()`.
    """
    if comm.rank == 0 and not Path(path).exists():
        create(driver, path, shapes, attributes, comm.size)
    comm.Barrier()
    return DRIVERS[driver](comm, path, shapes)


def create(driver, path, shapes, attributes, ranks):
    """Make the file, and the parts where draws are kept in parts: one for each of `ranks` ranks."""
    attributes = attributes | {'driver': driver}
    if driver == 'virtual':
        make_parts(path, shapes, ranks)
        attributes['parts'] = ranks
    with whole(path) as temporary, h5py.File(temporary, 'w') as file:
        file.attrs.update({'layout_version': layout.VERSION, **attributes})
        for shape in shapes:
            layout.create_group(file, shape, attributes, part_layout if driver == 'virtual' else None)
