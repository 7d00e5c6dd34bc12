"""Tuning of step sizes while thermalising, one for each rung, frozen before the first draw."""

import numpy as np
from numpy.typing import NDArray

from phi4hpc.deck.algorithms import algorithm, recipe
from phi4hpc.deck.schema import Sample
from phi4hpc.device.portable import exp
from phi4hpc.sampling.algorithm import StepSize

WINDOW = 10                       # steps whose proposals are counted before a step size is changed
GAIN, SETTLING = 2.0, 10          # gain of the first window, and windows after which it has halved


class StepSizes:
    """The step sizes of one algorithm at `rungs` rungs, driven to one acceptance as `tuned` says.

    `proposals`: of a replica in a step.
    """

    def __init__(self, rungs: int, tuned: StepSize, proposals: int) -> None:
        self.acceptance, self.largest, self.proposals = tuned.acceptance, tuned.largest, proposals
        self.size_k = np.full(rungs, float(tuned.first))
        self.tried = 0                                     # proposals at a rung since counts began

    def adapt(self, window: int, accepted_k: NDArray[np.float64]) -> None:
        """Move the step sizes toward the acceptance wanted, by the accepted proposals of window
        number `window`.

        The later the window the less they move: what chance adds to the counts must not stay in
        the sizes that are frozen.
        """
        excess = np.clip(acceptance(accepted_k, self.tried) - self.acceptance, -0.5, 0.5)
        self.size_k *= exp(GAIN / (1 + window / SETTLING) * excess)
        np.minimum(self.size_k, self.largest, out=self.size_k)

    def follow(self, kappas: NDArray[np.float64], moved: NDArray[np.float64]) -> None:
        """Give the rungs that went from `kappas` to `moved` the step sizes of where they are now.
        """
        self.size_k[...] = np.interp(moved, kappas, self.size_k)


def step_sizes(sample: Sample, L: int, rungs: int) -> dict[str, StepSizes]:
    """Return {algorithm: StepSizes} of the algorithms of a recipe that tune one, on lattices of
    size L."""
    found = {}
    for name in dict(recipe(sample)):
        if hasattr(algorithm(name), 'step_size'):
            tuned = algorithm(name).step_size(sample, L)
            sweeps = sum(count for other, count in recipe(sample) if other == name)
            found[name] = StepSizes(rungs, tuned, tuned.proposals * sweeps)
    return found


def acceptance(accepted_k: NDArray[np.float64],
               tried: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which part of `tried` proposals was accepted at each rung; not a number where nothing
    was tried."""
    return accepted_k / tried if tried else np.full_like(accepted_k, np.nan)
