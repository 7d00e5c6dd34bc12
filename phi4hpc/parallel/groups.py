"""Groups of ranks that work apart on tasks of their own, the longest tasks first."""

from collections.abc import Sequence
from typing import NamedTuple

from phi4hpc.parallel.communicator import Communicator


class Group(NamedTuple):
    """The ranks with which this one works together: number `number` of `count` groups."""

    comm: Communicator
    number: int
    count: int          # type: ignore[assignment]


def apart(comm: Communicator, ranks: int) -> Group:
    """Return this rank's group, of at least `ranks` ranks, neighbours in `comm`. Collective."""
    count = max(1, comm.size // ranks)
    number = min(comm.rank // ranks, count - 1)
    return Group(comm.Split(number), number, count)


def shared_out(costs: Sequence[float], groups: int) -> list[list[int]]:
    """Return the numbers of the tasks of each group, in the order in which it does them.

    The longest task first, each goes to the group that is free first; so no group waits for the
    others longer than its last task takes (Graham, SIAM J. Appl. Math. 17, 416).
    """
    tasks: list[list[int]] = [[] for _ in range(groups)]
    loads = [0.0] * groups
    for task in sorted(range(len(costs)), key=lambda task: (-costs[task], task)):
        first = loads.index(min(loads))
        tasks[first].append(task)
        loads[first] += costs[task]
    return tasks
