"""Means at any hopping from the draws at every rung: multi-histogram reweighting.

Errors know of autocorrelation. The action is linear in kappa, so that a draw enters through its
hopping energy H alone: at kappa it has the weight exp(2 kappa H) / D, D = sum_j N_j exp(f_j + 2
kappa_j H), with f_j = -ln Z(kappa_j) such that the weights of each rung sum to one (MBAR: Shirts,
Chodera, arXiv:0801.1426). Draws of like energy have like weights, so weights are those of narrow
bins of energy. pymbar solves for f on some of the draws, and Newton's steps go on with the bins of
all.

An estimate moves, to first order, by the sum over draws of their influences, also that on f.
Influences of draws that were made at the same time, which the exchange of replicas correlates, are
added up over the rungs: what is left is a series over the time of each chain, whose mean has an
error by the Gamma method. (The theory of such estimates holds for correlated draws: Li, Van Koten,
Dinner, Thiede, arXiv:2203.01227.)

Axes: k rung, c chain, n draw; i j rungs of a weight; b bin of energy; t stretch of time, chain
after chain.
"""

import logging
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from phi4hpc.parallel.leftout import Missing
from phi4hpc.statistics.gamma import obs

if TYPE_CHECKING:
    from pyerrors import Obs

BINS = 2**16
"""Bins of energy: between the ends of one weights differ by 0.1%."""
STRETCHES = 4096
"""Stretches of time, at most: the draws of each are summed before the Gamma method."""
SAMPLE = 10_000
"""Draws with which f is first found."""
SOLVER = ({'method': 'adaptive', 'tol': 1e-6, 'options': {'min_sc_iter': 0}},)
"""How pymbar solves: by rounding, its own tolerance is never met where rungs all but coincide."""
STEPS = 100
"""Steps of pymbar, and of Newton, at most; a handful of either is enough."""
LONGEST_STEP = 5.0
"""The longest of Newton's steps in any f: thin overlaps cannot lead it far astray."""
POOR = 0.03
"""Overlap of neighbours below which reweighting is doubtful."""


class Binned(NamedTuple):
    """A series: its sums over bins of energy, its mean, and how draws differ from it (k, c, n)."""

    sums_b: np.ndarray
    centre: float
    deviation_kcn: np.ndarray


class MultiHistogram:
    """The draws of rungs `kappas` (k,), ascending, of which each overlaps with the next.

    `hopping_kcn`: H = sum_{x,mu} phi(x) phi(x+mu) of every draw. `ensemble` names in pyerrors what
    is independent of others. Raises Missing where the free energies of the rungs are not found.
    """

    def __init__(self, kappas: np.ndarray, hopping_kcn: np.ndarray,
                 ensemble: str = 'ensemble') -> None:
        self.ensemble = ensemble
        self.kappas = np.asarray(kappas, np.float64)
        self.shift = hopping_kcn.mean()
        self.draws = hopping_kcn[0].size                          # of one rung, all chains
        energy_kcn = 2 * (hopping_kcn - self.shift)
        self._sort(energy_kcn)
        self.f_k = self._first_free_energies(energy_kcn)
        self._refine()

    def _sort(self, energy_kcn):
        """Give every draw its bin, none of which is empty, and its stretch of time."""
        low, width = energy_kcn.min(), np.ptp(energy_kcn) / (BINS - 1)
        bin_kcn = ((energy_kcn - low) / (width or 1.0)).astype(np.intp)
        counts = np.bincount(bin_kcn.ravel())
        self.bin_kcn = (np.cumsum(counts > 0) - 1)[bin_kcn]
        self.counts_b = counts[counts > 0]
        self.energy_b = self._sums(energy_kcn) / self.counts_b
        _, chains, length = energy_kcn.shape
        self.starts = np.arange(0, length, -(-length * chains // STRETCHES))
        self.stretches = chains * len(self.starts)
        self.parts_t = self._stretched(np.ones((chains, length))) / self.draws

    def _sums(self, values_kcn):
        return np.bincount(self.bin_kcn.ravel(), values_kcn.ravel())

    def binned(self, series: Mapping[str, np.ndarray]) -> dict[str, Binned]:
        """Return {name: Binned} of series {name: (k, c, n)}, for `means` and `values`."""
        return {name: Binned(self._sums(values_kcn), values_kcn.mean(),
                             (values_kcn - values_kcn.mean()).astype(np.float32))
                for name, values_kcn in series.items()}

    def _first_free_energies(self, energy_kcn):
        """Return f as pymbar finds it from a sample.

        It starts from df / dkappa = -2 <H> by the trapezoidal rule.
        """
        logging.getLogger('pymbar').setLevel(logging.ERROR)
        from pymbar import MBAR

        energy_ks = energy_kcn.reshape(len(self.kappas), -1)[:, ::max(1, energy_kcn.size // SAMPLE)]
        mean_k, counts_k = energy_ks.mean(1), np.full(len(self.kappas), energy_ks.shape[1])
        rises = -(mean_k[1:] + mean_k[:-1]) / 2 * np.diff(self.kappas)
        return MBAR(-np.outer(self.kappas, energy_ks.ravel()), counts_k, maximum_iterations=STEPS,
                    initial_f_k=np.cumsum([0, *rises]), solver_protocol=SOLVER).f_k

    def _refine(self, tolerance=1e-8):
        """Take Newton's steps until the weights of every rung sum to one."""
        for _ in range(STEPS):
            self.weights_jb, self.log_d_b = self._weights()
            excess_j = self.weights_jb @ self.counts_b - 1
            if abs(excess_j).max() < tolerance:
                return
            step_k = self._inverse_slope() @ excess_j
            self.f_k = self.f_k - step_k * min(1, LONGEST_STEP / abs(step_k).max())
        raise Missing(f'the free energies of the rungs from {self.kappas[0]:g} to '
                      f'{self.kappas[-1]:g} do not converge')

    def _weights(self):
        """Return (weights at each rung (j, b), ln D (b,)) of a draw in each bin."""
        exponent_jb = self.f_k[:, None] + self.kappas[:, None] * self.energy_b
        top_b = exponent_jb.max(0)
        terms_jb = np.exp(exponent_jb - top_b)
        d_b = self.draws * terms_jb.sum(0)
        return terms_jb / d_b, np.log(d_b) + top_b

    @property
    def overlap(self) -> np.ndarray:
        """The matrix O_ij = sum_n N_j w_i(n) w_j(n), the part of an estimate at rung i that the
        draws of rung j make up."""
        return self.draws * (self.weights_jb * self.counts_b) @ self.weights_jb.T

    def _inverse_slope(self):
        """Return the pseudo-inverse of d(weights of i) / d f_j, in the end delta_ij - O_ij.

        There is no inverse, since f has a free constant.
        """
        overlap_ij = self.overlap
        return np.linalg.pinv(np.diag(overlap_ij.sum(1)) - overlap_ij, rcond=1e-10)

    @cached_property
    def _influence_on_f(self):
        """Minus the influence on f_i of all draws of one stretch: (i, t)."""
        sums_jt = np.stack([self._stretched(weight_b[self.bin_kcn].sum(0))
                            for weight_b in self.weights_jb])
        return self._inverse_slope() @ (sums_jt - self.parts_t)

    def _stretched(self, values_cn):
        """Return sums over the draws of each stretch, (t,)."""
        return np.add.reduceat(values_cn, self.starts, axis=1, dtype=np.float64).ravel()

    def _obs(self, mean, influence_t):
        """Return the pyerrors.Obs of a mean with the influences of stretches on it."""
        chains = self.bin_kcn.shape[1]
        return obs((mean + self.stretches * influence_t).reshape(chains, -1), self.ensemble)

    def means(self, kappa: float, binned: Mapping[str, Binned]) -> 'dict[str, Obs]':
        """Return {name: pyerrors.Obs} of the means at `kappa` of {name: Binned}.

        Obs of one histogram are one ensemble, so that differences between kappas have errors as
        small as they should be.
        """
        weight_b = self._weight(kappa)
        weight_kcn = weight_b.astype(np.float32)[self.bin_kcn]
        total_t = self._stretched(weight_kcn.sum(0))
        return {name: self._mean(series, weight_b, weight_kcn, total_t)
                for name, series in binned.items()}

    def values(self, kappa: float, binned: Mapping[str, Binned]) -> dict[str, float]:
        """Return {name: number}, the values that `means` gives, at a hundredth of the cost."""
        weight_b = self._weight(kappa)
        return {name: float(weight_b @ series.sums_b) for name, series in binned.items()}

    def effective(self, kappa: float) -> float:
        """Return the effective draws at `kappa`, 1 / sum of squared weights."""
        return 1 / (self.counts_b @ np.square(self._weight(kappa)))

    def _weight(self, kappa):
        """Return the weight at `kappa` of a draw in each bin, (b,)."""
        return np.exp(kappa * self.energy_b - self.log_d_b - self._log_z(kappa))

    def _log_z(self, kappa):
        """Return ln Z at `kappa` of shifted energies, up to a constant."""
        exponent_b = kappa * self.energy_b - self.log_d_b
        return np.log(self.counts_b @ np.exp(exponent_b - exponent_b.max())) + exponent_b.max()

    def _mean(self, series, weight_b, weight_kcn, total_t):
        mean = weight_b @ series.sums_b
        own_t = self._stretched(np.einsum('kcn,kcn->cn', weight_kcn, series.deviation_kcn))
        own_t -= (mean - series.centre) * total_t
        slope_j = self.draws * self.weights_jb @ (weight_b * (series.sums_b - mean * self.counts_b))
        return self._obs(mean, own_t + slope_j @ self._influence_on_f)

    def free_energy(self, kappa: float) -> 'Obs':
        """Return -ln Z(kappa) + ln Z(first rung) as a pyerrors.Obs."""
        first = self.kappas[0]
        value = self._log_z(first) - self._log_z(kappa) - 2 * (kappa - first) * self.shift
        return self._obs(value, self._influence_on_first - self._influence_on_log_z(kappa))

    @cached_property
    def _influence_on_first(self):
        return self._influence_on_log_z(self.kappas[0])

    def _influence_on_log_z(self, kappa):
        weight_b = self._weight(kappa)
        own_t = self._stretched(weight_b[self.bin_kcn].sum(0)) - self.parts_t
        slope_j = self.draws * self.weights_jb @ (weight_b * self.counts_b)
        return own_t + slope_j @ self._influence_on_f

    def neighbour_overlaps(self) -> 'list[Obs]':
        """Return the overlap of each rung with the next one, O_i,i+1, as pyerrors.Obs."""
        found = []
        for i, (lower_b, upper_b) in enumerate(pairwise(self.weights_jb)):
            both_b = self.draws * lower_b * upper_b
            overlap = both_b @ self.counts_b
            own_t = self._stretched(both_b[self.bin_kcn].sum(0)) - overlap * self.parts_t
            # d w_i / d f_j = w_i (delta_ij - N w_j), of either weight
            slope_j = 2 * self.draws * self.weights_jb @ (both_b * self.counts_b)
            slope_j[i:i + 2] -= overlap
            found.append(self._obs(overlap, own_t + slope_j @ self._influence_on_f))
        return found

