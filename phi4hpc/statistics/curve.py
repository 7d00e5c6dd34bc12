"""Every mean of one lattice as a function of kappa, and the points that finite-size scaling asks of it.

A point on the kappa axis is found on the curves, and moves with them: a curve R that fluctuates by dR crosses a level
at a kappa that fluctuates by -dR / R'. So points are pyerrors.Obs as well, and keep their correlations.
"""

import numpy as np

from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, chosen, moments
from phi4hpc.statistics.gamma import value_and_error
from phi4hpc.statistics.means import flat, nested, values
from phi4hpc.statistics.reweighting import MultiHistogram

ENOUGH = 0.02                    # of the draws of a rung: effective ones, below which a curve is not followed further
SCAN = 33                        # kappas at which a point is looked for
POINTS = 65                      # of a tabulated curve, at least; every rung is one of them
STEP = 0.002                     # of the range of a curve: over which derivatives are taken


class Curve:
    """The means of an L x L lattice at any kappa in `reach`, from its series {name: (k, c, n)} on the ladder.

    `observables`, {name: Observable}, are those whose means are asked for; `of_fields` are the moments
    {name: (k, c, n) or (k, c, n, p)} of those that need fields.
    """

    def __init__(self, L, kappas, series, lam, observables=None, of_fields=None):
        self.L, self.kappas, self.lam = L, np.asarray(kappas), lam
        self.observables = chosen('curves') if observables is None else observables
        self.histogram = MultiHistogram(kappas, L**2 * series['hopping'], f'L{L}')
        known = {name: each for name, each in self.observables.items() if not each.needs_fields}
        made = moments(known, Draws.of_series(L, series)) | (of_fields or {})
        self.moments = self.histogram.binned(flat(made, 3))
        self.reach = self._reach()
        self.step = STEP * (self.reach[1] - self.reach[0])

    def __call__(self, kappa):
        """Return {name: pyerrors.Obs, a list of them, or None where not defined} at `kappa`."""
        return self._values(kappa, self.histogram.means)

    def _values(self, kappa, means):
        return values(self.observables, nested(means(kappa, self.moments)), Ensemble(self.L, kappa, self.lam))

    def value(self, name, kappa):
        """Return the value of a mean without its error; 0 where it is not defined."""
        mean = self._values(kappa, self.histogram.values)[name]
        return 0.0 if mean is None else float(mean)

    def _reach(self):
        """Return the smallest and the largest kappa to which the draws carry, at most the ladder's length beyond it."""
        length = max(self.kappas[-1] - self.kappas[0], 0.02 * self.kappas[-1])
        beyond = length * np.arange(1, 101) / 100
        ends = []
        for end, sign in ((self.kappas[0], -1), (self.kappas[-1], 1)):
            reached = [b for b in beyond if self.histogram.effective(end + sign * b) < ENOUGH]
            ends.append(float(end + sign * ((reached[0] if reached else length) - length / 100)))
        return max(ends[0], 0.0), ends[1]

    def slope(self, name, kappa):
        """Return d mean / d kappa as a pyerrors.Obs."""
        return (self(kappa + self.step)[name] - self(kappa - self.step)[name]) / (2 * self.step)

    def at(self, kappa, of):
        """Return of(kappa) at a kappa that is itself a pyerrors.Obs; `of` returns an Obs for a number."""
        here, step = kappa.value, self.step
        slope = (of(here + step).value - of(here - step).value) / (2 * step)
        return of(here) + slope * (kappa - here)

    def crossing(self, name, level):
        """Return the kappa at which a mean rises through `level`, a number or a Curve, as a pyerrors.Obs, or None."""
        low, high = self.reach
        if isinstance(level, Curve):
            low, high = max(low, level.reach[0]), min(high, level.reach[1])
        excess = self._excess(name, level)
        kappa = root(excess, low, high)
        if kappa is None:
            return None
        slope = (excess(kappa + self.step) - excess(kappa - self.step)) / (2 * self.step)
        other = level(kappa)[name] if isinstance(level, Curve) else level
        return kappa - (self(kappa)[name] - other) / slope

    def _excess(self, name, level):
        if isinstance(level, Curve):
            return lambda kappa: self.value(name, kappa) - level.value(name, kappa)
        return lambda kappa: self.value(name, kappa) - level

    def peak(self, name):
        """Return (kappa, height) of the maximum of a mean, as pyerrors.Obs, or None where it lies beyond the draws."""
        grid = np.linspace(*self.reach, SCAN)
        top = int(np.argmax([self.value(name, kappa) for kappa in grid]))
        if top in (0, SCAN - 1):
            return None
        wide = self.step * 5

        def slope(kappa):
            return self.value(name, kappa - wide) - self.value(name, kappa + wide)

        kappa = root(slope, grid[top - 1], grid[top + 1], scan=3)
        if kappa is None:
            return None
        below, here, above = (self(kappa + shift)[name] for shift in (-wide, 0, wide))
        curvature = (below + above - 2 * here).value / wide**2
        return kappa - (above - below) / (2 * wide) / curvature, here


def stops(curve):
    """Return the kappas at which a Curve is tabulated: its ends, every rung, and others evenly between these."""
    low, high = curve.reach
    stops = [low, *curve.kappas, high]
    between = -(-(POINTS - 1) // (len(stops) - 1))
    return np.interp(np.arange(between * (len(stops) - 1) + 1) / between, range(len(stops)), stops)


def row(curve, kappa):
    """Return {name: value and error, or None where not defined} of a Curve at one of its stops.

    `free_energy` is -ln Z(kappa) + ln Z(first rung).
    """
    means = curve(kappa) | {'free_energy': curve.histogram.free_energy(kappa)}
    return {name: plain(mean) for name, mean in means.items()}


def plain(mean):
    """Return {'value', 'error'} of a pyerrors.Obs, of lists where it is a list of them, or None."""
    if isinstance(mean, list):
        entries = [value_and_error(one) for one in mean]
        return {part: [entry[part] for entry in entries] for part in ('value', 'error')}
    return None if mean is None else value_and_error(mean)


def tabulated(curve, rows):
    """Return a Curve as results.json keeps it: means over kappas, overlaps of rungs, and the thin ones.

    `rows`: `row` at each of its `stops`; what is not defined is None.
    """
    return {'L': curve.L, 'kappa': stops(curve).tolist(),
            **{name: {part: [row[name] and row[name][part] for row in rows] for part in ('value', 'error')}
               for name in rows[0]},
            'overlap': np.round(curve.histogram.overlap, 6).tolist(),
            'overlap_error': [value_and_error(overlap)['error'] for overlap in curve.histogram.neighbour_overlaps()],
            'thin': curve.histogram.thin_overlaps()}


def root(function, low, high, scan=SCAN, halvings=40):
    """Return where a function first rises through zero between `low` and `high`, or None."""
    grid = np.linspace(low, high, scan)
    signs = [function(x) >= 0 for x in grid]
    rising = [i for i in range(scan - 1) if signs[i + 1] and not signs[i]]
    if not rising:
        return None
    low, high = grid[rising[0]], grid[rising[0] + 1]
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) >= 0 else (middle, high)
        if high - low < 1e-10:
            break
    return float((low + high) / 2)
