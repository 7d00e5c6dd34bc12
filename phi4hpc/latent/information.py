"""What a model keeps of the information that a configuration has on the couplings of its action.

The weight of a field is exp(theta T) in a coupling theta, with T its sufficient statistic: 2 H for
kappa, -sum_x (phi^4 - 2 phi^2) for lambda, and sum_x phi for a field h that couples to it. The
Fisher information on theta, the others held fixed, is Var T in the field itself, and Var <T|y> in
latents y that are a function of it. So the part that is kept,

    Var <T|y> / Var T >= 1 - <(T - t(y))^2> / Var T,

is bounded from below by any prediction t of T from the latents, whatever draws it was fitted to.
The bound is the R^2 of t on draws that had no part in the fit. Here t is linear in invariants of
the decoded field z = g(y) (latent/invariants.py). So it does not depend on how latents are
labelled, and is the same function for every family.

Suffixes: n draws, y x lattice axes, f features, t statistics.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from phi4hpc.latent.invariants import STATISTICS, features, statistics
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import block_slices, gather_blocks, jackknife

Sums = dict[str, np.ndarray]
Map = Callable[[np.ndarray], np.ndarray]

NAMES = (*STATISTICS[0], *STATISTICS[1], 'variance')
LEARN = 4096
"""Draws that predictions are fitted to, at most: a hundred for each feature."""
RIDGE = 1e-9
"""Of the variance that a feature has in the fields themselves: it takes out what is rounding."""


class Prediction(NamedTuple):
    """Statistics (t) as linear functions of features (f): T = T0 + (x - x0) weights."""

    features_f: np.ndarray
    statistics_t: np.ndarray
    weights_ft: np.ndarray

    def missed(self, features_nf: np.ndarray, statistics_nt: np.ndarray) -> np.ndarray:
        """Return what is left of the statistics, (n, t)."""
        return (statistics_nt - self.statistics_t
                - (features_nf - self.features_f) @ self.weights_ft)


def analyse(comm: Communicator, mapped: Map, learn: Iterable[np.ndarray], phi_nyx: Fields,
            first: int, total: int, tally: Tally = NOWHERE) -> Sums:
    """Return the parts of the information that a map of fields keeps, by NAMES, with `_error`.

    `mapped` returns the decoded fields of fields, both (n, y, x). `learn` yields the draws of this
    rank that predictions are fitted to, some at a time. `phi_nyx` are its test draws, numbered from
    `first` of `total` over all ranks, on which they are judged. `variance` is
    1 - <(phi - z)^2> / <phi^2>, what is kept of the field itself. Errors are by jackknife over 16
    blocks of test draws; nan where a statistic does not vary. Collective; the same to rounding on
    any number of ranks.
    """
    L, slices = phi_nyx.shape[-1], block_slices(first, len(phi_nyx), total)
    predictions = fitted(comm, mapped, learn, L, tally, 'information-fit')
    sums_b = [nothing() for _ in slices]
    for b, piece in tally.over('information', pieces(slices, L), sums_b):
        add(sums_b[b], predictions, *before_and_after(mapped, phi_nyx[piece]))
    value_t, error_t = jackknife(comm, gather_blocks(comm, sums_b), kept)
    return dict(zip(NAMES, value_t, strict=True)) | {
        f'{name}_error': error for name, error in zip(NAMES, error_t, strict=True)}


def nothing() -> Sums:
    """Return sums over no draws."""
    return {name: np.zeros(len(NAMES)) for name in ('count', 'sum', 'square', 'missed')}


def before_and_after(mapped: Map, phi_nyx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return fields and decoded fields in float64."""
    return np.asarray(phi_nyx, np.float64), np.asarray(mapped(phi_nyx), np.float64)


def add(sums: Sums, predictions: list[Prediction], phi_nyx: np.ndarray,
        z_nyx: np.ndarray) -> None:
    """Add what fields and decoded fields contribute to the sums of a block."""
    true_nt = np.concatenate(statistics(phi_nyx), 1)
    missed_nt = np.concatenate([prediction.missed(x_nf, t_nt) for prediction, x_nf, t_nt in zip(
        predictions, features(z_nyx), statistics(phi_nyx), strict=True)], 1)
    sums['count'] += len(phi_nyx)
    sums['sum'] += [*true_nt[:, :2].sum(0), 0, 0]         # by symmetry the mean of odd ones is 0
    sums['square'] += [*(true_nt**2).sum(0), (phi_nyx**2).sum()]
    sums['missed'] += [*(missed_nt**2).sum(0), ((phi_nyx - z_nyx) ** 2).sum()]


def kept(sums: Sums) -> np.ndarray:
    """Return 1 - missed / variance of each quantity, by NAMES; nan where it does not vary."""
    variance_t = sums['square'] - sums['sum'] ** 2 / sums['count']
    with np.errstate(all='ignore'):
        return 1 - sums['missed'] / np.where(variance_t > 0, variance_t, np.nan)


def fitted(comm: Communicator, mapped: Map, learn: Iterable[np.ndarray], L: int,
           tally: Tally, part: str) -> list[Prediction]:
    """Return the predictions of the even and of the odd statistics. Collective.

    They are those of linear regression, with a ridge that is nothing to features of z that vary
    about as much as those of phi do.
    """
    empty_nyx = np.zeros((0, L, L))
    sums_p = [{'gram': columns_nc.T @ columns_nc} for columns_nc in columns(empty_nyx, empty_nyx)]
    for phi_nyx in tally.over(part, learn, sums_p):
        for sums, columns_nc in zip(
                sums_p, columns(*before_and_after(mapped, phi_nyx)), strict=True):
            sums['gram'] += columns_nc.T @ columns_nc
    return [regression(summed(comm, sums['gram']), len(names), centred)
            for sums, names, centred in zip(sums_p, STATISTICS, (True, False), strict=True)]


def columns(phi_nyx: np.ndarray, z_nyx: np.ndarray) -> list[np.ndarray]:
    """Return for each parity 1, the statistics of phi, the features of z and those of phi, (n, c).
    """
    one_n1 = np.ones((len(phi_nyx), 1))
    return [np.concatenate([one_n1, *parts], 1) for parts in zip(
        statistics(phi_nyx), features(z_nyx), features(phi_nyx), strict=True)]


def summed(comm: Communicator, array: np.ndarray) -> np.ndarray:
    """Return the sum over ranks."""
    total = np.empty_like(array)
    comm.Allreduce(array, total)
    return total


def regression(gram_cc: np.ndarray, count: int, centred: bool) -> Prediction:
    """Return the Prediction from the sums of products of all columns, `count` statistics first."""
    mean_c = gram_cc[0, 1:] / gram_cc[0, 0] * centred
    covariance_cc = gram_cc[1:, 1:] / gram_cc[0, 0] - np.outer(mean_c, mean_c)
    number = (len(mean_c) - count) // 2
    of_t, of_z, of_phi = np.split(np.arange(len(mean_c)), [count, count + number])
    ridge_f = RIDGE * covariance_cc[of_phi, of_phi]
    scale_f = 1 / np.sqrt(np.where(ridge_f > 0, ridge_f, 1))
    # In units of the ridge, so that features of any size are solved for equally well.
    matrix_ff = covariance_cc[np.ix_(of_z, of_z)] * np.outer(scale_f, scale_f) + np.eye(number)
    weights_ft = np.linalg.solve(matrix_ff, covariance_cc[np.ix_(of_z, of_t)] * scale_f[:, None])
    return Prediction(mean_c[of_z], mean_c[of_t], weights_ft * scale_f[:, None])
