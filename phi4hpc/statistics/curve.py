"""Every mean of one lattice as a function of kappa, wherever the draws carry.

A ladder whose rungs do not all overlap has several parts. Each is reweighted by itself, and between
them the curve is not defined.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, Moments, Observable, chosen, moments
from phi4hpc.parallel.leftout import Missing
from phi4hpc.statistics.means import flat, nested, values
from phi4hpc.statistics.neighbours import connected, enough
from phi4hpc.statistics.reweighting import MultiHistogram

if TYPE_CHECKING:
    from pyerrors import Obs

SHORTEST = 0.005
"""Length in kappa up to which a part with a single rung is continued beyond it."""
STEP = 0.002
"""Distance over which derivatives are taken, in units of the range of a part."""


class Part:
    """The means of an L x L lattice along rungs that overlap, and beyond them as far as draws
    carry.

    `kappas`: (k,). `hopping_kcn`: H of every draw. `moments`: those of the `observables`. `reach`:
    the smallest and the largest kappa with enough effective draws, at most the length of this part
    of the ladder beyond its ends.
    """

    def __init__(self, L: int, lam: float, kappas: np.ndarray, hopping_kcn: np.ndarray,
                 moments: Moments, observables: Mapping[str, Observable]) -> None:
        self.L, self.lam, self.kappas, self.observables = L, lam, kappas, observables
        self.histogram = MultiHistogram(kappas, hopping_kcn, f'L{L}')
        self.binned = self.histogram.binned(flat(moments, 3))
        self.reach = self._reach()
        self.step = STEP * (self.reach[1] - self.reach[0])

    def _reach(self):
        first, last = self.kappas[0], self.kappas[-1]
        length = max(last - first, 0.02 * last, SHORTEST)
        beyond, fewest = length * np.arange(1, 101) / 100, enough(self.histogram.draws)
        ends = []
        for end, sign in ((first, -1), (last, 1)):
            short = [b for b in beyond if self.histogram.effective(end + sign * b) < fewest]
            ends.append(float(end + sign * ((short[0] if short else length) - length / 100)))
        return max(ends[0], 0.0), ends[1]

    def means(self, kappa: float) -> dict[str, Any]:
        """Return {name: pyerrors.Obs, a list of them, or None where not defined} at `kappa`."""
        return self._values(kappa, self.histogram.means(kappa, self.binned))

    def plain_means(self, kappa: float) -> dict[str, Any]:
        """Return the same as plain numbers without errors, which is much quicker."""
        return self._values(kappa, self.histogram.values(kappa, self.binned))

    def _values(self, kappa, means):
        return values(self.observables, nested(means), Ensemble(self.L, kappa, self.lam))


class Curve:
    """The means of an L x L lattice at any kappa that its draws reach, from its series on the
    ladder.

    `series`: {name: (k, c, n)} at `kappas` (k,). `observables`, {name: Observable}, are those whose
    means are asked for; `of_fields` are the moments {name: (k, c, n) or (k, c, n, p)} of those that
    need fields. `parts` are those of the ladder, ascending, and `slices` their rungs. Calling a
    Curve returns the means of the nearest part.
    """

    def __init__(self, L: int, kappas: np.ndarray, series: Mapping[str, np.ndarray], lam: float,
                 observables: Mapping[str, Observable] | None = None,
                 of_fields: Moments | None = None) -> None:
        self.L, self.kappas = L, np.asarray(kappas, np.float64)
        observables = chosen('curves') if observables is None else observables
        known = {name: each for name, each in observables.items() if not each.needs_fields}
        made = moments(known, Draws.of_series(L, series)) | (of_fields or {})
        hopping_kcn = L**2 * series['hopping']
        self.slices = connected(self.kappas, hopping_kcn)
        self.parts = [Part(L, lam, self.kappas[rungs], hopping_kcn[rungs],
                           {name: array[rungs] for name, array in made.items()}, observables)
                      for rungs in self.slices]
        self._separate()

    def _separate(self):
        """End the reach of parts that would share kappas half-way between their rungs."""
        for lower, upper in pairwise(self.parts):
            middle = float(lower.kappas[-1] + upper.kappas[0]) / 2
            lower.reach = lower.reach[0], min(lower.reach[1], middle)
            upper.reach = max(upper.reach[0], middle), upper.reach[1]

    def __call__(self, kappa: float) -> dict[str, Any]:
        return self.part(kappa).means(kappa)

    def part(self, kappa: float) -> Part:
        """Return the Part whose reach is nearest to `kappa`."""
        return min(self.parts, key=lambda part: max(part.reach[0] - kappa, kappa - part.reach[1]))

    def value(self, name: str, kappa: float) -> float:
        """Return the value of a mean without its error, NaN where it is not defined."""
        value = self.part(kappa).plain_means(kappa)[name]
        return np.nan if value is None else float(value)

    def mean(self, name: str, kappa: float) -> 'Obs':
        """Return a mean. Raises Missing where it is not defined."""
        mean = self(kappa)[name]
        if mean is None:
            raise Missing(f'{name} is not defined at kappa = {kappa:.6g}')
        return mean

    def slope(self, name: str, kappa: float) -> 'Obs':
        """Return d mean / d kappa. Raises Missing where it is not defined."""
        step = self.part(kappa).step
        return (self.mean(name, kappa + step) - self.mean(name, kappa - step)) / (2 * step)

    def at(self, kappa: 'Obs', of: 'Callable[[float], Obs]') -> 'Obs':
        """Return of(kappa) at a kappa that fluctuates itself."""
        here, step = kappa.value, self.part(kappa.value).step
        slope = (of(here + step).value - of(here - step).value) / (2 * step)
        return of(here) + slope * (kappa - here)
