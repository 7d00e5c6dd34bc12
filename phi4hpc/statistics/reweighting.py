"""Means at any hopping from the draws at every rung: multi-histogram reweighting, errors that know autocorrelation.

The action is linear in kappa, so a draw enters through its hopping energy H alone: at kappa it has the weight
exp(2 kappa H) / D, D = sum_j N_j exp(f_j + 2 kappa_j H), with f_j = -ln Z(kappa_j) such that the weights of each rung
sum to one (MBAR: Shirts, Chodera, arXiv:0801.1426). pymbar solves for f on some of the draws, Newton's steps go on
with all.

An estimate moves, to first order, by the sum over draws of their influences, also that on f. Influences of draws that
were made at the same time, which the exchange of replicas correlates, are added up over the rungs: what is left is a
series (chain, draw) whose mean has an error by the Gamma method. (That the theory of such estimates holds for
correlated draws: Li, Van Koten, Dinner, Thiede, arXiv:2203.01227.)

Axes: k rung, c chain, n draw; i j rungs of a weight; s a sample of the draws of all rungs.
"""

import logging
from functools import cached_property

import numpy as np

from phi4hpc.statistics.gamma import obs

SAMPLE = 20_000                   # draws with which f is first found and derivatives are estimated
SOLVER = ({'method': 'adaptive', 'tol': 1e-6, 'options': {'min_sc_iter': 0}},)
"""Of pymbar, whose own tolerance rungs that all but coincide never meet: rounding of f is more."""
STEPS = 100                       # of pymbar's at most; three to six are enough, and Newton's follow anyway
POOR = 0.03                       # overlap of neighbours below which reweighting is doubtful, as pymbar advises


class MultiHistogram:
    """The draws of a ladder `kappas` (k,), ascending; `hopping_kcn`: their H = sum_{x,mu} phi(x) phi(x+mu).

    `ensemble` names what is independent of others in pyerrors.
    """

    def __init__(self, kappas, hopping_kcn, ensemble='ensemble'):
        self.ensemble = ensemble
        self.kappas = np.asarray(kappas, np.float64)
        self.shift = hopping_kcn.mean()
        self.energy_kcn = 2 * (hopping_kcn - self.shift)
        self.times = hopping_kcn[0].size                          # draws of one rung, all chains
        self.stride = max(1, hopping_kcn.size // SAMPLE)
        self.f_k = self._first_free_energies()
        self._refine()

    def _first_free_energies(self):
        """Return f as pymbar finds it from the sample, starting from df / dkappa = -2 <H> by the trapezoidal rule."""
        logging.getLogger('pymbar').setLevel(logging.ERROR)
        from pymbar import MBAR

        energy_ks = self._sampled(self.energy_kcn)
        mean_k, counts_k = energy_ks.mean(1), np.full(len(self.kappas), energy_ks.shape[1])
        rises = -(mean_k[1:] + mean_k[:-1]) / 2 * np.diff(self.kappas)
        return MBAR(-np.outer(self.kappas, energy_ks.ravel()), counts_k, maximum_iterations=STEPS,
                    initial_f_k=np.cumsum([0, *rises]), solver_protocol=SOLVER).f_k

    def _sampled(self, values_kcn):
        """Return values (k, s) of every stride-th draw of each rung."""
        return values_kcn.reshape(len(self.kappas), -1)[:, ::self.stride]

    def _refine(self, tolerance=1e-6, steps=50):
        """Take Newton's steps until the weights of every rung sum to one over all draws."""
        for _ in range(steps):
            self.sums_jn, self.sample = self._sum_weights(), self._weigh_sample()
            excess_j = self.sums_jn.sum(1) - 1
            if abs(excess_j).max() < tolerance:
                return
            self.f_k = self.f_k - self._inverse_slope() @ excess_j
        raise ArithmeticError(f'free energies do not converge: the weights sum to {excess_j + 1}')

    def _sum_weights(self):
        """Return the weights that draws have at each rung j, summed over draws made at the same time: (j, chain draw).

        Keeps ln D of every draw.
        """
        self.log_d_kn, sums_jn = np.empty((len(self.kappas), self.times)), 0
        for k, energy_cn in enumerate(self.energy_kcn):
            weights_jn, self.log_d_kn[k] = self._weights(energy_cn.ravel(), self.times)
            sums_jn = sums_jn + weights_jn
        return sums_jn

    def _weights(self, energy_n, count):
        """Return (weights at each rung (j, n), ln D (n,)) of draws, `count` of which come from each rung."""
        exponent_jn = self.f_k[:, None] + self.kappas[:, None] * energy_n
        top_n = exponent_jn.max(0)
        terms_jn = np.exp(exponent_jn - top_n)
        d_n = count * terms_jn.sum(0)
        return terms_jn / d_n, np.log(d_n) + top_n

    def _weigh_sample(self):
        """Return the sample's (energy (s,), N_j weights (j, s), ln D (s,)), as if it were all draws."""
        energy_ks = self._sampled(self.energy_kcn)
        weights_js, log_d_s = self._weights(energy_ks.ravel(), energy_ks.shape[1])
        return energy_ks.ravel(), energy_ks.shape[1] * weights_js, log_d_s

    @property
    def overlap(self):
        """The matrix O_ij = sum_n N_j w_i(n) w_j(n): of draws weighted for rung i, the part that came from rung j."""
        _, shares_js, _ = self.sample
        return shares_js @ shares_js.T / shares_js.sum(1, keepdims=True)

    def _inverse_slope(self):
        """Return the pseudo-inverse of d(sum of weights of rung i) / d f_j = delta_ij - O_ij; f has a free constant."""
        return np.linalg.pinv(np.eye(len(self.kappas)) - self.overlap, rcond=1e-10)

    @cached_property
    def _influence_on_f(self):
        """Minus the influence on f_i of all draws of one time: (i, chain draw)."""
        return self._inverse_slope() @ (self.sums_jn - 1 / self.times)

    def means(self, kappa, series):
        """Return {name: pyerrors.Obs} of the means at `kappa` of series {name: (k, c, n)}.

        Obs of one histogram are one ensemble: differences between kappas have errors as small as they should be.
        """
        weight_kn = self._weight(kappa)
        shares_js = self._sample_shares(kappa)
        return {name: self._mean(values_kcn, weight_kn, shares_js) for name, values_kcn in series.items()}

    def values(self, kappa, series):
        """Return {name: number}, the values that `means` gives, at a tenth of the cost."""
        weight_kn = self._weight(kappa)
        return {name: float(np.vdot(weight_kn, values_kcn)) for name, values_kcn in series.items()}

    def effective(self, kappa):
        """Return 1 / sum of squared weights at `kappa`, the effective draws, in units of the draws of a rung."""
        return 1 / np.square(self._weight(kappa)).sum() / self.times

    def _weight(self, kappa):
        log_weight_kn = kappa * self.energy_kcn.reshape(self.log_d_kn.shape) - self.log_d_kn
        log_weight_kn -= log_weight_kn.max()
        weight_kn = np.exp(log_weight_kn, out=log_weight_kn)
        weight_kn /= weight_kn.sum()
        return weight_kn

    def _sample_shares(self, kappa):
        """Return the parts of the sample's weights at `kappa` that each rung has in them, (j, s)."""
        energy_s, shares_js, log_d_s = self.sample
        log_weight_s = kappa * energy_s - log_d_s
        weight_s = np.exp(log_weight_s - log_weight_s.max())
        return shares_js * (weight_s / weight_s.sum())

    def _mean(self, values_kcn, weight_kn, shares_js):
        values_kn = values_kcn.reshape(weight_kn.shape)
        mean = np.vdot(weight_kn, values_kn)
        own_n = np.einsum('kn,kn->n', weight_kn, values_kn) - mean * weight_kn.sum(0)
        slope_j = shares_js @ (self._sampled(values_kcn).ravel() - mean)
        influence_n = own_n + slope_j @ self._influence_on_f
        return obs((mean + self.times * influence_n).reshape(values_kcn.shape[1:]), self.ensemble)

    def free_energy(self, kappa):
        """Return -ln Z(kappa) + ln Z(first rung) as a pyerrors.Obs."""
        values = [self._log_z(k) for k in (kappa, self.kappas[0])]
        (log_z, influence_n), (first, first_influence_n) = values
        value = first - log_z - 2 * (kappa - self.kappas[0]) * self.shift
        series_n = value + self.times * (first_influence_n - influence_n)
        return obs(series_n.reshape(self.energy_kcn.shape[1:]), self.ensemble)

    def _log_z(self, kappa):
        """Return ln Z of shifted energies, up to a constant, and the influences on it."""
        log_weight_kn = kappa * self.energy_kcn.reshape(self.log_d_kn.shape) - self.log_d_kn
        log_z = np.logaddexp.reduce(log_weight_kn, axis=None)
        own_n = np.exp(log_weight_kn - log_z).sum(0) - 1 / self.times
        return log_z, own_n + self._sample_shares(kappa).sum(1) @ self._influence_on_f

    def thin_overlaps(self):
        """Return [(lower kappa, upper kappa, overlap)] of the neighbours whose draws overlap too little."""
        overlap_ij = self.overlap
        pairs = ((k, min(overlap_ij[k, k + 1], overlap_ij[k + 1, k])) for k in range(len(self.kappas) - 1))
        return [(float(self.kappas[k]), float(self.kappas[k + 1]), float(o)) for k, o in pairs if o < POOR]
