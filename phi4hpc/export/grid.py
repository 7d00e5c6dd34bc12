"""netCDF and Zarr, which xarray opens with names and coordinates: a group for each lattice."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from phi4hpc import __version__
from phi4hpc.errors import UserError
from phi4hpc.export.selection import Draws
from phi4hpc.files import sync
from phi4hpc.storage.hdf5 import writable
from phi4hpc.storage.layout import COLUMNS, group_name

Create = Callable[[str, tuple[str, ...], tuple[int, ...], Any, tuple[int, ...]], Any]
"""(name, dimensions, extents, type, extents of a chunk) -> an array that slices can be assigned to.
"""


def netcdf(path: Path, chosen: list[Draws]) -> None:
    """Write a netCDF-4 file."""
    import h5netcdf

    with writable(path, opened=h5netcdf.File) as file:
        file.attrs['phi4hpc'] = __version__
        for draws in chosen:
            group = file.create_group(group_name(draws.lattice.L))
            group.dimensions = extents(draws)
            group.attrs.update(attributes(draws))
            fill(draws, partial(_variable, group))


def zarr(path: Path, chosen: list[Draws]) -> None:
    """Write a Zarr store, a folder. Raises UserError where the package is not there."""
    try:
        import zarr
    except ImportError:
        raise UserError("zarr: is not installed; pip install 'phi4hpc[zarr]' does, or choose "
                        '.nc') from None

    root = zarr.open_group(path, mode='w', attributes={'phi4hpc': __version__})
    for draws in chosen:
        group = root.create_group(group_name(draws.lattice.L), attributes=attributes(draws))
        fill(draws, partial(_array, group))
    for file in path.rglob('*'):
        sync(file)


def _variable(group, name, dimensions, _, dtype, chunk):
    return group.create_variable(name, dimensions, dtype, chunks=chunk)


def _array(group, name, dimensions, shape, dtype, chunk):
    return group.create_array(name, shape=shape, dtype=dtype, chunks=chunk,
                              dimension_names=dimensions)


def fill(draws: Draws, create: Create) -> None:
    """Write all arrays of a lattice: coordinates, series, then fields."""
    sizes, lattice = extents(draws), draws.lattice
    coordinates = {name: np.arange(extent) for name, extent in sizes.items()}
    coordinates |= {'kappa': draws.kappas, 'draw': np.array(draws.draws)}
    if 'field' in sizes:
        coordinates['field'] = draws.field_draws
    for name, values in coordinates.items():
        create(name, (name,), values.shape, values.dtype, values.shape)[:] = values
    shape, chunk = (len(draws.rungs), lattice.chains, len(draws.draws)), (1, 1, len(draws.draws))
    for name in COLUMNS:
        dtype = lattice.group[name].dtype
        array = create(name, ('kappa', 'chain', 'draw'), shape, dtype, chunk)
        for number, rung in enumerate(draws.rungs):
            array[number] = draws.series(name, rung)
    if draws.fields:
        fill_fields(draws, create)


def fill_fields(draws: Draws, create: Create) -> None:
    """Write the configurations."""
    lattice = draws.lattice
    each = 'field' if 'field' in extents(draws) else 'draw'
    count, sites = len(draws.fields), (lattice.L, lattice.L)
    phi = create('phi', ('kappa', 'chain', each, 'y', 'x'),
                 (len(draws.rungs), lattice.chains, count, *sites), lattice.phi.dtype,
                 (1, 1, min(count, lattice.draws_at_once), *sites))
    for number, rung in enumerate(draws.rungs):
        for chain in range(lattice.chains):
            for where, phi_nyx in draws.blocks(rung, chain):
                phi[number, chain, where] = phi_nyx


def extents(draws: Draws) -> dict[str, int]:
    """Return {dimension: extent}; `field` is one of its own where not every draw has a field."""
    L, found = draws.lattice.L, {'kappa': len(draws.rungs), 'chain': draws.lattice.chains,
                                 'draw': len(draws.draws)}
    if not draws.fields:
        return found
    found |= {'y': L, 'x': L}
    return found if len(draws.fields) == len(draws.draws) else {**found, 'field': len(draws.fields)}


def attributes(draws: Draws) -> dict[str, Any]:
    """Return what a group says of itself."""
    return {'L': draws.lattice.L, 'lambda': draws.lam}
