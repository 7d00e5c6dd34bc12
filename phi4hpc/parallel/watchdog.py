"""A watch over the ranks: one that is stopped or whose machine is gone would let the others wait.

A thread of every rank counts up a number of its own in one file of the run directory, and looks at
the numbers of the others there; it needs no network beside that of the file system. The lowest rank
that lives speaks, and ends the job.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.together import end

WIDTH = 8                         # bytes of a rank's number
BEATS = 5                         # in the time after which a rank is given up
LEFT = 2**64 - 1                  # the number of a rank that watches no more


@contextlib.contextmanager
def watch(comm: Communicator, path: Path, patience: float) -> Iterator[None]:
    """A block in which the job ends where a rank of `comm` gives no sign of life for too long.

    `patience`: the seconds after which a rank counts as lost. `path` is the file of the numbers,
    made anew. A rank counts as alive while its threads run, so at the latest
    when a library lets go of Python's lock.
    """
    names = comm.allgather(f'process {os.getpid()} on {socket.gethostname()}')
    if comm.rank == 0:
        path.write_bytes(bytes(WIDTH * comm.size))
    comm.Barrier()
    over = threading.Event()
    args = comm, path, patience, names, over
    thread = threading.Thread(target=keep_watch, args=args, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def keep_watch(comm: Communicator, path: Path, patience: float, names: list[str],
               over: threading.Event) -> None:
    """Count and look until the event `over`."""
    pulse = Pulse(comm.size, patience)
    count = 0
    while not over.wait(patience / BEATS):
        count += 1
        missing = pulse.missing(exchange(path, comm.rank, count, comm.size), time.monotonic())
        if missing and comm.rank == min(set(range(comm.size)) - missing, default=None):
            lost = ', '.join(f'rank {rank} of {comm.size} ({names[rank]})'
                             for rank in sorted(missing))
            end(comm, f'phi4hpc: no sign of life from {lost} for {patience:g} s; '
                      'the job ends here', 1)
    exchange(path, comm.rank, LEFT, comm.size)


def exchange(path: Path, rank: int, count: int, size: int) -> list[int] | None:
    """Write this rank's number and return those of all, None where the file cannot be reached."""
    try:
        with open(path, 'r+b', buffering=0) as file:
            os.pwrite(file.fileno(), count.to_bytes(WIDTH, 'little'), WIDTH * rank)
            content = os.pread(file.fileno(), WIDTH * size, 0)
    except OSError:
        return None
    return [int.from_bytes(content[WIDTH * r:WIDTH * (r + 1)], 'little') for r in range(size)]


class Pulse:
    """When the number of each rank last changed, by this rank's clock."""

    def __init__(self, size: int, patience: float) -> None:
        self.patience, self.counts = patience, [0] * size
        self.changed = [time.monotonic()] * size
        self.looked = self.changed[0]

    def missing(self, counts: list[int] | None, now: float) -> set[int]:
        """Return the set of ranks whose number has not changed for too long."""
        if counts is None or now - self.looked > self.patience / 2:
            # Who could not look, or was stopped itself, knows nothing of the others.
            self.changed = [now] * len(self.changed)
        self.looked = now
        for rank, count in enumerate(counts or ()):
            if count != self.counts[rank] or count == LEFT:
                self.changed[rank] = now
        self.counts = counts or self.counts
        return {rank for rank, when in enumerate(self.changed) if now - when > self.patience}
