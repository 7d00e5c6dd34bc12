"""The replicas of one lattice that this rank holds: their fields, and one step of the recipe on them."""

import numpy as np

from phi4hpc.device.fields import Fields
from phi4hpc.lattice.series import DENSITIES
from phi4hpc.sampling.start import first_fields


class Replicas:
    """The replicas first ... last - 1, maybe none, of a lattice of size L; `held`: (first, last)."""

    def __init__(self, device, deck, L, held):
        self.deck, self.L, self.held = deck, L, held
        self.own = np.arange(*held)
        self.recipe = [item for entry in deck.sample.recipe for item in entry.items()]
        self.fields = Fields(device, L, deck.precision, deck.action.lam, deck.seed, self.own)
        self.sweeps = sum(sweeps for _, sweeps in self.recipe)

    def start(self):
        """Set the first fields."""
        start, rungs, seed = self.deck.sample.start, self.deck.ladder.rungs, self.deck.seed
        self.fields.write(first_fields(start, self.L, rungs, self.own, seed))

    def step(self, number, kappa_r, sizes):
        """Make step `number`, each replica at its hopping; return {algorithm: accepted (r,)} of those in `sizes`.

        `sizes`: {algorithm: step sizes (r,)} of the algorithms that have one, as `tuning.tuned` names them.
        """
        accepted, sweep = {name: np.zeros(len(self.own), np.int64) for name in sizes}, number * self.sweeps
        for algorithm, sweeps in self.recipe if len(self.own) else ():
            if algorithm in sizes:
                accepted[algorithm] += getattr(self, f'_{algorithm}')(kappa_r, sizes[algorithm], sweep, sweeps)
            else:
                getattr(self.fields, algorithm)(kappa_r, sweep, sweeps)
            sweep += sweeps
        return accepted

    def _metropolis(self, kappa_r, width_r, first, sweeps):
        return self.fields.metropolis(kappa_r, width_r, first, sweeps)

    def _hmc(self, kappa_r, size_r, first, trajectories):
        plan = self.deck.sample.hmc
        steps_r = np.ceil(plan.length / size_r)
        return self.fields.hmc(kappa_r, steps_r, first, trajectories, plan.length, plan.integrator)[0]

    def proposals(self, algorithm):
        """Return of how many proposals in a step of each replica `step` counts the accepted."""
        of_sweep = {'metropolis': 2 * self.L**2, 'hmc': 1}[algorithm]
        return of_sweep * sum(sweeps for name, sweeps in self.recipe if name == algorithm)

    def measure(self):
        """Return the densities (r, 4) of every replica."""
        return self.fields.measure() if len(self.own) else np.empty((0, len(DENSITIES)))

    def longest_mode(self):
        """Return the longest mode's power (r,) of every replica."""
        return self.fields.longest_mode() if len(self.own) else np.empty(0)
