"""Jackknife errors of what is computed from sums over samples that are spread over ranks.

The samples of all ranks, in the order of ranks, are cut into blocks of neighbours. The sums of a
block meet on one rank, which leaves that block out and estimates anew. So a rank holds no more than
its share of the blocks; and the blocks, hence the errors, are the same on any number of ranks.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Communicator, by_key, summed_over

BLOCKS = 16
Sums = dict[str, NDArray[np.float64]]


class Blocks(NamedTuple):
    """The number of blocks, the sums of those that this rank owns, the sums over all of them."""

    number: int
    owned: dict[int, Sums]
    total: Sums


def block_slices(first: int, n: int, total: int) -> list[slice]:
    """Return the slice of each block of this rank's `n` samples.

    They are numbered from `first`, of `total` on all ranks.
    """
    count = min(BLOCKS, total)
    bounds = (np.subtract(block(total, count, b), first).clip(0, n) for b in range(count))
    return [slice(int(start), int(stop)) for start, stop in bounds]


def gather_blocks(comm: Communicator, sums_b: list[Sums], whole: Sums | None = None) -> Blocks:
    """Return the Blocks of what each rank has of them, after all ranks are done with their samples.

    `sums_b`: what this rank has of the sums of every block, as `block_slices` cuts them, of the
    same shapes on every rank; zeros where it has no sample of a block. `whole`: sums over all of
    its samples, likewise; only their total is kept.
    """
    total = {name: sum((sums[name] for sums in sums_b[1:]), array)
             for name, array in sums_b[0].items()} | (whole or {})
    owned = {}
    for b, sums in enumerate(sums_b):
        sums = {name: _reduce(comm, array, b % comm.size) for name, array in sums.items()}
        if b % comm.size == comm.rank:
            owned[b] = sums
    everywhere = {name: summed_over(comm, array) for name, array in total.items()}
    return Blocks(len(sums_b), owned, everywhere)


def _reduce(comm, array, owner):
    """Return the sum over ranks on rank `owner`, None on others. One rank alone has it already."""
    if comm.size == 1:
        return array
    total = np.empty_like(array) if comm.rank == owner else None
    comm.Reduce(np.ascontiguousarray(array), total, root=owner)
    return total


def jackknife(comm: Communicator, blocks: Blocks,
              estimate: Callable[[Sums], NDArray]) -> tuple[NDArray, NDArray]:
    """Return (value, error) of the vector `estimate(sums)`, by `deleted_error`."""
    value, value_bi = deleted(comm, blocks, estimate)
    return value, deleted_error(value_bi)


def deleted(comm: Communicator, blocks: Blocks,
            estimate: Callable[[Sums], NDArray]) -> tuple[NDArray, NDArray]:
    """Return the vector `estimate(sums)` (i,), and what it is with each block deleted (b, i).

    Of two quantities of the same blocks, the error of the difference is the `deleted_error` of the
    difference of the latter: it knows what both have in common.
    """
    value = np.asarray(estimate(blocks.total))
    mine = {b: estimate({name: blocks.total[name] - array for name, array in sums.items()})
            for b, sums in blocks.owned.items()}
    return value, np.array(by_key(comm.allgather(mine)))


def named(names: Iterable[str], found: tuple[NDArray, NDArray]) -> dict[str, Any]:
    """Return {name: value, name_error: its error} of the entries that `jackknife` found."""
    return {f'{name}{end}': number
            for name, *numbers in zip(names, *found, strict=True)
            for end, number in zip(('', '_error'), numbers, strict=True)}


def with_deleted(names: Iterable[str], found: tuple[NDArray, NDArray]) -> dict[str, Any]:
    """Return the same of what `deleted` found, and name_deleted (b,): with each block deleted."""
    names, (value_i, value_bi) = list(names), found
    return named(names, (value_i, deleted_error(value_bi))) | {
        f'{name}_deleted': value_b for name, value_b in zip(names, value_bi.T, strict=True)}


def deleted_error(value_bi: NDArray) -> NDArray:
    """Return the error of a vector, from its values with each of B blocks deleted in turn:

        sqrt((B - 1) / B sum_b (value_b - mean)^2),

    and nan where there is one block only.
    """
    if len(value_bi) == 1:
        return np.full_like(value_bi[0], np.nan)
    return np.sqrt((len(value_bi) - 1) * value_bi.var(axis=0))
