"""The replicas of one lattice that this rank holds: their fields, and one step of the recipe on them."""

import numpy as np

from phi4hpc.device.fields import Fields
from phi4hpc.lattice.observables import DENSITIES
from phi4hpc.sampling.start import first_fields


class Replicas:
    """The replicas first ... last - 1, maybe none, of a lattice of size L; `held`: (first, last)."""

    def __init__(self, device, deck, L, held):
        self.deck, self.L, self.held = deck, L, held
        self.own = np.arange(*held)
        self.recipe = [item for entry in deck.sample.recipe for item in entry.items()]
        self.fields = Fields(device, L, deck.precision, deck.action.lam, deck.seed, self.own)
        self.sweeps = sum(sweeps for _, sweeps in self.recipe)
        self.hits = 2 * L * L * sum(sweeps for name, sweeps in self.recipe if name == 'metropolis')

    def start(self):
        """Set the first fields."""
        start, rungs, seed = self.deck.sample.start, self.deck.ladder.rungs, self.deck.seed
        self.fields.write(first_fields(start, self.L, rungs, self.own, seed))

    def step(self, number, kappa_r, width_r):
        """Make step `number`, each replica at its hopping; return the accepted (r,) of its `hits` Metropolis hits."""
        accepted, sweep = np.zeros(len(self.own), np.int64), number * self.sweeps
        for algorithm, sweeps in self.recipe if len(self.own) else ():
            if algorithm == 'metropolis':
                accepted += self.fields.metropolis(kappa_r, width_r, sweep, sweeps)
            else:
                getattr(self.fields, algorithm)(kappa_r, sweep, sweeps)
            sweep += sweeps
        return accepted

    def measure(self):
        """Return the densities (r, 4) of every replica."""
        return self.fields.measure() if len(self.own) else np.empty((0, len(DENSITIES)))
