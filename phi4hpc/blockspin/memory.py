"""What training takes in memory, by the deck alone, and how many draws there are to share out."""

from math import ceil

from phi4hpc.blockspin.models import models
from phi4hpc.deck.parts import length, split
from phi4hpc.deck.schema import Deck
from phi4hpc.storage.cost import SITE_BYTES

WORK_BYTES = 2**27
"""Bytes that a loop over draws takes at a time."""


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it trains a model, the most of any model.

    These are its draws, twice while they are read; weights, their gradients twice, two moments of
    Adam and the best weights so far, in float32; and what a loop over draws takes. It is 0 where
    none is trained.
    """
    if deck.train is None:
        return 0
    draws = ceil(deck.ladder.chains * deck.sample.draws / ranks)
    return WORK_BYTES + max(2 * draws * model.L**2 * SITE_BYTES[deck.precision]
                            + 6 * 4 * model.settings.weights(model.latent, model.L)
                            for model in models(deck))


def shared_out(deck: Deck) -> tuple[int, int, int]:
    """Return how many draws there are of each training step, to train on, and to validate on.

    The deck has a section train.
    """
    assert deck.train
    parts = split(deck.sample.draws, deck.train.held_out)
    learned, valid, _ = (deck.ladder.chains * length(part) for part in parts)
    return min(deck.train.batch, learned), learned, valid
