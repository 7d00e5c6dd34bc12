"""Jacobians in closed form, of layers that are matrices or have one hidden layer beside a matrix:

    J(z) = linear + outer diag(slope(z)) inner.

So that of an encoder is M(x) Q, with Q = [linear; inner] as rows, and that of a decoder P N(y),
with P = [linear, outer] as columns: Q and P are the same at all samples. What is summed over
samples are products of M and N, which do not know how large the lattice is, and Q and P are brought
in once.

Suffixes: n samples, D sites, d latents, s the rows of Q or the columns of P, j functions; w waves,
as latent.waves has them; i inputs, o outputs, h hidden units.
"""

import torch
from torch import Tensor, nn

from phi4hpc.blockspin.layers import Remainder
from phi4hpc.latent.waves import waves


def is_closed(layer: nn.Module) -> bool:
    """Return whether a layer is of this kind."""
    return isinstance(layer, nn.Linear | Remainder)


def matrices(layer: nn.Module) -> tuple[Tensor, Tensor, Tensor]:
    """Return linear (o, i), outer (o, h) and inner (h, i)."""
    if isinstance(layer, nn.Linear):
        weight_oi = layer.weight.detach()
        return weight_oi, weight_oi[:, :0], weight_oi[:0]
    linear_oi, outer_oh, inner_hi = (getattr(layer, name).weight.detach()
                                     for name in ('linear', 'outer', 'inner'))
    return linear_oi, outer_oh, inner_hi


def slope(layer: nn.Module, z_ni: Tensor) -> Tensor:
    """Return the slopes of the hidden units, (n, h); of a matrix none, (1, 0) for all samples."""
    return layer.slope(z_ni) if isinstance(layer, Remainder) else z_ni.new_zeros(1, 0)


class Encoder:
    """The Jacobian M(x) Q of an encoder."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer
        linear_dD, self.outer_dh, inner_hD = matrices(layer)
        self.waves_sw = waves(torch.cat([linear_dD, inner_hD]))

    def factor(self, x_nD: Tensor) -> Tensor:
        """Return M, (n, d, s)."""
        hidden_ndh = self.outer_dh * slope(self.layer, x_nD)[:, None]
        return torch.cat([_unit(hidden_ndh), hidden_ndh], 2)


class Decoder:
    """The Jacobian P N(y) of a decoder."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer
        linear_Dd, outer_Dh, self.inner_hd = matrices(layer)
        self.columns_Ds = torch.cat([linear_Dd, outer_Dh], 1)
        self.waves_sw = waves(self.columns_Ds.T)
        self.products_ss = self.columns_Ds.T @ self.columns_Ds

    def factor(self, y_nd: Tensor) -> Tensor:
        """Return the transpose of N, (n, d, s)."""
        hidden_ndh = self.inner_hd.T * slope(self.layer, y_nd)[:, None]
        return torch.cat([_unit(hidden_ndh), hidden_ndh], 2)


def _unit(hidden_ndh: Tensor) -> Tensor:
    n, d, _ = hidden_ndh.shape
    return torch.eye(d).to(hidden_ndh).expand(n, d, d)
