"""What sampling costs, by the deck alone: replicas, site visits, memory."""

from math import ceil

from phi4hpc.deck.algorithms import algorithm, recipe
from phi4hpc.deck.schema import Deck, Sample
from phi4hpc.storage.cost import SITE_BYTES

DELIVERED_BYTES = 2**22
"""Bytes of a rank's draws of a lattice that go to the owners of their rungs together."""


def all_replicas(deck: Deck) -> int:
    """Return the number of replicas of all lattices, which the ranks share."""
    return deck.ladder.replicas * len(deck.lattice.sizes)


def site_visits(sample: Sample) -> int:
    """Return how often a step visits each site."""
    return sum(algorithm(name).visits(sample) * sweeps for name, sweeps in recipe(sample))


def visits(deck: Deck, L: int) -> int:
    """Return the site visits of all replicas of the L x L lattice."""
    return deck.ladder.replicas * deck.sample.steps * site_visits(deck.sample) * L**2


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it samples.

    These are the fields and copies of them; the draws of every lattice that wait, and three copies
    of those of one lattice that are on their way.
    """
    fields = sum(L**2 * SITE_BYTES[deck.precision] for L in deck.lattice.sizes)
    waiting = (len(deck.lattice.sizes) + 3) * DELIVERED_BYTES
    return ceil(5 * deck.ladder.replicas / ranks * fields) + waiting
