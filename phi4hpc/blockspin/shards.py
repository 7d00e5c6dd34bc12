"""Which of the draws that train, validate or test a rank reads, and which of them make up a batch.

The draws of such a part (deck.parts), of all chains in a row (chain 0, then chain 1, ...), are
numbered from 0; a rank reads a range of these numbers, and no other rows.

The training draws are cut into *strata*, each a range of that row, one for every draw of a batch. A
step takes one draw from each stratum, and a rank owns whole strata: so a batch is spread evenly
over Monte Carlo time, and is the same set of draws on any number of ranks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from phi4hpc.deck.parts import length
from phi4hpc.errors import UserError
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Pieces

CHUNK = 2**24                    # sites that are read at a time


@dataclass(frozen=True)
class Strata:
    """The strata that a rank owns.

    Stratum numbers[s] goes from bounds[s] to bounds[s + 1] in the row of all training draws.
    """

    total: int
    """Training draws of all ranks."""
    batch: int
    """Strata of all ranks, and so draws of a step."""
    numbers: range
    bounds: list[int]

    @property
    def steps(self) -> int:
        """The steps of an epoch."""
        return self.total // self.batch


@dataclass(frozen=True)
class Shares:
    """A rank's draws (n, y, x) of each part, those of training by strata."""

    strata: Strata
    train_nyx: np.ndarray
    valid_nyx: np.ndarray
    test_nyx: np.ndarray


def strata(total: int, batch: int, size: int = 1, rank: int = 0) -> Strata:
    """Return the Strata that `rank` of `size` owns of `total` training draws.

    There are `batch` of them in all, or one a draw where the draws are fewer. Raises UserError
    where some rank would own none.
    """
    count = min(batch, total)
    if count < size:
        raise UserError(f'train.batch: a batch of {count} draws cannot be shared by {size} ranks: '
                        'expected a larger batch, more draws, or fewer ranks')
    first, last = block(count, size, rank)
    bounds = [block(total, count, s)[0] for s in range(first, last + 1)]
    return Strata(total, count, range(first, last), bounds)


def evenly(total: int, count: int) -> list[int]:
    """Return `count` numbers spread evenly over `total`, or all of them where there are fewer."""
    count = min(count, total)
    return [block(total, count, i)[0] for i in range(count)]


def read_range(phi_kcnyx: Any, k: int, draws: slice, first: int, last: int,
               each: Pieces = iter) -> np.ndarray:
    """Return the draws numbered `first` to `last`, which may be none, of kappa number `k`, phi_nyx.

    `draws` is a slice from `parts.split`, `phi_kcnyx` an array or an h5py dataset (kappa, chain,
    draw, y, x). `each(pieces)` yields the pieces of this rank's work, before which it may raise.
    """
    most = max(1, CHUNK // np.prod(phi_kcnyx.shape[3:]))
    pieces = each(stretches(length(draws), first, last, most))
    parts = [phi_kcnyx[k, chain, draws.start + start:draws.start + stop]
             for chain, start, stop in pieces]
    return np.concatenate(parts) if parts else np.empty((0, *phi_kcnyx.shape[3:]), phi_kcnyx.dtype)


def stretches(n: int, first: int, last: int, most: int) -> Iterator[tuple[int, int, int]]:
    """Yield the numbers `first` to `last` as pieces (chain, start, stop) of chains of `n` draws.

    A piece has at most `most` draws.
    """
    while first < last:
        chain, start = divmod(first, n)
        stop = min(start + most, start + last - first, n)
        yield chain, start, stop
        first += stop - start


def read_numbers(phi_kcnyx: Any, k: int, draws: slice, numbers: list[int]) -> np.ndarray:
    """Return the draws of these `numbers`, which may be none, as phi_nyx. See `read_range`."""
    phi_nyx = np.empty((len(numbers), *phi_kcnyx.shape[3:]), phi_kcnyx.dtype)
    for n, number in enumerate(numbers):
        chain, draw = divmod(number, length(draws))
        phi_nyx[n] = phi_kcnyx[k, chain, draws.start + draw]
    return phi_nyx


class Stored:
    """Draws by their `numbers`. A slice of them is read when it is asked for. See `read_range`.

    So memory does not depend on how many they are.
    """

    def __init__(self, phi_kcnyx: Any, k: int, draws: slice, numbers: Sequence[int]) -> None:
        self.source, self.numbers = (phi_kcnyx, k, draws), numbers
        self.shape = len(numbers), *phi_kcnyx.shape[3:]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, part: slice) -> np.ndarray:
        numbers = self.numbers[part]
        if isinstance(numbers, range):
            return read_range(*self.source, numbers.start, numbers.stop)
        return read_numbers(*self.source, list(numbers))


def read_train(phi_kcnyx: Any, k: int, draws: slice, strata: Strata,
               each: Pieces = iter) -> np.ndarray:
    """Return the training draws of the strata that a rank owns, as phi_nyx."""
    return read_range(phi_kcnyx, k, draws, strata.bounds[0], strata.bounds[-1], each)


def read_share(phi_kcnyx: Any, k: int, draws: slice, size: int = 1, rank: int = 0,
               each: Pieces = iter) -> np.ndarray:
    """Return the share of `rank` of `size` in the validation or the test draws, as phi_nyx.

    Raises UserError where there are fewer draws than ranks.
    """
    total = phi_kcnyx.shape[1] * length(draws)
    if total < size:
        raise UserError(f'train.held_out: {total} draws cannot be shared by {size} ranks: '
                        'expected more draws, or fewer ranks')
    first, last = block(total, size, rank)
    return read_range(phi_kcnyx, k, draws, first, last, each)
