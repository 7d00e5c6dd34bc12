"""The replicas of one lattice that this rank holds: their fields, and one step of the recipe on
them."""

from collections.abc import Generator, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from phi4hpc.deck.algorithms import algorithm, recipe
from phi4hpc.deck.schema import Deck
from phi4hpc.device.device import Device
from phi4hpc.device.fields import Fields
from phi4hpc.lattice.series import DENSITIES
from phi4hpc.sampling import measure
from phi4hpc.sampling.ladder import exchange_kernels
from phi4hpc.sampling.start import first_fields
from phi4hpc.sampling.tuning import step_sizes

Sizes = Mapping[str, NDArray[np.float64]]
Accepted = dict[str, NDArray[np.int64]]
T = TypeVar('T')


class Replicas:
    """The replicas first ... last - 1, maybe none, of a lattice of size L; `held`: (first, last).
    """

    def __init__(self, device: Device, deck: Deck, L: int,
                 held: tuple[int, int]) -> None:
        self.deck, self.L, self.held = deck, L, held
        self.own = np.arange(*held)
        self.recipe = [(name, algorithm(name), sweeps) for name, sweeps in recipe(deck.sample)]
        self.fields = Fields(device, L, deck.precision, deck.action.lam, deck.seed, self.own)
        self.sweeps = sum(sweeps for _, _, sweeps in self.recipe)

    def start(self) -> None:
        """Set the first fields."""
        start, rungs, seed = self.deck.sample.start, self.deck.ladder.rungs, self.deck.seed
        self.fields.write(first_fields(start, self.L, rungs, self.own, seed))

    def step(self, number: int, kappa_r: NDArray[np.float64], sizes: Sizes) -> Accepted:
        """Make step `number`, each replica at its hopping; return {algorithm: accepted proposals
        (r,)}.

        `sizes`: {algorithm: step sizes (r,)} of the algorithms that have one; these are the keys
        of what is returned.
        """
        return finished(self.parts(number, kappa_r, sizes))

    def parts(self, number: int, kappa_r: NDArray[np.float64],
              sizes: Sizes) -> Generator[str, None, Accepted]:
        """Make `step`, and yield the name of each algorithm when it is done."""
        accepted = {name: np.zeros(len(self.own), np.int64) for name in sizes}
        sweep = number * self.sweeps
        for name, module, sweeps in self.recipe if len(self.own) else ():
            size_r = sizes.get(name)
            taken = module.launch(self.fields, self.deck.sample, kappa_r, size_r, sweep, sweeps)
            if name in sizes:
                accepted[name] += taken
            sweep += sweeps
            yield name
        return accepted

    def measure(self) -> NDArray[np.float64]:
        """Return the densities (r, 4) of every replica."""
        return measure.densities(self.fields) if len(self.own) else np.empty((0, len(DENSITIES)))

    def longest_mode(self) -> NDArray[np.float64]:
        """Return the longest mode's power (r,) of every replica."""
        return measure.longest_mode(self.fields) if len(self.own) else np.empty(0)


def compile_kernels(device: Device, deck: Deck) -> None:
    """Have every kernel of a deck compiled, by a step of one replica of each lattice on scratch
    fields."""
    exchange_kernels()
    for L in deck.lattice.sizes:
        scratch = Replicas(device, deck, L, (0, 1))
        scratch.start()
        sizes = {name: each.size_k for name, each in step_sizes(deck.sample, L, rungs=1).items()}
        scratch.step(0, np.zeros(1), sizes)
        scratch.measure()
        scratch.longest_mode()
        scratch.fields.read()


def finished(parts: Generator[str, None, T]) -> T:
    """Go through all parts of a step, and return what it returns."""
    while True:
        try:
            next(parts)
        except StopIteration as end:
            return end.value
