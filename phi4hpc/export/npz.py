"""`.npz` for NumPy alone: `cfgs` (kappa, configuration, y, x), `kappa` and `lambda`.

The configurations of a kappa are those of one chain after the other; `chain` and `draw` have the
two numbers of each. What numpy.savez would gather in memory goes to the file piece by piece.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from phi4hpc.errors import UserError
from phi4hpc.export.selection import Draws


def write(path: Path, chosen: list[Draws]) -> None:
    """Write the file. Raises UserError for several lattices, or none of whose fields was kept."""
    if len(chosen) > 1:
        sizes = ', '.join(str(draws.lattice.L) for draws in chosen)
        raise UserError(f'{path.stem}: has room for one lattice; choose one of {sizes} by '
                        '--lattice')
    draws, = chosen
    if not draws.fields:
        raise UserError(f'L = {draws.lattice.L}: no configuration was kept, by sample.fields; '
                        'choose .nc for series')
    chains, count = draws.lattice.chains, len(draws.fields)
    with zipfile.ZipFile(path, 'w') as file:
        whole = {'kappa': draws.kappas, 'lambda': np.array(draws.lam),
                 'chain': np.repeat(np.arange(chains), count),
                 'draw': np.tile(draws.field_draws, chains)}
        for name, values in whole.items():
            with file.open(f'{name}.npy', 'w') as part:
                npy.write_array(part, values)
        with file.open('cfgs.npy', 'w', force_zip64=True) as part:
            write_fields(part, draws)


def write_fields(part: Any, draws: Draws) -> None:
    """Write the configurations as the content of a .npy file."""
    L, phi = draws.lattice.L, draws.lattice.phi
    shape = len(draws.rungs), draws.lattice.chains * len(draws.fields), L, L
    npy.write_array_header_2_0(part, {'descr': npy.dtype_to_descr(phi.dtype),
                                      'fortran_order': False, 'shape': shape})
    for rung in draws.rungs:
        for chain in range(draws.lattice.chains):
            for _, phi_nyx in draws.blocks(rung, chain):
                part.write(np.ascontiguousarray(phi_nyx).data)
