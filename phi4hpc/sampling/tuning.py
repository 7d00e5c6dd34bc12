"""Tuning of step sizes while thermalising, one for each rung, frozen before the first draw.

Two algorithms have one: Metropolis, the half-width of its proposal, and hybrid Monte Carlo, the step of its integrator.
"""

import numpy as np

WINDOW = 10                       # steps whose hits are counted before a step size is changed
FIRST_WIDTH = 1.5
GAIN, SETTLING = 2.0, 10          # of the first window, and windows after which it has halved


def tuned(sample, rungs):
    """Return {algorithm: StepSizes} of those in the recipe of a deck's section `sample` that have a step size."""
    hmc, recipe = sample.hmc, {name for sweeps in sample.recipe for name in sweeps}
    known = {'metropolis': StepSizes(rungs, sample.acceptance, FIRST_WIDTH),
             'hmc': StepSizes(rungs, hmc.acceptance, hmc.length / hmc.steps, hmc.length)}
    return {name: sizes for name, sizes in known.items() if name in recipe}


def acceptance(accepted_k, tried):
    """Return which part of so many proposals was accepted at each rung; not a number where there were none."""
    return accepted_k / tried if tried else np.full_like(accepted_k, np.nan)


class StepSizes:
    """An algorithm's step sizes at every rung, driven to one acceptance from `first`; they stay below `largest`."""

    def __init__(self, rungs, acceptance, first, largest=np.inf):
        self.acceptance, self.largest = acceptance, largest
        self.size_k = np.full(rungs, float(first))
        self.accepted_k, self.tried = np.zeros(rungs), 0                   # proposals at each rung; tried at any rung

    def adapt(self, window):
        """Move the step sizes toward the acceptance wanted, by the counts of a window, which start anew.

        The later the window the less: what chance adds to the counts must not stay in the sizes that are frozen.
        """
        excess = np.clip(self.found() - self.acceptance, -0.5, 0.5)
        self.size_k *= np.exp(GAIN / (1 + window / SETTLING) * excess)
        np.minimum(self.size_k, self.largest, out=self.size_k)
        self.forget()

    def found(self):
        """Return the acceptance at each rung since counts began; not a number where there is none yet."""
        return acceptance(self.accepted_k, self.tried)

    def follow(self, kappas, moved):
        """Give the rungs that went from `kappas` to `moved` the step sizes of where they are now."""
        self.size_k[...] = np.interp(moved, kappas, self.size_k)
        self.forget()

    def forget(self):
        """Let counts begin anew."""
        self.accepted_k[...] = self.tried = 0

    def restore(self, size_k, accepted_k, tried):
        """Take up the step sizes and counts of a checkpoint."""
        self.size_k[...], self.accepted_k[...], self.tried = size_k, accepted_k, int(tried)
