"""Jacobians of encoder, decoder, and observable after decoder, sample by sample.

That of the autoencoder is the product jac_nDd jac_ndD of rank d; it is left in its two factors.
Suffixes: n samples, D sites, d latents, o components of an observable.
"""

import torch

from phi4hpc.latent.cost import SAMPLES_BYTES, sample_bytes
from phi4hpc.latent.observables import lattice


def samples_at_once(sites, latent):
    """Return how many samples' Jacobians, with what it takes to form them, are formed together."""
    return max(1, SAMPLES_BYTES // sample_bytes(sites, latent))


def decoder_jacobian(model, y_nd):
    """Return d g(y) / dy at each latent, as jac_nDd.

    Outputs outnumber inputs, so by way of the gradients of J^T u, of d components and linear in u.
    """
    with torch.enable_grad():
        y_nd = y_nd.detach().requires_grad_()
        x_nD = model.decode(y_nd)
        return gradients(lambda u_nD: torch.autograd.grad(x_nD, y_nd, u_nD, create_graph=True)[0],
                         torch.zeros_like(x_nD)).transpose(1, 2)


def encoder_jacobian(model, x_nD):
    """Return d f(x) / dx at each configuration, as jac_ndD; reverse mode, since inputs outnumber outputs."""
    return gradients(model.encode, x_nD)


def gradients(function, x_nD):
    """Return the gradients (n, o, D) of the o components of a function of each sample, in reverse mode.

    torch.func would import torch's compiler first, which takes seconds.
    """
    with torch.enable_grad():
        x_nD = x_nD.detach().requires_grad_()
        y_no = function(x_nD).reshape(len(x_nD), -1)
        basis_ono = torch.eye(y_no.shape[1]).to(y_no)[:, None].expand(-1, len(x_nD), -1)
        return torch.autograd.grad(y_no, x_nD, basis_ono, is_grads_batched=True)[0].transpose(0, 1)


def transfer(jac_nDd, jac_ndD):
    """Return the response of A to plane waves, summed over samples, at the momenta of numpy.fft.fft2 (L, L):

        T(p) = sum_n sum_{x,y} e^{-ip(x-y)} dA_n(x)/dphi(y) / Omega, its real part; the imaginary one is odd in p.

    A filter passes a wave where T = 1 and drops it where T = 0; sum_p T(p) is the trace of the Jacobian.
    """
    out_ndyx, into_ndyx = (lattice(jac) for jac in (jac_nDd.transpose(1, 2), jac_ndD))
    half_yx = (torch.fft.rfft2(out_ndyx) * torch.fft.rfft2(into_ndyx).conj()).real.sum((0, 1))
    # T is real and even in p: half of it tells the rest.
    return torch.fft.fft2(torch.fft.irfft2(half_yx, s=into_ndyx.shape[-2:])).real / jac_nDd.shape[1]


def observable_jacobian(observable, x_nD, jac_nDd):
    """Return d O(g(y)) / dy as jac_nod, by the chain rule; o = 1 for a scalar observable.

    `x_nD` are the decoded samples g(y), `jac_nDd` their Jacobian.
    """
    return gradients(observable, x_nD) @ jac_nDd
