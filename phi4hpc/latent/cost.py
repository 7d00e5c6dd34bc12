"""What the analysis of a model takes in memory, by the deck alone."""

from math import ceil

from phi4hpc.blockspin.memory import weights
from phi4hpc.deck.schema import Deck
from phi4hpc.parallel.jackknife import BLOCKS

SAMPLES_BYTES = 2**27
"""About how many bytes the Jacobians of the samples that are taken together may have."""


def sample_bytes(sites: int, latent: int) -> int:
    """Return the bytes of the Jacobian of a sample, with what it takes to form it."""
    return 8 * 8 * sites * latent


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it analyses a model, the largest of the deck.

    These are Gram matrices in float64, six over the latents and one over what the encoder looks at:
    those of this rank's share of the jackknife blocks, and three more of each; the weights and mean
    Jacobians; and the Jacobians of a few samples.
    """
    train, latent = deck.train, max(deck.train.latents)
    sites, rows = train.lattice**2, latent + ('dense' in train.families) * train.hidden
    grams = (ceil(BLOCKS / ranks) + 3) * (6 * latent**2 + min(sites, rows)**2)
    work = max(SAMPLES_BYTES, sample_bytes(sites, latent))
    return 8 * (grams + weights(train) + 3 * sites * latent) + work
