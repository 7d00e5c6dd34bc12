"""The replicas of one lattice that this rank owns: their fields, and one step of the recipe on them."""

import numpy as np

from phi4hpc.device.fields import Fields
from phi4hpc.mpi import block
from phi4hpc.sampling.start import first_fields


class Replicas:
    """This rank's block of all `chains * rungs` replicas. `recipe`: pairs (algorithm, sweeps)."""

    def __init__(self, comm, device, deck, L):
        rungs = len(deck.ladder.kappas)
        self.total = deck.ladder.chains * rungs
        self.first, self.last = block(self.total, comm.size, comm.rank)
        self.own = np.arange(self.first, self.last)
        self.recipe = [item for entry in deck.sample.recipe for item in entry.items()]
        self.fields = Fields(device, L, deck.precision, deck.action.lam, deck.seed, self.own)
        self.kappas = np.array(deck.ladder.kappas)
        self.sweeps = sum(sweeps for _, sweeps in self.recipe)
        self.hits = 2 * L * L * sum(sweeps for name, sweeps in self.recipe if name == 'metropolis')
        self._start = lambda: first_fields(deck.sample.start, L, rungs, self.own, deck.seed)

    def start(self):
        """Set the first fields."""
        self.fields.write(self._start())

    def step(self, number, rung_r, width_k):
        """Make step `number` with each replica at its rung; return the accepted (r,) of its `hits` Metropolis hits."""
        kappas, sweep, accepted = self.kappas[rung_r], number * self.sweeps, np.zeros(len(self.own), np.int64)
        for algorithm, sweeps in self.recipe:
            if algorithm == 'metropolis':
                accepted += self.fields.metropolis(kappas, width_k[rung_r], sweep, sweeps)
            else:
                getattr(self.fields, algorithm)(kappas, sweep, sweeps)
            sweep += sweeps
        return accepted
