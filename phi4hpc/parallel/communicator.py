"""What physics may ask of a communicator, so that it need not know MPI; those of mpi4py have it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, Protocol, TypeVar

import numpy as np

T = TypeVar('T')
Pieces = Callable[[Iterable[T]], Iterator[T]]
"""A function that yields the pieces of this rank's work, and may raise Stopped before each of them.

Control.each is one.
"""


class Communicator(Protocol):
    """The ranks that work together.

    As in mpi4py, lower-case methods take any object, others NumPy arrays.
    """

    rank: int
    size: int

    def Barrier(self) -> None: ...
    def bcast(self, obj: Any, root: int = 0) -> Any: ...
    def gather(self, sendobj: Any, root: int = 0) -> list[Any] | None: ...
    def allgather(self, sendobj: Any) -> list[Any]: ...
    def allreduce(self, sendobj: Any) -> Any: ...
    def Reduce(self, sendbuf: Any, recvbuf: Any, root: int = 0) -> None: ...
    def Allreduce(self, sendbuf: Any, recvbuf: Any) -> None: ...
    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None: ...
    def Alltoallv(self, sendbuf: Any, recvbuf: Any) -> None: ...
    def Iallreduce(self, sendbuf: Any, recvbuf: Any) -> Any: ...
    def Ibarrier(self) -> Any: ...
    def Split(self, color: int = 0, key: int = 0) -> 'Communicator': ...
    def Dup(self) -> 'Communicator': ...
    def Free(self) -> None: ...
    def Abort(self, errorcode: int = 0) -> Any: ...


def summed_over(comm: Communicator, array: np.ndarray) -> np.ndarray:
    """Return the sum of the arrays of all ranks, on each of them. Collective."""
    total = np.empty_like(array)
    comm.Allreduce(np.ascontiguousarray(array), total)
    return total


def by_key(of_ranks: Iterable[Mapping[Any, T]]) -> list[T]:
    """Return the values in the dicts of all ranks, in the order of their keys.

    Each key is in the dict of one rank. The order does not depend on which rank that is.
    """
    items = (item for of_rank in of_ranks for item in of_rank.items())
    return [value for _, value in sorted(items, key=itemgetter(0))]
