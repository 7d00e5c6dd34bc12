"""What a cost is: the contract of the files in costs/, and of a user's own.

Training makes a weighted sum of the deck's costs small. A file defines one class, `Cost`. Its
fields are the settings in the deck, its methods say the rest. The file is loaded to check a deck,
when torch is not there yet: it imports torch within its methods, where it needs the name.

A cost is a function of means over draws, such as a ratio of moments. So it says the terms of each
draw, which are added up over the draws and the ranks, and how its value follows from their means.
Training steps, validation, test and jackknife all use these two. A cost that is itself the mean of
one term says nothing of its value.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from phi4hpc.deck.section import Section
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble

if TYPE_CHECKING:
    from torch import Tensor

    from phi4hpc.blockspin.autoencoder import Autoencoder


class Mapped(NamedTuple):
    """Some draws and what a model makes of them: n draws, D = L^2 sites, d latents.

    The tensors are float32 in a training step, and float64 where a cost is only measured.
    """

    model: Autoencoder
    x_nD: Tensor
    """The fields."""
    y_nd: Tensor
    """Their latents f(x)."""
    z_nD: Tensor
    """Their reconstructions g(f(x))."""
    ensemble: Ensemble
    """The lattice, kappa and lambda that they were drawn at."""

    @property
    def fields(self) -> tuple[Draws, Draws]:
        """The fields and their reconstructions, as observables see them."""
        L = self.ensemble.L
        before, after = (each_nD.unflatten(1, (L, L)) for each_nD in (self.x_nD, self.z_nD))
        return Draws.of_fields(before), Draws.of_fields(after)


class Cost(Section):
    """A measure of how badly a model does. A subclass adds its settings."""

    weight: float = Field(1.0, ge=0.0)
    """Its factor in the sum that training makes small. With 0 it is measured and not trained on."""

    @abstractmethod
    def terms(self, mapped: Mapped) -> Tensor:
        """Return c numbers of each draw, shape (n, c), which depend on that draw alone."""

    def value(self, mean_c: Tensor) -> Tensor:
        """Return the cost, a scalar without its weight, from the means of its terms.

        That is the mean of the only term, where a subclass does not say otherwise.
        """
        return mean_c[0]

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean of one term, so that its slope in that mean is known before it."""
        return type(self).value is Cost.value
