"""Errors that ranks have in common: one that fails leaves none of the others waiting."""

import contextlib
import sys
import time
import traceback
from collections.abc import Iterator

from phi4hpc.errors import UserError, circumstance
from phi4hpc.parallel.communicator import Communicator


def agree(comm: Communicator, error: BaseException | None) -> None:
    """Raise an error on every rank where any rank has one. Collective.

    `error` is this rank's exception or None. A rank that has a UserError raises that; the others
    raise the one of the lowest rank that has one. Anything else is raised on its own rank alone,
    and `guard` ends the job at once.
    """
    if error is not None and not isinstance(error, UserError):
        raise error
    errors = comm.allgather(error and str(error))
    message = next((message for message in errors if message is not None), None)
    if message is not None:
        raise error or UserError(message)


@contextlib.contextmanager
def together(comm: Communicator) -> Iterator[None]:
    """A block in which a UserError on any rank becomes one on all ranks when the block ends."""
    error = None
    try:
        yield
    except UserError as caught:
        error = caught
    agree(comm, error)


@contextlib.contextmanager
def guard(comm: Communicator, patience: float = 5.0) -> Iterator[None]:
    """A block in which a failure on any rank ends the job with one message and a non-zero code.

    A UserError that every rank raises within `patience` seconds goes on to whoever reports it once.
    One that the others know nothing of is reported by its own rank, which then ends the job; so is
    an error of the system that the user can mend, such as a disk that is full.
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
            _fail(comm, error)
            raise
        # The job ends even where every rank meets it: files that cannot be closed would complain.
        if all_come(door, patience) and comm.rank:
            time.sleep(patience)                                   # rank 0 reports it meanwhile
        end(comm, f'phi4hpc: {known}', known.code)
    except BaseException as error:
        _fail(comm, error)
        raise
    finally:
        door.Free()


def all_come(comm: Communicator, patience: float = 5.0) -> bool:
    """Return whether every rank of `comm` calls this within `patience` seconds."""
    came, began = comm.Ibarrier(), time.monotonic()
    while not (there := came.Test()) and time.monotonic() - began < patience:
        time.sleep(0.01)
    return there


def end(comm: Communicator, message: str, code: int) -> None:
    """Print why on this rank, and end the job. Lower ranks speak first, so that what befalls all
    ranks is printed once."""
    time.sleep(min(0.5 * comm.rank, 3.0))
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr, flush=True)
    comm.Abort(code)


def _fail(comm, error):
    """End the job with a traceback, where there are other ranks."""
    if comm.size > 1:
        heading = f'phi4hpc: rank {comm.rank} of {comm.size} failed; the job ends here'
        end(comm, '\n'.join([heading, *traceback.format_exception(error)]), 1)
