"""`convolutional`: latents of blocks, by a learned, local and non-linear map, alike for all blocks.

It commutes with shifts by a block. A model trained at one L maps fields of any L that the block
divides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.deck.section import Count
from phi4hpc.lattice.blocks import zone_rows

if TYPE_CHECKING:
    from torch import nn

    from phi4hpc.blockspin.autoencoder import Autoencoder

FASTER = 15.0
"""Convolutions learn at this multiple of the deck's rate, for each sees every block of a field."""
VALUE = 20.0
"""Multiplications in the time that it takes to hand a value on from one layer to the next."""


class Family(family.Blocked):
    """The square zone's filter each way, |p_mu| <= pi / b, plus convolutions that start at zero."""

    channels: Count = 1
    """Latents of a block. The first starts as the zone's; others start at zero."""
    width: Count = 32
    """Channels of the hidden layers."""
    depth: int = Field(1, ge=0, le=64)
    """Residual layers, of two convolutions each, in the encoder and in the decoder. Each adds two
    places to the reach of one and a half blocks."""
    averaged: bool = False
    """Whether to average over the eight symmetries of the square, at eight times the cost."""

    def sizes(self, L: int) -> list[int]:
        return [self.channels * (L // self.block) ** 2]

    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        from phi4hpc.blockspin.convolution import Decoder, Encoder

        shape = L, self.block, self.channels, self.width, self.depth, self.averaged
        return Encoder(*shape), Decoder(*shape)

    def start(self, network: Autoencoder, ensemble: MeasuredEnsemble) -> None:
        """Set the standard deviation of the zone's latents, the unit in which remainders work."""
        rows_Xx = zone_rows(ensemble.L, self.block)
        deviation = np.sqrt(ensemble.variance(np.kron(rows_Xx[:1], rows_Xx[:1])))
        for side in (network.encoder, network.decoder):
            side.scale.fill_(deviation)

    def groups(self, network: Autoencoder, rate: float) -> list[dict[str, Any]]:
        return [{'params': list(network.parameters()), 'lr': FASTER * rate}]

    def coarse(self, latent: int, L: int) -> tuple[int, int, int]:
        return self.channels, L // self.block, L // self.block

    def faults(self, L: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
        yield from super().faults(L)
        if self.channels > self.block**2:
            yield ('channels',), (f'{self.channels} latents for the {self.block**2} sites of a '
                                  f'block: expected at most {self.block**2}')

    def work(self, latent: int, L: int) -> float:
        """Count the values that layers hand on, too: where these are narrow, that takes most time.

        Each side hands on the sites of a block five times, since its linear path passes over them.
        """
        values = 5 * self.block**2 + (4 * self.depth + 2) * self.width + self.channels
        places = (L // self.block) ** 2 * (8 if self.averaged else 1)
        return places * (self.weights(latent, L) + 2 * VALUE * values)

    def weights(self, latent: int, L: int) -> int:
        a_side = (self.block**2 + self.channels) * self.width + 2 * self.depth * self.width**2
        return 2 * 9 * a_side
