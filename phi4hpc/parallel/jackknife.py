"""Jackknife errors of what is computed from sums over samples, when the samples are spread over ranks.

The samples of all ranks, in the order of ranks, are cut into blocks of neighbours. The sums of a block meet
on one rank, which leaves that block out and estimates anew. So a rank holds no more than its share of the
blocks; and the blocks, hence the errors, are the same on any number of ranks.
"""

from typing import NamedTuple

import numpy as np

from phi4hpc.parallel.blocks import block

BLOCKS = 16


class Blocks(NamedTuple):
    """How many blocks; the sums {b: {name: array}} of those that this rank owns; the sums over all blocks."""

    count: int
    owned: dict
    total: dict


def block_slices(first, n, total):
    """Return each block's slice of this rank's `n` samples, which are numbered from `first` of `total`."""
    count = min(BLOCKS, total)
    bounds = (np.subtract(block(total, count, b), first).clip(0, n) for b in range(count))
    return [slice(int(start), int(stop)) for start, stop in bounds]


def gather_blocks(comm, sums_b, whole=None):
    """Return the Blocks of what each rank has of them, after all ranks are done with their samples.

    `sums_b`: for every block, as cut by `block_slices`, this rank's part of its sums, {name: float64 array}, of the
    same shapes on every rank; zeros where it has no sample of it. `whole`: sums over all its samples, likewise, of
    which the total alone is kept.
    """
    total = {name: sum(sums[name] for sums in sums_b) for name in sums_b[0]} | (whole or {})
    owned = {}
    for b, sums in enumerate(sums_b):
        sums = {name: _reduce(comm, array, b % comm.size) for name, array in sums.items()}
        if b % comm.size == comm.rank:
            owned[b] = sums
    return Blocks(len(sums_b), owned, {name: _allreduce(comm, array) for name, array in total.items()})


def _reduce(comm, array, owner):
    """Return the sum over ranks on rank `owner`, None on others."""
    total = np.empty_like(array) if comm.rank == owner else None
    comm.Reduce(np.ascontiguousarray(array), total, root=owner)
    return total


def _allreduce(comm, array):
    total = np.empty_like(array)
    comm.Allreduce(np.ascontiguousarray(array), total)
    return total


def jackknife(comm, blocks, estimate):
    """Return (value, error) of the vector `estimate(sums)`; the error is that of B deleted blocks,

        sqrt((B - 1) / B sum_b (value_b - mean)^2),

    and nan where there is one block only.
    """
    value = np.asarray(estimate(blocks.total))
    if blocks.count == 1:
        return value, np.full_like(value, np.nan)
    mine = {b: estimate({name: blocks.total[name] - array for name, array in sums.items()})
            for b, sums in blocks.owned.items()}
    value_b = {b: v for part in comm.allgather(mine) for b, v in part.items()}
    value_bi = np.array([value_b[b] for b in sorted(value_b)])
    return value, np.sqrt((blocks.count - 1) * value_bi.var(axis=0))
