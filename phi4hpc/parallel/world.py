"""The world of ranks: the one module that imports mpi4py.MPI; others are handed a communicator.

`launcher()` needs no MPI: it reads what the launcher left in the environment, so that usage errors
are printed by one rank alone and a launcher that does not fit the MPI library is noticed.
"""

import os
from pathlib import Path
from typing import Any

from phi4hpc.errors import UserError
from phi4hpc.parallel import limits

RANK_SIZE = (('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'),
             ('PMIX_RANK', 'SLURM_STEP_NUM_TASKS'), ('PMI_RANK', 'PMI_SIZE'),
             ('SLURM_PROCID', 'SLURM_STEP_NUM_TASKS'))


def launcher() -> tuple[int, int | None]:
    """Return (rank, size) as the launcher says; (0, None) where it does not or there is none."""
    for names in RANK_SIZE:
        rank, size = map(_number, names)
        if rank is not None:
            return rank, size
    return 0, None


def _number(name):
    """Return the whole number that a variable of the environment holds, else None."""
    word = os.environ.get(name, '')
    return int(word) if word.isdecimal() and len(word) < 10 else None


def world() -> Any:
    """Return MPI.COMM_WORLD after making sure that it is as large as the launcher meant.

    Raises UserError where MPI cannot be loaded, and where `mpirun -n N` started N worlds of one
    rank each: the launcher then belongs to another MPI than the one mpi4py has loaded.
    """
    limits.require()
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError, ValueError) as error:
        said = ' '.join(str(error).split())
        raise UserError(f'MPI cannot be loaded ({said}): load the modules that jobs/setup.sh had, '
                        'or run it again; `phi4hpc info` says what there is') from None
    _, size = launcher()
    if size not in (None, MPI.COMM_WORLD.size):
        library = MPI.Get_library_version().split(',')[0]
        raise UserError(
            f'the launcher started {size} ranks, but MPI sees a world of {MPI.COMM_WORLD.size}: '
            f'the launcher belongs to another MPI than {library}; use the mpirun that goes with it')
    return MPI.COMM_WORLD


def shared_file(comm: Any, path: str | Path) -> Any:
    """Return a new file that all ranks write to by MPI-IO, an MPI.File. Collective."""
    from mpi4py import MPI

    return MPI.File.Open(comm, str(path), MPI.MODE_CREATE | MPI.MODE_WRONLY)


def local_rank(comm: Any) -> int:
    """Return the number of this process among those that share its memory; GPUs follow it."""
    from mpi4py import MPI

    node = comm.Split_type(MPI.COMM_TYPE_SHARED)
    rank = node.rank
    node.Free()
    return rank
