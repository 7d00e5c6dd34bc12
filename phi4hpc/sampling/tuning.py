"""Tuning of the Metropolis step sizes while thermalising, one for each rung, frozen before the first draw."""

import numpy as np

WINDOW = 10                       # steps whose hits are counted before a step size is changed
FIRST_WIDTH = 1.5
GAIN = 2.0


class Widths:
    """Half-widths of the Metropolis proposal at every rung, driven to one acceptance."""

    def __init__(self, rungs, acceptance):
        self.acceptance = acceptance
        self.width_k = np.full(rungs, FIRST_WIDTH)
        self.accepted_k = np.zeros(rungs, np.int64)
        self.hits_k = np.zeros(rungs, np.int64)

    def count(self, rungs_r, accepted_r, hits):
        """Add the accepted of `hits` hits that each of this rank's replicas made at its rung."""
        np.add.at(self.accepted_k, rungs_r, accepted_r)
        np.add.at(self.hits_k, rungs_r, hits)

    def counts(self):
        """Return (2, k) integers, accepted and made, to be summed over ranks; the count starts anew."""
        counts = np.stack([self.accepted_k, self.hits_k])
        self.accepted_k[...] = self.hits_k[...] = 0
        return counts

    def adapt(self, counts):
        """Move the step sizes toward the acceptance wanted, by counts summed over all ranks: alike on every rank.

        Where no hit was made there is nothing to learn, and a step size stays.
        """
        accepted_k, hits_k = counts
        seen = np.where(hits_k > 0, accepted_k / np.maximum(hits_k, 1), self.acceptance)
        self.width_k *= np.exp(GAIN * np.clip(seen - self.acceptance, -0.5, 0.5))
