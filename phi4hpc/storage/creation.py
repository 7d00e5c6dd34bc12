"""Making ensembles.h5 on rank 0: anew, or with other room and what the old file holds.

Where a run asks for more draws than there is room for, or for fewer, a file with what the old one
holds is made and takes its place.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py

from phi4hpc.errors import UserError
from phi4hpc.files import whole
from phi4hpc.logs import counted, log
from phi4hpc.rundirectory.draws import too_many
from phi4hpc.storage import datasets, layout
from phi4hpc.storage.hdf5 import writable
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.virtual import make_parts, part_layout, parts_fit


def prepare(driver: str, path: Path, shapes: Sequence[Shape], attributes: Mapping[str, Any],
            ranks: int) -> tuple[str, Iterator[None]]:
    """Return the driver to use, and a generator that makes the file.

    Raises UserError where there is a file that cannot be continued.
    """
    if not path.exists():
        driver = pick_driver(driver)
        return driver, create(driver, path, shapes, attributes, ranks)
    with Ensembles(path) as old:
        driver = pick_driver(driver, made_by=old.file.attrs['driver'])
        require_continuable(path, old, shapes)
        parts = int(old.file.attrs.get('parts', 0))
        fits = all(len(old.file[shape.group]['draw']) == shape.draws for shape in shapes)
    if fits and parts_fit(path, shapes, parts):
        return driver, iter(())
    log.info('%s: making room for %s', path, counted(shapes[0].draws, 'draw'))
    return driver, create_anew(path, shapes)


def require_continuable(path: Path, old: Ensembles, shapes: Sequence[Shape]) -> None:
    """Raise UserError where a file has an older layout, or more draws than are asked for."""
    if old.file.attrs['layout_version'] < layout.VERSION:
        raise UserError(f'{path}: made by an older phi4hpc, which laid it out otherwise; finish it '
                        'with that one, or begin anew with --restart')
    there = max(old[shape.L].draws for shape in shapes)
    if there > shapes[0].draws:
        raise too_many(path, there, shapes[0].draws)


def pick_driver(name: str, made_by: str | None = None) -> str:
    """Return `mpio` or `virtual` for the deck's driver `name`, and a file made by one of them.

    Raises UserError where they differ, and where mpio is needed and h5py is serial.
    """
    if made_by and name not in ('auto', made_by):
        raise UserError(f'storage.driver: {name}, but ensembles.h5 was made by {made_by}; '
                        f'go on with storage.driver={made_by} or auto, or begin anew '
                        'with --restart')
    name = made_by or name
    if name != 'auto' and name not in drivers():
        raise UserError('storage.driver: mpio needs an h5py built with parallel HDF5, and this one '
                        'is serial; use storage.driver=virtual, or auto to take what is there')
    return drivers()[0] if name == 'auto' else name


def drivers() -> tuple[str, ...]:
    """Return the drivers that this h5py has, the quickest first."""
    return ('mpio', 'virtual') if h5py.get_config().mpi else ('virtual',)


def create(driver: str, path: Path, shapes: Sequence[Shape], attributes: Mapping[str, Any],
           parts: int, old: Ensembles | None = None) -> Iterator[None]:
    """Make the file, and `parts` parts for the driver `virtual`, with what `old` holds.

    Yields once there is known to be room, then now and then. Raises UserError where there is none.
    """
    require_room(path, shapes)
    yield
    attributes = {**attributes, 'driver': driver}
    if driver == 'virtual':
        yield from make_parts(path, shapes, parts, extend=old is not None)
        attributes['parts'] = parts
    with whole(path) as temporary, writable(temporary) as file:
        file.attrs.update({'layout_version': layout.VERSION, **attributes})
        for shape in shapes:
            virtual_layout = part_layout if driver == 'virtual' else None
            datasets.create_group(file, shape, attributes, virtual_layout)
        if old is not None:
            for shape in shapes:
                names = layout.PER_DRAW if driver == 'mpio' else ()
                for name in (*names, *shape.summary, 'committed'):
                    yield from carry_over(old.file[shape.group], file[shape.group], name)


def create_anew(path: Path, shapes: Sequence[Shape]) -> Iterator[None]:
    """Make the file that is at `path` anew with room for `shapes`, with what it holds.

    Yields now and then.
    """
    with Ensembles(path) as old:
        attributes = dict(old.file.attrs)
        parts = int(attributes.get('parts', 0))
        yield from create(attributes['driver'], path, shapes, attributes, parts, old)


def carry_over(old: h5py.Group, new: h5py.Group, name: str) -> Iterator[None]:
    """Copy a dataset from a group to another one, and yield now and then.

    What the old group lacks, an algorithm that it did not know, keeps its fill value.
    """
    if name in layout.PER_DRAW:
        yield from datasets.carry_over(old, new, name)
    elif name in old:
        new[name][...] = old[name][()]


def require_room(path: Path, shapes: Sequence[Shape]) -> None:
    """Raise UserError where the disk has too little room; a quota shows only later."""
    needed = sum(shape.disk_bytes for shape in shapes)
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise UserError(f'{path}: takes {needed / 1e6:.3g} MB, and {free / 1e6:.3g} MB are free '
                        'there; free some space, or name another directory with --out')
