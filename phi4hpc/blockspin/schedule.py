"""Which ranks train which models, and how long that takes at most, by the deck alone.

Ranks work in groups of one size, each group on models of its own, the longest first. The size is
the one with which the last group ends soonest: of many models alike each rank takes some, since a
sum over ranks gains less than its cost; of few models, or where one takes most of the time, ranks
share a model. `train.ranks_per_model` sets the size instead.
"""

from typing import NamedTuple

from phi4hpc.blockspin import memory
from phi4hpc.blockspin.models import Model, with_controls
from phi4hpc.blockspin.pace import Pace
from phi4hpc.deck.schema import Deck
from phi4hpc.parallel.groups import shared_out

SPEED = 1e10
"""Multiplications that a rank makes in a second, as families count them (`Family.work`): those of a
draw's way forward, in the time that its way back takes as well.

This and the next four were measured on cores of an AMD EPYC (Zen 4), at L = 32. Steps of `dense`,
in batches of 16 to 128, take 0.7 to 0.9 of what follows from them. Those of `convolutional` with 16
or 32 channels take 0.9 to 1.2, also averaged over symmetries, and with 8 channels 2.0; those of
`cubic` with linear latents take 0.4 to 0.6.
"""
STEP = 1.5e-3
"""Seconds that a step takes for any model."""
WEIGHT = 1.3e-9
"""Seconds that a step takes for each weight: to clip gradients and to move weights."""
SHARED = 0.8e-3
"""Seconds that a step takes for ranks that share it, since they wait for each other. It is between
the 0.5 and 1.5 ms that two ranks waited for a dense model and for a convolutional one, by the
median, where each step had two waits. In quiet moments they wait for a tenth of that.
"""
SUM = 2e-9
"""Seconds that a step takes for each weight whose gradients several ranks add up."""


class Schedule(NamedTuple):
    """The ranks of a group, the numbers of each group's models in order, and seconds at most."""

    ranks: int
    models: list[list[int]]
    seconds: float


def schedule(deck: Deck, ranks: int) -> Schedule:
    """Return how `ranks` ranks share the models of `with_controls(deck)`, at least one."""
    assert deck.train
    given = deck.train.ranks_per_model
    # Sizes that make equally many groups differ in nothing.
    sizes = {ranks // size: size for size in ([given] if given else range(1, ranks + 1))}
    return min((_of_size(deck, min(size, ranks), ranks) for size in sizes.values()),
               key=lambda found: found.seconds)


def _of_size(deck: Deck, size: int, ranks: int) -> Schedule:
    seconds = [training_seconds(deck, model, size) for model in with_controls(deck)]
    models = shared_out(seconds, max(1, ranks // size))
    return Schedule(size, models, max(sum(seconds[number] for number in own) for own in models))


def training_seconds(deck: Deck, model: Model, ranks: int) -> float:
    """Return about how long `ranks` ranks train a model, if they make all epochs of the deck.

    Controls, which have nothing to learn, are taken to end as soon as a plateau can be seen.
    """
    assert deck.train
    if not model.settings.trained:
        return 0.0
    batch, learned, valid = memory.shared_out(deck)
    pace = Pace(deck.train.epochs, deck.train.patience, learned // batch)
    epochs = min(pace.epochs, pace.soonest) if model.surrogate else pace.epochs
    weights, work = (of(model.latent, model.L)
                     for of in (model.settings.weights, model.settings.work))
    step = STEP + batch / ranks * work / SPEED + weights * WEIGHT
    if ranks > 1:
        step += SHARED + weights * SUM
    # The validation draws go forward only.
    return epochs * pace.steps * step * (1 + valid / learned / 3)
