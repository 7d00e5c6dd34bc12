"""Which draws a rank takes of those that the ranks share out; they are read when asked for."""

from typing import NamedTuple

from phi4hpc.blockspin import shards
from phi4hpc.deck.parts import length, split
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.stages.context import Context
from phi4hpc.storage.reader import Lattice


class Share(NamedTuple):
    """A rank's draws (n, y, x), numbered from `first` of `total` over all ranks."""

    phi_nyx: shards.Stored
    first: int
    total: int


def share(comm: Communicator, lattice: Lattice, k: int, draws: slice,
          most: int | None = None) -> Share:
    """Return this rank's share of the `draws` of every chain at kappa number k, in a row.

    `most`: that many of them are shared out where there are more, spread evenly.
    """
    total = lattice.chains * length(draws)
    numbers = range(total) if most is None else shards.evenly(total, most)
    first, last = block(len(numbers), comm.size, comm.rank)
    return Share(shards.Stored(lattice.phi, k, draws, numbers[first:last]), first, len(numbers))


def test_draws(context: Context, lattice: Lattice) -> slice:
    """Return the slice of the draws of every chain that had no part in training a model.

    Nor did they in the choice of its best epoch.
    """
    assert context.deck.train
    return split(lattice.draws, context.deck.train.held_out)[2]
