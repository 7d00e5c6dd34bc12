"""Predictions of statistics of a field from invariants of the decoded field, by linear regression.

All is made of sums over draws of products of columns: 1, the statistics of the field, what they are
predicted from, and the same invariants of the field itself, by which a ridge is chosen.

Suffixes: n draws, y x lattice axes, c columns, f features, t statistics, ... sums of several sets.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from phi4hpc.latent.invariants import STATISTICS, features, statistics
from phi4hpc.latent.network import UNITS, units
from phi4hpc.latent.tally import Tally
from phi4hpc.parallel.communicator import Communicator, summed_over

Map = Callable[[np.ndarray], np.ndarray]

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

    def missed_square(self, gram_cc: np.ndarray) -> np.ndarray:
        """Return the sum over draws of the square of what is left, (..., t), by their products."""
        offset_t = (self.features_f[..., None, :] @ self.weights_ft)[..., 0, :] - self.statistics_t
        one_tt = np.broadcast_to(np.eye(offset_t.shape[-1]), self.weights_ft.shape[:-2] + (
            2 * offset_t.shape[-1:]))
        left_ct = np.concatenate([offset_t[..., None, :], one_tt, -self.weights_ft], -2)
        own = slice(left_ct.shape[-2])
        return np.einsum('...ct,...cd,...dt->...t', left_ct, gram_cc[..., own, own], left_ct,
                         optimize=True)


def before_and_after(mapped: Map, phi_nyx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return fields and decoded fields in float64."""
    return np.asarray(phi_nyx, np.float64), np.asarray(mapped(phi_nyx), np.float64)


def columns(phi_nyx: np.ndarray, z_nyx: np.ndarray, network: bool = False) -> list[np.ndarray]:
    """Return for each parity 1, the statistics of phi, the features of z, the units of the network
    if asked for, and the features of phi, (n, c).
    """
    one_n1 = np.ones((len(phi_nyx), 1))
    parts = [statistics(phi_nyx), features(z_nyx), *([units(z_nyx)] if network else []),
             features(phi_nyx)]
    return [np.concatenate([one_n1, *of_parity], 1) for of_parity in zip(*parts, strict=True)]


def nothing(L: int, network: bool = False) -> list[dict[str, np.ndarray]]:
    """Return the products of the columns of no draws, of each parity."""
    empty_nyx = np.zeros((0, L, L))
    return [{'gram': columns_nc.T @ columns_nc}
            for columns_nc in columns(empty_nyx, empty_nyx, network)]


def add(sums_p: list[dict[str, np.ndarray]], phi_nyx: np.ndarray, z_nyx: np.ndarray,
        network: bool = False) -> None:
    """Add the products of the columns of some draws."""
    for sums, columns_nc in zip(sums_p, columns(phi_nyx, z_nyx, network), strict=True):
        sums['gram'] += columns_nc.T @ columns_nc


def fitted(comm: Communicator, mapped: Map, learn: Iterable[np.ndarray], L: int,
           tally: Tally, part: str) -> list[Prediction]:
    """Return the predictions of the even and of the odd statistics. Collective."""
    sums_p = nothing(L)
    for phi_nyx in tally.over(part, learn, sums_p):
        add(sums_p, *before_and_after(mapped, phi_nyx))
    return [regression(summed_over(comm, sums['gram']), len(names), centred)
            for sums, names, centred in zip(sums_p, STATISTICS, (True, False), strict=True)]


def regression(gram_cc: np.ndarray, count: int, centred: bool,
               penalty: float | None = None) -> Prediction:
    """Return the Prediction of `count` statistics from products of columns, of any number of sets.

    A ridge takes out what is rounding, and is nothing to features of z that vary about as much as
    those of phi do. Where the columns have units of the network, `penalty` is their ridge, in parts
    of the variance of each; with an infinite one they have no weight.
    """
    hidden = 0 if penalty is None else UNITS
    mean_c = gram_cc[..., 0, 1:] / gram_cc[..., :1, 0] * centred
    covariance_cc = (gram_cc[..., 1:, 1:] / gram_cc[..., :1, :1]
                     - mean_c[..., :, None] * mean_c[..., None, :])
    number = (mean_c.shape[-1] - count - hidden) // 2
    t, f = slice(count), slice(count, count + number + hidden)
    variance_c = np.diagonal(covariance_cc, axis1=-2, axis2=-1)
    ridge_f = RIDGE * variance_c[..., count + number + hidden:]
    scale_f = 1 / np.sqrt(np.where(ridge_f > 0, ridge_f, 1))
    if penalty is not None:
        hidden_u = variance_c[..., count + number:count + number + hidden]
        ridge_u = penalty * np.where(hidden_u > 0, hidden_u, np.inf)
        scale_f = np.concatenate([scale_f, 1 / np.sqrt(ridge_u)], -1)
    # In units of the ridge, so that features of any size are solved for equally well.
    matrix_ff = (covariance_cc[..., f, f] * scale_f[..., :, None] * scale_f[..., None, :]
                 + np.eye(number + hidden))
    weights_ft = np.linalg.solve(matrix_ff, covariance_cc[..., f, t] * scale_f[..., None])
    return Prediction(mean_c[..., f], mean_c[..., t], weights_ft * scale_f[..., None])
