"""Which draws train, which validate, and which of them a rank reads.

The last draws of every chain validate, and a gap before them is used by neither: neighbours in Monte Carlo
time are alike, and would let a model be validated on what it was trained on. The draws of all chains in a row
(chain 0, then chain 1, ...) are numbered from 0; a rank reads a range of these numbers, and no other rows.

Training draws are cut into as many *strata* as there are draws in a batch, each a range of that row. A step
takes one draw from each stratum, and a rank owns whole strata: so a batch is spread evenly over Monte Carlo
time, and is the same set of draws on any number of ranks.
"""

import math

import numpy as np

from phi4hpc.errors import UserError
from phi4hpc.mpi import block


def split(draws, validation):
    """Return (train, valid), slices of a chain of `draws` draws; the last `validation` part validates.

    The gap between them is 2% of the draws, at least one. Raises UserError where nothing is left to train on.
    """
    gap = math.ceil(0.02 * draws)
    first = draws - max(1, round(validation * draws))
    if first - gap < 1:
        raise UserError(f'sample.draws: {draws} draws a chain leave none to train on beside validation and '
                        f'a gap of {gap}: expected more draws')
    return slice(0, first - gap), slice(first, draws)


def strata(total, batch, size=1, rank=0):
    """Return (numbers, bounds) of the strata that `rank` of `size` owns of `total` training draws.

    There are `batch` strata in all, or `total` where that is less; stratum numbers[s] goes from bounds[s] to
    bounds[s + 1]. Raises UserError where some rank would own none.
    """
    count = min(batch, total)
    if count < size:
        raise UserError(f'train.batch: a batch of {count} draws cannot be shared by {size} ranks: '
                        'expected a larger batch, more draws, or fewer ranks')
    numbers = range(*block(count, size, rank))
    return numbers, [block(total, count, s)[0] for s in numbers] + [block(total, count, numbers[-1])[1]]


def evenly(total, count):
    """Return `count` numbers spread evenly over `total`, or all of them where there are fewer."""
    count = min(count, total)
    return [i * total // count for i in range(count)]


def read_range(phi_kcnyx, k, draws, first, last):
    """Return the draws numbered `first` to `last` of kappa number `k`, as phi_nyx.

    `draws` is a slice from `split`, `phi_kcnyx` an array or an h5py dataset (kappa, chain, draw, y, x).
    """
    length = draws.stop - draws.start
    pieces = []
    for chain in range(phi_kcnyx.shape[1]):
        start, stop = max(first - chain * length, 0), min(last - chain * length, length)
        if start < stop:
            pieces.append(phi_kcnyx[k, chain, draws.start + start:draws.start + stop])
    return np.concatenate(pieces)


def read_numbers(phi_kcnyx, k, draws, numbers):
    """Return the draws of the given `numbers`, which may be none, as phi_nyx; the rest as in `read_range`."""
    length, phi_nyx = draws.stop - draws.start, np.empty((len(numbers), *phi_kcnyx.shape[3:]), phi_kcnyx.dtype)
    for n, i in enumerate(numbers):
        phi_nyx[n] = phi_kcnyx[k, i // length, draws.start + i % length]
    return phi_nyx


def read_train(phi_kcnyx, k, draws, batch, size=1, rank=0):
    """Return the training draws of the strata that `rank` of `size` owns, as phi_nyx."""
    _, bounds = strata(phi_kcnyx.shape[1] * (draws.stop - draws.start), batch, size, rank)
    return read_range(phi_kcnyx, k, draws, bounds[0], bounds[-1])


def read_valid(phi_kcnyx, k, draws, size=1, rank=0):
    """Return the validation draws of `rank` of `size`, as phi_nyx. Raises UserError where there are none."""
    total = phi_kcnyx.shape[1] * (draws.stop - draws.start)
    if total < size:
        raise UserError(f'train.validation: {total} validation draws cannot be shared by {size} ranks: '
                        'expected more draws, or fewer ranks')
    return read_range(phi_kcnyx, k, draws, *block(total, size, rank))
