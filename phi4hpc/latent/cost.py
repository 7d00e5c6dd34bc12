"""What the analysis of a model takes in memory, by the deck alone."""

from math import ceil, prod

from phi4hpc.blockspin.models import Model, models
from phi4hpc.deck.schema import Deck
from phi4hpc.lattice.observable import Observable, load
from phi4hpc.parallel.jackknife import BLOCKS

SAMPLES_BYTES = 2**27
"""About how many bytes the Jacobians of the samples that are taken together may have."""


def sample_bytes(sites: int, latent: int) -> int:
    """Return the bytes of the Jacobian of a sample, with what it takes to form it."""
    return 8 * 8 * sites * latent


def pairs(observable: Observable, L: int) -> int:
    """Return how many pairs of moments the response of an observable needs."""
    entries = sum(prod(shape) for shape in observable.shapes(L).values())
    return entries if observable.is_mean else entries * (entries + 1) // 2


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it analyses a model, the largest of the deck.

    These are sums over orbits of momenta in float64: those of this rank's share of the jackknife
    blocks, and three more; matrices over latents, three of each block among them; the weights and a
    mean Jacobian; and the Jacobians of a few samples. The number of samples has no part in it.
    """
    return max(_model_bytes(model, deck.analyse.observables, ranks) for model in models(deck))


def _model_bytes(model: Model, observables: list[str], ranks: int) -> int:
    sites, latent = model.L**2, model.latent
    asked = [load(name) for name in observables]
    orbits = (model.L // 2 + 1) * (model.L // 2 + 2) // 2
    of_block = sites + 2 * orbits * (1 + sum(pairs(each, model.L) for each in asked))
    over_latents = 4 + sum(1 if each.is_mean else pairs(each, model.L) for each in asked)
    sums = (ceil(BLOCKS / ranks) + 3) * of_block + (2 * over_latents + 3 * BLOCKS) * latent**2
    weights = model.settings.weights(latent, model.L)
    return 8 * (sums + weights + 3 * sites * latent) + max(SAMPLES_BYTES,
                                                          sample_bytes(sites, latent))
