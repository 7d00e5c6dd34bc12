"""How long sampling would take on cores like this one, by steps that are timed as `deal` does."""

import time
from typing import NamedTuple

import numpy as np

from phi4hpc.deck.schema import Deck
from phi4hpc.device.cuda import gpu_missing
from phi4hpc.device.device import Device
from phi4hpc.device.host import Host
from phi4hpc.errors import UserError
from phi4hpc.sampling.deal import decided, load, step_cost

TURN = 5e-5
"""Seconds that each lattice takes at a step besides its recipe, for swaps and for draws on their
way: between the 25 and 130 microseconds of five runs on cores of an AMD EPYC (Zen 4)."""
LARGEST = 512
"""L of the largest lattice that is timed; by site a larger one costs the same."""
SITES = 2**16
"""Sites of the replicas that are timed together."""
PATIENCE = 0.5
"""Seconds after which no other lattice is timed, since its kernels may have to be compiled."""


class Forecast(NamedTuple):
    """Seconds of sampling, and the lattices that were not timed: their sites were taken to cost
    what those of another lattice do."""

    seconds: float
    untimed: list[int]


def forecast(deck: Deck, ranks: int) -> Forecast:
    """Return how long the slowest of `ranks` ranks samples where each is a core of this machine.

    Raises UserError where the run would take a GPU, or kernels cannot be compiled.
    """
    if deck.device == 'cuda' or (deck.device == 'auto' and not gpu_missing()):
        raise UserError('only cores are timed here, and this deck takes a GPU; '
                        '`phi4hpc bench sampler` times GPUs')
    costs, untimed = _costs(Host(), deck, ranks)
    fixed, each = np.array(costs).T
    totals = np.full((deck.ladder.chains, len(costs)), deck.ladder.rungs)
    slowest = load(decided(totals, fixed, each, ranks), fixed, each).max() + TURN * len(costs)
    return Forecast(float(slowest) * deck.sample.steps, untimed)


def _costs(device: Device, deck: Deck, ranks: int) -> tuple[list[tuple[float, float]], list[int]]:
    """Return the step_cost of each lattice, and the lattices that were not timed.

    The largest, which costs most, is timed in any case.
    """
    found: dict[int, tuple[float, float]] = {}
    untimed, began, last = [], time.monotonic(), 0
    for L in sorted(deck.lattice.sizes, reverse=True):
        if not found or (L <= LARGEST and time.monotonic() - began < PATIENCE):
            last = min(L, LARGEST)
            share = min(-(-deck.ladder.replicas // ranks), SITES // last**2)
            found[last] = step_cost(device, deck, last, share)
        fixed, each = found[last]
        found[L] = fixed, each * (L / last)**2
        untimed += [L] if last != L else []
    return [found[L] for L in deck.lattice.sizes], sorted(untimed)
