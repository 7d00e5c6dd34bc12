"""Jacobians of encoder, decoder, and observable after decoder, sample by sample.

That of the autoencoder is the product jac_nDd jac_ndD of rank d; it is left in its two factors.
Suffixes: n samples, D sites, d latents, o components of an observable.
"""

from torch.func import jacfwd, jacrev, vmap

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


def observable_jacobian(observable, x_nD, jac_nDd):
    """Return d O(g(y)) / dy as jac_nod, by the chain rule; o = 1 for a scalar observable.

    `x_nD` are the decoded samples g(y), `jac_nDd` their Jacobian.
    """
    gradient_noD = vmap(jacrev(observable))(x_nD).reshape(len(x_nD), -1, x_nD.shape[1])
    return gradient_noD @ jac_nDd
