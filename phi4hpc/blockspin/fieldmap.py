"""A trained network as a map of configurations: whole fields in, latents or fields out."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.errors import UserError


class FieldMap(nn.Module):
    """The maps f, g and A = g o f of a network, on fields (..., y, x) and latents (..., d).

    Fields may be of torch, NumPy or xarray. What comes out is of torch, and can be differentiated
    by what goes in where that is of torch. The weights are fixed.
    """

    def __init__(self, network: Autoencoder) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)

    def encode(self, phi: Any) -> Tensor:
        """Return the latents f(phi), (..., d), of fields (..., y, x). Raises UserError where these
        are of another lattice.
        """
        phi = self._tensor(phi)
        self._require(phi, 'fields', (self.network.L, self.network.L))
        y_nd = self.network.encode(phi.reshape(-1, self.network.sites))
        return y_nd.reshape(*phi.shape[:-2], self.network.latent)

    def decode(self, y: Any) -> Tensor:
        """Return the fields g(y), (..., y, x), of latents (..., d). Raises UserError where there
        are not d of them.
        """
        y = self._tensor(y)
        self._require(y, 'latents', (self.network.latent,))
        phi_nD = self.network.decode(y.reshape(-1, self.network.latent))
        return phi_nD.reshape(*y.shape[:-1], self.network.L, self.network.L)

    def forward(self, phi: Any) -> Tensor:
        """Return the reconstructions A(phi), shaped like the fields (..., y, x)."""
        return self.decode(self.encode(phi))

    def _require(self, values, what, shape):
        if tuple(values.shape[-len(shape):]) != shape:
            raise UserError(f'{what} of shape {tuple(values.shape)}: expected '
                            f'(..., {", ".join(map(str, shape))})')

    def _tensor(self, values: Any) -> Tensor:
        tensor = values if isinstance(values, Tensor) else torch.from_numpy(np.array(values))
        return tensor.to(next(self.network.parameters()))
