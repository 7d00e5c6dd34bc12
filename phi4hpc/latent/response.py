"""How observables of an ensemble respond to each of its samples, in any coordinates of these.

The value of an observable is a function F of the means of its moments o_j over N samples, so that

    N dF/dx_n = sum_j F_j do_j/dx_n,   F_j = dF/d<o_j>,

where x_n are coordinates of sample n: its field, or its latents, which the decoder makes a field
of. torch differentiates F. The Gram matrix of these rows needs, besides the means, the sums over
samples of products of do_j/dx_n and do_k/dx_n for each pair of moments. Samples that are left out
change F_j too, and the jackknife knows that. Of an observable whose value is the mean itself, F_j
is 1, and the pairs (j, j) are all it needs.

Suffixes: n samples, D sites, d latents, w waves, o orbits, j moments of all observables, each entry
of a list counted; i those of one observable, p pairs of these, a entries of its value.
"""

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from phi4hpc.latent.jacobians import gradients
from phi4hpc.latent.rows import as_fields
from phi4hpc.latent.waves import everywhere, over_orbits
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, Mean, Observable, moments

Observables = Mapping[str, Observable]


class Responses:
    """The responses of `observables` in an `ensemble`, made of sums over samples."""

    def __init__(self, observables: Observables, ensemble: Ensemble) -> None:
        self.observables, self.ensemble = observables, ensemble
        self.shapes = {key: shape for each in observables.values()
                       for key, shape in each.shapes(ensemble.L).items()}
        ends = np.cumsum([0, *map(math.prod, self.shapes.values())])
        self.count = int(ends[-1])
        self.columns = {key: np.arange(first, last)
                        for key, (first, last) in zip(self.shapes, pairwise(ends), strict=True)}

    def moments(self, x_nD: Tensor) -> Tensor:
        """Return the moments of all observables, (n, j)."""
        found = moments(self.observables, Draws.of_fields(as_fields(x_nD))).values()
        return torch.cat([array.reshape(len(x_nD), -1) for array in found], dim=1)

    def rows(self, x_nD: Tensor) -> Tensor:
        """Return do_j / dphi at fields, (n, j, D)."""
        return gradients(self.moments, x_nD)

    def columns_of(self, name: str) -> np.ndarray:
        """Return the numbers of an observable's moments among those of all."""
        return np.concatenate([self.columns[key] for key in self.observables[name].keys])

    def pairs(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the moments that are the first, and the second, of each pair."""
        count = len(self.columns_of(name))
        both = np.arange(count)
        return (both, both) if self.observables[name].is_mean else np.triu_indices(count)

    def of_latents(self, name: str, rows_njd: Tensor) -> Tensor:
        """Return the sum over samples of products of rows, (d, d), or of pairs (p, d, d)."""
        rows_nid = rows_njd[:, self.columns_of(name)]
        if self.observables[name].is_mean:
            return torch.einsum('nid,nie->de', rows_nid, rows_nid)
        one, other = (rows_nid[:, part] for part in self.pairs(name))
        return torch.einsum('npd,npe->pde', one, other)

    def of_waves(self, name: str, rows_njw: Tensor) -> Tensor:
        """Return the sum over samples of products of rows' components along waves, (p, o).

        They are averaged over orbits, as latent.waves says.
        """
        rows_niw = rows_njw[:, self.columns_of(name)]
        one, other = (rows_niw[:, part] for part in self.pairs(name))
        return over_orbits(everywhere((one * other).sum(0), self.ensemble.L))

    def gram_of_latents(self, name: str, of_pairs: np.ndarray,
                        mean_j: np.ndarray) -> np.ndarray | None:
        """Return <(N dF/dy)^T (N dF/dy)>, (d, d), from the means of what `of_latents` returns.

        None where the observable is not defined.
        """
        if self.observables[name].is_mean:
            return of_pairs
        gram_dd = self.gram(name, of_pairs, mean_j)
        return None if gram_dd is None else (gram_dd + gram_dd.T) / 2

    def gram(self, name: str, of_pairs: np.ndarray, mean_j: np.ndarray,
             units_a: np.ndarray | None = None) -> np.ndarray | None:
        """Return the squares of N dF/dx along waves, (o,), from the means of `of_waves`.

        `units_a`: those of the entries of F, which has others where it is not given. None where it
        is not defined.
        """
        slopes_ai = self.slopes(self.observables[name], mean_j)
        if slopes_ai is None or (units_a is not None and len(units_a) != len(slopes_ai)):
            return None
        slopes_ai = slopes_ai / (1 if units_a is None else units_a[:, None])
        one, other = self.pairs(name)
        weights_p = (slopes_ai[:, one] * slopes_ai[:, other]).sum(0) * np.where(one == other, 1, 2)
        return np.tensordot(weights_p, of_pairs, 1)

    def slopes(self, observable: Observable, mean_j: np.ndarray) -> np.ndarray | None:
        """Return F_ai, the slope of each entry of the value by each of its moments' means."""
        if observable.is_mean:
            return np.eye(len(self.columns[observable.keys[0]]))
        leaves, entries = self._valued(observable, mean_j)
        own = [leaves[key] for key in observable.keys]
        return np.array([_gradient(entry, own) for entry in entries]) if entries else None

    def values(self, name: str, mean_j: np.ndarray) -> np.ndarray | None:
        """Return the entries of the value (a,); None where one is not positive, or none defined."""
        _, entries = self._valued(self.observables[name], mean_j)
        values_a = np.array([float(entry.detach()) for entry in entries])
        return values_a if len(values_a) and (values_a > 0).all() else None

    def _valued(self, observable: Observable,
                mean_j: np.ndarray) -> tuple[dict[str, Tensor], list[Tensor]]:
        """Return the means by name, as leaves of torch's graph, and the entries of the value."""
        leaves = {key: torch.tensor(mean_j[self.columns[key]].reshape(shape), requires_grad=True)
                  for key, shape in self.shapes.items()}
        return leaves, _entries(observable.value(leaves, self.ensemble))


def _entries(value: Mean | None) -> list[Tensor]:
    """Return the entries of a value: one tensor, a tensor with an axis, or a list; none of None."""
    if value is None or isinstance(value, list):
        return value or []
    return list(torch.atleast_1d(value))


def _gradient(entry: Tensor, leaves: list[Tensor]) -> np.ndarray:
    slopes = torch.autograd.grad(entry, leaves, retain_graph=True, allow_unused=True,
                                 materialize_grads=True)
    return torch.cat([slope.reshape(-1) for slope in slopes]).numpy()
