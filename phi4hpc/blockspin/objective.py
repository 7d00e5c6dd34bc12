"""What a training makes small: the weighted sum of the deck's costs, each a function of means over draws.

The reconstruction is measured in any case, with the weight 0 where the deck does not name it: the linear optimum is
one of reconstruction.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.cost import Cost, Mapped
from phi4hpc.blockspin.costs.reconstruction import Cost as Reconstruction
from phi4hpc.deck.plugged import Entry
from phi4hpc.parallel.communicator import Communicator

CHUNK = 2**20                    # sites that are mapped at a time
MEASURE = 'reconstruction'
Number = TypeVar('Number', float, Tensor)


class Objective:
    """The costs by name."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.costs: dict[str, Cost] = {MEASURE: Reconstruction(weight=0.0)}
        self.costs |= {entry.name: entry.settings for entry in entries}

    def terms(self, mapped: Mapped) -> dict[str, Tensor]:
        """Return each cost's terms (n, c)."""
        return {name: cost.terms(mapped) for name, cost in self.costs.items()}

    def values(self, means: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return each cost's value, without its weight, from the means of its terms (c,)."""
        return {name: cost.value(means[name]) for name, cost in self.costs.items()}

    def total(self, values: Mapping[str, Number]) -> Number:
        """Return the weighted sum of the costs' values."""
        return sum(cost.weight * values[name] for name, cost in self.costs.items())

    @torch.no_grad()
    def terms_of_draws(self, model: Autoencoder, x_nD: Tensor) -> dict[str, np.ndarray]:
        """Return each cost's terms (n, c) for the draws `x_nD`, which may be many, in float64."""
        step = max(1, CHUNK // model.sites)
        pieces = [self.terms(mapped(model, x_nD[first:first + step])) for first in range(0, len(x_nD), step)]
        return {name: torch.cat([piece[name] for piece in pieces]).cpu().numpy() for name in self.costs}

    def values_over_ranks(self, comm: Communicator, terms: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Return each cost's value from its terms for the draws of all ranks, the same bits on each."""
        shares = comm.allgather((len(terms[MEASURE]), {name: term_nc.sum(0) for name, term_nc in terms.items()}))
        count = sum(n for n, _ in shares)
        return self.values_of({name: sum(sums[name] for _, sums in shares) / count for name in terms})

    def values_of(self, means: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Return each cost's value from means that are arrays."""
        return {name: float(value) for name, value in
                self.values({name: torch.from_numpy(mean_c) for name, mean_c in means.items()}).items()}


def mapped(model: Autoencoder, x_nD: Tensor) -> Mapped:
    """Return what a model makes of draws, brought to float64 so that their costs round less than the model does."""
    y_nd = model.encode(x_nD)
    return Mapped(model, x_nD.double(), y_nd.double(), model.decode(y_nd).double())
