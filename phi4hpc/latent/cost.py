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


def gram_matrices(observable: Observable, L: int) -> int:
    """Return how many (d, d) matrices the response of an observable needs, by latent.response."""
    entries = sum(prod(shape) for shape in observable.shapes(L).values())
    return 1 if observable.is_mean else entries * (entries + 1) // 2


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it analyses a model, the largest of the deck.

    These are Gram matrices in float64, those over the latents and one over what the encoder looks
    at: those of this rank's share of the jackknife blocks, and three more of each; the weights and
    mean Jacobians; and the Jacobians of a few samples.
    """
    return max(_model_bytes(model, deck.analyse.observables, ranks) for model in models(deck))


def _model_bytes(model: Model, observables: list[str], ranks: int) -> int:
    sites, latent = model.L**2, model.latent
    weights, rows = (of(latent, model.L) for of in (model.settings.weights, model.settings.rows))
    over_latents = 1 + sum(gram_matrices(load(name), model.L) for name in observables)
    grams = (ceil(BLOCKS / ranks) + 3) * (over_latents * latent**2 + rows**2)
    work = max(SAMPLES_BYTES, sample_bytes(sites, latent))
    return 8 * (grams + weights + 3 * sites * latent) + work
