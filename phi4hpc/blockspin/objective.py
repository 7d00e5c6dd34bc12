"""What a training makes small: the weighted sum of the deck's costs.

The reconstruction is measured in any case, with the weight 0 where the deck does not name it, for
the linear optimum to which every model is compared is the optimum of reconstruction.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.cost import Cost, Mapped
from phi4hpc.blockspin.costs.reconstruction import Cost as Reconstruction
from phi4hpc.deck.plugged import Entry
from phi4hpc.lattice.observable import Ensemble
from phi4hpc.parallel.communicator import Communicator

CHUNK = 2**20
"""Sites that are mapped at a time."""
MEASURE = 'reconstruction'
Terms = Mapping[str, np.ndarray]
"""By the name of a cost: its terms (n, c), or their sums or means (c,)."""


class Objective:
    """The costs by name. n draws, D sites, c terms of a cost."""

    def __init__(self, entries: Iterable[Entry], ensemble: Ensemble) -> None:
        self.ensemble = ensemble
        self.costs: dict[str, Cost] = {MEASURE: Reconstruction(weight=0.0)}
        self.costs |= {entry.name: entry.settings for entry in entries}

    @property
    def all_means(self) -> bool:
        """Whether all costs are means of a term, so that slopes in these do not depend on them."""
        return all(cost.is_mean for cost in self.costs.values())

    def terms(self, mapped: Mapped) -> dict[str, Tensor]:
        """Return each cost's terms (n, c)."""
        return {name: cost.terms(mapped) for name, cost in self.costs.items()}

    def values(self, means: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return each cost's value, without its weight, from the means (c,) of its terms."""
        return {name: cost.value(means[name]) for name, cost in self.costs.items()}

    def total(self, values: Mapping[str, Any]) -> Any:
        """Return the weighted sum of the costs' values, which are tensors or numbers."""
        return sum(cost.weight * values[name] for name, cost in self.costs.items())

    @torch.no_grad()
    def terms_of_draws(self, model: Autoencoder, x_nD: Tensor) -> dict[str, np.ndarray]:
        """Return each cost's terms (n, c) for draws, which may be many, in float64."""
        step = max(1, CHUNK // model.sites)
        pieces = [self.terms(self.mapped(model, x_nD[first:first + step]))
                  for first in range(0, len(x_nD), step)]
        return {name: torch.cat([piece[name] for piece in pieces]).cpu().numpy()
                for name in self.costs}

    def values_over_ranks(self, comm: Communicator, terms: Terms) -> dict[str, float]:
        """Return each cost's value from its terms for the draws of all ranks.

        The sum is in the order of the ranks, so that every rank has the same bits.
        """
        sums = {name: term_nc.sum(0) for name, term_nc in terms.items()}
        shares = comm.allgather((len(terms[MEASURE]), sums))
        count = sum(n for n, _ in shares)
        means = {name: sum(part[name] for _, part in shares) / count for name in terms}
        return self.values_of(means)

    def values_of(self, means: Terms) -> dict[str, float]:
        """Return each cost's value from means (c,) that are arrays."""
        tensors = {name: torch.from_numpy(mean_c) for name, mean_c in means.items()}
        return {name: float(value) for name, value in self.values(tensors).items()}

    def mapped(self, model: Autoencoder, x_nD: Tensor) -> Mapped:
        """Return what a model makes of draws, in float64, so that costs round less than it does."""
        y_nd = model.encode(x_nD)
        z_nD = model.decode(y_nd)
        return Mapped(model, x_nD.double(), y_nd.double(), z_nD.double(), self.ensemble)
