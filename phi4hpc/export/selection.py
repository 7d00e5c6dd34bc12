"""The draws of one lattice that are exported: which rungs, and every how many of their draws."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from phi4hpc.errors import UserError
from phi4hpc.storage.reader import Lattice


@dataclass(frozen=True)
class Draws:
    """Of one lattice the `rungs` by number, the numbers `draws` of their draws, and of the fields
    that were kept those at `fields`.
    """

    lattice: Lattice
    rungs: list[int]
    draws: range
    fields: range

    @classmethod
    def of(cls, lattice: Lattice, kappas: Sequence[float] | None, every: int) -> 'Draws':
        """Return the complete draws whose number, counted from 1, `every` divides.

        `kappas`: those of the rungs that are wanted; None takes all. Raises UserError for a kappa
        that is no rung, and where there are no such draws.
        """
        rungs = ([lattice.rung(kappa) for kappa in kappas] if kappas
                 else list(range(len(lattice.kappas))))
        draws = range(every - 1, lattice.draws, every)
        if not draws:
            raise UserError(f'L = {lattice.L}: has {lattice.draws} complete draws a chain, none of '
                            f'them a multiple of {every}')
        # Fields were kept with draws that are equally far apart, so these are too.
        kept = np.flatnonzero((lattice.field_draws[:lattice.fields] + 1) % every == 0)
        step = int(kept[1] - kept[0]) if len(kept) > 1 else 1
        fields = range(int(kept[0]), int(kept[-1]) + 1, step) if len(kept) else range(0)
        return cls(lattice, rungs, draws, fields)

    @property
    def kappas(self) -> np.ndarray:
        """The hoppings of the rungs."""
        return self.lattice.kappas[self.rungs]

    @property
    def field_draws(self) -> np.ndarray:
        """The numbers of the draws with which the fields were kept."""
        return self.lattice.field_draws[self.fields.start:self.fields.stop:self.fields.step]

    @property
    def lam(self) -> float:
        """The quartic coupling."""
        return float(self.lattice.group.attrs['lambda'])

    def series(self, name: str, rung: int) -> np.ndarray:
        """Return a series (chain, draw) of one rung, by its number on the ladder."""
        return self.lattice.series(name, rung)[:, self.draws.start::self.draws.step]

    def blocks(self, rung: int, chain: int) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (place among the chosen fields, phi_nyx) of a rung and chain, in order.

        About a mebibyte comes at a time.
        """
        for first in range(0, len(self.fields), self.lattice.draws_at_once):
            some = self.fields[first:first + self.lattice.draws_at_once]
            where = slice(some.start, some.stop, some.step)
            yield slice(first, first + len(some)), self.lattice.phi[rung, chain, where]

    def in_words(self) -> str:
        """Return in words what was chosen."""
        counts = {'kappa': len(self.rungs), 'chain': self.lattice.chains, 'draw': len(self.draws),
                  'configuration': len(self.fields)}
        kappas, chains, draws, fields = (f'{number} {name}{"" if number == 1 else "s"}'
                                         for name, number in counts.items())
        return f'L = {self.lattice.L}, {kappas}, {chains} of {draws} with {fields}'
