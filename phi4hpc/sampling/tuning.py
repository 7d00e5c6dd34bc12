"""Tuning of the Metropolis step sizes while thermalising, one for each rung, frozen before the first draw."""

import numpy as np

WINDOW = 10                       # steps whose hits are counted before a step size is changed
FIRST_WIDTH = 1.5
GAIN = 2.0
STATE = ('width_k', 'accepted_k', 'hits_k')


class Widths:
    """Half-widths of the Metropolis proposal at every rung, driven to one acceptance."""

    def __init__(self, rungs, acceptance):
        self.acceptance = acceptance
        self.width_k = np.full(rungs, FIRST_WIDTH)
        self.accepted_k, self.hits_k = np.zeros(rungs), np.zeros(rungs)

    def count(self, rung_r, accepted_r, hits):
        """Add the accepted of `hits` hits that each replica made at its rung."""
        self.accepted_k += np.bincount(rung_r, accepted_r, len(self.width_k))
        self.hits_k += hits * np.bincount(rung_r, minlength=len(self.width_k))

    def adapt(self):
        """Move the step sizes toward the acceptance wanted, by the counts, which start anew.

        Where no hit was made there is nothing to learn, and a step size stays.
        """
        seen = np.where(self.hits_k > 0, self.accepted_k / np.maximum(self.hits_k, 1), self.acceptance)
        self.width_k *= np.exp(GAIN * np.clip(seen - self.acceptance, -0.5, 0.5))
        self.accepted_k[...] = self.hits_k[...] = 0

    def follow(self, kappas, moved):
        """Give the rungs that went from `kappas` to `moved` the step sizes of where they are now."""
        self.width_k[...] = np.interp(moved, kappas, self.width_k)
        self.accepted_k[...] = self.hits_k[...] = 0

    def state(self):
        """Return what a checkpoint must hold, a dict of arrays."""
        return {name: getattr(self, name) for name in STATE}

    def restore(self, state):
        """Take up the state of a checkpoint."""
        for name in STATE:
            getattr(self, name)[...] = state[name]
