"""Lattice phi^4 on a ladder of hoppings, neural block spinning, the Jacobians of what it keeps."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phi4hpc.opened import Run

__version__ = '0.1.0'


def open(path: str | os.PathLike) -> 'Run':
    """Return the run in a directory, such as runs/quickstart, for reading: see phi4hpc.opened.Run.

    Raises UserError where `path` is not the directory of a run.
    """
    from phi4hpc.opened import Run

    return Run(path)
