"""What a family of autoencoders is: the contract of the files in families/, and of a user's own.

A file defines one class, `Family`. Its fields are the settings in the deck, its methods say the
rest. The file is loaded to check a deck, when torch is not there yet: it imports torch, and our
layers, within its methods. A file outside this package may import torch at its top.

Shapes: n draws, D = L^2 sites, d latents, r rows, c channels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.optimum import optimal_decoder
from phi4hpc.deck.plugged import Entry
from phi4hpc.deck.schema import COSTS
from phi4hpc.deck.section import Count, Section
from phi4hpc.lattice.shells import neighbours

if TYPE_CHECKING:
    from torch import nn

    from phi4hpc.blockspin.autoencoder import Autoencoder

Fault = tuple[tuple[str | int, ...], str]
"""The path of a setting, such as ('latents', 1), and what is wrong there and what was expected."""


class Family(Section):
    """A kind of autoencoder. A subclass adds its settings, with defaults and docstrings."""

    trained: ClassVar[bool] = True
    """Whether its weights are learned. Where they are not, the first weights are the final ones."""

    # Left out of the resolved deck where it is empty, so that runs without it stay as they are.
    costs: list[Annotated[Entry, COSTS]] = Field(default=[], exclude_if=lambda costs: not costs)
    """What the training of this model makes small, in place of train.costs; empty: those."""

    @abstractmethod
    def sizes(self, L: int) -> list[int]:
        """Return the latent sizes d on an L x L lattice. Each makes a model."""

    def faults(self, L: int) -> Iterator[Fault]:
        """Yield what is wrong with the settings on an L x L lattice."""
        yield from ()

    def notes(self, L: int) -> Iterator[str]:
        """Yield what is not wrong on an L x L lattice, but worth knowing before a run."""
        yield from ()

    @abstractmethod
    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, from fields (n, D) to latents (n, d), and the decoder back to fields.

        They must be odd under Z2, as the action is even, so neither has a bias. Their weights are
        as torch makes them. One that has a method `jacobian(z_ni)`, which returns its Jacobian at
        each input, (n, o, i), is differentiated by it in the analysis, and others by autograd.
        """

    def start(self, network: Autoencoder, ensemble: MeasuredEnsemble) -> None:
        """Set the first weights of a network of these layers. By default torch's are kept."""

    def groups(self, network: Autoencoder, rate: float) -> list[dict[str, Any]]:
        """Return the optimiser's groups of parameters and rates; `rate` is the deck's."""
        return [{'params': list(network.parameters()), 'lr': rate}]

    def work(self, latent: int, L: int) -> float:
        """Return about how many multiplications a draw costs on its way forward.

        By these, models are shared out over ranks (`blockspin/schedule.py`).
        """
        return self.weights(latent, L)

    def coarse(self, latent: int, L: int) -> tuple[int, int, int] | None:
        """Return the shape (c, L/b, L/b) in which the latents are a field on the lattice of blocks.

        A configuration that is shifted by b sites then has the latents of this one, shifted by one.
        None where the latents are no such field.
        """
        return None

    def halves(self, L: int) -> bool:
        """Return whether a model learns a block spin: one latent for each block of 2 x 2 sites."""
        return self.trained and all(self.coarse(latent, L) == (1, L // 2, L // 2)
                                    for latent in self.sizes(L))

    def weights(self, latent: int, L: int) -> int:
        """Return about how many weights a model has, for the plan's memory."""
        return 2 * latent * L**2


class Sized(Family):
    """A family whose latent sizes the deck chooses."""

    latents: list[Count] = Field(min_length=1)
    """Latent sizes d, each at most D = L^2. Each makes a model."""

    def sizes(self, L: int) -> list[int]:
        return self.latents

    def faults(self, L: int) -> Iterator[Fault]:
        for i, latent in enumerate(self.latents):
            if latent > L**2:
                said = f'latent size {latent} exceeds L^2 = {L**2} sites: expected at most {L**2}'
                yield ('latents', i), said

    def notes(self, L: int) -> Iterator[str]:
        """Yield which latent sizes make the linear optimum break the symmetry of the square."""
        for latent in self.latents:
            if near := neighbours(latent, L):
                yield (f'd = {latent} cuts a shell of momenta that symmetry makes equal; '
                       f'{" and ".join(map(str, near))} do not')


class Blocked(Family):
    """A family with one latent, or a few, for each block of b x b sites."""

    block: Count = 4
    """Linear size b of a block, which divides L."""

    def sizes(self, L: int) -> list[int]:
        return [(L // self.block) ** 2]

    def faults(self, L: int) -> Iterator[Fault]:
        if L % self.block:
            said = f'blocks of {self.block} sites do not fill L = {L}: expected a divisor of {L}'
            yield ('block',), said

    def coarse(self, latent: int, L: int) -> tuple[int, int, int]:
        return 1, L // self.block, L // self.block


class Baseline(Family):
    """A family that is a matrix each way and is not trained.

    A subclass says how it encodes. The decoder is then the best linear one, which follows from the
    propagator.
    """

    trained: ClassVar[bool] = False

    @abstractmethod
    def encoder(self, latent: int, ensemble: MeasuredEnsemble) -> np.ndarray:
        """Return the matrix (d, D) from fields to latents."""

    def decoder(self, encoder_dD: np.ndarray, ensemble: MeasuredEnsemble) -> np.ndarray:
        """Return the matrix (D, d) from latents to fields."""
        return optimal_decoder(encoder_dD, ensemble.propagator_yx)

    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        from phi4hpc.blockspin.layers import linear

        return linear(L**2, latent), linear(latent, L**2)

    def start(self, network: Autoencoder, ensemble: MeasuredEnsemble) -> None:
        encoder_dD = self.encoder(network.latent, ensemble)
        network.set_weights({'encoder': encoder_dD, 'decoder': self.decoder(encoder_dD, ensemble)})
