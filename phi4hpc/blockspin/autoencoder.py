"""The torch module A = g o f of every family, and how it is built."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.family import Family


class Autoencoder(nn.Module):
    """An encoder f: R^D -> R^d and a decoder g: R^d -> R^D of a family, D = L^2."""

    encoder: Any
    decoder: Any

    def __init__(self, family: Family, latent: int, L: int) -> None:
        super().__init__()
        self.family, self.latent, self.L, self.sites = family, latent, L, L**2
        self.encoder, self.decoder = family.layers(latent, L)

    def encode(self, x_nD: Tensor) -> Tensor:
        """Return the latents f(x), shape (n, d)."""
        return self.encoder(x_nD)

    def decode(self, y_nd: Tensor) -> Tensor:
        """Return the fields g(y), shape (n, D)."""
        return self.decoder(y_nd)

    def forward(self, x_nD: Tensor) -> Tensor:
        """Return the reconstructions A(x) = g(f(x)), shape (n, D)."""
        return self.decode(self.encode(x_nD))

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Set the weight matrix of every layer, by the layer's name such as encoder.linear."""
        self.load_state_dict({f'{layer}.weight': torch.from_numpy(weight)
                              for layer, weight in weights.items()})


def build(family: Family, latent: int, ensemble: MeasuredEnsemble) -> Autoencoder:
    """Return an Autoencoder in float32 with its family's first weights, which the seed decides."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.SeedSequence(ensemble.seed).generate_state(1)[0]))
        network = Autoencoder(family, latent, ensemble.L)
        with torch.no_grad():
            family.start(network, ensemble)
    return network
