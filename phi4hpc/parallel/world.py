"""The world: the one module that imports mpi4py.MPI. Everything below the stages is handed a communicator, or none.

`launcher()` needs no MPI: it reads what the launcher left in the environment, so that usage errors are
printed by one rank alone and a launcher that does not fit the MPI library is noticed.
"""

import contextlib
import os
import sys
import time
import traceback

from phi4hpc.errors import UserError, circumstance
from phi4hpc.parallel import limits

RANK_SIZE = (('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'), ('PMIX_RANK', 'SLURM_STEP_NUM_TASKS'),
             ('PMI_RANK', 'PMI_SIZE'), ('SLURM_PROCID', 'SLURM_STEP_NUM_TASKS'))


def launcher():
    """Return (rank, size) as the launcher says; (0, None) where there is none or it does not say."""
    for names in RANK_SIZE:
        rank, size = map(_number, names)
        if rank is not None:
            return rank, size
    return 0, None


def _number(name):
    """Return the whole number that a variable of the environment holds, None where it holds none."""
    word = os.environ.get(name, '')
    return int(word) if word.isdecimal() and len(word) < 10 else None


def world():
    """Return MPI.COMM_WORLD after making sure that it is as large as the launcher meant.

    Raises UserError where `mpirun -n N` started N worlds of one rank each: the launcher then belongs to
    another MPI than the one mpi4py has loaded.
    """
    limits.require()
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError, ValueError) as error:
        said = ' '.join(str(error).split())
        raise UserError(f'MPI cannot be loaded ({said}): load the modules that jobs/setup.sh had, or run it again; '
                        '`phi4hpc info` says what there is') from None
    _, size = launcher()
    if size not in (None, MPI.COMM_WORLD.size):
        library = MPI.Get_library_version().split(',')[0]
        raise UserError(f'the launcher started {size} ranks, but MPI sees a world of {MPI.COMM_WORLD.size}: the '
                        f'launcher belongs to another MPI than {library}; use the mpirun that goes with it')
    return MPI.COMM_WORLD


def agree(comm, error):
    """Let every rank know of an error on any of them, so that none is left waiting: raise it everywhere.

    `error` is this rank's exception or None. A UserError is raised as such on every rank with the message of
    the lowest rank that has one; anything else is left to `guard`, which ends the job at once.
    """
    if error is not None and not isinstance(error, UserError):
        raise error
    message = next((m for m in comm.allgather(error and str(error)) if m is not None), None)
    if message is not None:
        raise error or UserError(message)


@contextlib.contextmanager
def together(comm):
    """A block in which a UserError on any rank becomes one on all ranks when the block ends."""
    error = None
    try:
        yield
    except UserError as caught:
        error = caught
    agree(comm, error)


@contextlib.contextmanager
def guard(comm, patience=5.0):
    """Run the block so that a failure on any rank ends the job: one message, a non-zero code, no rank left waiting.

    A UserError that every rank raises within `patience` seconds goes on to whoever reports it once; one that the
    others know nothing of is told by its own rank, which then ends the job. So is an error of the system that the user
    can mend, such as a disk that is full.
    """
    door = comm.Dup()
    try:
        yield
    except UserError as error:
        if not all_come(door, patience):
            end(comm, f'phi4hpc: {error}', error.code)
        raise
    except Exception as error:
        known = circumstance(error)
        if known is None:
            fail(comm, error)
            raise
        # Ended even where every rank meets it: files that cannot be closed would complain, too.
        if all_come(door, patience) and comm.rank:
            time.sleep(patience)                                           # rank 0 tells it
        end(comm, f'phi4hpc: {known}', known.code)
    except BaseException as error:
        fail(comm, error)
        raise
    finally:
        door.Free()


def fail(comm, error):
    """End the job with a traceback, where there are other ranks."""
    if comm.size > 1:
        heading = f'phi4hpc: rank {comm.rank} of {comm.size} failed; the job ends here'
        end(comm, '\n'.join([heading, *traceback.format_exception(error)]), 1)


def all_come(comm, patience=5.0):
    """Return whether every rank of `comm` calls this within `patience` seconds."""
    came, began = comm.Ibarrier(), time.monotonic()
    while not (there := came.Test()) and time.monotonic() - began < patience:
        time.sleep(0.01)
    return there


def end(comm, message, code):
    """Say why on this rank, and end the job; lower ranks speak first, so that what befalls all is told once."""
    time.sleep(min(0.5 * comm.rank, 3.0))
    print(message, file=sys.stderr, flush=True)
    comm.Abort(code)


def block(n, size, rank):
    """Return the half-open range (first, last) of `n` items that `rank` of `size` owns; sizes differ by at most one."""
    return rank * n // size, (rank + 1) * n // size


def shared_file(comm, path):
    """Return a new file that all ranks write to by MPI-IO, an MPI.File. Collective."""
    from mpi4py import MPI

    return MPI.File.Open(comm, str(path), MPI.MODE_CREATE | MPI.MODE_WRONLY)


def local_rank(comm):
    """Return this process's number among those that share its memory, by which GPUs are handed out."""
    from mpi4py import MPI

    node = comm.Split_type(MPI.COMM_TYPE_SHARED)
    rank = node.rank
    node.Free()
    return rank
