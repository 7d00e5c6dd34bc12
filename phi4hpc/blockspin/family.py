"""What a family of autoencoders is: the contract of the files in families/, and of a user's own.

A file defines one class, `Family`, whose fields are its settings in the deck and whose methods say the rest. It is
loaded to check a deck, before torch is there: it imports torch, and our layers, within its methods. A file outside
this package may do as it likes.

Shapes: n draws, D = L^2 sites, d latents, r rows, c channels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from phi4hpc.blockspin.optimum import covariant, optimal_decoder
from phi4hpc.deck.section import Count, Section
from phi4hpc.lattice.modes import Modes, leading_modes

if TYPE_CHECKING:
    from torch import Tensor, nn

    from phi4hpc.blockspin.autoencoder import Autoencoder


@dataclass(frozen=True)
class Ensemble:
    """What is known of the draws that a model learns from, when its first weights are made."""

    L: int
    kappa: float
    lam: float
    propagator_yx: np.ndarray
    """G(p) = <|phi~(p)|^2> / Omega of the training draws at all momenta, ordered as by numpy.fft.fft2."""
    seed: tuple[int, ...]
    """Of every random choice in the first weights, for numpy.random.default_rng; torch's own generator is set by it."""

    @property
    def phi2(self) -> float:
        """The mean of phi^2 a site, by the sum rule Omega <phi^2> = sum_p G(p)."""
        return float(self.propagator_yx.mean())

    def variance(self, rows_rD: np.ndarray) -> float:
        """Return the sum of the variances of rows (r, D) applied to the fields."""
        return float((covariant(rows_rD, self.propagator_yx) * rows_rD).sum())

    def modes(self, latent: int) -> Modes:
        """Return the `latent` Fourier modes of largest G(p), which the best linear autoencoder keeps."""
        return leading_modes(self.propagator_yx, latent)


class Family(Section):
    """A kind of autoencoder. The fields of a subclass are its settings, with defaults and docstrings."""

    trained: ClassVar[bool] = True
    """Whether its weights are learned; of a family that is not trained the first weights are the final ones."""

    @abstractmethod
    def sizes(self, L: int) -> list[int]:
        """Return the latent sizes d on an L x L lattice; each makes a model."""

    def faults(self, L: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Yield (path of a setting, what is wrong and what was expected) for settings that L x L sites do not suit."""
        yield from ()

    @abstractmethod
    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        """Return encoder, which maps fields (n, D) to latents (n, d), and decoder, which maps latents to fields.

        Weights are as torch makes them. For the optimum to be exactly odd under Z2, neither has a bias.
        """

    def start(self, network: Autoencoder, ensemble: Ensemble) -> None:
        """Give a network of these `layers` its first weights; left out, they stay as torch made them."""

    def groups(self, network: Autoencoder, rate: float) -> list[dict[str, Any]]:
        """Return the optimiser's groups of parameters with their learning rates, where `rate` is the deck's."""
        return [{'params': list(network.parameters()), 'lr': rate}]

    def sight(self, network: Autoencoder) -> Tensor | None:
        """Return rows (r, D) such that the encoder depends on their products with a field and on nothing else.

        None where that saves nothing: Jacobians are then kept over all D sites.
        """
        return None

    def coarse(self, latent: int, L: int) -> tuple[int, int, int] | None:
        """Return the shape (c, L/b, L/b) in which the latents are a field of c channels on the lattice of blocks.

        To shift a configuration by b sites is then to shift that field by one. None where the latents are no field.
        """
        return None

    def weights(self, latent: int, L: int) -> int:
        """Return about how many weights a model has, by which the deck's plan knows its memory."""
        return 2 * latent * L**2

    def rows(self, latent: int, L: int) -> int:
        """Return how many rows `sight` returns, L^2 where it returns None."""
        return L**2


class Sized(Family):
    """A family whose latent sizes are chosen in the deck."""

    latents: list[Count] = Field(min_length=1)
    """Latent sizes d, each at most D = L^2; each makes a model."""

    def sizes(self, L: int) -> list[int]:
        return self.latents

    def faults(self, L: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for i, latent in enumerate(self.latents):
            if latent > L**2:
                yield ('latents', i), f'latent size {latent} exceeds L^2 = {L**2} sites: expected at most {L**2}'


class Blocked(Family):
    """A family with one latent, or a few, for each block of b x b sites."""

    block: Count = 4
    """Linear size b of a block, which divides L."""

    def sizes(self, L: int) -> list[int]:
        return [(L // self.block) ** 2]

    def faults(self, L: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if L % self.block:
            yield ('block',), f'blocks of {self.block} sites do not fill L = {L}: expected a divisor of {L}'

    def coarse(self, latent: int, L: int) -> tuple[int, int, int]:
        return 1, L // self.block, L // self.block


class Baseline(Family):
    """A family that is a matrix each way and is not trained: it says how it encodes, and the best decoder follows."""

    trained: ClassVar[bool] = False

    @abstractmethod
    def encoder(self, latent: int, ensemble: Ensemble) -> np.ndarray:
        """Return the matrix (d, D) from fields to latents."""

    def decoder(self, encoder_dD: np.ndarray, ensemble: Ensemble) -> np.ndarray:
        """Return the matrix (D, d) from latents to fields: the linear map of least loss after this encoder."""
        return optimal_decoder(encoder_dD, ensemble.propagator_yx)

    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        from phi4hpc.blockspin.layers import linear

        return linear(L**2, latent), linear(latent, L**2)

    def start(self, network: Autoencoder, ensemble: Ensemble) -> None:
        import torch

        encoder_dD = self.encoder(network.latent, ensemble)
        weights = {'encoder.weight': encoder_dD, 'decoder.weight': self.decoder(encoder_dD, ensemble)}
        network.load_state_dict({name: torch.from_numpy(weight) for name, weight in weights.items()})

    def sight(self, network: Autoencoder) -> Tensor | None:
        return network.encoder.weight

    def rows(self, latent: int, L: int) -> int:
        return latent
