"""Jacobians of encoder and decoder, sample by sample, in reverse mode.

That of the autoencoder is the product jac_nDd jac_ndD of rank d; it is left in its two factors.
Suffixes: n samples, D sites, d latents, o components of a function.
"""

import math
from collections.abc import Callable

import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent.cost import SAMPLES_BYTES, sample_bytes


def samples_at_once(sites: int, latent: int) -> int:
    """Return how many samples' Jacobians, with what it takes to form them, are formed together."""
    return max(1, SAMPLES_BYTES // sample_bytes(sites, latent))


def decoder_jacobian(model: Autoencoder, y_nd: torch.Tensor) -> torch.Tensor:
    """Return d g(y) / dy at each latent, as jac_nDd.

    The decoder has more outputs than inputs. So its Jacobian is that of J^T u, which has d
    components and is linear in u.
    """
    with torch.enable_grad():
        y_nd = y_nd.detach().requires_grad_()
        x_nD = model.decode(y_nd)
        return gradients(lambda u_nD: torch.autograd.grad(x_nD, y_nd, u_nD, create_graph=True)[0],
                         torch.zeros_like(x_nD)).transpose(1, 2)


def encoder_jacobian(model: Autoencoder, x_nD: torch.Tensor) -> torch.Tensor:
    """Return d f(x) / dx at each configuration, as jac_ndD."""
    return gradients(model.encode, x_nD)


def gradients(function: Callable[[torch.Tensor], torch.Tensor],
              x_nD: torch.Tensor) -> torch.Tensor:
    """Return the gradients (n, o, D) of the o components of a function of each sample.

    Plain autograd does it: torch.func would first import the compiler of torch, for seconds.
    """
    with torch.enable_grad():
        x_nD = x_nD.detach().requires_grad_()
        y_no = function(x_nD).reshape(len(x_nD), -1)
        basis_ono = torch.eye(y_no.shape[1]).to(y_no)[:, None].expand(-1, len(x_nD), -1)
        return torch.autograd.grad(y_no, x_nD, basis_ono, is_grads_batched=True)[0].transpose(0, 1)


def transfer(jac_nDd: torch.Tensor, jac_ndD: torch.Tensor) -> torch.Tensor:
    """Return the response of A to plane waves, summed over samples, (L, L), p as in numpy.fft.fft2:

        T(p) = sum_n sum_{x,y} e^{-ip(x-y)} dA_n(x)/dphi(y) / Omega.

    It is the real part; the imaginary one is odd in p. A filter passes a wave where T = 1 and drops
    it where T = 0; sum_p T(p) is the trace of the Jacobian.
    """
    out_ndyx, into_ndyx = (fields(jac) for jac in (jac_nDd.transpose(1, 2), jac_ndD))
    half_yx = (torch.fft.rfft2(out_ndyx) * torch.fft.rfft2(into_ndyx).conj()).real.sum((0, 1))
    # T is real and even in p, so that its half says all.
    size = into_ndyx.shape[-2:]
    return torch.fft.fft2(torch.fft.irfft2(half_yx, s=size)).real / jac_nDd.shape[1]


def fields(x: torch.Tensor) -> torch.Tensor:
    """Return x (..., D) as fields (..., L, L)."""
    size = math.isqrt(x.shape[-1])
    return x.unflatten(-1, (size, size))
