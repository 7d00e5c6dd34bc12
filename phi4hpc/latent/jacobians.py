"""Jacobians of encoder and decoder, sample by sample.

The Jacobian of A = g o f is the product jac_nDd jac_ndD of rank d; it is left in its two factors.
A side that has a method `jacobian` knows its own. For others there is torch's autograd: encoders
have few outputs, and go backward from each; decoders have few inputs, and go forward from each.

Suffixes: n samples, D sites, d latents, i o the inputs and the outputs of a function.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent.cost import SAMPLES_BYTES, sample_bytes
from phi4hpc.latent.rows import as_fields

ROUNDING = 1e-10
"""How far, in units of the field, what commutes with a shift may be from doing so."""


def samples_at_once(sites: int, latent: int) -> int:
    """Return how many samples' Jacobians, with what it takes to form them, are formed together."""
    return max(1, SAMPLES_BYTES // sample_bytes(sites, latent))


def decoder_jacobian(model: Autoencoder, y_nd: Tensor) -> Tensor:
    """Return d g(y) / dy at each latent, as jac_nDd."""
    if (known := _known(model.decoder, y_nd)) is not None:
        return known
    return pushed_forward(model.decode, y_nd).transpose(1, 2)


def encoder_jacobian(model: Autoencoder, x_nD: Tensor) -> Tensor:
    """Return d f(x) / dx at each configuration, as jac_ndD."""
    known = _known(model.encoder, x_nD)
    return gradients(model.encode, x_nD) if known is None else known


@torch.no_grad()
def _known(module: nn.Module, z_ni: Tensor) -> Tensor | None:
    """Return the Jacobian (n, o, i) of a module that knows it; None where it does not."""
    if isinstance(module, nn.Linear):
        return module.weight.detach().expand(len(z_ni), -1, -1)
    known = getattr(module, 'jacobian', None)
    return known(z_ni) if known else None


def gradients(function: Callable[[Tensor], Tensor], x_nD: Tensor) -> Tensor:
    """Return the gradients (n, o, D) of the o components of a function of each sample."""
    with torch.enable_grad():
        x_nD = x_nD.detach().requires_grad_()
        y_no = function(x_nD).reshape(len(x_nD), -1)
        basis_ono = torch.eye(y_no.shape[1]).to(y_no)[:, None].expand(-1, len(x_nD), -1)
        return torch.autograd.grad(y_no, x_nD, basis_ono, is_grads_batched=True)[0].transpose(0, 1)


def pushed_forward(function: Callable[[Tensor], Tensor], y_nd: Tensor) -> Tensor:
    """Return the columns (n, d, D) of the Jacobian of a function from (n, d) to (n, D).

    It is the Jacobian of J^T u, which has d components and is linear in u: slopes that are written
    by hand, as layers may have them, are of no use to torch.func.
    """
    basis_dnd = torch.eye(y_nd.shape[1]).to(y_nd)[:, None].expand(-1, *y_nd.shape)
    with torch.enable_grad():
        y_nd = y_nd.detach().requires_grad_()
        x_nD = function(y_nd)
        u_nD = torch.zeros_like(x_nD).requires_grad_()
        back_nd, = torch.autograd.grad(x_nD, y_nd, u_nD, create_graph=True)
        return torch.autograd.grad(back_nd, u_nD, basis_dnd, is_grads_batched=True)[0].transpose(
            0, 1)


def shifts(model: Autoencoder) -> bool:
    """Return whether encoder and decoder commute with shifts by a block, tried on a random field.

    It is asked of families whose latents are a field on the lattice of blocks.
    """
    shape = model.family.coarse(model.latent, model.L)
    if shape is None:
        return False
    block, weight = model.L // shape[-1], next(model.parameters())
    x_nyx = torch.randn(1, model.L, model.L, generator=torch.Generator().manual_seed(1)).to(weight)
    with torch.no_grad():
        y_ncYX = model.encode(x_nyx.flatten(1)).unflatten(1, shape)
        moved_ncYX = torch.roll(y_ncYX, (1, 2), (-2, -1))
        there_ncYX = model.encode(torch.roll(x_nyx, (block, 2 * block), (-2, -1)).flatten(1))
        back_nyx = as_fields(model.decode(moved_ncYX.flatten(1)))
        straight_nyx = torch.roll(as_fields(model.decode(y_ncYX.flatten(1))),
                                  (block, 2 * block), (-2, -1))
    apart = ((there_ncYX.unflatten(1, shape) - moved_ncYX).abs().max(),
             (back_nyx - straight_nyx).abs().max())
    return bool(max(apart) < ROUNDING)
