"""`phi4hpc export RUN FILE`: draws and means in the formats of other programs.

The suffix of the file says the format. Draws are read and written about a mebibyte at a time, into
a file that takes its name once it is complete.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from phi4hpc.errors import UsageError
from phi4hpc.export import grid, means, npz
from phi4hpc.export.selection import Draws
from phi4hpc.files import require_new, whole
from phi4hpc.opened import Run
from phi4hpc.storage.reader import Ensembles

Write = Callable[[Path, list[Draws]], None]
FORMATS: dict[str, Write] = {'.nc': grid.netcdf, '.zarr': grid.zarr, '.npz': npz.write,
                             '.json.gz': means.write}


def main(run: Path, path: Path, lattice: int | None = None, kappas: Sequence[float] | None = None,
         every: int = 1) -> None:
    """Write the chosen draws of a run, or means made from them, to `path`, and print what it has.

    Raises UsageError for an unknown suffix, and UserError where the run lacks what is asked for, or
    where `path` is there already.
    """
    write = form(path)
    require_new(path)
    with Ensembles(Run(run).path / 'ensembles.h5') as ensembles:
        sizes = ensembles.sizes if lattice is None else [lattice]
        chosen = [Draws.of(ensembles[L], kappas, every) for L in sizes]
        with whole(path) as temporary:
            write(temporary, chosen)
    print(*(f'{path}: {draws.in_words()}' for draws in chosen), sep='\n')


def form(path: Path) -> Write:
    """Return what writes the format of a file's suffix. Raises UsageError for another one."""
    for suffix, write in FORMATS.items():
        if path.name.endswith(suffix):
            return write
    raise UsageError(f'{path}: expected a name that ends with one of {", ".join(FORMATS)}')
