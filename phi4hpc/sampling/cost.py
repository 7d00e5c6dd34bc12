"""What sampling costs, by the deck alone: replicas, steps, site visits, memory."""

from math import ceil

from phi4hpc.deck.schema import Deck, Hmc
from phi4hpc.storage.cost import SITE_BYTES

VISITS = {'metropolis': 2, 'overrelaxation': 1, 'cluster': 1}
"""Visits of a site in a sweep of each algorithm except hybrid Monte Carlo."""
FORCES = {'leapfrog': 1, 'omelyan': 2}
"""Forces at a site in a step of hybrid Monte Carlo."""
DELIVERED_BYTES = 2**22
"""Bytes of a rank's draws of a lattice that go to the owners of their rungs together."""


def replicas(deck: Deck) -> int:
    """Return the number of replicas of each lattice: chains times rungs."""
    return deck.ladder.chains * deck.ladder.rungs


def all_replicas(deck: Deck) -> int:
    """Return the number of replicas of all lattices, which the ranks share."""
    return replicas(deck) * len(deck.lattice.sizes)


def steps(deck: Deck) -> int:
    """Return the steps of each replica, thermalisation included."""
    return deck.sample.thermalisation + deck.sample.draws * deck.sample.spacing


def site_visits(algorithm: str, hmc: Hmc) -> int:
    """Return how often a sweep of `algorithm` visits a site; `hmc` is the deck's section sample.hmc.

    A force counts as one visit. A trajectory of hybrid Monte Carlo has the steps that it has before
    tuning, and one force more than its steps have, since neighbouring steps share theirs.
    """
    if algorithm in VISITS:
        return VISITS[algorithm]
    return hmc.steps * FORCES[hmc.integrator] + 1


def visits(deck: Deck, L: int) -> int:
    """Return the site visits of all replicas of the L x L lattice."""
    of_a_site = sum(site_visits(name, deck.sample.hmc) * sweeps
                    for part in deck.sample.recipe for name, sweeps in part.items())
    return replicas(deck) * steps(deck) * of_a_site * L**2


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it samples.

    These are the fields and copies of them; the draws of every lattice that wait, and three copies of
    those of one lattice that are on their way.
    """
    fields = sum(L**2 * SITE_BYTES[deck.precision] for L in deck.lattice.sizes)
    waiting = (len(deck.lattice.sizes) + 3) * DELIVERED_BYTES
    return ceil(5 * replicas(deck) / ranks * fields) + waiting
