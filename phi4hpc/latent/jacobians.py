"""Jacobians of encoder, decoder, and observable after decoder, sample by sample.

That of the autoencoder is the product jac_nDd jac_ndD of rank d; it is left in its two factors.
Suffixes: n samples, D sites, d latents, o components of an observable.
"""

import torch
from torch.func import jacfwd, jacrev, vmap

from phi4hpc.latent.observables import lattice

MEMORY = 2**27


def samples_at_once(sites, latent):
    """Return how many samples' Jacobians, with what it takes to form them, fit into about MEMORY bytes."""
    return max(1, MEMORY // (8 * 8 * sites * latent))


def decoder_jacobian(model, y_nd):
    """Return d g(y) / dy at each latent, as jac_nDd; forward mode, since outputs outnumber inputs."""
    return vmap(jacfwd(model.decode))(y_nd)


def encoder_jacobian(model, x_nD):
    """Return d f(x) / dx at each configuration, as jac_ndD; reverse mode, since inputs outnumber outputs."""
    return vmap(jacrev(model.encode))(x_nD)


def transfer(jac_nDd, jac_ndD):
    """Return the response of A to plane waves, summed over samples, at the momenta of numpy.fft.fft2 (L, L):

        T(p) = sum_n sum_{x,y} e^{-ip(x-y)} dA_n(x)/dphi(y) / Omega, its real part; the imaginary one is odd in p.

    A filter passes a wave where T = 1 and drops it where T = 0; sum_p T(p) is the trace of the Jacobian.
    """
    out_ndyx, into_ndyx = (torch.fft.fft2(lattice(jac)) for jac in (jac_nDd.transpose(1, 2), jac_ndD))
    return (out_ndyx * into_ndyx.conj()).real.sum((0, 1)) / jac_nDd.shape[1]


def observable_jacobian(observable, x_nD, jac_nDd):
    """Return d O(g(y)) / dy as jac_nod, by the chain rule; o = 1 for a scalar observable.

    `x_nD` are the decoded samples g(y), `jac_nDd` their Jacobian.
    """
    gradient_noD = vmap(jacrev(observable))(x_nD).reshape(len(x_nD), -1, x_nD.shape[1])
    return gradient_noD @ jac_nDd
