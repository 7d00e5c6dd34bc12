"""What the analysis of a model takes in memory, by the deck alone."""

from math import ceil, prod

from phi4hpc.blockspin.models import Model, models
from phi4hpc.deck.schema import Deck
from phi4hpc.lattice.observable import Observable, load
from phi4hpc.parallel.jackknife import BLOCKS

SAMPLES_BYTES = 2**27
"""About how many bytes the Jacobians of the samples that are taken together may have."""
HELD = 1024
"""Draws, at most, that predictions after a removal of directions, and operators, are fitted to.
They are held in memory."""
WEIGHT_BYTES = 4 + 8 + 16
"""Of a weight: in the model, in its copy in float64, and of what is taken to Fourier space."""
SINGLE = 8
"""Samples of each block of the jackknife that are looked at one by one, at most."""
OTHERS = 12
"""Numbers that are kept of a draw beside those of momenta, about."""
COPIES = 3
"""How often series of draws are there: of a rank, of all ranks, and in what estimates are made of.
"""


def sample_bytes(sites: int, latent: int) -> int:
    """Return the bytes of the Jacobian of a sample, with what it takes to form it."""
    return 8 * 8 * sites * latent


def pairs(observable: Observable, L: int) -> int:
    """Return how many pairs of moments the response of an observable needs."""
    entries = sum(prod(shape) for shape in observable.shapes(L).values())
    return entries if observable.is_mean else entries * (entries + 1) // 2


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it analyses a model, the largest of the deck.

    In float64 these are: sums over orbits of momenta and matrices over latents, of this rank's
    share of the jackknife blocks, which it has twice where there are other ranks, and a few more of
    each; the mean Jacobians; and of every draw of a kappa a few numbers for each momentum along an
    axis (stages/reconstructions.py), which estimates copy. There are the weights in float32,
    float64 and Fourier space, the Jacobians of a few samples, and the fields that functions of
    these are fitted to. The rest does not grow with the number of draws. It is 0 where none is
    trained.
    """
    draws = deck.ladder.chains * deck.sample.draws // max(1, deck.sample.fields)
    return max((_model_bytes(model, deck.analyse.observables, draws, ranks)
                for model in models(deck)), default=0)


def _model_bytes(model: Model, observables: list[str], draws: int, ranks: int) -> int:
    sites, latent = model.L**2, model.latent
    asked = [load(name) for name in observables]
    orbits = (model.L // 2 + 1) * (model.L // 2 + 2) // 2
    blocks = min(BLOCKS, 2 * ceil(BLOCKS / ranks)) + 3
    of_block = sites + orbits * (2 + SINGLE + 2 * sum(pairs(each, model.L) for each in asked))
    over_latents = 4 + sum(1 if each.is_mean else pairs(each, model.L) for each in asked)
    sums = blocks * (of_block + 3 * latent**2) + 2 * over_latents * latent**2
    series = 2 * draws * (model.L // 2 + OTHERS)
    weights = model.settings.weights(latent, model.L)
    return (8 * (sums + 3 * sites * latent + COPIES * series)
            + 4 * sites * ceil(HELD / ranks) + WEIGHT_BYTES * weights
            + max(SAMPLES_BYTES, sample_bytes(sites, latent)))
