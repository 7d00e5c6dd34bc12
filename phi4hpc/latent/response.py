"""How observables of an ensemble respond to the latent of each of its samples.

The value of an observable is a function F of the means of its moments o_j over N samples, so that

    N dF/dy_n = sum_j F_j do_j/dy_n,   F_j = dF/d<o_j>,

with the Jacobian do_j/dy_n of the moment after the decoder; torch differentiates F. The Gram matrix
of these gradients needs, besides the means, the sums over samples of (do_j/dy_n)^T do_k/dy_n for
each pair of moments. Samples that are left out change F_j too, and the jackknife knows that.
Of an observable whose value is the mean itself, F_j is 1, and the pairs (j, j) are all it needs.

Suffixes: n samples, D sites, d latents, j moments of all observables, each entry of a list counted;
i those of one observable, p pairs of these, a entries of its value.
"""

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch

from phi4hpc.latent.jacobians import fields, gradients
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, Mean, Observable, moments

Observables = Mapping[str, Observable]


class Responses:
    """The responses of `observables` in an `ensemble`, made of sums over samples, {name: array}."""

    def __init__(self, observables: Observables, ensemble: Ensemble) -> None:
        self.observables, self.ensemble = observables, ensemble
        self.shapes = {key: shape for each in observables.values()
                       for key, shape in each.shapes(ensemble.L).items()}
        ends = np.cumsum([0, *map(math.prod, self.shapes.values())])
        self.columns = {key: np.arange(first, last)
                        for key, (first, last) in zip(self.shapes, pairwise(ends), strict=True)}

    def sums(self, d: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the sums: `moments`, and `response NAME` of each observable."""
        grams = {f'response {name}': (d, d) if each.is_mean else (len(self._pairs(each)[0]), d, d)
                 for name, each in self.observables.items()}
        return {'moments': (sum(map(math.prod, self.shapes.values())),), **grams}

    def add(self, sums: dict[str, torch.Tensor], x_nD: torch.Tensor, jac_nDd: torch.Tensor) -> None:
        """Add what samples contribute: the decoded ones, x_nD, with the Jacobian of the decoder."""
        sums['moments'] += self._moments(x_nD).sum(0)
        jac_njd = gradients(self._moments, x_nD) @ jac_nDd
        for name, each in self.observables.items():
            jac_nid = jac_njd[:, self._columns(each)]
            if each.is_mean:
                sums[f'response {name}'] += torch.einsum('nid,nie->de', jac_nid, jac_nid)
            else:
                one, other = (jac_nid[:, part] for part in self._pairs(each))
                sums[f'response {name}'] += torch.einsum('npd,npe->pde', one, other)

    def gram(self, name: str, sums: Mapping[str, np.ndarray]) -> np.ndarray | None:
        """Return <(N dF/dy)^T (N dF/dy)>, (d, d), from sums; None where F is not defined."""
        observable, of_pairs = self.observables[name], sums[f'response {name}'] / sums['count']
        if observable.is_mean:
            return of_pairs
        slopes_ai = self.slopes(observable, sums['moments'] / sums['count'])
        if slopes_ai is None:
            return None
        one, other = self._pairs(observable)
        weights_p = (slopes_ai[:, one] * slopes_ai[:, other]).sum(0) / np.where(one == other, 2, 1)
        gram_dd = np.einsum('p,pde->de', weights_p, of_pairs)
        return gram_dd + gram_dd.T

    def slopes(self, observable: Observable, mean_j: np.ndarray) -> np.ndarray | None:
        """Return F_ai, the slope of each entry of the value by each of its moments' means."""
        leaves = {key: torch.tensor(mean_j[self.columns[key]].reshape(shape), requires_grad=True)
                  for key, shape in self.shapes.items()}
        entries = _entries(observable.value(leaves, self.ensemble))
        own = [leaves[key] for key in observable.keys]
        return np.array([_gradient(entry, own) for entry in entries]) if entries else None

    def _moments(self, x_nD: torch.Tensor) -> torch.Tensor:
        """Return the moments of all observables, (n, j)."""
        found = moments(self.observables, Draws.of_fields(fields(x_nD))).values()
        return torch.cat([array.reshape(len(x_nD), -1) for array in found], dim=1)

    def _columns(self, observable: Observable) -> np.ndarray:
        return np.concatenate([self.columns[key] for key in observable.keys])

    def _pairs(self, observable: Observable) -> tuple[np.ndarray, np.ndarray]:
        return np.triu_indices(len(self._columns(observable)))


def _entries(value: Mean | None) -> list[torch.Tensor]:
    """Return the entries of a value: one tensor, a tensor with an axis, or a list; none of None."""
    if value is None or isinstance(value, list):
        return value or []
    return list(torch.atleast_1d(value))


def _gradient(entry: torch.Tensor, leaves: list[torch.Tensor]) -> np.ndarray:
    slopes = torch.autograd.grad(entry, leaves, retain_graph=True, allow_unused=True,
                                 materialize_grads=True)
    return torch.cat([slope.reshape(-1) for slope in slopes]).numpy()
