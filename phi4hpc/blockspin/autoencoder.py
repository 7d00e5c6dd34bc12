"""A = g o f, the torch module of every family: its layers, and its first weights from an ensemble."""

import numpy as np
import torch
from torch import Tensor, nn

from phi4hpc.blockspin.family import Ensemble, Family


class Autoencoder(nn.Module):
    """An encoder f: R^D -> R^d and a decoder g: R^d -> R^D, D = L^2, with the family that made them."""

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

    def sight(self) -> Tensor:
        """Return rows (r, D) whose products with a field are all that the encoder depends on; one a site at most."""
        rows_rD = self.family.sight(self)
        return torch.eye(self.sites).to(next(self.parameters())) if rows_rD is None else rows_rD.detach()


def build(family: Family, latent: int, ensemble: Ensemble) -> Autoencoder:
    """Return an Autoencoder in float32 with the first weights that its family gives it; the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(np.random.SeedSequence(ensemble.seed).generate_state(1)[0]))
        network = Autoencoder(family, latent, ensemble.L)
        with torch.no_grad():
            family.start(network, ensemble)
    return network
