"""What training takes in memory, by the deck alone, and how many draws there are to share out."""

from math import ceil

from phi4hpc.deck.parts import length, split
from phi4hpc.deck.schema import Deck, Train
from phi4hpc.storage.cost import SITE_BYTES

WORK_BYTES = 2**27
"""Bytes that a loop over draws takes at a time."""


def weights(train: Train) -> int:
    """Return about how many weights the largest model of the deck has."""
    sites, latent = train.lattice**2, max(train.latents)
    hidden = ('dense' in train.families) * train.hidden
    return 2 * sites * latent + 2 * hidden * (sites + latent)


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it trains.

    These are its draws, twice while they are read; weights, their gradients twice, two moments of Adam
    and the best weights so far, in float32; and what a loop over draws takes.
    """
    draws = ceil(deck.ladder.chains * deck.sample.draws / ranks)
    own = 2 * draws * deck.train.lattice**2 * SITE_BYTES[deck.precision]
    return own + 6 * 4 * weights(deck.train) + WORK_BYTES


def shared_out(deck: Deck) -> tuple[int, int, int]:
    """Return how many draws there are of each training step, to train on, and to validate on."""
    parts = split(deck.sample.draws, deck.train.held_out)
    learned, valid, _ = (deck.ladder.chains * length(part) for part in parts)
    return min(deck.train.batch, learned), learned, valid
